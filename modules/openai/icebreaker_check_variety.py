"""Whether the lines of a campaign differ: their openings, and near duplicates among them."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from itertools import pairwise

import numpy as np

from modules.openai.icebreaker_problem import Problem, problem
from modules.openai.icebreaker_text import folded, words_of

_OPENING_WORDS = 3
_FEWEST_REPEATS = 3
"""Fewer lines with one opening are no habit, however small the campaign."""
_BANDS, _ROWS = 16, 3
"""Lines of which 60 of 100 shingles are alike meet in a band in 98 of 100 cases, those of 30 in 35."""
_PRIME = np.uint64(2**31 - 1)


def opening_of(line: str) -> str:
    """The first three words, folded.

    >>> opening_of("Als Leiterin Logistik bei Haldenfreight ...")
    'als leiterin logistik'
    """
    return " ".join(words_of(folded(line))[:_OPENING_WORDS])


class Openings:
    """Counts how the lines of one campaign begin.

    Attributes:
        limit_share: Of all lines so many at most may begin alike, from 0 to 1.
    """

    def __init__(self, limit_share: float = 0.05) -> None:
        self.limit_share = limit_share
        self._counts: Counter[str] = Counter()

    def add(self, line: str) -> None:
        """Count a line that is used."""
        self._counts[opening_of(line)] += 1

    def problem_of(self, line: str) -> Problem | None:
        """What speaks against using this line too; `None` where nothing does."""
        most = max(_FEWEST_REPEATS, self.limit_share * (self._counts.total() + 1))
        return problem("opening_repeated") if self._counts[opening_of(line)] + 1 > most else None

    def repeated_share(self) -> float:
        """Of all lines those that begin as another one does, from 0 to 1; 0 without lines."""
        repeated = sum(count for count in self._counts.values() if count > 1)
        return repeated / self._counts.total() if self._counts else 0.0


class NearDuplicates:
    """Finds lines of one campaign that share most of their pairs of neighbouring words.

    Every line is compared only with those that it meets in a band of its MinHash signature (A. Broder, 1997), so that
    ten thousand lines need no fifty million comparisons. What is found is exact; rarely one is missed.
    """

    def __init__(self, threshold: float = 0.7) -> None:
        """No line yet.

        Args:
            threshold: Shared pairs of all pairs of two lines (Jaccard), from 0 to 1, from which they are alike.
        """
        self.threshold = threshold
        self._shingles: list[frozenset[int]] = []
        self._bands: defaultdict[tuple[int, bytes], list[int]] = defaultdict(list)
        random = np.random.default_rng(20261124)
        self._factors = random.integers(1, int(_PRIME), _BANDS * _ROWS, dtype=np.uint64)
        self._addends = random.integers(0, int(_PRIME), _BANDS * _ROWS, dtype=np.uint64)

    def add(self, line: str) -> None:
        """Remember a line that is used."""
        shingles = _shingles(line)
        for band in self._bands_of(shingles):
            self._bands[band].append(len(self._shingles))
        self._shingles.append(shingles)

    def problem_of(self, line: str) -> Problem | None:
        """What speaks against using this line too; `None` where nothing does."""
        shingles = _shingles(line)
        compared: set[int] = set()
        for band in self._bands_of(shingles):
            for index in self._bands.get(band, ()):
                if index not in compared and _jaccard(shingles, self._shingles[index]) >= self.threshold:
                    return problem("near_duplicate")
                compared.add(index)
        return None

    def _bands_of(self, shingles: frozenset[int]) -> list[tuple[int, bytes]]:
        hashes = np.fromiter(shingles, dtype=np.uint64, count=len(shingles))
        # Both factors are below 2**31, so that no product leaves 64 bits.
        signature = ((hashes[:, None] * self._factors + self._addends) % _PRIME).min(axis=0)
        return [(band, rows.tobytes()) for band, rows in enumerate(signature.reshape(_BANDS, _ROWS))]


def _shingles(line: str) -> frozenset[int]:
    words = words_of(folded(line)) or [""]
    pairs = [" ".join(pair) for pair in pairwise(words)] or words
    return frozenset(
        int.from_bytes(hashlib.blake2b(pair.encode(), digest_size=8).digest()) % int(_PRIME) for pair in pairs
    )


def _jaccard(one: frozenset[int], other: frozenset[int]) -> float:
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared)
