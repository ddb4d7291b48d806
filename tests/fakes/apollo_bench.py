"""A credit ledger over a database and an Apollo, for tests of what it allows and what it keeps."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from modules.apollo.apollo_enrichment import DataKind, read_matches
from modules.apollo.apollo_usage import read_usage
from modules.outreach.apollo_ledger import Budgets, Ledger, Purchase, buy_again_before
from modules.shared.errors import OutcomeUnknown
from tests.fakes.apollo_waiting import Waiting
from tests.fakes.killable_purchases import Place, Watch, connected

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from modules.apollo.apollo_client import ApolloClient
    from modules.apollo.apollo_enrichment import Json, Result
    from modules.supabase.row_store import RowStore
    from sandbox.local_supabase import SupabaseEnvironment
    from tests.fakes.apollo_server import ApolloServer


def addresses_of(*subjects: str) -> Purchase:
    """The purchase of these people's addresses."""
    return Purchase(
        operation="/people/bulk_match",
        subject_kind="person",
        data_kind="email",
        subjects=[{"subject_id": subject, "search_name": "a"} for subject in subjects],
        credits_each=1.0,
        bought_before=buy_again_before(),
    )


def read_addresses(answer: Json, ids: list[str]) -> Result:
    """What the answer of such a call means."""
    return read_matches(answer, ids, DataKind.email)


class Bench:
    """A ledger over a store and an Apollo of its own."""

    def __init__(self, waiting: Waiting, store: RowStore, client: ApolloClient) -> None:
        """Nothing is bought yet."""
        self.waiting, self.store, self.client = waiting, store, client
        self.server, self.database = waiting.server, waiting.database

    def ledger(self, run_id: str = "a run", **budgets: float | None) -> Ledger:
        """Of a run that begins now."""
        before = read_usage(self.client).credits_consumed
        return Ledger(store=self.store, budgets=Budgets(**budgets), run_id=run_id, credits_before=before)

    def buy(
        self, *subjects: str, cost: float | None = None, ledger: Ledger | None = None
    ) -> tuple[list[str], Result | None]:
        """Buy these with an answer that knows nobody; those who were asked about, and what came."""
        asked: list[str] = []

        def ask(ids: list[str]) -> Json:
            asked.extend(ids)
            return {"matches": [], "credits_consumed": float(len(ids)) if cost is None else cost}

        result = (ledger or self.ledger()).buy(addresses_of(*subjects), ask, read_addresses)
        return asked, result

    def lose(self, *subjects: str) -> str:
        """A call whose answer is lost; its id."""

        def ask(_: list[str]) -> Json:
            raise OutcomeUnknown("gone")

        with pytest.raises(OutcomeUnknown):
            self.ledger("lost").buy(addresses_of(*subjects), ask, read_addresses)
        [(call_id,)] = self.database.execute("select id::text from apollo_calls order by intended_at desc limit 1")
        return str(call_id)

    def details(self) -> list[list[str]]:
        """Whom each call asked about."""
        return [
            [detail["id"] for detail in each.body["details"]]
            for each in self.server.requests()
            if each.path == "/people/bulk_match"
        ]

    def age(self, days: float) -> None:
        """Let all that was bought so far be so many days older."""
        self.database.execute(
            "update apollo_calls set intended_at = intended_at - make_interval(secs => %(s)s), "
            "settled_at = settled_at - make_interval(secs => %(s)s)",
            {"s": days * 86_400},
        )
        self.database.execute(
            "update apollo_credit_ledger set settled_at = settled_at - make_interval(secs => %s)", [days * 86_400]
        )


@contextmanager
def ledger_bench(
    server: ApolloServer, supabase: SupabaseEnvironment, database: psycopg.Connection[Any]
) -> Iterator[Bench]:
    """With nothing bought at either side."""
    server.reset()
    with connected(Place.of(supabase, server), Watch()) as (store, client):
        yield Bench(Waiting(database, server), store, client)
