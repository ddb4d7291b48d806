"""The opening lines as an asset: what Dagster shows of them, what its checks say, and when a batch is taken in."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import dagster as dg
import pytest

from outreach_pipeline.schedules import lead_pipeline_hourly
from outreach_pipeline.sensors import batches_ended
from tests.fakes.apollo_purchases import search_row
from tests.fakes.dagster_in_memory import recorded, run_job
from tests.fakes.openai_server import openai_server

AUSTRIANS = search_row("austrians", filters={"person_locations": ["Austria"]})
CHECKS = {"leads_have_a_line", "few_lines_are_templates", "lines_are_cheap"}


@pytest.fixture(scope="module")
def openai_world():
    with openai_server(batch_polls=1) as server:
        yield server


@pytest.fixture
def openai(openai_world, apollo, monkeypatch):
    """Nothing asked yet, and the variables that point there, and to Apollo's stand-in and an empty Supabase."""
    assert apollo
    openai_world.reset()
    monkeypatch.setenv("OPENAI_BASE_URL", openai_world.base_url)
    monkeypatch.setenv("OPENAI_API_KEY", openai_world.api_key)
    monkeypatch.setenv("OPENAI_REQUESTS_PER_MINUTE", "1000000")
    monkeypatch.setenv("OPENAI_TOKENS_PER_MINUTE", "1000000000")
    return openai_world


@pytest.fixture
def leads(openai, store):
    """People whom a search found and who were bought, without a line."""
    assert openai
    store.call("apply_searches", {"searches": [AUSTRIANS]})
    buying = [
        "apollo_people_raw",
        "apollo_credit_ledger",
        "leads",
        "apollo_organizations_raw",
        "companies",
        "lead_scores",
    ]
    run_job("lead_pipeline", assets=buying)


def write(**config):
    return run_job("lead_pipeline", assets=["icebreakers"], asset_config={"icebreakers": config})


def shown():
    """What Dagster shows of the last materialization."""
    event = recorded().get_latest_materialization_event(dg.AssetKey("icebreakers"))
    return {name: value.value for name, value in event.asset_materialization.metadata.items()}


def sources(database):
    return dict(database.execute("select source, count(*) from icebreakers group by source").fetchall())


def look(store):
    said = batches_ended(dg.build_sensor_context(), store=store)
    return said.skip_message if isinstance(said, dg.SkipReason) else said


def test_the_pipeline_ends_with_a_line_for_each_lead_that_may_be_written_to(openai, store, database):
    store.call("apply_searches", {"searches": [AUSTRIANS]})
    outcome = run_job("lead_pipeline")
    eligible = database.execute(
        "select count(*) from leads where email_status = 'verified' and not is_role_address and not is_disposable"
    ).fetchone()[0]
    assert outcome.failed_checks == []
    assert sum(sources(database).values()) == eligible > 5
    assert outcome.tables["icebreakers"]["answers_paid"] == len(openai.charges())


def test_what_dagster_shows_are_counts_dollars_and_examples_without_a_person(leads, openai, database):
    write()
    metadata = shown()
    text = json.dumps(metadata, default=str)
    people = database.execute("select email, first_name, last_name from leads").fetchall()
    assert people
    assert not [value for row in people for value in row if value and value in text]
    assert openai.api_key not in text
    assert metadata["dollars_spent"] > 0
    assert metadata["lines_model"] > 0
    assert "| language | line | evidence |" in metadata["examples"]


def test_a_second_run_asks_nothing_and_rewrites_no_line(leads, openai, database):
    write()
    charges = openai.charges()
    before = database.execute("select lead_id, xmin::text from icebreakers order by 1").fetchall()
    write()
    assert openai.charges() == charges
    assert database.execute("select lead_id, xmin::text from icebreakers order by 1").fetchall() == before


def test_a_budget_of_nothing_asks_nothing_is_green_and_says_why(leads, openai, database):
    write(dollars=0.0)
    assert openai.charges() == []
    assert sources(database) == {}
    assert shown()["stopped_because"] == "budget of the run"


def test_without_a_key_the_run_is_green_and_says_that_no_lines_are_written(leads, openai, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "")
    write()
    assert openai.requests() == []
    assert shown()["stopped_because"] == "OPENAI_API_KEY is not set"


def test_lines_asked_for_in_bulk_are_taken_in_when_the_sensor_sees_that_their_batch_has_ended(
    leads, openai, store, database
):
    assert look(store) == "No batch is under way."
    write(mode="batch")
    assert sources(database).get("model", 0) == 0
    assert shown()["batches_open"] == 1
    said = [look(store) for _ in range(6)]
    requested = [each for each in said if not isinstance(each, str)]
    assert requested
    assert {each.run_key for each in requested} == {
        database.execute("select batch_id from openai_batches").fetchone()[0]
    }
    assert [key.to_user_string() for key in requested[0].asset_selection] == ["icebreakers"]
    write()
    assert sources(database)["model"] > 5
    assert database.execute("select state from openai_batches").fetchall() == [("ended",)]


@pytest.mark.parametrize(
    ("row", "check"),
    [
        ({"source": "skipped", "line": None, "cost_usd": 0}, "leads_have_a_line"),
        ({"source": "template", "line": "A pattern.", "cost_usd": 0}, "few_lines_are_templates"),
        ({"source": "model", "line": "A dear line.", "cost_usd": 100}, "lines_are_cheap"),
    ],
)
def test_each_check_warns_of_what_it_is_there_for(leads, database, row, check):
    write()
    database.execute(
        "update icebreakers set source = %s, line = %s, cost_usd = %s", (row["source"], row["line"], row["cost_usd"])
    )
    assert write().failed_checks == [f"icebreakers: {check}"]


def test_the_hour_looks_for_nobody_while_there_is_no_key_of_apollo(openai, monkeypatch):
    context = dg.build_schedule_context(scheduled_execution_time=datetime(2026, 11, 24, 22, 35, tzinfo=UTC))
    assert lead_pipeline_hourly.evaluate_tick(context).run_requests
    monkeypatch.setenv("APOLLO_API_KEY", "")
    assert (
        lead_pipeline_hourly.evaluate_tick(context).skip_message == "APOLLO_API_KEY is not set: nobody is looked for."
    )
