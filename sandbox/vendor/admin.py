"""The admin's operations, without a key: `/<vendor>/_admin/…`.

GET    requests     what was asked, and how often         DELETE requests   forget it
POST   faults       order one fault (see faults.py)       DELETE faults     call all of them off
GET    world        counts and ids                        POST   world      change something, as if by somebody else
GET    snapshot     the whole state, without ids and moments, so that two stand-ins can be compared
POST   reset        the world as it was at the start, no faults, no requests
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.vendor.faults import Rule

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.vendor.stand_in import StandIn

PREFIX = "/_admin"
Json = dict[str, Any]


def admin_answer(stand_in: StandIn, method: str, path: str, body: Json) -> tuple[int, Any]:
    """Give back status and body; `path` is what follows `/_admin`."""
    faults, log = stand_in.faults, stand_in.log
    operations: dict[tuple[str, str], Callable[[], Any]] = {
        ("GET", "/requests"): log.as_json,
        ("DELETE", "/requests"): log.clear,
        ("POST", "/faults"): lambda: faults.rules.append(Rule(**body)),
        ("DELETE", "/faults"): faults.clear,
        ("GET", "/world"): stand_in.world_facts,
        ("POST", "/world"): lambda: stand_in.change_world(body),
        ("GET", "/snapshot"): stand_in.snapshot,
        ("POST", "/reset"): stand_in.reset,
    }
    operation = operations.get((method, path))
    if operation is None:
        return 404, {"message": f"The admin knows {sorted(operations)}."}
    try:
        return 200, operation() or {}
    except (TypeError, ValueError, KeyError) as error:
        return 400, {"message": f"{type(error).__name__}: {error}"}
