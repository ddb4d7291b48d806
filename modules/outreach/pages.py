"""Long lists of the database, a page at a time, and long lists for it, a batch at a time."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from modules.supabase.row_store import RowStore

ROWS_A_PAGE = 500
"""Of rows with their payloads; far below what a request may carry."""

Item = TypeVar("Item")


def pages(
    store: RowStore, function: str, *, key: str, after: str = "after_id", first: object = None, **parameters: object
) -> Iterator[dict[str, Any]]:
    """All rows that a database function gives in the order of a key.

    Args:
        store: Where the function is; it takes a key, gives rows behind it, and at most `most` of them.
        function: Its name.
        key: Name of the field that the rows are ordered by.
        after: Name of the parameter that takes the last key.
        first: What is before the first key.
        parameters: The function's others.
    """
    last = first
    while page := store.call(function, {**parameters, after: last, "most": ROWS_A_PAGE}):
        yield from page
        last = page[-1][key]


def in_batches(items: Iterable[Item], size: int = ROWS_A_PAGE) -> Iterator[list[Item]]:
    """The items in lists of that size; the last one may be shorter."""
    remaining = iter(items)
    while batch := list(islice(remaining, size)):
        yield batch


def add_counts(counts: dict[str, int], more: Mapping[str, int]) -> None:
    """Add what one more batch did to what was done before."""
    for name, value in more.items():
        counts[name] = counts.get(name, 0) + value
