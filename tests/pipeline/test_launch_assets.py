"""The launch through Dagster: nothing by mistake, nothing on old data, nothing twice, and nobody's name in a log."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime

import dagster as dg
import pytest

from modules.outreach.launch_gate import MOST_AGE_S
from outreach_pipeline.assets.launch_assets import GRAPH, KEY_TAG, STEPS, LaunchConfig, launch_run_config
from outreach_pipeline.definitions import defs
from tests.fakes.launch_runs import failures, metadata, run_config, steps_run
from tests.fakes.openai_server import openai_server

EVERY_STEP = [step.name for step in STEPS]
NOT_ALLOWED = {"kind": "status", "status": 403}


def is_untouched(launching):
    """Nothing was asked for that changes anything, and nobody was reserved."""
    return (
        launching.world.server.changing_requests == []
        and launching.world.ledger() == {}
        and launching.world.at_instantly() == {}
    )


def test_a_campaign_has_to_be_named_before_anything_is_asked_at_instantly(launching):
    for config in ({}, {"ops": {GRAPH: {"config": {"dry_run": False}}}}):
        with pytest.raises(dg.DagsterInvalidConfigError, match="campaign"):
            defs.resolve_job_def("campaign_launch").execute_in_process(instance=launching.instance, run_config=config)
    assert launching.world.server.requests == []
    assert launching.launches() == []


def test_unless_dry_run_is_switched_off_nothing_is_sent_and_nothing_is_stored(launching):
    result = defs.resolve_job_def("campaign_launch").execute_in_process(
        instance=launching.instance, run_config={"ops": {GRAPH: {"config": {"campaign": "plans", "activate": True}}}}
    )
    assert LaunchConfig(campaign="plans").dry_run
    assert launch_run_config(LaunchConfig(campaign="plans"))["ops"][GRAPH]["config"]["dry_run"] is True
    card = metadata(result)
    assert (card["dry_run"], card["people"], card["would_be_refused"]) == (True, 4, "no")
    assert is_untouched(launching)
    assert launching.launches() == launching.world.rows("select * from launch_keys") == []


def test_a_run_launches_every_step_in_its_order(launching):
    result = launching.run()
    assert result.success
    assert steps_run(result) == EVERY_STEP
    said = metadata(result)
    assert (said["dry_run"], said["people"], said["active"]) == (False, 4, 4)
    [launch] = launching.launches()
    assert (launch["state"], said["launch_id"], said["outcome"]) == (
        "done",
        str(launch["launch_id"]),
        launch["outcome"],
    )
    assert launch["orchestrator_run_id"] == result.run_id
    assert launching.world.ledger() == {"active": 4}
    [people] = launching.world.at_instantly().values()
    assert sorted(people) == sorted(launching.world.people)


def test_a_launch_that_does_not_activate_leaves_a_draft_with_its_people(launching):
    assert metadata(launching.run(activate=False, limit=3))["people"] == 3
    assert launching.world.ledger() == {"uploaded": 3}
    assert not [entry for entry in launching.world.server.requests if entry.path.endswith("/activate")]


@pytest.mark.parametrize("is_dry_run", [True, False])
def test_no_address_and_no_name_of_a_person_is_kept_by_dagster(launching_on_disk, supabase, is_dry_run):
    named = [("ottilie", "Quandtmeier"), ("fjodor", "Ahlersbek"), ("leocadie", "Przybylla")]
    for first, last in named:
        launching_on_disk.world.add_person(
            f"{first}@{last.lower()}-werke.example", first_name=first.title(), last_name=last
        )
    # One is refused, one is suppressed, one is another spelling: each has a sentence somewhere.
    launching_on_disk.world.connection.execute(
        "insert into suppressions (kind, value, act, reason, source, created_by) "
        "values ('email', %s, 'suppress', 'do_not_contact', 'hand', 'tests')",
        ("fjodor@ahlersbek-werke.example",),
    )
    result = launching_on_disk.run(dry_run=is_dry_run)
    assert result.success
    kept = launching_on_disk.stored(result.run_id).lower()
    assert "campaign_launch" in kept
    told = {address for address in launching_on_disk.world.people if address in kept}
    told |= {name for both in named for name in both if name.lower() in kept}
    assert told == set()
    assert launching_on_disk.world.server.api_key not in kept
    assert supabase.secret_key not in kept


def test_a_failed_launch_names_nobody_either(launching_on_disk):
    launching_on_disk.world.add_person("ottilie@quandtmeier-werke.example", score=99, last_name="Quandtmeier")
    echo = {"message": "ottilie@quandtmeier-werke.example is not allowed"}
    launching_on_disk.world.server.order_fault(method="POST", path="/leads/add", action={**NOT_ALLOWED, "body": echo})
    result = launching_on_disk.run()
    assert not result.success
    kept = launching_on_disk.stored(result.run_id).lower()
    assert "quandtmeier" not in kept
    assert "ottilie@" not in kept


@pytest.mark.parametrize("table", ["instantly_leads_raw", "suppressions"])
def test_the_gate_refuses_old_data_and_names_the_table_and_its_age(launching, table):
    launching.world.connection.execute(
        "update sync_runs set data_as_of = now() - interval '3 hours' where table_name = %s", (table,)
    )
    result = launching.run()
    [(step, why)] = failures(result).items()
    assert step == "gate"
    assert f"- {table} has no complete data newer than 3.0 hours (2 are allowed)" in why
    assert why.count("\n- ") == 1
    assert steps_run(result) == ["gate"]
    assert is_untouched(launching)
    assert launching.launches() == []


@pytest.mark.parametrize("missing", ["leads", "instantly_account_daily_raw"])
def test_the_gate_refuses_what_this_dagster_never_made_although_the_data_is_fresh(launching, missing):
    launching.forget_materializations()
    launching.materialize_tables(set(MOST_AGE_S) - {missing})
    result = launching.run()
    assert f"- {missing} was not materialized by this Dagster at all" in failures(result)["gate"]
    assert is_untouched(launching)
    assert launching.launches() == []


def test_a_freshness_state_that_dagster_stored_opens_no_gate(launching):
    launching.forget_materializations()
    for name in MOST_AGE_S:
        call_it_fresh(launching.instance, name)
    keys = [dg.AssetKey(name) for name in MOST_AGE_S]
    records = launching.instance.get_freshness_state_records(keys)
    assert {record.freshness_state.value for record in records.values()} == {"PASS"}
    assert len(records) == len(MOST_AGE_S)
    assert failures(launching.run())["gate"].count("was not materialized") == len(MOST_AGE_S)
    assert is_untouched(launching)


def call_it_fresh(instance, name):
    from dagster._core.definitions.freshness import FreshnessState, FreshnessStateChange

    change = FreshnessStateChange(
        key=dg.AssetKey(name),
        previous_state=FreshnessState.UNKNOWN,
        new_state=FreshnessState.PASS,
        state_change_timestamp=datetime.now(UTC).timestamp(),
    )
    instance._report_runless_asset_event(change)


def test_a_launch_is_refused_while_paused_by_the_database_or_by_the_environment(launching, monkeypatch):
    launching.world.connection.execute("select public.set_pause('the site moves')")
    assert "the site moves" in failures(launching.run())["gate"]
    launching.world.connection.execute("select public.set_pause(null)")
    monkeypatch.setenv("OUTREACH_PAUSED", "1")
    assert "OUTREACH_PAUSED is set" in failures(launching.run())["gate"]
    assert is_untouched(launching)


def test_no_step_can_be_chosen_without_the_others():
    asset = defs.resolve_assets_def("campaign_launch")
    assert not asset.can_subset
    assert list(asset.keys) == [dg.AssetKey("campaign_launch")]


@pytest.mark.parametrize("step", ["candidates", "reservations", "uploads", "activation"])
def test_a_step_that_is_run_alone_all_the_same_finds_no_launch(launching, step):
    given = run_config()
    result = defs.resolve_job_def("campaign_launch").execute_in_process(
        op_selection=[f"{GRAPH}.{step}"], run_config=given, instance=launching.instance, raise_on_error=False
    )
    assert "Run the launch from its first step" in failures(result)[step]
    assert is_untouched(launching)


def test_steps_of_a_refused_run_that_are_executed_again_alone_reach_nobody(launching):
    launching.world.connection.execute("update sync_runs set data_as_of = now() - interval '3 hours'")
    refused = launching.run()
    result = launching.again(refused.run_id, ("reservations", "uploads", "activation"))
    assert "Run the launch from its first step" in failures(result)["reservations"]
    assert is_untouched(launching)


FAULTS = {
    "candidates": {"method": "GET", "path": "/accounts"},
    "uploads": {"method": "POST", "path": "/leads/add"},
    "activation": {"method": "POST", "path": "/campaigns/*/activate"},
    "confirmation": {"method": "GET", "path": "/campaigns/*/sending-status"},
}


@pytest.mark.parametrize("step", FAULTS)
def test_a_run_that_failed_goes_on_with_the_same_launch_and_each_person_once(launching, step):
    launching.world.server.order_fault(action=NOT_ALLOWED, **FAULTS[step])
    failed = launching.run()
    assert set(failures(failed)) == {step}
    assert steps_run(failed) == EVERY_STEP[: EVERY_STEP.index(step) + 1]
    [begun] = launching.launches()
    assert begun["state"] == "open"
    went_on = launching.again(failed.run_id)
    assert went_on.success
    assert steps_run(went_on) == EVERY_STEP[EVERY_STEP.index(step) :]
    [launch] = launching.launches()
    assert (launch["launch_id"], launch["state"]) == (begun["launch_id"], "done")
    assert launching.world.ledger() == {"active": 4}
    [people] = launching.world.at_instantly().values()
    assert sorted(people) == sorted(launching.world.people)


def test_a_second_failure_is_still_the_same_launch(launching):
    launching.world.server.order_fault(action=NOT_ALLOWED, times=2, **FAULTS["uploads"])
    first = launching.run()
    second = launching.again(first.run_id)
    assert not second.success
    assert launching.again(second.run_id).success
    assert len(launching.launches()) == 1
    assert launching.world.ledger() == {"active": 4}


def test_two_runs_with_one_key_are_one_launch(launching):
    tags = {KEY_TAG: "request:1"}
    first = metadata(launching.run(tags=tags, limit=2))
    requests = len(launching.world.server.changing_requests)
    second = metadata(launching.run(tags=tags, limit=2))
    assert first["launch_id"] == second["launch_id"]
    assert first["people"] == second["people"] == 2
    assert len(launching.world.server.changing_requests) == requests
    assert launching.world.ledger() == {"active": 2}


def test_a_run_without_a_key_after_the_end_of_a_launch_adds_other_people(launching):
    first, second = metadata(launching.run(limit=2)), metadata(launching.run(limit=1))
    assert first["launch_id"] != second["launch_id"]
    assert launching.world.ledger() == {"active": 3}
    [people] = launching.world.at_instantly().values()
    assert sorted(people) == sorted(launching.world.people[:3])


def test_a_launch_that_reads_first_needs_nothing_to_be_fresh_but_the_days(launching):
    launching.world.connection.execute(
        "delete from sync_runs where table_name not in ('instantly_account_daily_raw', 'instantly_daily_analytics_raw')"
    )
    launching.forget_materializations()
    launching.materialize_tables(["instantly_account_daily_raw"])
    assert not launching.run().success
    assert is_untouched(launching)
    assert launching.run("refresh_and_launch").success
    assert launching.world.ledger() == {"active": 4}


@pytest.mark.parametrize("path", ["/block-lists-entries", "/leads/list"])
def test_nothing_is_launched_when_a_read_before_it_fails(launching, path):
    launching.world.server.order_fault(path=path, action=NOT_ALLOWED, times=None)
    result = launching.run("refresh_and_launch")
    assert not result.success
    assert steps_run(result) == []
    assert is_untouched(launching)
    assert launching.launches() == []


def test_a_table_that_the_gate_looks_at_is_read_before_a_launch_that_reads_first():
    before = defs.resolve_asset_graph().get_ancestor_asset_keys(dg.AssetKey("campaign_launch"))
    has_a_schedule_of_its_own = {"instantly_account_daily_raw"}
    assert set(MOST_AGE_S) - {key.to_user_string() for key in before} == has_a_schedule_of_its_own


@pytest.mark.parametrize("job", ["campaign_launch", "refresh_and_launch"])
def test_dagster_tries_no_launch_again_by_itself(launching_on_disk, job):
    definition = defs.resolve_job_def(job)
    assert definition.tags["dagster/max_retries"] == "0"
    graph = definition.graph.node_named(GRAPH).definition
    assert {node.name for node in graph.nodes} == set(EVERY_STEP)
    for node in graph.nodes:
        assert node.retry_policy is None
        assert node.definition.retry_policy is None
    assert launching_on_disk.instance.run_retries_enabled
    assert launching_on_disk.instance.run_retries_max_retries == 0
    assert not launching_on_disk.instance.run_retries_retry_on_asset_or_op_failure


def test_a_step_that_meets_an_outage_ends_the_run_after_one_try(launching):
    down = {"kind": "status", "status": 503}
    launching.world.server.order_fault(path="/accounts", action=down, times=None)
    result = launching.run()
    assert steps_run(result) == ["gate", "candidates"]
    assert [event for event in result.all_events if event.event_type_value == "STEP_RESTARTED"] == []
    assert launching.world.ledger() == {}


@pytest.fixture
def openai(launching, monkeypatch):
    with lines_to_write(launching, monkeypatch) as server:
        yield server


@contextmanager
def lines_to_write(launching, monkeypatch):
    """A stand-in for OpenAI, and the first three of the four people without a line."""
    with openai_server() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", server.api_key)
        monkeypatch.setenv("OPENAI_REQUESTS_PER_MINUTE", "1000000")
        monkeypatch.setenv("OPENAI_TOKENS_PER_MINUTE", "1000000000")
        launching.world.connection.execute(
            "delete from icebreakers using leads where leads.lead_id = icebreakers.lead_id and leads.email = any(%s)",
            (launching.world.people[:3],),
        )
        launching.world.apply(icebreaker={"is_required": True})
        yield server


def lines(launching):
    rows = launching.world.rows("select email, line from leads left join icebreakers using (lead_id)")
    return {row["email"]: row["line"] for row in rows}


def test_lines_that_are_missing_are_written_for_those_who_are_reserved_and_nobody_else(launching, openai):
    result = launching.run(limit=2)
    assert result.success
    first, second, third, fourth = launching.world.people
    written = lines(launching)
    assert written[first]
    assert written[second]
    assert (written[third], written[fourth]) == (None, "A line.")
    sent = launching.world.rows("select email, payload->>'personalization' as line from campaign_leads")
    assert {row["email"]: row["line"] for row in sent} == {email: written[email] for email in (first, second)}


def test_a_spent_budget_stops_no_launch_and_lets_go_who_has_no_line(launching, openai, monkeypatch):
    monkeypatch.setenv("OPENAI_DOLLARS_PER_RUN", "0")
    assert launching.run().success
    assert launching.world.ledger() == {"active": 1, "released": 3}
    assert openai.charges() == []


def test_an_outage_at_openai_ends_the_run_before_anybody_is_uploaded_and_the_launch_goes_on_later(
    launching_on_disk, monkeypatch
):
    runs = launching_on_disk
    with lines_to_write(runs, monkeypatch) as openai:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-wrong-hunter2")
        failed = runs.run()
        assert set(failures(failed)) == {"opening_lines"}
        assert "hunter2" not in runs.stored(failed.run_id)
        assert runs.world.ledger() == {"reserved": 4}
        assert runs.world.at_instantly() == {}
        monkeypatch.setenv("OPENAI_API_KEY", openai.api_key)
        assert runs.again(failed.run_id).success
    assert runs.world.ledger() == {"active": 4}


@pytest.mark.usefixtures("openai")
def test_two_people_of_whom_the_same_is_known_both_get_their_line(launching):
    for name in ("ada", "bert"):
        launching.world.add_person(f"{name}@twins.example", line=None, first_name="Ada")
    assert launching.run().success
    assert launching.world.ledger() == {"active": 6}
    assert lines(launching)["ada@twins.example"]
    assert lines(launching)["bert@twins.example"]
