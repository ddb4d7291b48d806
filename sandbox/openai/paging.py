"""Pages of a list: behind an id, so many rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.openai.errors import invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

Json = dict[str, Any]


def page(rows: list[Json], query: Mapping[str, Any], *, default_limit: int, most: int) -> Json:
    """Give back one page of rows. Raises the 400 of a limit that is none and of an unknown `after`."""
    told = str(query.get("limit", default_limit))
    if not told.isdecimal() or not 1 <= int(told) <= most:
        raise invalid("limit", f"expected a number from 1 to {most}.")
    start = 0
    if "after" in query:
        places = [place for place, row in enumerate(rows) if row["id"] == query["after"]]
        if not places:
            raise invalid("after", "nothing in the list has this id.")
        start = places[0] + 1
    data = rows[start : start + int(told)]
    return {
        "object": "list",
        "data": data,
        "first_id": data[0]["id"] if data else None,
        "last_id": data[-1]["id"] if data else None,
        "has_more": start + len(data) < len(rows),
    }
