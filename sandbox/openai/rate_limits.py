"""How much a key may ask of a model: requests and tokens a minute, as buckets that fill all the time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from sandbox.openai.errors import rate_limited, request_too_large

_DEEPEST_DEBT = 0.1
"""Refused requests count as well, up to this share of a bucket: whoever hammers waits longer, but not for ever."""


class Limits(NamedTuple):
    """Per minute; 0: no limit."""

    requests: int
    tokens: int


@dataclass(slots=True)
class _Bucket:
    level: float
    filled_s: float

    def refill(self, capacity: int, now_s: float) -> None:
        self.level = min(self.level + (now_s - self.filled_s) * capacity / 60, capacity)
        self.filled_s = now_s


@dataclass(slots=True)
class RateLimiter:
    """The buckets of every key and model."""

    _buckets: dict[tuple[str, str, str], _Bucket] = field(default_factory=dict)

    def count(self, key: str, model: str, limits: Limits, tokens: int, now_s: float) -> None:
        """Count one request that wants so many tokens; 0 for one that is refused anyway. Raises the 429s."""
        if limits.requests:
            bucket = self._bucket(key, model, "requests", limits.requests, now_s)
            if bucket.level < 1:
                bucket.level = max(bucket.level - 1, -limits.requests * _DEEPEST_DEBT)
                raise rate_limited(model, "requests", limits.requests, (1 - bucket.level) * 60 / limits.requests)
            bucket.level -= 1
        if limits.tokens:
            bucket = self._bucket(key, model, "tokens", limits.tokens, now_s)
            if tokens > limits.tokens:
                raise request_too_large(model, limits.tokens, tokens)
            if bucket.level < tokens:
                raise rate_limited(model, "tokens", limits.tokens, (tokens - bucket.level) * 60 / limits.tokens)
            bucket.level -= tokens

    def headers(self, key: str, model: str, limits: Limits, now_s: float) -> dict[str, str]:
        """Give back the headers that tell the state; none of a limit that is not there."""
        told: dict[str, str] = {}
        for name, limit in limits._asdict().items():
            if limit:
                left = max(self._bucket(key, model, name, limit, now_s).level, 0.0)
                told |= {
                    f"x-ratelimit-limit-{name}": str(limit),
                    f"x-ratelimit-remaining-{name}": str(int(left)),
                    f"x-ratelimit-reset-{name}": go_duration((limit - left) * 60 / limit),
                }
        return told

    def clear(self) -> None:
        """Forget what was counted."""
        self._buckets.clear()

    def _bucket(self, key: str, model: str, name: str, capacity: int, now_s: float) -> _Bucket:
        bucket = self._buckets.setdefault((key, model, name), _Bucket(capacity, now_s))
        bucket.refill(capacity, now_s)
        return bucket


def go_duration(seconds: float) -> str:
    """Give back a time as Go writes it, to the millisecond: `84ms`, `11.054s`, `6m0s`, `1h2m3s`."""
    milliseconds = round(seconds * 1000)
    if 0 < milliseconds < 1000:
        return f"{milliseconds}ms"
    minutes, rest_ms = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    second = f"{rest_ms / 1000:.3f}".rstrip("0").rstrip(".") + "s"
    if hours:
        return f"{hours}h{minutes}m{second}"
    return f"{minutes}m{second}" if minutes else second
