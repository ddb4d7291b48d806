"""Repeatable numbers, ids and timestamps.

Everything the sample world shows is computed from whole numbers with `mix`, so that a row needs no memory until
somebody changes it, and the same seed gives the same bytes on every machine.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache

DAY_MS = 86_400_000
_MASK = (1 << 64) - 1
_RANDOM_TAIL = (1 << 62) - 1


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


def _dashed(number: int) -> str:
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def random_uuid(leading_32_bits: int, noise: int) -> str:
    """Give back a version 4 UUID with chosen leading bits, so that a list of them can be made in order."""
    number = (leading_32_bits << 96) | ((noise & 0xFFFF) << 80) | (4 << 76) | ((noise >> 16 & 0xFFF) << 64)
    return _dashed(number | (2 << 62) | (noise * 0x2545F4914F6CDD1D & _RANDOM_TAIL))


def ordered_uuid(milliseconds: int, noise: int) -> str:
    """Give back a version 7 UUID: text order is time order, at one millisecond's resolution."""
    return _dashed((milliseconds << 80) | (7 << 76) | ((noise & 0xFFF) << 64) | (2 << 62) | (noise >> 2 & _RANDOM_TAIL))


def plain_uuid(*parts: int) -> str:
    """Give back a version 4 UUID depending on the parts alone."""
    noise = mix(*parts)
    return random_uuid(noise >> 32, mix(noise, 4))


@lru_cache(maxsize=4096)
def day_text(day: int) -> str:
    """Give back `YYYY-MM-DD` for a number of days since 1970-01-01."""
    return date.fromordinal(day + 719_163).isoformat()


def day_number(day: date) -> int:
    """Give back the number of days since 1970-01-01."""
    return day.toordinal() - 719_163


def is_weekday(day: int) -> bool:
    """Say whether the day is Monday to Friday."""
    return (day + 3) % 7 < 5


def timestamp(milliseconds: int) -> str:
    """Give back `2026-09-03T09:14:22.104Z` for milliseconds since 1970."""
    day, rest = divmod(milliseconds, DAY_MS)
    seconds, thousandths = divmod(rest, 1000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{day_text(day)}T{hour:02}:{minute:02}:{second:02}.{thousandths:03}Z"
