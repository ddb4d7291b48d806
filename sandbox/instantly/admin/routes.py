"""The admin's operations, without a key: `/instantly/_admin/…`.

GET    requests     what was asked, and how often         DELETE requests   forget it
POST   faults       order one fault (see faults.py)       DELETE faults     call all of them off
GET    world        counts and ids                        POST   world      change something, as if by somebody else
POST   reset        the world as it was at the start, no faults, no requests
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from sandbox.instantly.admin.faults import Faults, Rule

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.instantly.admin.request_log import RequestLog
    from sandbox.instantly.data.workspace import Workspace
    from sandbox.instantly.world import World

Json = dict[str, Any]
_IDS_SHOWN = 100


class Admin:
    """Answers the admin's requests."""

    def __init__(self, world: World, faults: Faults, log: RequestLog, reset: Callable[[], None]) -> None:
        """Act on what the stand-in itself uses."""
        self._world = world
        self._operations: dict[tuple[str, str], Callable[[Json], Any]] = {
            ("GET", "/requests"): lambda _: log.as_json(),
            ("DELETE", "/requests"): lambda _: log.clear(),
            ("POST", "/faults"): lambda rule: faults.rules.append(Rule(**rule)),
            ("DELETE", "/faults"): lambda _: faults.clear(),
            ("GET", "/world"): lambda _: self._facts(),
            ("POST", "/world"): self._change,
            ("POST", "/reset"): lambda _: reset(),
        }

    def answer(self, method: str, path: str, body: Json) -> tuple[int, Any]:
        """Give back status and body."""
        operation = self._operations.get((method, path))
        if operation is None:
            return 404, {"message": f"The admin knows {sorted(self._operations)}."}
        try:
            return 200, operation(body) or {}
        except (TypeError, ValueError, KeyError) as error:
            return 400, {"message": f"{type(error).__name__}: {error}"}

    def _facts(self) -> Json:
        return {"workspaces": [_facts(workspace) for workspace in self._world.workspaces]}

    def _change(self, change: Json) -> None:
        """Change the world.

        `{"workspace": 0, "change" | "delete": "campaign" | "account" | "lead", "id": "…", "fields": {…}}`, where an
        account's id is its address; `{"advance_days": 1}`; `{"workspace": 0, "has_paid_plan": false}`;
        `{"workspace": 0, "answer_as": "lead id", "text": "…", "is_automatic": false}`.
        """
        if "advance_days" in change:
            self._world.clock.advance(change["advance_days"])
            return
        workspace = self._world.workspaces[change.get("workspace", 0)]
        if "has_paid_plan" in change:
            workspace.has_paid_plan = change["has_paid_plan"]
            return
        if "answer_as" in change:
            options = {"is_automatic": change.get("is_automatic", False)}
            if workspace.answer_as(change["answer_as"], change.get("text", "Sounds good."), **options) is None:
                raise KeyError(change["answer_as"])
            return
        tables: dict[str, Any] = {
            "campaign": workspace.campaigns,
            "account": workspace.accounts,
            "lead": workspace.leads,
        }
        if "delete" in change:
            done = tables[change["delete"]].delete(change["id"])
        else:
            done = tables[change["change"]].change(change["id"], change["fields"])
        if done is None:
            raise KeyError(change["id"])


def _facts(workspace: Workspace) -> Json:
    return {
        "id": workspace.id,
        "campaigns": len(workspace.campaigns),
        "accounts": len(workspace.accounts),
        "campaign_ids": [row["id"] for row in islice(workspace.campaigns.after(None), _IDS_SHOWN)],
        "account_emails": [row["email"] for row in islice(workspace.accounts.after(None), _IDS_SHOWN)],
    }
