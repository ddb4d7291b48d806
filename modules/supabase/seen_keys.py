"""Which keys a read has met, small enough for millions."""

from __future__ import annotations

from array import array


class SeenKeys:
    """A set of keys in eight bytes each.

    Two keys that share a hash would hide one deletion; among a million keys the chance is below one in ten million.

    Attributes:
        is_whole: Whether every row's key could be read. When not, nothing may be concluded from what is absent.
    """

    def __init__(self) -> None:
        self.is_whole = True
        self._hashes = array("q")

    def add(self, key: tuple[str, ...]) -> None:
        """Remember a key; the same one may come again."""
        self._hashes.append(hash(key))

    def count(self) -> int:
        """How many different keys were added."""
        import numpy as np

        return len(np.unique(np.array(self._hashes, dtype=np.int64)))

    def absent(self, keys: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
        """Those of `keys` that were never added, in their order."""
        import numpy as np

        hashes = np.fromiter((hash(key) for key in keys), dtype=np.int64, count=len(keys))
        is_seen = np.isin(hashes, np.array(self._hashes, dtype=np.int64))
        return [key for key, seen in zip(keys, is_seen, strict=True) if not seen]
