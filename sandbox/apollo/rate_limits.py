"""How often a team may ask (reference "Rate limits"): fixed windows, which open with a route's first request."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import orjson

from sandbox.apollo.errors import structured
from sandbox.vendor.refusal import Refusal


class Windows(NamedTuple):
    """Requests of one route in each window; 0: no limit."""

    minute: int = 0
    hour: int = 0
    day: int = 0


_SEARCH, _ENRICHMENT, _OTHER = Windows(200, 6_000, 50_000), Windows(1_000), Windows(200, 400, 2_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of each group of routes, as published for a professional plan."""

    search: Windows = _SEARCH
    enrichment: Windows = _ENRICHMENT
    other: Windows = _OTHER

    def of(self, group: str) -> Windows:
        """Give back the limits of a group."""
        windows: Windows = getattr(self, group)
        return windows


NO_LIMITS = Limits(search=Windows(), enrichment=Windows(), other=Windows())
_LENGTHS_S = {"minute": 60, "hour": 3_600, "day": 86_400}
_HEADERS = {
    "minute": ("x-rate-limit-minute", "x-minute-usage", "x-minute-requests-left"),
    "hour": ("x-rate-limit-hourly", "x-hourly-usage", "x-hourly-requests-left"),
    "day": ("x-rate-limit-24-hour", "x-24-hour-usage", "x-24-hour-requests-left"),
}


@dataclass(slots=True)
class _Window:
    opened_s: float
    used: int = 0


@dataclass(slots=True)
class RateLimiter:
    """Counts requests. A refused request does not count."""

    limits: Limits
    _windows: dict[tuple[str, str], _Window] = field(default_factory=dict)
    _refusals: int = 0

    def count(self, route: str, group: str, now_s: float) -> dict[str, str]:
        """Count one request and give back the headers of its answer. Raises the 429 when it is one too many."""
        allowed = self.limits.of(group)._asdict()
        for name, most in allowed.items():
            if most and self._window(route, name, now_s).used >= most:
                raise self._refusal(route, name, most, now_s)
        headers = {}
        for name, most in allowed.items():
            limit, used, left = _HEADERS[name]
            window = self._window(route, name, now_s)
            window.used += 1
            headers[limit] = str(most) if most else ""
            if most:
                headers |= {used: str(window.used), left: str(most - window.used)}
        return headers

    def used(self, route: str, name: str, now_s: float) -> int:
        """Say how many requests the window counts now."""
        window = self._windows.get((route, name))
        return 0 if window is None or now_s >= window.opened_s + _LENGTHS_S[name] else window.used

    def clear(self) -> None:
        """Forget what was counted."""
        self._windows.clear()
        self._refusals = 0

    def _window(self, route: str, name: str, now_s: float) -> _Window:
        window = self._windows.get((route, name))
        if window is None or now_s >= window.opened_s + _LENGTHS_S[name]:
            window = self._windows[route, name] = _Window(now_s)
        return window

    def _refusal(self, route: str, name: str, most: int, now_s: float) -> Refusal:
        """Give back a 429 in one of the three shapes that were seen, in turn."""
        ends_s = self._window(route, name, now_s).opened_s + _LENGTHS_S[name]
        headers = {"retry-after": str(max(1, math.ceil(ends_s - now_s)))}
        message = f"The maximum number of api calls allowed for {route} is {most} times per {name}. Please upgrade."
        self._refusals += 1
        plain = Refusal(429, {"message": message}, headers=headers)
        wrapped = Refusal(429, {"message": orjson.dumps(plain.body).decode()}, headers=headers)
        coded = structured(429, message, "USAGE.RATE_LIMIT.API_RATE_LIMIT_EXCEEDED", headers=headers)
        coded.body["message"] = message
        return (plain, wrapped, coded)[(self._refusals - 1) % 3]
