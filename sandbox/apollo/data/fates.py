"""How asking for a person ends. It follows from the person alone, so that all shapes of an answer occur."""

from __future__ import annotations

from enum import IntEnum

import numpy as np


class Fate(IntEnum):
    """What an enrichment finds."""

    VERIFIED = 0
    LIKELY_TO_ENGAGE = 1
    EXTRAPOLATED = 2
    """Matched, with an address that was only constructed."""
    UNAVAILABLE = 3
    """Matched, without an address."""
    UNAVAILABLE_FREE = 4
    """Matched, without an address and without a charge."""
    PLACEHOLDER = 5
    """Matched, with the address everybody has whose own is not unlocked."""
    MERGED = 6
    """Matched, under another id than the one asked for."""
    MISS_LEFT_OUT = 7
    MISS_NULL = 8
    MISS_STUB = 9
    """No match, though a nameless person with a company comes back."""
    MISS_EMPTY = 10
    """No match: an empty object."""
    GONE = 11
    """Removed at the person's own wish: not found by any search, and no match."""


WEIGHTS = (57, 8, 8, 7, 3, 3, 3, 4, 3, 2, 2, 0)
PLACEHOLDER_EMAIL = "email_not_unlocked@domain.com"
MISSES = frozenset({Fate.MISS_LEFT_OUT, Fate.MISS_NULL, Fate.MISS_STUB, Fate.MISS_EMPTY, Fate.GONE})
FREE = frozenset({*MISSES, Fate.UNAVAILABLE_FREE})
EMAIL_STATUSES = {
    Fate.EXTRAPOLATED: "extrapolated",
    Fate.UNAVAILABLE: "unavailable",
    Fate.UNAVAILABLE_FREE: "unavailable",
}
"""Everybody else's is `verified`."""

WITH_EMAIL = np.array([each not in {Fate.EXTRAPOLATED, Fate.UNAVAILABLE, Fate.UNAVAILABLE_FREE} for each in Fate])
"""What the free search says of each fate: of a miss, too, it says that there is an address."""

BY_STATUS_FILTER = {
    "verified": WITH_EMAIL,
    "unverified": np.array([each == Fate.EXTRAPOLATED for each in Fate]),
    "likely to engage": np.array([each == Fate.LIKELY_TO_ENGAGE for each in Fate]),
    "unavailable": np.array([each in {Fate.UNAVAILABLE, Fate.UNAVAILABLE_FREE} for each in Fate]),
}
