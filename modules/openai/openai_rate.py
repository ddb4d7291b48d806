"""How fast a model may be asked: requests and tokens, two buckets that the service's own headers correct.

Source: platform documentation, "Rate limits": a request is charged its prompt and the most it may answer, when it is
sent; buckets refill continuously.
"""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

USED_SHARE = 0.98
"""Of the allowed rate: clocks differ a little, and a refused request costs as much as a served one."""
_FIRST_FILL_S = 1.0
"""A new client begins with what a second brings: how much of the minute others have used is not known yet."""
_SLOWEST = 0.1
_LONGEST_PAUSE_S = 120.0
"""Whoever is told to wait longer is refused again until no try is left, and does not keep a run waiting for hours."""
_LEAST_SHARE, _MOST_SHARE, _LEARNED_AT_ONCE = 0.25, 4.0, 0.2
_RECOVERY_PER_ANSWER = 0.02
_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?")


@dataclass(slots=True)
class _Bucket:
    per_minute: float
    level: float
    filled_at_s: float

    def refill(self, now_s: float, speed: float) -> None:
        gained = (now_s - self.filled_at_s) * self.per_minute * USED_SHARE * speed / 60
        self.level = min(self.per_minute, self.level + gained)
        self.filled_at_s = now_s

    def wait_s(self, amount: float, speed: float) -> float:
        return max(0.0, (amount - self.level) * 60 / (self.per_minute * USED_SHARE * speed))


@dataclass(slots=True)
class RateLimiter:
    """Lets requests through as fast as the service allows; for one event loop.

    Attributes:
        requests_per_minute: Allowed, until the service says otherwise.
        tokens_per_minute: The same of tokens.
        clock: Seconds; monotonic.
        in_flight: Requests and tokens let through whose answer is still to come.
        input_share: Tokens of a prompt as the service counts them, by those that were estimated; learned.
    """

    requests_per_minute: float
    tokens_per_minute: float
    clock: Callable[[], float] = time.monotonic
    in_flight: list[float] = field(default_factory=lambda: [0, 0])
    input_share: float = 1.0
    _speed: float = 1.0
    _frozen_until_s: float = 0.0
    _requests: _Bucket = field(init=False)
    _tokens: _Bucket = field(init=False)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        """Begin with little."""
        now_s = self.clock()
        self._requests = _Bucket(self.requests_per_minute, self.requests_per_minute * _FIRST_FILL_S / 60, now_s)
        self._tokens = _Bucket(self.tokens_per_minute, self.tokens_per_minute * _FIRST_FILL_S / 60, now_s)

    async def acquire(self, tokens: float) -> None:
        """Wait until a request of that many tokens may be sent; first come, first served.

        Args:
            tokens: Its prompt and the most it may answer. More than a minute allows counts as a minute's.
        """
        async with self._turn:
            # It is a clock that is waited for, not an event.
            while (pause_s := self._pause_s(tokens)) > 0:  # noqa: ASYNC110
                await asyncio.sleep(pause_s)
            self._requests.level -= 1
            self._tokens.level -= min(tokens, self._tokens.per_minute)
            self.in_flight[0] += 1
            self.in_flight[1] += tokens

    def answered(self, tokens: float, headers: Mapping[str, str]) -> None:
        """Learn from an answer's headers; one without them, or with something else in them, teaches nothing.

        Args:
            tokens: As they were acquired.
            headers: `x-ratelimit-limit-…` and `x-ratelimit-remaining-…`.
        """
        self.in_flight[0] -= 1
        self.in_flight[1] -= tokens
        self._speed = min(1.0, self._speed + _RECOVERY_PER_ANSWER)
        for name, bucket, under_way in (
            ("requests", self._requests, self.in_flight[0]),
            ("tokens", self._tokens, self.in_flight[1]),
        ):
            limit = _number(headers.get(f"x-ratelimit-limit-{name}"))
            if limit:
                bucket.per_minute = limit
            remaining = _number(headers.get(f"x-ratelimit-remaining-{name}"))
            if remaining is not None:
                # Others may use the same account. What is under way may have been counted there or not: the safe side.
                bucket.level = min(bucket.level, max(remaining - under_way, -bucket.per_minute))

    def refused(self, tokens: float, headers: Mapping[str, str], *, too_fast: bool = True) -> None:
        """Let all wait as long as a refusal asks, and go on at half the speed.

        Args:
            tokens: As they were acquired.
            headers: `retry-after-ms`, `retry-after`, `x-ratelimit-reset-…`.
            too_fast: Whether the rate was the reason; otherwise the service is in trouble, and the pause is enough.
        """
        self.in_flight[0] -= 1
        self.in_flight[1] -= tokens
        if too_fast:
            self._speed = max(_SLOWEST, self._speed / 2)
        self._frozen_until_s = max(self._frozen_until_s, self.clock() + min(pause_asked_s(headers), _LONGEST_PAUSE_S))

    def learn_size(self, estimated: float, counted: object) -> None:
        """Learn how far estimates of prompts are off: too high ones would leave a part of the rate unused."""
        if isinstance(counted, int) and counted > 0 and estimated > 0:
            share = min(max(counted / estimated, _LEAST_SHARE), _MOST_SHARE)
            self.input_share += (share - self.input_share) * _LEARNED_AT_ONCE

    def answered_per_minute(self, tokens: float) -> float:
        """How many requests of that many tokens a minute allows."""
        return min(self._requests.per_minute, self._tokens.per_minute / tokens)

    def _pause_s(self, tokens: float) -> float:
        now_s = self.clock()
        for bucket in (self._requests, self._tokens):
            bucket.refill(now_s, self._speed)
        return max(
            self._frozen_until_s - now_s,
            # A bucket of less than one request a minute never holds a whole one.
            self._requests.wait_s(min(1.0, self._requests.per_minute), self._speed),
            self._tokens.wait_s(min(tokens, self._tokens.per_minute), self._speed),
        )


def pause_asked_s(headers: Mapping[str, str]) -> float:
    """How long a refused answer asks to wait, in seconds; one second where it does not say."""
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    seconds = _number(headers.get("retry-after"))
    if seconds is not None:
        return seconds
    resets = [duration_s(headers.get(f"x-ratelimit-reset-{name}")) for name in ("requests", "tokens")]
    return max([reset for reset in resets if reset is not None and reset <= 60.0], default=1.0)  # noqa: PLR2004


def duration_s(text: str | None) -> float | None:
    """Seconds of a duration as `1h2m3.5s` or `84ms`; `None`: it is none.

    >>> duration_s("6m0s"), duration_s("84ms"), duration_s("soon")
    (360.0, 0.084, None)
    """
    found = _DURATION.fullmatch(text or "")
    if not text or found is None:
        return None
    hours, minutes, seconds, milliseconds = (float(part) if part else 0.0 for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds + milliseconds / 1000


def _number(text: str | None) -> float | None:
    try:
        number = float(text) if text else None
    except ValueError:
        return None
    return number if number is not None and 0 <= number < float("inf") else None
