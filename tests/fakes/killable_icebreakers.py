"""Runs that write lines, watched request by request, and in processes of their own, so that they can be killed."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import httpx
import httpx2

from modules.supabase.row_store import RowStore
from modules.supabase.supabase_client import supabase_client
from tests.fakes.forked import processes
from tests.fakes.icebreaker_bench import write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.fakes.icebreaker_bench import Place

Moment = Literal["before", "after"]
"""Of a request: before it is sent, or when its effect is done and its answer is not read yet."""


@dataclass
class Watch:
    """Sees every request, to OpenAI and to Supabase alike.

    Attributes:
        meets: Told the request's number, from 1, at either moment.
        asked: What was asked for, as `POST /v1/responses` or `POST /rest/v1/rpc/known_answers`.
    """

    meets: Callable[[int, Moment], None] = lambda *_: None
    asked: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begins(self, request: httpx.Request | httpx2.Request) -> int:
        """Give the request its number."""
        with self._lock:
            self.asked.append(f"{request.method} {request.url.path.removeprefix('/openai')}")
            return len(self.asked)


@contextmanager
def watched(watch: Watch) -> Iterator[None]:
    """Within it, every request of this process is seen: both packages send through these three methods."""
    places: list[tuple[Any, str]] = [
        (httpx.HTTPTransport, "handle_request"),
        (httpx2.HTTPTransport, "handle_request"),
        (httpx2.AsyncHTTPTransport, "handle_async_request"),
    ]
    originals = [getattr(owner, name) for owner, name in places]
    for (owner, name), original in zip(places, originals, strict=True):
        seen = _seen_later if name == "handle_async_request" else _seen
        setattr(owner, name, seen(original, watch))
    try:
        yield
    finally:
        for (owner, name), original in zip(places, originals, strict=True):
            setattr(owner, name, original)


def _seen(original: Callable[..., Any], watch: Watch) -> Callable[..., Any]:
    def handle_request(transport: Any, request: Any) -> Any:
        number = watch.begins(request)
        watch.meets(number, "before")
        response = original(transport, request)
        watch.meets(number, "after")
        return response

    return handle_request


def _seen_later(original: Callable[..., Any], watch: Watch) -> Callable[..., Any]:
    async def handle_async_request(transport: Any, request: Any) -> Any:
        number = watch.begins(request)
        watch.meets(number, "before")
        response = await original(transport, request)
        watch.meets(number, "after")
        return response

    return handle_async_request


class Kill(NamedTuple):
    """The request, from 1, at which a process kills itself, and when."""

    number: int
    moment: Moment

    def meets(self, number: int, moment: Moment) -> None:
        """Do it, if it is the time."""
        if (number, moment) == self:
            os.kill(os.getpid(), signal.SIGKILL)


def runs_until(kill: Kill, place: Place, runs: Sequence[dict[str, Any]]) -> int | None:
    """Run, with the options of one run after the other, in a process that is killed; its exit status.

    The status is the signal, below zero; 0 when the runs ended before it came.
    """
    process = processes.Process(target=partial(_runs_until, kill, place, list(runs)))
    process.start()
    process.join()
    return process.exitcode


def _runs_until(kill: Kill, place: Place, runs: list[dict[str, Any]]) -> None:
    with supabase_client(place.supabase_url, place.supabase_key) as client, watched(Watch(kill.meets)):
        store = RowStore(client)
        for number, options in enumerate(runs):
            write(store, place, f"killed {number}", **options)
