"""Launches watched request by request, in this process or in ones that can be killed, alone or many at once."""

from __future__ import annotations

import os
import signal
import time
import traceback
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import httpx

from modules.instantly.instantly_client import InstantlyClient
from modules.outreach.launch_activation import Watch as SendingWatch
from modules.outreach.launch_steps import LaunchRequest, LaunchTools
from modules.shared.errors import Refused
from modules.supabase.row_store import RowStore
from modules.supabase.supabase_client import supabase_client
from tests.fakes.direct_store import DirectStore, direct_store
from tests.fakes.forked import processes
from tests.fakes.launch_world import run_launch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sandbox.local_supabase import SupabaseEnvironment
    from tests.fakes.instantly_server import InstantlyServer

Moment = Literal["before", "after"]
"""Of a request: before it is sent, or when its effect is done and its answer is not read yet."""
Side = Literal["instantly", "supabase"]


class Place(NamedTuple):
    """Where both sides are, and how a launch goes about it.

    Attributes:
        leads_per_upload: In what portions people are uploaded.
        settle_s: How long a request without an answer is waited for.
    """

    supabase_url: str
    supabase_key: str
    database_url: str
    instantly_url: str
    instantly_key: str
    leads_per_upload: int
    settle_s: float = 0.2

    @classmethod
    def of(cls, supabase: SupabaseEnvironment, server: InstantlyServer, leads_per_upload: int) -> Place:
        """Those of the running servers."""
        database = supabase.database_url
        return cls(supabase.url, supabase.secret_key, database, server.base_url, server.api_key, leads_per_upload)


@dataclass
class Watch:
    """Sees every request, to Instantly and to Supabase alike.

    Attributes:
        meets: Told the request's number, from 1, at either moment; what it raises is what the sender gets.
        asked: What was asked of whom, as `("instantly", "POST /leads/add")` or `("supabase", "begin_launch")`.
    """

    meets: Callable[[int, Moment], None] = lambda *_: None
    asked: list[tuple[Side, str]] = field(default_factory=list)

    @contextmanager
    def sees(self, side: Side, what: str) -> Iterator[None]:
        """Both moments of one request."""
        self.asked.append((side, what))
        number = len(self.asked)
        self.meets(number, "before")
        yield
        self.meets(number, "after")


class _WatchedTransport(httpx.HTTPTransport):
    """To one side over HTTP; `within` is what its paths begin with."""

    def __init__(self, watch: Watch, side: Side, within: str) -> None:
        super().__init__(verify=False)
        self._watch, self._side, self._within = watch, side, within

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.partition(self._within)[2]
        what = f"{request.method} {path}" if self._side == "instantly" else path.removeprefix("/rpc/")
        with self._watch.sees(self._side, what):
            response = super().handle_request(request)
            # The effect is done when the answer is here.
            response.read()
        return response


class _WatchedStore(DirectStore):
    watch: Watch

    def call(self, function: str, params: Mapping[str, Any]) -> Any:
        with self.watch.sees("supabase", function):
            return super().call(function, params)

    def _read(self, relation: str, what: str, build: Callable[[Any], Any]) -> list[Any]:
        with self.watch.sees("supabase", relation):
            return super()._read(relation, what, build)


@contextmanager
def connected(place: Place, watch: Watch, *, over_rest: bool = False) -> Iterator[LaunchTools]:
    """What a launch works with, watched; it reaches the database through PostgREST, or, which is faster, straight."""
    with _store(place, watch, over_rest=over_rest) as store:
        transport = _WatchedTransport(watch, "instantly", "/api/v2")
        with InstantlyClient(
            place.instantly_key, base_url=place.instantly_url, requests_per_second=None, transport=transport
        ) as client:
            yield LaunchTools(
                store=store,
                client=client,
                settle_s=place.settle_s,
                leads_per_upload=place.leads_per_upload,
                watch=SendingWatch(for_s=5.0, every_s=0.05),
                sleep=_sleep_briefly,
            )


def _sleep_briefly(seconds: float) -> None:
    time.sleep(min(seconds, 0.1))


@contextmanager
def _store(place: Place, watch: Watch, *, over_rest: bool) -> Iterator[RowStore]:
    if over_rest:
        with supabase_client(place.supabase_url, place.supabase_key) as client:
            http = client.options.httpx_client
            assert http is not None
            http._transport.close()
            http._transport = _WatchedTransport(watch, "supabase", "/rest/v1")
            yield RowStore(client)
        return
    with direct_store(place.database_url, _WatchedStore) as store:
        store.watch = watch
        yield store


class Kill(NamedTuple):
    """The request, from 1, at which a process kills itself, and when."""

    number: int
    moment: Moment

    def meets(self, number: int, moment: Moment) -> None:
        """Do it, if it is the time."""
        if (number, moment) == self:
            os.kill(os.getpid(), signal.SIGKILL)


def launch_until(kill: Kill, place: Place, request: LaunchRequest) -> int | None:
    """Launch in a process that is killed; its exit status, which is the signal below zero."""
    process = processes.Process(target=_launch_until, args=(kill, place, request))
    process.start()
    process.join()
    return process.exitcode


def _launch_until(kill: Kill, place: Place, request: LaunchRequest) -> None:
    with connected(place, Watch(kill.meets)) as tools:
        run_launch(tools, request)


def launch_at_once(place: Place, requests: Sequence[LaunchRequest], *, together_at: str = "begin_launch") -> list[str]:
    """Launch in as many processes; how each ended: a launch's state, or its error.

    They wait for each other where they first ask Supabase for what `together_at` names, so that they ask at once.
    """
    meeting = _Meeting(processes.Barrier(len(requests)), together_at)
    told = processes.SimpleQueue()
    running = [processes.Process(target=_launch_with_others, args=(place, each, meeting, told)) for each in requests]
    for process in running:
        process.start()
    for process in running:
        process.join()
    assert [process.exitcode for process in running] == [0] * len(running)
    return [told.get() for _ in running]


class _Meeting(NamedTuple):
    """Where processes wait for each other."""

    gate: Any
    what: str

    def watch(self) -> Watch:
        """One that waits at the first request of that kind."""
        watch = Watch()

        def meets(number: int, moment: Moment) -> None:
            if moment == "before" and watch.asked[number - 1] == ("supabase", self.what):
                watch.meets = lambda *_: None
                self.gate.wait(60)

        watch.meets = meets
        return watch


def _launch_with_others(place: Place, request: LaunchRequest, meeting: _Meeting, told: Any) -> None:
    try:
        with connected(place, meeting.watch()) as tools:
            told.put(run_launch(tools, request).state)
    except Refused as refused:
        told.put(f"Refused: {refused}")
    except Exception:  # noqa: BLE001 - whatever it is, the test tells it
        told.put(traceback.format_exc())
