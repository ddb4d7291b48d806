"""The credit ledger in the database: budgets, turns, and what stands of what was bought."""

from __future__ import annotations

import threading
import time
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg.types.json import Jsonb

from modules.apollo.apollo_enrichment import Outcome, Result
from modules.apollo.apollo_enrichment import Settled as Row
from modules.outreach.apollo_ledger import Budgets, Ledger, end_call
from modules.outreach.apollo_purchases import buy_people
from modules.outreach.apollo_recovery import give_up_doubtful, recover_calls
from modules.shared.errors import BudgetExceeded, OutcomeUnknown, PermanentError
from sandbox.apollo.data.fates import MISSES, Fate
from sandbox.vendor.clock import utc_today
from tests.fakes.apollo_bench import Bench, addresses_of, ledger_bench, read_addresses
from tests.fakes.apollo_server import apollo_server
from tests.fakes.killable_purchases import Place, Watch, connected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from modules.apollo.apollo_enrichment import Json
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


@pytest.mark.parametrize("budget", ["run", "day", "month"])
def test_a_budget_is_used_to_the_last_credit_and_not_beyond(budget, bench):
    ids = bench.waiting.ids(23, without=MISSES)
    bench.waiting.search()
    bench.waiting.people(ids)
    report = buy_people(bench.ledger(**{budget: 17.0}), bench.client)
    assert (report.calls, report.stopped_because) == (2, budget)
    first, second = bench.details()
    assert sorted(first) == sorted(ids[:10]), "the best first"
    assert sorted(second) == sorted(ids[10:17]), "and of the next ten the best seven"
    assert bench.waiting.charged() == bench.waiting.counted() == 17
    again = buy_people(bench.ledger(**{budget: 17.0}), bench.client)
    assert (again.calls, again.stopped_because, len(bench.details())) == (0, budget, 2)


@pytest.mark.parametrize("budget", ["run", "day", "month"])
def test_without_room_nothing_is_asked_and_the_message_names_the_budget_and_its_setting(budget, bench):
    bench.buy("p1", cost=2.5)
    ledger = bench.ledger(**{budget: 3.0})
    asked: list[str] = []
    with pytest.raises(BudgetExceeded) as caught:
        asked += bench.buy("p2", ledger=ledger)[0]
    assert (caught.value.budget, asked) == (budget, [])
    assert f"APOLLO_CREDITS_PER_{budget.upper()}" in str(caught.value)
    assert "0.5 left" in str(caught.value)
    assert bench.waiting.states() == {"settled": 1}


def test_a_budget_of_nought_allows_nothing_and_none_allows_everything(bench):
    with pytest.raises(BudgetExceeded):
        bench.buy("p1", ledger=bench.ledger(run=0.0))
    assert bench.waiting.states() == {}
    asked, _ = bench.buy(*(f"p{number}" for number in range(500)))
    assert len(asked) == 500


def test_each_budget_counts_its_own_time(bench):
    def room(**budgets: float) -> bool:
        try:
            bench.buy(str(uuid.uuid4()), cost=0.0, ledger=bench.ledger("another run", **budgets))
        except BudgetExceeded:
            return False
        return True

    bench.buy("p1", cost=5.0)
    assert room(run=5.0), "another run's own"
    assert not room(day=5.0)
    assert not room(month=5.0)
    [(days,)] = bench.database.execute("select extract(day from now() at time zone 'utc')::int").fetchall()
    bench.age(1)
    assert room(day=5.0), "a new day"
    assert room(month=5.0) == (days == 1)
    bench.age(days)
    assert room(month=5.0), "a new month"


def test_a_call_counts_as_all_that_it_may_cost_until_it_is_known_or_surely_did_not_happen(bench):
    call_id = bench.lose("p1", "p2", "p3")
    assert bench.waiting.counted() == 3
    end_call(bench.store, call_id, "doubtful", "")
    assert bench.waiting.counted() == 3
    with pytest.raises(BudgetExceeded):
        bench.buy("p4", ledger=bench.ledger(day=3.0))
    assert give_up_doubtful(bench.store) == 1
    assert bench.waiting.counted() == 3, "given up, and spent all the same"
    end_call(bench.store, bench.lose("p5"), "released", "")
    assert bench.waiting.counted() == 3
    assert bench.buy("p5", ledger=bench.ledger(day=4.0))[0] == ["p5"]


def test_two_runs_over_one_pool_of_people_buy_nobody_twice_and_stay_in_the_budget_together(bench, supabase):
    bench.waiting.search()
    bench.waiting.people(bench.waiting.ids(60))
    barrier, ended = threading.Barrier(4), []

    def run(number: int) -> None:
        with connected(Place.of(supabase, bench.server), Watch()) as (store, client):
            own = Ledger(store=store, budgets=Budgets(day=45), run_id=f"run {number}", credits_before=0.0)
            barrier.wait(timeout=10)
            ended.append(buy_people(own, client))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert len(ended) == 4
    asked = [person for details in bench.details() for person in details]
    assert len(asked) == len(set(asked)) >= 40
    assert set(bench.waiting.charges().values()) == {1}
    assert bench.waiting.charged() == bench.waiting.counted() <= 45


def test_the_database_refuses_a_second_row_that_stands(bench):
    bench.buy("p1")
    with pytest.raises(psycopg.errors.UniqueViolation, match="never_twice"):
        bench.database.execute(
            "insert into apollo_credit_ledger (call_id, subject_kind, subject_id, data_kind) "
            "select gen_random_uuid(), subject_kind, subject_id, data_kind from apollo_credit_ledger"
        )


def intent_of(*subjects: str, day: float | None) -> Json:
    return {
        "call_id": str(uuid.uuid4()),
        "operation": "/people/bulk_match",
        "data_kind": "email",
        "subject_kind": "person",
        "subjects": [{"subject_id": subject, "search_name": None} for subject in subjects],
        "credits_each": 1.0,
        "budgets": {"run": None, "day": day, "month": None},
        "balance_before": 0.0,
        "run_id": "a run",
        "bought_before": datetime.now(UTC).isoformat(),
    }


def test_a_reservation_waits_for_one_that_is_under_way_and_counts_it(bench, supabase):
    answers: list[Json] = []

    def reserve() -> None:
        answers.append(bench.store.call("reserve_apollo_call", {"intent": intent_of("p2", "p3", "p4", day=4.0)}))

    with psycopg.connect(supabase.database_url) as other:
        other.execute("select reserve_apollo_call(%s)", [Jsonb(intent_of("p1", "p2", day=4.0))])
        second = threading.Thread(target=reserve)
        second.start()
        until_s = time.monotonic() + 10
        waiting = "select from pg_locks where locktype = 'advisory' and not granted"
        while second.is_alive() and not bench.database.execute(waiting).fetchall():
            assert time.monotonic() < until_s
            time.sleep(0.005)
        other.commit()
    second.join(timeout=10)
    assert [subject["subject_id"] for subject in answers[0]["subjects"]] == ["p3", "p4"]
    assert bench.waiting.counted() == 4


def test_a_reservation_asked_for_again_is_the_same_one(bench):
    intent = intent_of("p3", "p1", "p2", "p1", day=3.0)
    first, again = (bench.store.call("reserve_apollo_call", {"intent": intent}) for _ in range(2))
    assert first == again
    assert [subject["subject_id"] for subject in first["subjects"]] == ["p3", "p1", "p2"]
    assert bench.waiting.counted() == 3
    other = intent_of("p1", "p3", day=None)
    assert bench.store.call("reserve_apollo_call", {"intent": other})["subjects"] == []


def test_nobody_waiting_and_nobody_left_ask_for_nothing(bench):
    assert buy_people(bench.ledger(), bench.client).calls == 0
    bench.buy("p1")
    assert bench.buy("p1") == ([], None)
    assert bench.buy() == ([], None)
    assert bench.waiting.paid_requests() == []


def test_each_search_asks_about_so_many_people_a_day(bench):
    bench.waiting.search("a", people_per_day=3)
    bench.waiting.search("b", people_per_day=0)
    ids = bench.waiting.ids(12)
    bench.waiting.people(ids[:6], "a")
    bench.waiting.people(ids[6:], "b")
    buy_people(bench.ledger(), bench.client)
    buy_people(bench.ledger(), bench.client)
    assert [sorted(details) for details in bench.details()] == [sorted(ids[:3])]
    bench.age(1)
    buy_people(bench.ledger(), bench.client)
    assert sorted(bench.details()[1]) == sorted(ids[3:6])


@pytest.mark.parametrize(("most", "budget"), [(9, None), (100, 9.0)])
def test_searches_take_turns_so_that_none_is_served_alone(most, budget, bench):
    ids = bench.waiting.ids(30, without=MISSES)
    for place, name in enumerate(("a", "b", "c")):
        bench.waiting.search(name)
        bench.waiting.people(ids[10 * place : 10 * place + 10], name)
    report = buy_people(bench.ledger(run=budget), bench.client, most=most)
    assert report.calls == 1
    assert sorted(bench.details()[0]) == sorted(ids[:3] + ids[10:13] + ids[20:23])


def test_a_person_of_two_searches_is_asked_about_once_for_the_one_that_found_them_first(bench):
    bench.waiting.search("a")
    bench.waiting.search("b")
    [person] = bench.waiting.ids(1)
    bench.waiting.people([person], "b")
    bench.waiting.people([person], "a")
    buy_people(bench.ledger(), bench.client)
    assert bench.details() == [[person]]
    assert bench.database.execute("select search_name from apollo_credit_ledger").fetchall() == [("b",)]


@pytest.mark.parametrize("fate", ["VERIFIED", "MISS_NULL"])
def test_who_changed_is_asked_about_again_after_ninety_days_and_who_did_not_never(fate, bench):
    person = bench.server.person_id(fate)
    bench.waiting.search()
    bench.waiting.people([person])

    def asked() -> int:
        buy_people(bench.ledger(), bench.client)
        return len(bench.details())

    assert asked() == 1
    bench.age(89)
    assert asked() == 1
    bench.database.execute("update apollo_people_raw set last_refreshed_at = now()")
    assert asked() == 1, "changed, but asked about 89 days ago"
    bench.age(2)
    assert asked() == 2
    assert asked() == 2
    stands = bench.database.execute("select is_current from apollo_credit_ledger order by id").fetchall()
    assert stands == [(False,), (True,)], "and what was bought first is kept"
    bench.database.execute("update apollo_people_raw set last_refreshed_at = '2000-01-01Z'")
    bench.age(1_000)
    assert asked() == 2, "a miss is no more asked about again than anybody who did not change"


def test_what_was_bought_before_stands_again_when_buying_it_anew_did_not_happen(bench):
    bench.buy("p1")
    bench.age(100)
    before = bench.waiting.standing()
    call_id = bench.lose("p1", "p2")
    assert bench.waiting.outcomes() == {"p1": None, "p2": None}
    end_call(bench.store, call_id, "released", "it did not happen")
    end_call(bench.store, call_id, "released", "it did not happen")
    assert bench.waiting.standing() == before


def test_a_call_is_ended_once_and_only_where_that_is_true(bench):
    bench.buy("p1")
    [(call_id,)] = bench.database.execute("select id::text from apollo_calls").fetchall()
    for state in ("released", "doubtful", "lost"):
        end_call(bench.store, call_id, state, "")
    assert bench.waiting.states() == {"settled": 1}
    lost = bench.lose("p2")
    end_call(bench.store, lost, "lost", "only what is in doubt is given up")
    assert bench.waiting.states() == {"settled": 1, "intended": 1}
    with pytest.raises(PermanentError, match="no way to end a call"):
        end_call(bench.store, lost, "settled", "")


def test_a_lost_answer_is_judged_by_what_our_other_calls_cost(bench):
    """What the same run bought before says nothing of it, and what any run bought since explains what went since."""
    bench.waiting.search()
    bench.waiting.people(bench.waiting.ids(30, without=(Fate.MERGED,)))
    ledger = bench.ledger("first")
    buy_people(ledger, bench.client, most=10)
    bench.server.order_fault(path="/people/bulk_match", action={"kind": "cut", "when": "after"})
    with pytest.raises(OutcomeUnknown):
        buy_people(ledger, bench.client, most=10)
    charged = bench.waiting.charged()
    buy_people(bench.ledger("second"), bench.client, most=10)
    assert bench.waiting.charged() > charged
    assert recover_calls(bench.ledger("third"), bench.client, under_way_s=0.0).doubtful == 1
    assert set(bench.waiting.charges().values()) == {1}


def test_a_person_who_comes_back_under_another_id_is_kept_and_paid_for_once(bench):
    bench.waiting.search()
    people = bench.server.world.database.people
    asked = bench.server.person_id("MERGED")
    number = people.with_id(asked)
    bench.waiting.people([asked])
    buy_people(bench.ledger(), bench.client)
    assert bench.waiting.outcomes() == {asked: "no_match", people.id_after_merge(number): "matched_with_email"}
    bench.waiting.people([people.id_after_merge(number)])
    buy_people(bench.ledger(), bench.client)
    assert bench.waiting.charges() == {asked: 1}
    shares = bench.database.execute("select sum(credits) from apollo_credit_ledger").fetchall()
    assert shares == [(1,)]


def test_nul_is_taken_out_of_what_was_paid_for_and_a_backslash_is_not(bench):
    text = 'a\x00b \\u0000 "\\u0000'
    answer = {"matches": [{"id": "p1", "name": "Mara", "title": text}], "credits_consumed": 1}
    bench.ledger().buy(addresses_of("p1"), lambda _: answer, read_addresses)
    [(saved, kept)] = bench.database.execute(
        "select answer->'answer'->'matches'->0->>'title', raw_json->>'title' "
        "from apollo_calls join apollo_credit_ledger as ledger on ledger.call_id = apollo_calls.id"
    ).fetchall()
    assert saved == kept == text.replace("\x00", "")


def test_saving_and_settling_twice_change_nothing(bench):
    bench.buy("p1")
    [(call_id,)] = bench.database.execute("select id::text from apollo_calls").fetchall()
    columns = (
        "select call.*, ledger.* from apollo_calls as call join apollo_credit_ledger as ledger on call_id = call.id"
    )
    before = bench.database.execute(columns).fetchall()
    ledger = bench.ledger()
    ledger.save(call_id, {"answer": {"another": "one"}})
    row = Row(subject_id="p1", outcome=Outcome.no_match, credits=9.0, raw_json=None)
    ledger.settle(call_id, Result(rows=[row], credits_consumed=9.0))
    assert bench.database.execute(columns).fetchall() == before
