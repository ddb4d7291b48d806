"""Purchases at Apollo, watched request by request, and in processes of their own, so that they can be killed."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

import httpx

from modules.apollo.apollo_client import ApolloClient
from modules.apollo.apollo_usage import read_usage
from modules.outreach.apollo_ledger import Budgets, Ledger
from modules.outreach.apollo_purchases import PurchaseReport, buy_companies, buy_people
from modules.outreach.apollo_recovery import Recovery, recover_calls
from modules.supabase.row_store import RowStore
from modules.supabase.supabase_client import supabase_client
from tests.fakes.forked import processes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox.local_supabase import SupabaseEnvironment
    from tests.fakes.apollo_server import ApolloServer

Moment = Literal["before", "after"]
"""Of a request: before it is sent, or when its effect is done and its answer is not read yet."""


class Place(NamedTuple):
    """Where both sides are."""

    supabase_url: str
    supabase_key: str
    apollo_url: str
    apollo_key: str

    @classmethod
    def of(cls, supabase: SupabaseEnvironment, server: ApolloServer) -> Place:
        """Those of the running servers."""
        return cls(supabase.url, supabase.secret_key, server.base_url, server.api_key)


@dataclass
class Watch:
    """Sees every request, to Apollo and to Supabase alike.

    Attributes:
        meets: Told the request and its number, from 1, at either moment; what it raises is what the sender gets.
        asked: What was asked for, as `/people/bulk_match` or `reserve_apollo_call`.
    """

    meets: Callable[[httpx.Request, int, Moment], None] = lambda *_: None
    asked: list[str] = field(default_factory=list)


class _Watched(httpx.BaseTransport):
    def __init__(self, inner: httpx.BaseTransport, prefix: str, watch: Watch) -> None:
        self._inner, self._prefix, self._watch = inner, prefix, watch

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._watch.asked.append(request.url.path.partition(self._prefix)[2])
        number = len(self._watch.asked)
        self._watch.meets(request, number, "before")
        response = self._inner.handle_request(request)
        self._watch.meets(request, number, "after")
        return response

    def close(self) -> None:
        self._inner.close()


@contextmanager
def connected(place: Place, watch: Watch) -> Iterator[tuple[RowStore, ApolloClient]]:
    """Both sides, watched."""
    inner = httpx.HTTPTransport(verify=False)
    with (
        supabase_client(place.supabase_url, place.supabase_key) as supabase,
        ApolloClient(
            place.apollo_key,
            base_url=place.apollo_url,
            searches_per_minute=None,
            transport=_Watched(inner, "/api/v1", watch),
        ) as apollo,
    ):
        http = supabase.options.httpx_client
        assert http is not None
        http._transport = _Watched(http._transport, "/rest/v1/", watch)
        yield RowStore(supabase), apollo


@dataclass(frozen=True, slots=True, kw_only=True)
class Bought:
    """What a run did."""

    ledger: Ledger
    recovery: Recovery
    people: PurchaseReport
    companies: PurchaseReport


def purchase(
    store: RowStore, client: ApolloClient, run_id: str, budgets: Budgets | None = None, under_way_s: float = 0.0
) -> Bought:
    """As the assets do it: settle what is open, then buy what waits."""
    usage = read_usage(client)
    ledger = Ledger(store=store, budgets=budgets or Budgets(), run_id=run_id, credits_before=usage.credits_consumed)
    recovery = recover_calls(ledger, client, under_way_s=under_way_s)
    people = buy_people(ledger, client)
    return Bought(ledger=ledger, recovery=recovery, people=people, companies=buy_companies(ledger, client, most=50))


class Kill(NamedTuple):
    """The request, from 1, at which a process kills itself, and when."""

    number: int
    moment: Moment

    def meets(self, _: httpx.Request, number: int, moment: Moment) -> None:
        """Do it, if it is the time."""
        if (number, moment) == self:
            os.kill(os.getpid(), signal.SIGKILL)


def purchase_until(kill: Kill, place: Place, run_id: str, budgets: Budgets) -> int | None:
    """Purchase in a process that is killed; its exit status, which is the signal below zero."""
    process = processes.Process(target=_purchase_until, args=(kill, place, run_id, budgets))
    process.start()
    process.join()
    return process.exitcode


def _purchase_until(kill: Kill, place: Place, run_id: str, budgets: Budgets) -> None:
    with connected(place, Watch(kill.meets)) as (store, client):
        purchase(store, client, run_id, budgets)
