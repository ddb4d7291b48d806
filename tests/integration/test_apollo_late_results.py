"""Results that Apollo delivers later: what is set aside for them, what they bring, and that they are waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from modules.apollo.apollo_enrichment import DataKind
from modules.outreach.apollo_ledger import Budgets, Ledger
from modules.outreach.apollo_purchases import buy_people
from modules.outreach.apollo_recovery import recover_calls
from modules.shared.errors import PermanentError, RetryableError
from sandbox.apollo.data.fates import Fate
from sandbox.vendor.clock import utc_today
from tests.fakes.apollo_bench import Bench, ledger_bench
from tests.fakes.apollo_server import apollo_server
from tests.fakes.killable_purchases import Place, Watch, connected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes.apollo_server import ApolloServer


@pytest.fixture(scope="module")
def running() -> Iterator[ApolloServer]:
    # Its cycle must hold the moments of the database, which are real ones.
    with apollo_server(people=600, today=utc_today(), result_after_polls=1) as server:
        yield server


@pytest.fixture
def bench(running, supabase, database) -> Iterator[Bench]:
    with ledger_bench(running, supabase, database) as prepared:
        yield prepared


class Late:
    """People whose address is known, and what is bought of them later."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        bench.waiting.search()
        bench.waiting.people(bench.waiting.ids(12, without=(Fate.MERGED,)))
        buy_people(bench.ledger(), bench.client)
        self.known = {
            subject for subject, outcome in bench.waiting.outcomes().items() if outcome == "matched_with_email"
        }
        self.spent = bench.waiting.charged()

    def buy(self, kind: DataKind) -> Ledger:
        ledger = self.bench.ledger("late")
        assert buy_people(ledger, self.bench.client, kind=kind).calls == 1
        return ledger

    def fetch(self) -> dict[str, int]:
        recovery = recover_calls(self.bench.ledger("later"), self.bench.client)
        return {name: getattr(recovery, name) for name in ("pending", "settled") if getattr(recovery, name)}

    def outcomes(self, kind: str) -> dict[str, str | None]:
        return {
            subject: row.outcome for (_, subject, data), row in self.bench.waiting.standing().items() if data == kind
        }

    def cost(self) -> tuple[float, float]:
        """Of the newest call: as noted for it, and as the sum of its rows."""
        [row] = self.bench.database.execute(
            "select call.credits_consumed, sum(ledger.credits) from apollo_calls as call "
            "join apollo_credit_ledger as ledger on call_id = call.id "
            "group by call.id order by intended_at desc limit 1"
        ).fetchall()
        return float(row[0]), float(row[1])


def test_phone_numbers_that_come_later_are_fetched_and_both_parts_of_their_cost_are_noted(bench):
    late = Late(bench)
    late.buy(DataKind.phone)
    assert late.outcomes("phone") == dict.fromkeys(late.known)
    assert bench.waiting.states()["pending"] == 1
    assert bench.waiting.counted() == late.spent + 9 * len(late.known), "all that they may cost is set aside"
    assert late.fetch() == {"pending": 1}
    assert buy_people(bench.ledger(), bench.client, kind=DataKind.phone).calls == 0, (
        "and nobody is asked about meanwhile"
    )
    assert late.fetch() == {"settled": 1}
    assert set(late.outcomes("phone").values()) == {"matched_with_phone", "matched_without_phone"}
    phones = [charge for charge in bench.server.charges() if charge[1] == "phone"]
    assert {subject for subject, _, _ in phones} == {
        subject for subject, outcome in late.outcomes("phone").items() if outcome == "matched_with_phone"
    }
    assert late.cost() == pytest.approx((len(late.known) + 8 * len(phones),) * 2)
    assert bench.waiting.counted() == bench.waiting.charged()
    assert late.fetch() == {}
    assert buy_people(bench.ledger(), bench.client, kind=DataKind.phone).calls == 0, "a miss is not asked about again"


def test_no_address_of_ours_is_named_where_none_is_set(bench):
    Late(bench).buy(DataKind.phone)
    hooks = {each.query.get("webhook_url") for each in bench.server.requests() if each.path == "/people/bulk_match"}
    assert hooks - {None} == {"https://nobody-listens.invalid/"}


def test_a_waterfall_is_for_those_without_an_address_and_costs_what_it_says_later(bench):
    people = bench.server.world.database.people
    without = [people.id(each) for each in range(people.count) if people.fate(each) == Fate.UNAVAILABLE][:4]
    late = Late(bench)
    bench.waiting.people(without)
    buy_people(bench.ledger(), bench.client)
    placeholder = {
        subject for subject, outcome in bench.waiting.outcomes().items() if outcome == "matched_without_email"
    }
    late.buy(DataKind.waterfall_email)
    assert set(late.outcomes("waterfall_email")) == placeholder >= set(without)
    assert [late.fetch() for _ in range(2)] == [{"pending": 1}, {"settled": 1}]
    found = {
        subject for subject, outcome in late.outcomes("waterfall_email").items() if outcome == "matched_with_email"
    }
    charged = {subject for subject, kind, _ in bench.server.charges() if kind == "waterfall_email"}
    assert found == charged
    assert late.cost() == (20 * len(found), 20 * len(found))
    assert bench.waiting.counted() == bench.waiting.charged()


def test_a_result_whose_delivery_failed_is_fetched_all_the_same(bench):
    late = Late(bench)
    late.buy(DataKind.phone)
    bench.server.order_fault(
        path="/webhook_result/*",
        times=None,
        action={
            "kind": "rewrite",
            "change": {"answer": {"webhook_status": "failed", "failure_reason": "no such host"}},
        },
    )
    assert [late.fetch() for _ in range(2)] == [{"pending": 1}, {"settled": 1}]
    assert "matched_with_phone" in late.outcomes("phone").values()
    assert bench.waiting.counted() == bench.waiting.charged()


@pytest.mark.usefixtures("instant_retries")
def test_a_run_that_ends_between_keeping_a_late_result_and_settling_it_loses_nothing(bench, supabase):
    def meets(request: httpx.Request, _: int, moment: str) -> None:
        if request.url.path.endswith("settle_apollo_call") and moment == "before":
            raise httpx.ConnectError("refused")

    late = Late(bench)
    with connected(Place.of(supabase, bench.server), Watch(meets)) as (store, client):
        cut_off = Ledger(store=store, budgets=Budgets(), run_id="cut off", credits_before=0.0)
        with pytest.raises(RetryableError):
            buy_people(cut_off, client, kind=DataKind.phone)
        assert bench.waiting.states()["answered"] == 1
        assert [late.fetch() for _ in range(2)] == [{"pending": 1}, {"pending": 1}], "noted, and asked for once"
        with pytest.raises(RetryableError):
            recover_calls(cut_off, client)
        assert bench.waiting.states()["answered"] == 1
    assert late.fetch() == {"settled": 1}
    assert "matched_with_phone" in late.outcomes("phone").values()
    assert bench.waiting.counted() == bench.waiting.charged()


@pytest.mark.parametrize("ending", ["expired", "unknown", "failed"])
def test_a_result_that_never_comes_ends_the_wait_and_counts_as_all_that_was_set_aside(ending, bench):
    late = Late(bench)
    late.buy(DataKind.phone)
    if ending == "expired":
        bench.server.change_world(advance_days=31)
    elif ending == "unknown":
        bench.server.world.results.by_request.clear()
    else:
        bench.server.change_world(credits_limit=0)
        assert late.fetch() == {"pending": 1}
    assert late.fetch() == {"settled": 1}
    assert set(late.outcomes("phone").values()) == {"matched_without_phone"}
    assert late.cost() == pytest.approx((9 * len(late.known),) * 2)
    assert buy_people(bench.ledger(), bench.client, kind=DataKind.phone).calls == 0


def test_a_wrong_address_of_apollo_does_not_make_a_result_one_that_never_comes(bench):
    late = Late(bench)
    late.buy(DataKind.phone)
    action = {"kind": "status", "status": 404, "body": {"error": "No route matches"}}
    bench.server.order_fault(path="/webhook_result/*", action=action)
    with pytest.raises(PermanentError, match="APOLLO_BASE_URL"):
        late.fetch()
    assert bench.waiting.states()["pending"] == 1
    assert [late.fetch() for _ in range(2)] == [{"pending": 1}, {"settled": 1}]


def test_a_request_that_apollo_skips_is_settled_at_once_by_what_it_says(bench):
    late = Late(bench)
    bench.server.bulk_match(*late.known, reveal_phone_number=True, webhook_url="https://hooks.fernwood.example/")
    late.buy(DataKind.phone)
    assert bench.waiting.states()["settled"] == 3
    assert set(late.outcomes("phone").values()) == {"matched_without_phone"}
    assert late.cost() == pytest.approx((len(late.known),) * 2)
