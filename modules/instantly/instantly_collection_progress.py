"""How far a collection is: bars on a terminal, a line a finished entity in the log of anything else."""

from __future__ import annotations

import sys
from collections import Counter
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from modules.shared.logger import get_logger

if TYPE_CHECKING:
    from collections.abc import Iterator

_logger = get_logger(__name__)


class CollectionProgress(Protocol):
    """Is told how far a collection is, by several readers at once."""

    def expect(self, entity: str, pieces: int) -> None:
        """So many pieces more belong to the entity."""

    def add(self, entity: str, *, payloads: int = 0, pieces: int = 0) -> None:
        """So many payloads more were read, so many pieces more are finished."""


class LoggedProgress:
    """One line an entity, when all of it is there."""

    def __init__(self) -> None:
        self._payloads: Counter[str] = Counter()
        self._pieces_left: Counter[str] = Counter()
        self._lock = Lock()

    def expect(self, entity: str, pieces: int) -> None:
        """Wait for so many pieces more."""
        self._pieces_left[entity] += pieces

    def add(self, entity: str, *, payloads: int = 0, pieces: int = 0) -> None:
        """Count; the last piece is logged."""
        with self._lock:
            self._payloads[entity] += payloads
            self._pieces_left[entity] -= pieces
            is_last = pieces > 0 and self._pieces_left[entity] == 0
        if is_last:
            _logger.info("%s: %s read now", entity, f"{self._payloads[entity]:,}")


class BarProgress:
    """One bar an entity."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}
        self._payloads: Counter[str] = Counter()
        self._lock = Lock()

    def expect(self, entity: str, pieces: int) -> None:
        """Add a bar of that length."""
        self._tasks[entity] = self._bars.add_task(entity, total=pieces, payloads="0")

    def add(self, entity: str, *, payloads: int = 0, pieces: int = 0) -> None:
        """Move the bar."""
        with self._lock:
            self._payloads[entity] += payloads
            self._bars.update(self._tasks[entity], advance=pieces, payloads=f"{self._payloads[entity]:,}")


@contextmanager
def shown_progress(console: Console | None = None) -> Iterator[CollectionProgress]:
    """Bars where standard error is a terminal, log lines elsewhere; standard output is left to the result."""
    console = console or Console(file=sys.stderr)
    if not console.is_terminal:
        yield LoggedProgress()
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.0f}/{task.total:.0f}"),
        TextColumn("{task.fields[payloads]} read", justify="right"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as bars:
        yield BarProgress(bars)
