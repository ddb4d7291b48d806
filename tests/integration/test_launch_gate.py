"""Fresh or not at all: what a launch refuses, before it does anything and once more where it reserves people."""

from __future__ import annotations

import re

import pytest

from modules.outreach import launch_steps
from modules.outreach.launch_gate import MOST_AGE_S, check_fresh
from modules.outreach.launch_steps import LaunchRequest
from modules.shared.errors import PermanentError, Refused

REQUEST = LaunchRequest(campaign_name="plans", launch_key="first", activate=True)


@pytest.fixture
def world(launch_world):
    launch_world.apply()
    launch_world.add_people(2)
    return launch_world


def refused(world, request=REQUEST):
    """What the gate says; that it began nothing and asked Instantly for nothing."""
    world.server.stand_in.log.clear()
    with world.tools() as tools, pytest.raises(Refused) as refusal:
        launch_steps.gate(tools, request)
    assert world.rows("select * from launches") == []
    assert world.rows("select * from launch_keys") == []
    assert world.server.requests == []
    return str(refusal.value)


def named(message):
    return re.findall(r"^- (\w+) ", message, flags=re.MULTILINE)


def test_fresh_data_lets_a_launch_begin(world):
    with world.tools() as tools:
        assert launch_steps.gate(tools, REQUEST).state == "open"


def each_table(world):
    """Every table that a launch acts on, all others being fresh."""
    for table, allowed_s in MOST_AGE_S.items():
        world.refresh()
        yield table, allowed_s


def change_reads(world, table, assigned, *values):
    world.connection.execute(f"update sync_runs set {assigned} where table_name = %s", [*values, table])


def test_one_table_that_is_too_old_is_named_with_its_age(world):
    for table, allowed_s in each_table(world):
        ago = "data_as_of = now() - make_interval(secs => %s), last_day = null"
        change_reads(world, table, ago, allowed_s + 360)
        message = refused(world)
        assert named(message) == [table]
        hours = allowed_s / 3_600
        assert f"{table} has no complete data newer than {hours + 0.1:.1f} hours ({hours:g} are allowed)" in message
        # A minute before that it is fresh.
        change_reads(world, table, ago, allowed_s - 60)
        check_fresh(world.store)


def test_one_table_that_was_never_read_is_named(world):
    for table, _ in each_table(world):
        world.connection.execute("delete from sync_runs where table_name = %s", [table])
        message = refused(world)
        assert named(message) == [table]
        assert f"{table} has no complete data at all" in message


def test_one_table_that_was_only_read_in_part_is_named_with_what_went_wrong(world):
    for table, _ in each_table(world):
        change_reads(world, table, "status = 'incomplete', reason = 'a page was lost'")
        message = refused(world)
        assert named(message) == [table]
        assert "its last read: a page was lost" in message
        # One that was killed says nothing of what it has read.
        change_reads(world, table, "status = 'running', reason = null, finished_at = null")
        assert named(refused(world)) == [table]


def test_data_of_the_future_is_not_fresh(world):
    for table, _ in each_table(world):
        change_reads(world, table, "data_as_of = now() + interval '6 minutes', last_day = null")
        message = refused(world)
        assert named(message) == [table]
        assert "look at the clocks" in message


def test_clocks_that_differ_by_a_moment_are_no_reason(world):
    world.connection.execute("update sync_runs set data_as_of = now() + interval '4 minutes', last_day = null")
    with world.tools() as tools:
        assert launch_steps.gate(tools, REQUEST).state == "open"


def test_all_that_is_too_old_is_named_at_once(world):
    world.connection.execute("delete from sync_runs")
    message = refused(world)
    assert named(message) == sorted(MOST_AGE_S)
    assert "outreach sync" in message


def test_a_read_that_failed_since_takes_nothing_from_complete_data_that_is_fresh(world):
    world.connection.execute(
        "insert into sync_runs (table_name, source, started_at, finished_at, data_as_of, status, reason) "
        "select distinct table_name, 'api', now() + interval '1 second', now(), now(), 'incomplete', 'a page was lost' "
        "from sync_runs"
    )
    with world.tools() as tools:
        assert launch_steps.gate(tools, REQUEST).state == "open"


def test_a_backfill_of_past_days_makes_statistics_no_fresher(world):
    world.connection.execute(
        "update sync_runs set first_day = current_date - 30, last_day = current_date - 20 "
        "where table_name = 'instantly_account_daily_raw'"
    )
    assert named(refused(world)) == ["instantly_account_daily_raw"]


@pytest.mark.parametrize("table", ["suppressions", "leads", "instantly_account_daily_raw"])
def test_data_that_gets_stale_between_gate_and_reservation_reserves_nobody(world, table):
    with world.tools() as tools:
        launch_steps.gate(tools, REQUEST)
        launch_steps.candidates(tools, REQUEST)
        world.connection.execute("delete from sync_runs where table_name = %s", [table])
        with pytest.raises(Refused) as refusal:
            launch_steps.reserve(tools, REQUEST)
        assert named(str(refusal.value)) == [table]
        assert world.ledger() == {}
        assert world.server.changing_requests == []
        world.refresh()
        assert launch_steps.reserve(tools, REQUEST) == 2


def test_what_a_launch_asks_of_its_data_is_what_the_reservation_asks(world):
    with world.tools() as tools:
        launch_steps.gate(tools, REQUEST)
        world.connection.execute("delete from sync_runs")
        with pytest.raises(Refused) as refusal:
            launch_steps.reserve(tools, REQUEST)
        assert named(str(refusal.value)) == sorted(MOST_AGE_S)


@pytest.mark.parametrize("step", ["candidates", "reserve", "prepare", "upload", "activate", "confirm"])
def test_no_step_does_anything_without_the_gate(world, step):
    world.server.stand_in.log.clear()
    with world.tools() as tools, pytest.raises(PermanentError, match="from its first step"):
        getattr(launch_steps, step)(tools, REQUEST)
    assert world.server.requests == []


def test_an_unknown_campaign_and_one_without_a_file_are_refused(world):
    with world.tools() as tools:
        with pytest.raises(PermanentError, match="outreach campaigns apply"):
            launch_steps.gate(tools, LaunchRequest(campaign_name="plan", launch_key="k"))
        world.store.call("apply_campaign_files", {"campaigns": [], "source_files": None})
        with pytest.raises(Refused, match="No file has the campaign plans any longer"):
            launch_steps.gate(tools, REQUEST)


def test_sending_that_the_file_does_not_allow_is_refused(world):
    world.apply(activate=False)
    assert "says activate: false, so a launch leaves a draft" in refused(world)


def test_paused_is_refused_before_anything_begins(world, monkeypatch):
    world.connection.execute("select set_pause('a look first')")
    assert "a look first" in refused(world)
    world.connection.execute("select set_pause(null)")
    monkeypatch.setenv("OUTREACH_PAUSED", "true")
    assert "OUTREACH_PAUSED is set" in refused(world)
