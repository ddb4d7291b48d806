"""Rows in a stated order without holding them: a position gives a key, and the way back is a binary search."""

from __future__ import annotations

import heapq
from bisect import bisect_left
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

Row = TypeVar("Row")


class ComputedOrder:
    """A list of unique keys that is computed, not stored.

    Attributes:
        length: How many keys there are.
        key_at: The key at a position; strictly rising, or strictly falling when `descending`.
    """

    def __init__(self, length: int, key_at: Callable[[int], str], *, descending: bool = False) -> None:
        """Remember how to compute the keys."""
        self.length = length
        self.key_at = key_at
        self.descending = descending

    def position_after(self, cursor: str | None) -> int:
        """Give back the first position behind the cursor, which need not be a key of this list."""
        if cursor is None:
            return 0

        def is_behind(position: int) -> int:
            key = self.key_at(position)
            return int(key < cursor if self.descending else key > cursor)

        return bisect_left(range(self.length), 1, key=is_behind)

    def position_of(self, key: str) -> int | None:
        """Give back where the key stands, or `None`."""
        position = self.position_after(key) - 1
        return position if position >= 0 and self.key_at(position) == key else None

    def after(self, cursor: str | None) -> Iterator[tuple[str, int]]:
        """Yield (key, position) from behind the cursor to the end."""
        for position in range(self.position_after(cursor), self.length):
            yield self.key_at(position), position


def keys_after(keys: Sequence[str], cursor: str | None, *, descending: bool = False) -> Iterator[str]:
    """Yield the keys of an ascending list that lie behind the cursor, in the wanted direction."""
    if descending:
        stop = len(keys) if cursor is None else bisect_left(keys, cursor)
        return (keys[place] for place in range(stop - 1, -1, -1))
    start = 0 if cursor is None else bisect_left(keys, cursor)
    return (key for key in (keys[place] for place in range(start, len(keys))) if key != cursor)


def merged(*streams: Iterable[tuple[str, Row]], descending: bool = False) -> Iterator[tuple[str, Row]]:
    """Yield the rows of several ordered streams as one."""
    return heapq.merge(*streams, key=lambda pair: pair[0], reverse=descending)
