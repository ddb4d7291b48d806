"""How often a workspace may ask (reference "Rate limits"): over all endpoints, and for the Unibox."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass

from sandbox.instantly.errors import ApiError


@dataclass(frozen=True, slots=True)
class Limits:
    """Requests allowed per workspace."""

    per_second: int = 100
    per_minute: int = 6000
    emails_per_minute: int = 20


class RateLimiter:
    """Counts requests in a sliding window. A refused request does not count."""

    def __init__(self, limits: Limits) -> None:
        """Start with nothing counted."""
        self.limits = limits
        self._times: defaultdict[tuple[str, str], deque[float]] = defaultdict(deque)

    def check(self, workspace_id: str, endpoint: str, now_s: float) -> None:
        """Count one request. Raises the vendor's 429, which carries no `Retry-After`, when it is one too many."""
        windows = [("all", 60.0, self.limits.per_minute)]
        if endpoint == "GET /emails":
            windows.append(("emails", 60.0, self.limits.emails_per_minute))
        for name, seconds, allowed in windows:
            times = self._times[workspace_id, name]
            while times and times[0] <= now_s - seconds:
                times.popleft()
            if len(times) >= allowed:
                raise ApiError(429, "Rate limit exceeded")
        everything = self._times[workspace_id, "all"]
        allowed = self.limits.per_second
        if 0 < allowed <= len(everything) and everything[-allowed] > now_s - 1.0:
            raise ApiError(429, "Rate limit exceeded")
        for name, _, _ in windows:
            self._times[workspace_id, name].append(now_s)

    def clear(self) -> None:
        """Forget what was counted."""
        self._times.clear()
