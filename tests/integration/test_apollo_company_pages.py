"""Searches for companies, which cost a credit a page: no page is paid for twice, and none is left out."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from modules.outreach.apollo_organizations import buy_due_company_searches
from modules.outreach.apollo_recovery import give_up_doubtful, recover_calls
from modules.shared.errors import OutcomeUnknown, PermanentError
from sandbox.vendor.clock import utc_today
from tests.fakes.apollo_bench import Bench, ledger_bench
from tests.fakes.apollo_server import apollo_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes.apollo_server import ApolloServer

SEARCH = "/mixed_companies/search"


@pytest.fixture(scope="module")
def running() -> Iterator[ApolloServer]:
    # Its cycle must hold the moments of the database, which are real ones.
    with apollo_server(people=600, today=utc_today(), result_after_polls=1) as server:
        yield server


@pytest.fixture
def bench(running, supabase, database) -> Iterator[Bench]:
    with ledger_bench(running, supabase, database) as prepared:
        yield prepared


MANY = (
    '{"organization_locations": ["germany", "austria", "switzerland", "united kingdom", "united states", "france", '
    '"netherlands", "sweden", "norway", "denmark", "poland", "spain", "italy", "belgium", "canada", "ireland"]}'
)
"""Filters that more than a page of companies fit."""


class Pages:
    """A search for companies that has several pages."""

    def __init__(self, bench: Bench, filters: str = MANY) -> None:
        self.bench = bench
        bench.waiting.search("firms", kind="companies", filters=filters)

    def buy(self, **budgets: float) -> list[tuple[int, str | None]]:
        reports = buy_due_company_searches(self.bench.ledger(str(uuid.uuid4()), **budgets), self.bench.client)
        return [(report.calls, report.stopped_because) for report in reports]

    def pages(self) -> list[int]:
        return [int(each.query["page"]) for each in self.bench.server.requests() if each.path == SEARCH]

    def pass_time(self, hours: float) -> None:
        self.bench.age(hours / 24)
        for table, column in (("sync_runs", "started_at"), ("apollo_searches", "updated_at")):
            self.bench.database.execute(
                f"update {table} set {column} = {column} - make_interval(secs => %s)", [hours * 3_600]
            )


def test_a_company_search_cut_off_between_pages_goes_on_with_those_that_are_missing(bench):
    search = Pages(bench)
    bench.server.order_fault(path=SEARCH, skip=1, action={"kind": "status", "status": 401})
    with pytest.raises(PermanentError):
        search.buy()
    assert search.pages() == [1, 2]
    first = search.buy()
    assert search.pages() == [1, 2, 2]
    assert first == [(1, None)]
    assert search.buy() == [], "read, and not due"
    assert bench.waiting.charged() == bench.waiting.counted() == 2


def test_a_company_search_that_a_budget_stops_goes_on_the_next_time(bench):
    search = Pages(bench)
    assert search.buy(run=1.0) == [(1, "run")]
    assert search.buy() == [(1, None)]
    assert search.pages() == [1, 2]


def test_a_company_search_is_bought_anew_as_soon_as_it_is_due_and_no_sooner(bench):
    search = Pages(bench)
    search.buy()
    search.pass_time(hours=23)
    assert search.buy() == []
    # A page is bought after the read began, so that it is younger than an interval when the next read is due.
    bench.database.execute("update apollo_credit_ledger set settled_at = settled_at + interval '5 minutes'")
    search.pass_time(hours=1)
    assert search.buy() == [(2, None)]
    assert search.pages() == [1, 2, 1, 2]


def test_a_company_search_that_finds_nothing_costs_nothing_and_is_not_asked_again_before_it_is_due(bench):
    search = Pages(bench, '{"q_organization_name": "no company is called that"}')
    assert search.buy() == [(1, None)]
    assert search.buy() == []
    assert (search.pages(), bench.waiting.charged(), bench.waiting.counted()) == ([1], 0, 0)
    search.pass_time(hours=25)
    assert search.buy() == [(1, None)]
    assert bench.waiting.charged() == 0


def test_a_page_in_doubt_is_not_bought_again_and_keeps_the_search_incomplete(bench):
    search = Pages(bench)
    bench.server.order_fault(path=SEARCH, action={"kind": "cut", "when": "after"})
    with pytest.raises(OutcomeUnknown):
        search.buy()
    assert recover_calls(bench.ledger(), bench.client, under_way_s=0.0).doubtful == 1
    search.buy()
    assert search.pages() == [1]
    statuses = bench.database.execute("select distinct status from sync_runs").fetchall()
    assert statuses == [("incomplete",)]
    assert give_up_doubtful(bench.store) == 1
    assert search.buy() == [(2, None)]
    assert search.pages() == [1, 1, 2]
