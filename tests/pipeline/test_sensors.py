"""When buying starts between the hours."""

from __future__ import annotations

import uuid

import dagster as dg
import pytest

from outreach_pipeline.sensors import ENOUGH_PEOPLE, people_waiting
from tests.fakes.apollo_purchases import search_row
from tests.fakes.dagster_in_memory import recorded, run_job

MANY = search_row("many", filters={"person_seniorities": ["c_suite", "vp", "head", "director"]})
FEW = search_row("few", filters={"person_locations": ["Austria"]})


@pytest.fixture
def look(apollo, store):
    """What the sensor says now: a request, or the reason why it makes none."""

    def look():
        said = people_waiting(dg.build_sensor_context(instance=recorded()), store=store)
        return said.skip_message if isinstance(said, dg.SkipReason) else said

    return look


@pytest.fixture
def read(store):
    """Applies searches, and reads those that are due or the named one."""

    def read(*searches, only=None):
        store.call("apply_searches", {"searches": list(searches)})
        config = {"apollo_people_raw": {"search": only}} if only else {}
        run_job("lead_pipeline", assets=["apollo_people_raw"], asset_config=config)

    return read


def test_nothing_is_asked_for_before_a_search_was_read(look):
    assert look() == "No search was read yet."


def test_too_few_people_wait_for_the_hour(look, read, store):
    read(FEW)
    waiting = store.count("apollo_people_waiting")
    assert 0 < waiting < ENOUGH_PEOPLE
    assert look() == f"{waiting} people wait; {ENOUGH_PEOPLE} are enough for a run of their own."


def test_enough_people_ask_for_one_run_a_read(look, read):
    read(MANY)
    first, again = look(), look()
    assert isinstance(first, dg.RunRequest)
    # Dagster makes one run of a key, however often it is asked for.
    assert first.run_key
    assert again.run_key == first.run_key
    read(MANY, only="many")
    assert look().run_key != first.run_key


@pytest.mark.parametrize("status", ["NOT_STARTED", "STARTING", "STARTED"])
def test_a_run_under_way_is_waited_for(look, read, status):
    read(MANY)
    run = dg.DagsterRun(job_name="lead_pipeline", run_id=str(uuid.uuid4()), status=dg.DagsterRunStatus[status])
    recorded().run_storage.add_run(run)
    assert look() == "A run of lead_pipeline is under way."


def test_the_run_that_is_asked_for_buys_and_reads_no_search(look, read, apollo, store, database):
    read(MANY)
    request = look()
    requests_before = len(apollo.requests())
    outcome = run_job("lead_pipeline", assets=[key.to_user_string() for key in request.asset_selection])
    assert outcome.failed_checks == []
    assert outcome.tables["leads"]["rows_inserted"] > 0
    assert set(outcome.tables) == {key.to_user_string() for key in request.asset_selection}
    assert "/mixed_people/api_search" not in {entry.path for entry in apollo.requests()[requests_before:]}
