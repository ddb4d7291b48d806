"""The stand-in's own time: a fixed day, and a moment that moves only when something is written."""

from __future__ import annotations

from datetime import UTC, date, datetime

from sandbox.vendor.repeatable import DAY_MS, day_number, timestamp


def utc_today() -> date:
    """Give back the real date."""
    return datetime.now(UTC).date()


class Clock:
    """Today, and the time of the next change.

    Attributes:
        today: Days since 1970.
    """

    def __init__(self, today: date) -> None:
        """Start at noon of the day."""
        self.today = day_number(today)
        self._ticks = 0

    def tick_ms(self) -> int:
        """Give back a new moment, in milliseconds since 1970; later than every moment given before."""
        self._ticks += 1
        return self.today * DAY_MS + DAY_MS // 2 + self._ticks

    def tick(self) -> str:
        """Give back a new moment as the vendor writes it."""
        return timestamp(self.tick_ms())

    def advance(self, days: int) -> None:
        """Go forward to a later day."""
        self.today += days
