"""Long lists of the database, a page at a time, and long lists for it, a batch at a time."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

ROWS_A_PAGE = 500
"""Of rows with their payloads; far below what a request may carry."""

Item = TypeVar("Item")


def pages(read: Callable[[Any, int], list[dict[str, Any]]], *, key: str, first: object) -> Iterator[dict[str, Any]]:
    """All rows of a list that is read in the order of a key.

    Args:
        read: Rows after a key, and at most that many of them.
        key: Name of the field.
        first: What is before the first key.
    """
    after = first
    while page := read(after, ROWS_A_PAGE):
        yield from page
        after = page[-1][key]


def in_batches(items: Iterable[Item], size: int = ROWS_A_PAGE) -> Iterator[list[Item]]:
    """The items in lists of that size; the last one may be shorter."""
    remaining = iter(items)
    while batch := list(islice(remaining, size)):
        yield batch


def add_counts(counts: dict[str, int], more: Mapping[str, int]) -> None:
    """Add what one more batch did to what was done before."""
    for name, value in more.items():
        counts[name] = counts.get(name, 0) + value
