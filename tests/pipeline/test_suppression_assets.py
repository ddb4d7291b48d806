"""Suppression as assets: noted by every sync, checked, and swept after it."""

from __future__ import annotations

import dagster as dg
import pytest

from modules.outreach.suppression_table import refresh_suppressions
from outreach_pipeline.assets.suppression_assets import suppression_sweep
from outreach_pipeline.checks.suppression_checks import every_stop_is_noted
from outreach_pipeline.sensors import stops_noted
from tests.fakes.dagster_in_memory import recorded, run_job

CHECK = "suppressions: every_stop_is_noted"


def test_a_sync_notes_every_stop_of_the_workspace_once(pipeline, store):
    outcome = run_job("instantly_sync")
    assert CHECK not in outcome.failed_checks
    noted = outcome.tables["suppressions"]["rows_inserted"]
    assert noted > 0
    stopped = [
        row["email"]
        for row in pipeline.ask("POST", "/leads/list", body={"limit": 100}).json()["items"]
        if row["status"] in (-1, -2)
    ]
    assert stopped
    values = {row["value"] for row in store.select("suppressed")}
    assert values.issuperset(stopped)
    again = run_job("instantly_sync").tables["suppressions"]
    assert (again["rows_inserted"], again["rows_unchanged"]) == (0, 0)


def test_the_check_fails_while_a_stop_is_not_noted(pipeline, store, database):
    run_job("instantly_sync")
    database.execute("update instantly_leads_raw set lead_status = -2, updated_at = now() where lead_status = 1")
    verdict = every_stop_is_noted(store)
    assert not verdict.passed
    assert verdict.severity is dg.AssetCheckSeverity.ERROR
    assert verdict.metadata["unsubscribed"].value > 0
    refresh_suppressions(store)
    assert every_stop_is_noted(store).passed


def test_the_sweep_takes_suppressed_people_out_at_instantly(pipeline, store):
    run_job("instantly_sync")
    first = run_job("suppression_sweep").tables["suppression_sweep"]
    assert first["values_blocked"] > 0
    pipeline.stand_in.log.clear()
    again = run_job("suppression_sweep").tables["suppression_sweep"]
    assert (again["people_removed"], again["values_blocked"]) == (0, 0)
    assert pipeline.changing_requests == []


def test_a_sweep_that_leaves_somebody_there_fails(pipeline, store):
    run_job("instantly_sync")
    down = {"kind": "status", "status": 503, "when": "before"}
    pipeline.order_fault(method="POST", path="/block-lists-entries/bulk-create", action=down, times=None)
    with pytest.raises(dg.Failure, match="its block list lacks") as caught:
        suppression_sweep(dg.build_asset_context(), store=store)
    # Half a minute later the step tries again.
    assert caught.value.allow_retries


def sensed(monkeypatch, key):
    monkeypatch.setenv("INSTANTLY_API_KEY", key)
    run = dg.DagsterRun(job_name="instantly_sync", run_id="0b5c7f3e-1111-4222-8333-444455556666")
    context = dg.build_run_status_sensor_context(
        sensor_name="stops_noted",
        dagster_instance=recorded(),
        dagster_run=run,
        dagster_event=dg.DagsterEvent("PIPELINE_SUCCESS", "instantly_sync"),
    )
    return stops_noted(context)


def test_every_sync_asks_for_one_sweep_and_an_export_alone_for_none(pipeline, monkeypatch):
    assert pipeline
    assert sensed(monkeypatch, "some-key").run_key == "0b5c7f3e-1111-4222-8333-444455556666"
    assert "INSTANTLY_API_KEY is not set" in sensed(monkeypatch, "").skip_message
