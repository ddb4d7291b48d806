"""Lines that are asked for in bulk: planned within room and budget, adopted, taken in once, at half the price."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from modules.openai.icebreaker_prompt import PROMPT
from modules.openai.openai_client import RefusedRequest
from modules.shared.errors import PermanentError, RetryableError
from tests.fakes.icebreaker_bench import Bench, Place
from tests.fakes.openai_server import openai_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    import openai

    from tests.fakes.openai_server import OpenAIServer

BATCH: dict[str, Any] = {"mode": "batch"}
OLD_PROMPT = "0-older"


@pytest.fixture(scope="module")
def running() -> Iterator[OpenAIServer]:
    with openai_server(batch_polls=1) as server:
        yield server


@pytest.fixture
def bench(running, supabase, store, database, instant_retries) -> Bench:
    assert instant_retries is None
    bench = Bench(database, store, running, Place.of(supabase, running))
    bench.reset()
    return bench


def reasons(bench: Bench, state: str) -> set[str]:
    return {row["reason"] for row in bench.rows(f"select reason from openai_batch_lines where state = '{state}'")}


def test_a_batch_is_asked_for_in_one_run_and_taken_in_by_the_next_in_any_order_at_half_the_price(bench):
    leads = bench.leads(40)
    first = bench.run(**BATCH)
    assert (first.report.batches.submitted, first.report.batches.lines_submitted) == (1, 40)
    assert bench.icebreakers() == {}
    assert bench.server.charges() == []
    second = bench.run(**BATCH)
    assert (second.report.batches.ended, second.report.batches.lines_answered, second.report.queued) == (1, 40, 0)
    sent = [charge.custom_id for charge in bench.server.charges()]
    answered = [
        json.loads(line)["custom_id"]
        for file in bench.server.world.files.all(bench.server.world)
        if file.purpose == "batch_output"
        for line in file.content.splitlines()
    ]
    assert sorted(answered) == sorted(sent)
    assert answered != sent
    written = bench.icebreakers()
    assert list(written) == leads
    # Each lead got its own line, although they came in another order.
    for number, row in enumerate(written.values()):
        facts = {fact["kind"]: fact["text"] for fact in row["facts"]["facts"]}
        assert facts["employees_count"] == f"{20 + number} people"
        assert row["source"] != "model" or row["evidence"]
    assert bench.sources()["model"] == 40
    assert bench.dollars_counted() == pytest.approx(bench.server.world.bills.dollars, abs=1e-7)
    batched = bench.server.world.bills.dollars
    bench.reset()
    bench.leads(40)
    bench.run()
    tokens = [(row["input_tokens"], row["output_tokens"]) for row in bench.answers()]
    # The prices of gpt-6-luna, without the cache that only single requests have.
    assert batched == pytest.approx(sum(read * 0.10 + said * 0.50 for read, said in tokens) / 2e6)


def test_taking_a_batch_in_twice_changes_nothing(bench):
    bench.leads(12)
    bench.run(**BATCH)
    bench.run(**BATCH)
    answers, dollars = bench.answers(), bench.dollars_counted()
    bench.database.execute("update openai_batches set state = 'submitted', ended_at = null")
    again = bench.run(**BATCH)
    assert again.report.batches.ended == 1
    assert bench.answers() == answers
    assert bench.dollars_counted() == dollars
    assert bench.line_states() == {"answered": 12}


def test_lines_that_failed_for_a_while_are_asked_for_again_and_nothing_is_paid_twice(bench):
    bench.server.change_world(batch_failed_pct=40.0)
    bench.leads(40)
    bench.run(**BATCH)
    bench.run(**BATCH)
    requeued = bench.line_states()["requeued"]
    assert 5 < requeued < 30
    assert reasons(bench, "requeued") == {"answered 429 (rate_limit_exceeded)", "answered 500 (server_error)"}
    assert len(bench.icebreakers()) == 40 - requeued
    bench.server.change_world(batch_failed_pct=0.0)
    bench.run(**BATCH)
    assert bench.sources() == {"model": 40}
    assert set(bench.paid().values()) == {1}


def test_lines_that_are_paid_for_and_come_back_in_no_file_are_requeued_with_the_reason(bench):
    bench.server.change_world(batch_lost_pct=30.0)
    bench.leads(30)
    bench.run(**BATCH)
    bench.server.change_world(batch_lost_pct=0.0)
    states = bench.line_states()
    assert states == {"waiting": 30}
    bench.server.change_world(batch_lost_pct=30.0)
    bench.run(mode="online")
    assert reasons(bench, "requeued") == {"it was not among the results"}
    assert bench.sources() == {"model": 30}


def test_a_line_that_is_refused_for_good_falls_back_and_is_not_asked_again(bench):
    bench.leads(3)
    bench.run(**BATCH)
    # As if OpenAI had come to refuse what it used to take.
    for line in next(iter(bench.server.world.batches.batches.values())).asked.lines[:1]:
        line.body["temperature"] = "hot"
    report = bench.run(**BATCH).report
    assert report.batches.lines_answered == 2
    assert bench.line_states() == {"answered": 2, "refused": 1}
    assert bench.sources() == {"model": 2, "template": 1}
    [row] = [row for row in bench.icebreakers().values() if row["source"] == "template"]
    assert (row["problems"], row["attempts"], row["cost_usd"]) == (["failed"], 1, 0)
    asked = len(bench.server.requests())
    bench.run(**BATCH)
    assert len(bench.server.requests()) == asked


def test_an_expired_batch_brings_what_ran_and_the_rest_is_asked_for_again(bench):
    bench.server.change_world(batch_polls=4)
    bench.leads(20)
    bench.run(**BATCH)
    bench.run(**BATCH)
    assert bench.icebreakers() == {}
    [batch_id] = bench.server.world.batches.batches
    bench.server.change_world(expire_batch=batch_id)
    ran = len(bench.server.charges())
    assert 0 < ran < 20
    done = bench.run(mode="online")
    assert (done.report.batches.ended, done.report.batches.lines_answered) == (1, ran)
    assert reasons(bench, "requeued") == {"batch_expired"}
    [batch] = bench.batches()
    assert (batch["state"], batch["reason"]) == ("ended", "expired")
    assert bench.sources() == {"model": 20}
    assert set(bench.paid().values()) == {1}


def test_a_batch_that_is_too_much_for_the_account_fails_and_nothing_is_paid_for(bench):
    bench.server.change_world(enqueued_tokens=5_000)
    bench.leads(10)
    bench.run(**BATCH)
    bench.run(most=0, **BATCH)
    [batch] = bench.batches()
    assert (batch["state"], batch["reason"]) == ("failed", "token_limit_exceeded")
    assert bench.line_states() == {"requeued": 10}
    assert bench.server.charges() == []
    assert float(bench.store.call("dollars_spent", {"today_only": True})) == 0
    bench.server.change_world(enqueued_tokens=0)
    bench.run(**BATCH)
    bench.run(**BATCH)
    assert bench.sources() == {"model": 10}
    assert set(bench.paid().values()) == {1}


def test_no_more_is_enqueued_than_the_account_has_room_for(bench):
    bench.leads(10)
    first = bench.run(most_enqueued_tokens=10_000, **BATCH)
    assert first.report.stopped_because == "tokens enqueued at OpenAI"
    [batch] = bench.batches()
    assert 0 < batch["lines"] < 10
    assert batch["estimated_tokens"] <= 10_000
    assert first.report.left == 10 - batch["lines"]
    bench.server.change_world(batch_polls=5)
    blocked = bench.run(most_enqueued_tokens=10_000, **BATCH)
    assert (blocked.report.batches.submitted, blocked.report.batches.open) == (0, 1)
    assert blocked.report.stopped_because == "tokens enqueued at OpenAI"
    for _ in range(20):
        bench.server.change_world(batch_polls=1)
        bench.run(most_enqueued_tokens=10_000, **BATCH)
    assert bench.sources() == {"model": 10}
    assert set(bench.paid().values()) == {1}


def test_the_budget_cuts_a_plan_and_an_open_batch_counts_as_spent(bench):
    bench.leads(10)
    bench.run(most=2, **BATCH)
    [batch] = bench.batches()
    each = float(batch["estimated_usd"]) / 2
    cut = bench.run(day_dollars=each * 5.5, most=20, **BATCH)
    # The first batch is taken in now, and costs less than was set aside for it.
    assert cut.report.stopped_because == "budget of the day"
    planned = bench.batches()[-1]
    assert planned["lines"] == 3
    assert cut.report.left == 5
    assert float(bench.store.call("dollars_spent", {"today_only": True})) <= each * 5.5
    assert bench.run(day_dollars=0.0, **BATCH).report.stopped_because == "budget of the day"
    bench.run(**BATCH)
    bench.run(**BATCH)
    assert bench.sources() == {"model": 10}


def test_a_file_whose_answer_was_lost_is_found_by_its_name(bench):
    bench.leads(5)
    bench.server.order_fault(method="POST", path="/files", action={"kind": "cut", "when": "after"})
    with pytest.raises(RetryableError):
        bench.run(**BATCH)
    assert [batch["state"] for batch in bench.batches()] == ["planned"]
    bench.run(**BATCH)
    bench.run(**BATCH)
    counts = bench.server.stand_in.log.counts
    assert (counts["POST /files"], counts["POST /batches"]) == (1, 1)
    assert bench.sources() == {"model": 5}


def test_a_batch_whose_answer_was_lost_is_found_by_its_metadata_among_others(bench):
    bench.leads(5)
    bench.server.order_fault(method="POST", path="/batches", action={"kind": "cut", "when": "after"})
    with pytest.raises(RetryableError):
        bench.run(**BATCH)
    assert [batch["state"] for batch in bench.batches()] == ["uploaded"]
    with bench.server.client() as client:
        for _ in range(3):
            other(client)
    adopted = bench.run(**BATCH)
    assert adopted.report.batches.adopted == 1
    assert len(bench.server.world.batches.batches) == 1 + 3
    bench.run(**BATCH)
    assert bench.sources() == {"model": 5}
    assert set(bench.paid().values()) <= {1}


def other(client: openai.OpenAI) -> None:
    """Somebody else's batch of nothing."""
    file = client.files.create(file=("other.jsonl", b"{}\n"), purpose="batch")
    client.batches.create(input_file_id=file.id, endpoint="/v1/responses", completion_window="24h")


def test_a_plan_that_was_made_for_another_prompt_is_given_up_before_anything_is_asked(bench):
    bench.leads(5)
    bench.server.order_fault(method="POST", path="/files", action={"kind": "status", "status": 503})
    with pytest.raises(RetryableError):
        bench.run(prompt_version=OLD_PROMPT, **BATCH)
    bench.run(**BATCH)
    given_up, planned = bench.batches()
    assert (given_up["state"], given_up["batch_id"]) == ("failed", None)
    assert "another prompt" in given_up["reason"]
    assert (planned["state"], planned["prompt_version"]) == ("submitted", PROMPT.version)
    bench.run(**BATCH)
    assert bench.sources() == {"model": 5}
    assert set(bench.paid().values()) == {1}


def test_a_batch_that_was_created_is_taken_in_under_the_prompt_that_it_was_asked_by(bench):
    bench.leads(5)
    bench.server.order_fault(method="POST", path="/batches", action={"kind": "cut", "when": "after"})
    with pytest.raises(RetryableError):
        bench.run(prompt_version=OLD_PROMPT, **BATCH)
    bench.run(most=0, mode="online")
    bench.run(most=0, mode="online")
    assert {row["prompt_version"] for row in bench.answers()} == {OLD_PROMPT}
    assert len(bench.answers()) == 5
    assert bench.icebreakers() == {}, "no lead has a line of this prompt"
    bench.run(prompt_version=OLD_PROMPT, mode="online")
    assert bench.asked() == 0
    assert bench.sources() == {"model": 5}


def test_so_many_leads_as_the_setting_says_are_asked_for_in_bulk_and_fewer_at_once(bench):
    bench.leads(4)
    bench.run(mode="auto", batch_from=5)
    assert (bench.asked(), bench.batches()) == (4, [])
    bench.leads(5, start=4)
    bench.run(mode="auto", batch_from=5)
    assert bench.asked() == 4
    assert [batch["lines"] for batch in bench.batches()] == [5]
    # Who waits in a batch is not asked for at once, and one more lead is.
    bench.leads(1, start=9)
    bench.server.change_world(batch_polls=9)
    bench.run(mode="auto", batch_from=5)
    assert bench.asked() == 5
    assert len(bench.icebreakers()) == 5


def test_the_second_try_of_a_line_of_a_batch_is_asked_for_at_once(bench):
    bench.server.change_world(bad_rates_pct={"link": 50.0})
    bench.leads(20)
    bench.run(**BATCH)
    assert bench.asked() == 0
    bench.run(**BATCH)
    again = [row for row in bench.answers() if row["attempt"] == 2]
    assert {row["mode"] for row in again} == {"online"}
    assert len(again) == bench.asked() > 3
    assert len(bench.batches()) == 1
    assert len(bench.icebreakers()) == 20


@pytest.mark.parametrize("kind", ["cut", "half_body"])
def test_results_that_are_cut_off_are_read_again_by_the_next_run(bench, kind):
    bench.leads(30)
    bench.run(**BATCH)
    bench.server.order_fault(method="GET", path="/files/*/content", times=None, action={"kind": kind})
    with pytest.raises(RetryableError):
        bench.run(**BATCH)
    bench.server.stand_in.faults.clear()
    bench.run(**BATCH)
    assert bench.sources() == {"model": 30}
    assert set(bench.paid().values()) == {1}


def test_a_wrong_key_ends_the_run_and_the_plan_is_kept(bench):
    bench.leads(3)
    right = bench.place
    bench.place = right._replace(openai_key="a-revoked-key")
    with pytest.raises(PermanentError, match="OPENAI_API_KEY") as caught:
        bench.run(**BATCH)
    assert "a-revoked-key" not in str(caught.value)
    bench.place = right
    bench.run(**BATCH)
    bench.run(**BATCH)
    assert bench.sources() == {"model": 3}


def test_an_empty_queue_plans_nothing_and_asks_nobody(bench):
    done = bench.run(**BATCH)
    assert (done.report.queued, done.report.left, done.report.stopped_because) == (0, 0, None)
    assert bench.server.requests() == []
    assert bench.batches() == []


@pytest.mark.parametrize("path", ["/files", "/batches"])
def test_a_plan_that_is_refused_ends_with_the_reason_and_the_next_run_plans_anew(bench, path):
    bench.leads(5)
    refusal = {"kind": "status", "status": 400, "body": {"error": {"message": "Too large.", "code": "too_large"}}}
    bench.server.order_fault(method="POST", path=path, action=refusal)
    with pytest.raises(RefusedRequest, match="too_large"):
        bench.run(**BATCH)
    (refused,) = bench.batches()
    assert (refused["state"], refused["batch_id"]) == ("failed", None)
    assert "too_large" in refused["reason"]
    bench.run(**BATCH)
    bench.run(**BATCH)
    assert bench.sources() == {"model": 5}
    assert set(bench.paid().values()) == {1}


@pytest.mark.parametrize(("age_days", "is_given_up"), [(29, False), (31, True)])
def test_a_batch_that_openai_no_longer_knows_is_given_up_only_when_it_is_too_old_to_be_kept(
    bench, age_days, is_given_up
):
    bench.leads(5)
    bench.run(**BATCH)
    bench.database.execute("update openai_batches set submitted_at = now() - make_interval(days => %s)", [age_days])
    unknown = {"kind": "status", "status": 404, "body": {"error": {"message": "No such batch."}}}
    bench.server.order_fault(method="GET", path="/batches/*", times=None, action=unknown)
    if not is_given_up:
        with pytest.raises(PermanentError, match="OPENAI_BASE_URL"):
            bench.run(**BATCH)
        assert bench.line_states() == {"waiting": 5}
        return
    assert bench.run(**BATCH).report.batches.lines_requeued == 5
    assert "30 days" in reasons_of(bench, "failed")
    assert bench.line_states() == {"requeued": 5, "waiting": 5}


def reasons_of(bench: Bench, state: str) -> str:
    return " ".join(batch["reason"] for batch in bench.batches() if batch["state"] == state)
