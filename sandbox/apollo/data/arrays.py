"""Whole columns of repeatable numbers at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sandbox.vendor.repeatable import mix

if TYPE_CHECKING:
    from collections.abc import Sequence

Numbers = npt.NDArray[np.uint64]
Codes = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]

_FIRST = 0x9E3779B97F4A7C15
_STEP = np.uint64(0xBF58476D1CE4E5B9)
_LAST = np.uint64(0x94D049BB133111EB)
_HUNDRED = np.uint64(100)


def mix_each(numbers: Numbers, seed: int, salt: int) -> Numbers:
    """Give back what `mix(seed, salt, number)` gives for each number."""
    value = _begun(seed, salt) ^ numbers
    value *= _STEP
    value ^= value >> np.uint64(29)
    value *= _LAST
    value ^= value >> np.uint64(32)
    return value


def _begun(*parts: int) -> np.uint64:
    """Give back where `mix` stands after these parts."""
    value = _FIRST
    for part in parts:
        value = ((value ^ part) * int(_STEP)) & 0xFFFFFFFFFFFFFFFF
        value ^= value >> 29
    return np.uint64(value)


def weighted(noise: Numbers, weights: Sequence[int]) -> Codes:
    """Give back a place in `weights` for each number, in proportion to them; at most 255 places."""
    edges = np.cumsum(np.asarray(weights, dtype=np.uint64))
    places: Codes = np.searchsorted(edges, noise % edges[-1], side="right").astype(np.uint8)
    return places


def happens(noise: Numbers, share_pct: int) -> Mask:
    """Say for each number whether something that happens to `share_pct` of them happens to it."""
    return (noise % _HUNDRED) < np.uint64(share_pct)


def chance(share_pct: int, *parts: int) -> bool:
    """Say whether something that happens to `share_pct` of all happens here."""
    return mix(*parts) % 100 < share_pct
