"""Which keys a read has met, small enough for millions."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


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

        hashes = self._sorted()
        return int(np.count_nonzero(hashes[1:] != hashes[:-1])) + 1 if len(hashes) else 0

    def absent(self, keys: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
        """Those of `keys` that were never added, in their order."""
        import numpy as np

        seen = self._sorted()
        hashes = np.fromiter((hash(key) for key in keys), dtype=np.int64, count=len(keys))
        places = np.searchsorted(seen, hashes)
        is_seen = places < len(seen)
        is_seen[is_seen] = seen[places[is_seen]] == hashes[is_seen]
        return [key for key, known in zip(keys, is_seen, strict=True) if not known]

    def _sorted(self) -> npt.NDArray[np.int64]:
        """The hashes, sorted where they are: NumPy's own set functions would hold several copies."""
        import numpy as np

        hashes = np.frombuffer(self._hashes, dtype=np.int64)
        hashes.sort()
        return hashes
