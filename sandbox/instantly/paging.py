"""The envelope of lists (reference: "Pagination")."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Payload = dict[str, Any]
DEFAULT_LIMIT = 10


def id_of(row: Payload) -> str:
    """Give back the usual cursor."""
    return str(row["id"])


def page(rows: Iterable[Payload], limit: int | None, cursor_of: Callable[[Payload], str] = id_of) -> Payload:
    """Give back the first rows and the cursor of the last one.

    A page with rows always carries a cursor, even when nothing follows; an empty page never does.
    """
    items = list(islice(rows, limit or DEFAULT_LIMIT))
    return {"items": items, "next_starting_after": cursor_of(items[-1])} if items else {"items": []}


def behind(rows: Iterable[Payload], cursor: str | None, cursor_of: Callable[[Payload], str]) -> Iterable[Payload]:
    """Give back the rows after the one the cursor names; none when it names nothing."""
    rows = list(rows)
    for place, row in enumerate(rows):
        if cursor is not None and cursor_of(row) == cursor:
            return rows[place + 1 :]
    return rows if cursor is None else []
