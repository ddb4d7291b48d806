"""What Dagster is told: every asset complete, every schedule on, nothing that needs a key to load."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from modules.instantly.instantly_tables import RAW_TABLES
from outreach_pipeline.assets import icebreaker_assets
from outreach_pipeline.assets.apollo_assets import POOL
from outreach_pipeline.definitions import defs
from outreach_pipeline.partitions import LOOK_BACK_DAYS

ASSETS = {
    asset.key.to_user_string(): asset for asset in defs.resolve_all_asset_specs() if isinstance(asset, dg.AssetSpec)
}
CHECKS = {"keys_are_unique_and_present", "row_count_is_plausible", "data_is_fresh"}


def test_the_definitions_load_with_no_variable_set(tmp_path):
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    code = "from outreach_pipeline.definitions import defs; import dagster; dagster.Definitions.validate_loadable(defs)"
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, cwd=Path(__file__).parents[2])


INSTANTLY = {table.name for table in RAW_TABLES}
BY_DAY = {"instantly_daily_analytics_raw", "instantly_account_daily_raw"}
APOLLO = {"apollo_people_raw", "apollo_credit_ledger", "apollo_organizations_raw", "apollo_usage"}
SYNC = INSTANTLY - BY_DAY | {
    "campaigns",
    "campaign_leads",
    "leads",
    "suppressions",
    "instantly_reconciliation",
    "duplicate_audit",
}
JOBS = {
    "instantly_sync": SYNC,
    "instantly_analytics": BY_DAY,
    "lead_pipeline": APOLLO | {"leads", "companies", "lead_scores", "icebreakers"},
    "suppression_sweep": {"suppression_sweep"},
    "campaign_launch": {"campaign_launch"},
    "refresh_and_launch": SYNC | {"campaign_launch"},
}
BY_THE_CLOCK = {"instantly_sync", "instantly_analytics", "lead_pipeline"}


def test_every_asset_is_named_for_its_table():
    assert set(ASSETS) == set().union(*JOBS.values())


def test_there_is_no_other_job():
    named = {job.name for job in defs.resolve_all_job_defs()}
    assert {name for name in named if not name.startswith("__")} == set(JOBS)


@pytest.mark.parametrize("job", JOBS)
def test_a_job_runs_exactly_its_assets(job):
    selected = defs.resolve_job_def(job).asset_layer.selected_asset_keys
    assert {key.to_user_string() for key in selected} == JOBS[job]


def test_all_that_spends_waits_in_the_pool_of_its_vendor_and_nothing_else_in_any():
    graph = defs.resolve_asset_graph()
    pools = {key.to_user_string(): graph.get(key).pools for key in graph.get_all_asset_keys()}
    expected = {name: {POOL} if name in APOLLO else set() for name in ASSETS}
    assert pools == expected | {"icebreakers": {icebreaker_assets.POOL}}


def test_one_place_in_each_pool_is_what_the_instance_allows(dagster_home):
    assert dagster_home
    with dg.DagsterInstance.get() as instance:
        pools = instance.get_concurrency_config().pool_config
        assert (pools.default_pool_limit, pools.pool_granularity.value) == (1, "op")
        # A run that was killed gives its place back.
        assert instance.run_monitoring_settings["free_slots_after_run_end_seconds"] == 300


def test_leads_are_bought_after_the_searches_were_read_and_scored_last():
    graph = defs.resolve_asset_graph()
    upstream = {
        name: {key.to_user_string() for key in graph.get(dg.AssetKey(name)).parent_keys}
        for name in JOBS["lead_pipeline"]
    }
    assert upstream["apollo_credit_ledger"] == {"apollo_people_raw"}
    assert "apollo_credit_ledger" in upstream["leads"]
    assert upstream["apollo_organizations_raw"] == {"leads"}
    assert upstream["companies"] == {"leads", "apollo_organizations_raw"}
    assert upstream["lead_scores"] == {"leads", "companies"}
    assert "lead_scores" in upstream["icebreakers"]
    assert upstream["apollo_usage"] == {"apollo_credit_ledger", "apollo_organizations_raw"}


@pytest.mark.parametrize("name", sorted(ASSETS))
def test_every_asset_has_an_owner_a_group_kinds_and_a_description_that_names_its_grain(name):
    asset = ASSETS[name]
    assert asset.owners
    assert asset.group_name not in (None, "default")
    assert "supabase" in asset.kinds
    assert "Grain: one" in (asset.description or "")


@pytest.mark.parametrize("name", [table.name for table in RAW_TABLES])
def test_every_raw_table_has_its_three_checks(name):
    checks = {key.name for key in defs.resolve_asset_graph().asset_check_keys if key.asset_key.to_user_string() == name}
    assert checks == CHECKS


def test_every_partitioned_asset_covers_a_range_in_one_run():
    graph = defs.resolve_asset_graph()
    partitioned = [key for key in graph.get_all_asset_keys() if graph.get(key).is_partitioned]
    assert partitioned
    for key in partitioned:
        assert graph.get(key).backfill_policy == dg.BackfillPolicy.single_run()


def test_all_schedules_tick_every_hour_and_are_on_from_the_start():
    schedules = {schedule.name: schedule for schedule in defs.schedules or ()}
    # Nobody is written to because an hour is over.
    expected = {f"{job}_hourly": job for job in BY_THE_CLOCK}
    assert {name: schedule.job_name for name, schedule in schedules.items()} == expected
    assert len({str(schedule.cron_schedule) for schedule in schedules.values()}) == len(schedules)
    for schedule in schedules.values():
        assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
        minute, *rest = str(schedule.cron_schedule).split()
        assert minute.isdigit()
        assert rest == ["*"] * 4


def test_the_sensors_are_on_from_the_start_and_each_starts_its_job():
    sensors = {sensor.name: sensor for sensor in defs.sensors or ()}
    starts = {name: [job.name for job in sensor.jobs] for name, sensor in sensors.items()}
    assert starts == {
        "people_waiting": ["lead_pipeline"],
        "batches_ended": ["lead_pipeline"],
        "stops_noted": ["suppression_sweep"],
        "requests_to_run": [
            "campaign_launch",
            "refresh_and_launch",
            "instantly_sync",
            "lead_pipeline",
            "suppression_sweep",
        ],
    }
    assert {sensor.default_status for sensor in sensors.values()} == {dg.DefaultSensorStatus.RUNNING}


def test_the_hourly_analytics_run_covers_the_look_back_window_up_to_today():
    schedule = defs.resolve_schedule_def("instantly_analytics_hourly")
    with dg.DagsterInstance.ephemeral() as instance:
        tick = dg.build_schedule_context(
            instance=instance, scheduled_execution_time=datetime(2026, 11, 20, 0, 20, tzinfo=UTC)
        )
        requests = schedule.evaluate_tick(tick).run_requests
    assert requests is not None
    (request,) = requests
    assert LOOK_BACK_DAYS == 14
    assert request.tags["dagster/asset_partition_range_start"] == "2026-11-06"
    assert request.tags["dagster/asset_partition_range_end"] == "2026-11-20"


def test_no_resource_shows_a_key(monkeypatch):
    monkeypatch.setenv("SUPABASE_KEY", "sb_secret_shown")
    monkeypatch.setenv("INSTANTLY_API_KEY", "instantly-shown")
    monkeypatch.setenv("APOLLO_API_KEY", "apollo-shown")
    monkeypatch.setenv("OPENAI_API_KEY", "openai-shown")
    configured = json.dumps({name: str(vars(resource)) for name, resource in (defs.resources or {}).items()})
    assert "shown" not in configured


def test_both_ways_to_load_the_project_name_the_same_module():
    root = Path(__file__).parents[2]
    module = "outreach_pipeline.definitions"
    assert f"module_name: {module}" in (root / "workspace.yaml").read_text()
    assert f'code_location_target_module = "{module}"' in (root / "pyproject.toml").read_text()
