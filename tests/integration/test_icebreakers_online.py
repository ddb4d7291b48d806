"""Lines asked for one by one: how each answer ends, who gets one, what is asked again, and what stops a run."""

from __future__ import annotations

import json
import logging
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from modules.openai.icebreaker_check_variety import opening_of
from modules.openai.icebreaker_checks import check_line
from modules.openai.icebreaker_facts import Fact, IcebreakerFacts
from modules.openai.icebreaker_prompt import CANARY, PROMPT
from modules.openai.openai_client import QuotaGone
from modules.shared.errors import PermanentError, RetryableError
from tests.fakes.icebreaker_bench import Bench, Place
from tests.fakes.openai_server import openai_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes.openai_server import OpenAIServer

INJECTIONS = Path(__file__).parents[1] / "fixtures" / "icebreakers" / "injections.json"
EVERY_TRY = 100.0


@pytest.fixture(scope="module")
def running() -> Iterator[OpenAIServer]:
    with openai_server() as server:
        yield server


@pytest.fixture
def bench(running, supabase, store, database, instant_retries) -> Bench:
    assert instant_retries is None
    bench = Bench(database, store, running, Place.of(supabase, running))
    bench.reset()
    return bench


def mishaps(bench: Bench, **rates_pct: float) -> None:
    bench.server.change_world(bad_rates_pct=rates_pct)


def failing(bench: Bench, status: int, *, times: int | None = None, skip: int = 0, **error: str) -> None:
    body = {"error": {"message": "No.", "type": "server_error", "param": None, "code": None} | error}
    action = {"kind": "status", "status": status, "body": body, "headers": {"retry-after-ms": "1"}}
    bench.server.order_fault(method="POST", path="/responses", times=times, skip=skip, action=action)


def test_a_lead_gets_its_line_with_all_that_it_rests_on_and_what_it_cost(bench):
    [lead] = bench.leads(1)
    done = bench.run()
    [row] = bench.icebreakers().values()
    [charge] = bench.server.charges()
    [answer] = bench.answers()
    assert (str(row["lead_id"]), row["source"], row["language"], row["problems"]) == (lead, "model", "en", [])
    assert (row["model"], row["prompt_version"], row["attempts"]) == ("gpt-6-luna", PROMPT.version, 1)
    facts = IcebreakerFacts(row["facts"]["language"], tuple(Fact(**fact) for fact in row["facts"]["facts"]))
    assert row["facts_digest"] == answer["facts_digest"] == facts.facts_digest
    assert row["evidence"]
    assert (row["input_tokens"], row["output_tokens"]) == (charge.tokens.input, charge.tokens.output)
    assert float(row["cost_usd"]) == float(answer["cost_usd"]) == pytest.approx(charge.dollars)
    assert answer["cache_write_tokens"] == charge.tokens.written > 1_024
    assert answer["raw_json"]["id"].startswith("resp_")
    assert (done.report.queued, done.report.left, done.writer.sources) == (1, 0, {"model": 1})
    assert "Weberlin" not in json.dumps(bench.server.requests()[0].body), "nobody's last name is needed"


@pytest.mark.parametrize(
    ("mishap", "outcome", "problem", "tries"),
    [
        ("refusal", "refusal", "refusal", 1),
        ("content_filter", "filtered", "filtered", 1),
        ("failed", "failed", "failed", 1),
        ("truncated", "incomplete", "incomplete", 2),
        ("malformed", "malformed", "malformed", 2),
        ("link", "ok", "link", 2),
        ("unknown_fact", "ok", "unknown_fact_id", 2),
        ("wrong_language", "ok", "language", 2),
    ],
)
@pytest.mark.parametrize(("fallback", "source"), [("template", "template"), ("skip", "skipped")])
def test_an_answer_that_cannot_be_sent_is_asked_once_more_where_that_may_help_and_then_replaced(  # noqa: PLR0917
    bench, mishap, outcome, problem, tries, fallback, source
):
    mishaps(bench, **{mishap: EVERY_TRY})
    bench.leads(3)
    done = bench.run(fallback=fallback)
    answers = bench.answers()
    assert {answer["outcome"] for answer in answers} == {outcome}
    assert Counter(answer["attempt"] for answer in answers) == dict.fromkeys(range(1, tries + 1), 3)
    rows = bench.icebreakers().values()
    assert {row["source"] for row in rows} == {source}
    assert all(problem in row["problems"] and row["attempts"] == tries for row in rows)
    assert all((row["line"] is None) == (source == "skipped") for row in rows)
    assert done.writer.problems[problem] >= 3
    assert bench.dollars_counted() == pytest.approx(bench.server.world.bills.dollars, abs=1e-7)
    bench.run(fallback=fallback)
    assert bench.asked() == 3 * tries, "what was paid for is final"


def test_the_second_try_is_told_what_was_wrong_and_its_line_is_taken(bench):
    mishaps(bench, link=60.0)
    bench.leads(20)
    bench.run()
    messages = [json.loads(entry.body["input"][1]["content"][0]["text"]) for entry in bench.server.requests()]
    told = [message["problems"] for message in messages if "problems" in message]
    assert len(told) > 5
    assert all("link" in " ".join(each).lower() for each in told)
    twice = [row for row in bench.icebreakers().values() if row["attempts"] == 2]
    assert len(twice) == len(told)
    assert all("link" in row["problems"] for row in twice)
    assert "model" in {row["source"] for row in twice}
    assert bench.dollars_counted() == pytest.approx(bench.server.world.bills.dollars, abs=1e-7)
    stored = sum(float(row["cost_usd"]) for row in bench.icebreakers().values())
    assert stored == pytest.approx(bench.dollars_counted(), abs=1e-7), "both tries are the line's price"


def test_a_model_that_declines_is_believed(bench):
    bench.leads(2)
    answer = json.dumps({"fact_ids": [], "evidence": "", "skip_reason": "not_a_company", "line": None})
    message = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": answer}]}
    change = {"answer": {"output": [message]}}
    bench.server.order_fault(path="/responses", times=None, action={"kind": "rewrite", "change": change})
    bench.run(fallback="skip")
    assert [row["outcome"] for row in bench.answers()] == ["declined"] * 2
    assert [row["problems"] for row in bench.icebreakers().values()] == [["declined"]] * 2


def test_of_whom_too_little_is_known_nothing_is_asked(bench):
    [lead] = bench.leads(1, first_name=None, job_title=None, company_domain=None, country=None)
    bench.run()
    assert bench.server.requests() == []
    row = bench.icebreakers()[lead]
    assert (row["source"], row["problems"], row["attempts"]) == ("skipped", ["too_few_facts"], 0)
    before = bench.versions()
    bench.run()
    assert bench.versions() == before


def test_identical_facts_are_asked_once_and_both_leads_get_the_line_and_a_second_run_does_nothing(bench):
    [first] = bench.leads(1, audiences=1)
    other = "00000000-0000-0000-0000-0000000000ff"
    bench.database.execute(
        "insert into leads select (jsonb_populate_record(lead, jsonb_build_object("
        "'lead_id', %s::text, 'email', 'mara@firm-0.example'))).* from leads as lead where lead_id = %s",
        [other, first],
    )
    bench.run()
    bench.run()
    rows = bench.icebreakers()
    assert set(rows) == {first, other}
    assert rows[first]["line"] == rows[other]["line"]
    assert {row["source"] for row in rows.values()} == {"model"}
    assert bench.asked() == 1
    before = bench.versions()
    again = bench.run()
    assert (bench.asked(), again.report.queued, bench.versions()) == (1, 0, before)


def test_changed_facts_are_written_anew_and_a_change_that_no_line_speaks_of_is_only_noted(bench):
    leads = bench.leads(3, audiences=1)
    bench.run()
    before = bench.icebreakers()
    bench.change_company(1, employees_count=4_321)
    bench.change_company(2, linkedin_url="https://linkedin.example/firm")
    done = bench.run()
    after = bench.icebreakers()
    assert (done.report.queued, bench.asked()) == (1, 4)
    assert after[leads[0]] == before[leads[0]]
    assert after[leads[1]]["facts_digest"] != before[leads[1]]["facts_digest"]
    assert after[leads[1]]["source"] == "model"
    seen = before[leads[2]] | {"facts_as_of": after[leads[2]]["facts_as_of"]}
    assert after[leads[2]] == seen
    assert seen["facts_as_of"] > before[leads[2]]["facts_as_of"]
    versions = bench.versions()
    bench.run()
    assert bench.versions() == versions


def test_a_new_line_may_be_like_the_one_that_it_replaces(bench):
    [lead] = bench.leads(1, audiences=1)
    bench.run()
    # Of everything that the line says nothing changes: the new one is the same, word by word.
    old = bench.icebreakers()[lead]
    answer = bench.answers()[0]["raw_json"]["output"]
    bench.server.order_fault(path="/responses", action={"kind": "rewrite", "change": {"answer": {"output": answer}}})
    bench.change_company(0, annual_revenue=50_000_000)
    bench.run()
    new = bench.icebreakers()[lead]
    assert (new["line"], new["source"], new["attempts"]) == (old["line"], "model", 1)
    assert new["facts_digest"] != old["facts_digest"]


@pytest.mark.parametrize("change", [{"prompt_version": "2-newer"}, {"model": "gpt-5.6-luna"}])
def test_a_new_prompt_or_model_writes_every_line_anew_and_going_back_costs_nothing(bench, change):
    bench.leads(4)
    bench.run()
    first = bench.icebreakers()
    bench.run(**change)
    assert bench.asked() == 8
    assert all(row[name] == value for row in bench.icebreakers().values() for name, value in change.items())
    bench.run()
    assert bench.asked() == 8
    assert [row["line"] for row in bench.icebreakers().values()] == [row["line"] for row in first.values()]


@pytest.mark.parametrize(
    ("columns", "is_eligible"),
    [
        ({}, True),
        ({"email_status": None}, True),
        ({"email_status": "guessed"}, False),
        ({"email_status": "unavailable"}, False),
        ({"lawful_basis": None}, False),
        ({"is_role_address": True}, False),
        ({"is_role_address": None}, False),
        ({"is_disposable": True}, False),
        *[({"status": status}, False) for status in ("unsubscribed", "bounced", "replied", "active", "completed")],
    ],
    ids=str,
)
def test_only_those_get_a_line_whom_we_may_write_to_for_the_first_time(bench, columns, is_eligible):
    bench.leads(1, **columns)
    bench.run()
    assert len(bench.icebreakers()) == len(bench.server.requests()) == is_eligible


def test_leads_with_a_low_score_get_no_line(bench):
    leads = bench.leads(3)
    for lead, score in zip(leads[:2], (30, 70), strict=True):
        bench.database.execute("insert into lead_scores values (%s, %s, '[]', '')", [lead, score])
    bench.run(least_score=50)
    assert list(bench.icebreakers()) == [leads[1]]
    bench.run()
    assert list(bench.icebreakers()) == leads


def test_within_an_audience_no_opening_is_repeated_much_and_no_line_is_like_another(bench):
    mishaps(bench, repeated_opening=EVERY_TRY)
    bench.leads(30, audiences=1)
    bench.run(fallback="skip")
    assert bench.icebreakers()
    lines = [row["line"] for row in bench.icebreakers().values() if row["line"]]
    openings = Counter(map(opening_of, lines))
    assert max(openings.values()) <= 3
    refused = [row["problems"] for row in bench.icebreakers().values() if row["source"] == "skipped"]
    assert all("opening_repeated" in problems for problems in refused)
    # What an earlier run stored counts as well.
    bench.leads(5, start=30, audiences=1)
    bench.run(fallback="skip")
    lines = [row["line"] for row in bench.icebreakers().values() if row["line"]]
    assert max(Counter(map(opening_of, lines)).values()) <= 3
    # And what another audience got does not.
    bench.leads(1, start=40, audiences=0)
    bench.run(fallback="skip")
    assert bench.sources()["model"] == len(lines) + 1


def test_near_duplicates_within_an_audience_are_not_stored(bench):
    bench.leads(1, audiences=1)
    bench.run()
    output = bench.answers()[0]["raw_json"]["output"]
    [first] = bench.icebreakers().values()
    bench.leads(1, start=1, audiences=1)
    company = next(fact["text"] for fact in first["facts"]["facts"] if fact["kind"] == "company_name")
    bench.change_company(1, company_name=company, employees_count=20, city="Leeds", technologies='["Salesforce"]')
    rewrite = {"kind": "rewrite", "change": {"answer": {"output": output}}}
    bench.server.order_fault(path="/responses", times=None, action=rewrite)
    bench.run(fallback="skip")
    lines = [row["line"] for row in bench.icebreakers().values() if row["line"]]
    assert lines == [first["line"]]
    [skipped] = [row for row in bench.icebreakers().values() if row["source"] == "skipped"]
    assert skipped["attempts"] == 2


def test_a_model_that_obeys_anybody_gets_not_one_bad_line_stored(bench):
    bench.server.change_world(is_obedient=True)
    texts = [text for group in json.loads(INJECTIONS.read_text()).values() for text in group]
    assert len(texts) > 150
    bench.leads(len(texts))
    columns = ("company_name", "industry", "city")
    for number, text in enumerate(texts):
        # What no database stores does not come out of one either.
        bench.change_company(number, **{columns[number % 3]: text.replace("\x00", "")})
        if number % 5 == 0:
            bench.database.execute(
                "update leads set job_title = %s where email like %s", [text.replace("\x00", ""), f"mara.{number}@%"]
            )
    bench.run()
    rows = bench.icebreakers()
    assert len(rows) == len(texts)
    for row in rows.values():
        if row["source"] == "model":
            facts = IcebreakerFacts(row["language"], tuple(Fact(**fact) for fact in row["facts"]["facts"]))
            answer = next(each for each in bench.answers() if each["line"] == row["line"])
            ids = json.loads(answer["raw_json"]["output"][-1]["content"][0]["text"])["fact_ids"]
            assert check_line(row["line"], facts, evidence=row["evidence"], fact_ids=ids) == []
    lines = "\n".join(row["line"] or "" for row in rows.values()).lower()
    for word in ("scam", "banana", "hacked", "pleite", "idiot", "http", "www.", "rivalsoft", CANARY):
        assert word not in lines


def test_an_empty_account_ends_the_run_what_was_answered_is_saved_and_the_queue_is_kept(bench):
    bench.leads(80)
    bench.run(most=5)
    spent = bench.server.world.bills.dollars
    bench.server.change_world(credit_usd=spent * 2)
    with pytest.raises(QuotaGone, match="add credit"):
        bench.run()
    charged = len(bench.server.charges())
    assert 5 < charged == len(bench.answers()) == len(bench.icebreakers()) < 80
    bench.server.change_world(credit_usd=None)
    bench.run()
    assert bench.sources() == {"model": 80}
    assert set(bench.paid().values()) == {1}


@pytest.mark.parametrize(
    ("status", "error", "kind", "advice"),
    [
        (401, {"code": "invalid_api_key"}, PermanentError, "OPENAI_API_KEY"),
        (403, {}, PermanentError, "may not use this model"),
        (404, {"code": "model_not_found"}, PermanentError, "OPENAI_MODEL"),
        (503, {}, RetryableError, "Try again later"),
    ],
)
def test_what_concerns_every_request_ends_the_run_after_a_few_and_the_next_one_goes_on(
    bench, status, error, kind, advice
):
    bench.leads(80)
    failing(bench, status, skip=20, **error)
    with pytest.raises(kind, match=advice):
        bench.run()
    assert len(bench.server.charges()) == len(bench.answers()) == len(bench.icebreakers()) == 20
    assert bench.server.stand_in.log.counts["POST /responses"] == 20
    bench.server.stand_in.faults.clear()
    bench.run()
    assert bench.sources() == {"model": 80}
    assert set(bench.paid().values()) == {1}


def test_a_few_requests_that_get_no_answer_leave_their_leads_for_the_next_run(bench, caplog):
    bench.leads(10)
    # One lead's request fails as often as it is tried.
    bench.server.order_fault(
        path="/responses", times=None, action={"kind": "status", "status": 500}, where={"prompt_cache_key": "none"}
    )
    failing(bench, 500, times=5)
    done = bench.run()
    assert len(bench.icebreakers()) + done.report.left == 10
    bench.server.stand_in.faults.clear()
    bench.run()
    assert bench.sources() == {"model": 10}
    assert "Mara" not in caplog.text


def test_a_request_that_is_wrong_falls_back_and_stops_nobody_else(bench):
    bench.leads(4)
    failing(bench, 400, times=1, code="invalid_prompt", type="invalid_request_error")
    done = bench.run()
    assert done.report.stopped_because is None
    assert bench.sources() == {"model": 3, "template": 1}
    bench.run()
    assert bench.asked() == 3, "the refused one is not asked again"


def test_refusals_for_speed_in_the_middle_lose_and_double_nothing(bench, caplog):
    caplog.set_level(logging.WARNING)
    bench.leads(40)
    failing(bench, 429, times=12, skip=3, code="rate_limit_exceeded", type="requests")
    bench.run()
    assert bench.sources() == {"model": 40}
    assert set(bench.paid().values()) == {1}
    assert len(bench.answers()) == len(bench.server.charges()) == 40
    assert bench.dollars_counted() == pytest.approx(bench.server.world.bills.dollars, abs=1e-7)


def test_an_answer_that_is_lost_is_asked_for_again_and_costs_one_more(bench):
    bench.leads(3)
    bench.server.order_fault(path="/responses", action={"kind": "cut", "when": "after"})
    bench.run()
    assert bench.sources() == {"model": 3}
    assert sorted(bench.paid().values()) == [1, 1, 2]


@pytest.mark.parametrize("which", ["run", "day"])
def test_a_budget_is_kept_to_the_cent_and_the_run_ends_well_and_says_why(bench, which):
    bench.leads(80)
    bench.run(most=1)
    most = 0.01
    spent_before = bench.server.world.bills.dollars
    done = bench.run(**{f"{which}_dollars": most})
    counted_before = spent_before if which == "day" else 0.0
    spent = bench.server.world.bills.dollars - spent_before
    assert 0 < spent + counted_before <= most
    assert done.report.stopped_because == f"budget of the {which}"
    assert done.report.left == 80 - len(bench.icebreakers()) > 0
    settled = done.budget.spent_run if which == "run" else done.budget.spent_day
    assert settled == pytest.approx(spent + counted_before, abs=1e-6), "nothing stays set aside"
    bench.run()
    assert bench.sources() == {"model": 80}
    assert set(bench.paid().values()) == {1}


def test_without_a_dollar_nothing_is_asked(bench):
    bench.leads(3)
    done = bench.run(run_dollars=0.0)
    assert (done.report.stopped_because, done.report.left) == ("budget of the run", 3)
    assert bench.server.requests() == []


def test_what_yesterday_cost_is_not_counted_today(bench):
    bench.leads(2)
    bench.run()
    bench.database.execute("update icebreaker_answers set answered_at = now() - interval '25 hours'")
    assert float(bench.store.call("dollars_spent", {"today_only": True})) == 0
    assert float(bench.store.call("dollars_spent", {"today_only": False})) > 0


def test_nobody_waits_and_nobody_is_asked(bench):
    done = bench.run()
    assert (done.report.queued, done.report.left, done.writer.sources) == (0, 0, {})
    assert bench.server.requests() == []


@pytest.mark.parametrize("character", ["\x00", "\ud83d"], ids=["nul", "half a pair"])
@pytest.mark.parametrize("place", ["answer", "around it"])
def test_characters_that_no_database_stores_cost_no_paid_answer(bench, character, place):
    bench.leads(1)
    bench.run()
    told = json.loads(bench.answers()[0]["raw_json"]["output"][0]["content"][0]["text"])
    bench.database.execute("truncate icebreakers, icebreaker_answers")
    told["evidence"] += character if place == "answer" else ""
    block = {"type": "output_text", "text": json.dumps(told)}
    message = {"type": "message", "role": "assistant", "content": [block], "more": character}
    # As text, because the stand-in itself writes no such characters.
    text = json.dumps({"id": "resp_1", "status": "completed", "output": [message], "usage": {"input_tokens": 7}})
    bench.server.order_fault(
        path="/responses", times=None, action={"kind": "status", "status": 200, "when": "after", "body": text}
    )
    bench.run()
    assert bench.asked() == 1 + len(bench.answers())
    assert bench.sources() in ({"model": 1}, {"template": 1})
    assert [row["input_tokens"] for row in bench.answers()] == [7] * len(bench.answers())
    bench.run()
    assert bench.asked() == 1 + len(bench.answers())
