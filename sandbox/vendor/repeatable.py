"""Repeatable numbers and timestamps.

Everything the sample worlds show is computed from whole numbers with `mix`, so that a row needs no memory until
somebody changes it, and the same seed gives the same bytes on every machine.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache

DAY_MS = 86_400_000
_MASK = (1 << 64) - 1
_SATURDAY = 5


def mix(*parts: int) -> int:
    """Give back 64 bits that look random but depend on the parts alone."""
    value = 0x9E3779B97F4A7C15
    for part in parts:
        value = ((value ^ part) * 0xBF58476D1CE4E5B9) & _MASK
        value ^= value >> 29
    value = (value * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 32)


def fraction(*parts: int) -> float:
    """Give back a number from 0 up to but without 1, depending on the parts alone."""
    return mix(*parts) / (_MASK + 1)


@lru_cache(maxsize=4096)
def day_text(day: int) -> str:
    """Give back `YYYY-MM-DD` for a number of days since 1970-01-01."""
    return date.fromordinal(day + 719_163).isoformat()


def day_number(day: date) -> int:
    """Give back the number of days since 1970-01-01."""
    return day.toordinal() - 719_163


def is_weekday(day: int) -> bool:
    """Say whether the day is Monday to Friday."""
    return (day + 3) % 7 < _SATURDAY


def timestamp(milliseconds: int) -> str:
    """Give back `2026-09-03T09:14:22.104Z` for milliseconds since 1970."""
    day, rest = divmod(milliseconds, DAY_MS)
    seconds, thousandths = divmod(rest, 1000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{day_text(day)}T{hour:02}:{minute:02}:{second:02}.{thousandths:03}Z"
