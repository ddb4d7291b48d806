"""A clock that moves only when somebody sleeps, so that minutes of waiting take no time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from threading import get_ident
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

_TICK_S = 1e-6
_HONEST_SLEEP = asyncio.sleep


@dataclass(slots=True)
class FakeClock:
    """Seconds since it was made.

    Attributes:
        pauses_s: How long each sleep was.
    """

    now_s: float = 0.0
    pauses_s: list[float] = field(default_factory=list)
    _thread: int = field(default_factory=get_ident)

    def __call__(self) -> float:
        """What it shows."""
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        """Move on; others get their turn."""
        if get_ident() != self._thread:
            # A server of another test, which sleeps between two looks for its end, is in this process as well.
            await _HONEST_SLEEP(seconds)
            return
        self.pauses_s.append(seconds)
        # Real clocks never stand still, however short the sleep.
        self.now_s += seconds + _TICK_S
        await _HONEST_SLEEP(0)


def fake_clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeClock]:
    """A clock that `asyncio.sleep` moves, until the test ends; wrap it as a fixture."""
    clock = FakeClock()
    monkeypatch.setattr(asyncio, "sleep", clock.sleep)
    yield clock
