"""Repeatable UUIDs, as Instantly writes its ids."""

from __future__ import annotations

from sandbox.vendor.repeatable import mix

_RANDOM_TAIL = (1 << 62) - 1


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
