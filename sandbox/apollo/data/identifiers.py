"""Apollo's ids: 24 hexadecimal digits that say nothing of the kind, from which the stand-in reads the number back."""

from __future__ import annotations

import re

from sandbox.vendor.repeatable import mix

PERSON, MERGED_PERSON, ORGANIZATION, CONTACT, ACCOUNT, OTHER = range(701, 707)
"""Kinds of ids; they go into the digits only by way of `mix`."""

MOST_NUMBERS = 1 << 24
_ID = re.compile(r"[0-9a-f]{24}")
_SPREAD = 0x5BD1E9
_FIRST_SECOND = 0x50000000


def is_id(text: str) -> bool:
    """Say whether the text looks like an id."""
    return _ID.fullmatch(text) is not None


def hex_id(seed: int, kind: int, number: int) -> str:
    """Give back the id of a number below `MOST_NUMBERS`."""
    return spelled(mix(seed, kind, number), number)


def spelled(noise: int, number: int) -> str:
    """Give back the id of a number whose `mix` is known."""
    second = _FIRST_SECOND + (noise & 0x17FFFFFF)
    return f"{second:08x}{noise >> 24:010x}{number ^ _SPREAD:06x}"


def number_of(seed: int, kind: int, text: str) -> int | None:
    """Give back the number that has this id, or `None`."""
    if not is_id(text):
        return None
    number = int(text[-6:], 16) ^ _SPREAD
    return number if hex_id(seed, kind, number) == text else None


def request_number(seed: int, number: int) -> int:
    """Give back the id of a request: any signed 64-bit number, as often negative as not."""
    value = mix(seed, OTHER, number)
    return value - (1 << 64) if value >> 63 else value
