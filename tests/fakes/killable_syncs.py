"""Syncs of all tables that run in processes of their own, so that they can be killed.

`python -m tests.fakes.killable_syncs` reads orders, one a line; `Syncs` starts it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import traceback
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

from modules.instantly.instantly_rows import Days
from modules.supabase.row_store import RowStore
from modules.supabase.supabase_client import supabase_client
from tests.fakes.instantly_reading import ORDER, OpenTransport, fill, instantly_api

if TYPE_CHECKING:
    import httpx


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One sync of all tables, in a process of its own.

    Attributes:
        first_day: First of the days that statistics are read for; `last_day` is the last.
        kill_after_s: Kill it so long after it began; `None`: never.
        kill_after_answers: Kill it when it has got so many answers of Instantly; `None`: never.
    """

    supabase_url: str
    supabase_key: str
    instantly_url: str
    instantly_key: str
    workspace_id: str
    first_day: str
    last_day: str
    run_id: str
    kill_after_s: float | None = None
    kill_after_answers: int | None = None


class Synced(NamedTuple):
    """How such a sync ended.

    Attributes:
        entities: Those whose table was read to the end, as the process itself said.
        took_s: From when it was ready to begin, to its end.
        status: 0, or the number of the signal below zero.
    """

    entities: list[str]
    took_s: float
    status: int


class Syncs:
    """A process that has loaded everything once and begins each sync as a copy of itself. Use as a context manager.

    It has a single thread, unlike the one that runs tests, so that copying it is safe.
    """

    def __init__(self) -> None:
        """Start it."""
        # The thread that NumPy would start for linear algebra is one too many.
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.fakes.killable_syncs"],
            cwd=Path(__file__).parents[2],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=10)

    def run(self, order: Order) -> Synced:
        """Sync all tables, and wait for the end."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asdict(order)) + "\n")
        self._process.stdin.flush()
        return Synced(**json.loads(self._process.stdout.readline()))


class _Deadly(OpenTransport):
    """Kills its own process when so many answers have come."""

    def __init__(self, answers: int | None) -> None:
        super().__init__()
        self._left = answers

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = super().handle_request(request)
        if self._left is not None:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return response


def _sync_all(order: Order, told: int) -> None:
    """Fill every table; `told` is where to write that it begins, and what is done."""
    days = Days(date.fromisoformat(order.first_day), date.fromisoformat(order.last_day))
    with (
        supabase_client(order.supabase_url, order.supabase_key) as client,
        instantly_api(
            order.instantly_url,
            order.instantly_key,
            workspace_id=order.workspace_id,
            transport=_Deadly(order.kill_after_answers),
        ) as source,
    ):
        os.write(told, b"begins\n")
        for entity in ORDER:
            fill(RowStore(client), source.part(), entity, days, order.run_id)
            os.write(told, f"{entity}\n".encode())


def _run_as_copy(order: Order) -> Synced:
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(reading)
        status = 1
        try:
            _sync_all(order, writing)
            status = 0
        finally:
            if status:
                traceback.print_exc()
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading) as told:
        assert told.readline()
        began_s = time.monotonic()
        if order.kill_after_s is not None:
            time.sleep(order.kill_after_s)
            # It was not waited for, so the number is still its own even if it has ended.
            os.kill(process, signal.SIGKILL)
        entities = told.read().split()
    _, status = os.waitpid(process, 0)
    return Synced(entities, time.monotonic() - began_s, os.waitstatus_to_exitcode(status))


def main() -> None:
    """Carry out orders until there are no more."""
    import pandas as pd

    # Loaded here once instead of by each copy.
    assert pd
    for line in sys.stdin:
        synced = _run_as_copy(Order(**json.loads(line)))
        sys.stdout.write(json.dumps(synced._asdict()) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
