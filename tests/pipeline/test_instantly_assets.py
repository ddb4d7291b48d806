"""The jobs through Dagster, from Instantly's stand-in into real tables."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from modules.instantly.instantly_rows import WORKSPACE_TOTAL, Days
from modules.shared.errors import PermanentError, Refused
from outreach_pipeline.commands.sync import run_sync
from outreach_pipeline.partitions import range_tags
from tests.fakes.dagster_in_memory import recorded, run_job

LAST_WEEK = Days(datetime.now(UTC).date() - timedelta(days=6), datetime.now(UTC).date())


def versions(database, table):
    return sorted(database.execute(f"select xmin::text, row_digest from {table}").fetchall())


def test_a_sync_brings_every_campaign_and_account_with_the_fewest_requests(pipeline, database):
    outcome = run_job("instantly_sync")
    # The sample world holds somebody in two live campaigns, as workspaces do that people filled by hand.
    assert outcome.failed_checks == ["duplicate_audit: nobody_is_in_two_live_campaigns"]
    assert outcome.tables["instantly_campaigns_raw"]["rows_inserted"] == 6
    assert outcome.tables["instantly_accounts_raw"]["rows_inserted"] == 130
    # The totals, one page of campaigns, and the empty page that ends the list.
    assert outcome.tables["instantly_campaigns_raw"]["requests_made"] == 3
    # Two pages of accounts and the end.
    assert outcome.tables["instantly_accounts_raw"]["requests_made"] == 3
    assert database.execute("select count(*) from instantly_campaigns_raw").fetchone() == (6,)


def test_a_second_sync_writes_no_row_and_says_so(pipeline, database):
    run_job("instantly_sync")
    before = versions(database, "instantly_campaigns_raw"), versions(database, "instantly_accounts_raw")
    outcome = run_job("instantly_sync")
    assert (versions(database, "instantly_campaigns_raw"), versions(database, "instantly_accounts_raw")) == before
    for table, numbers in outcome.tables.items():
        assert (numbers.get("rows_inserted", 0), numbers.get("rows_updated", 0)) == (0, 0), table
        assert numbers.get("rows_unchanged") == numbers.get("rows_read", numbers.get("rows_unchanged")), table


def test_a_range_of_days_is_one_run_with_one_request_a_campaign(pipeline, database):
    run_job("instantly_sync")
    outcome = run_job("instantly_analytics", tags=range_tags(LAST_WEEK))
    numbers = outcome.tables["instantly_daily_analytics_raw"]
    assert numbers["requests_made"] == 7
    days = database.execute("select min(analytics_date), max(analytics_date) from instantly_daily_analytics_raw")
    first, last = days.fetchone()
    assert LAST_WEEK.first <= first <= last <= LAST_WEEK.last
    partitions = recorded().get_materialized_partitions(dg.AssetKey("instantly_daily_analytics_raw"))
    assert len(partitions) == 7


def test_the_days_of_the_campaigns_add_up_to_the_workspace_total(pipeline, database):
    run_job("instantly_sync")
    run_job("instantly_analytics", tags=range_tags(LAST_WEEK))
    wrong = database.execute(
        """
        select analytics_date from instantly_daily_analytics_raw group by 1
        having sum(sent) filter (where instantly_campaign_id = %(all)s)
               is distinct from sum(sent) filter (where instantly_campaign_id <> %(all)s)
        """,
        {"all": WORKSPACE_TOTAL},
    ).fetchall()
    assert wrong == []


def test_daily_analytics_refuse_when_the_campaigns_were_never_read(pipeline):
    with pytest.raises(Refused, match="_raw was never read"):
        run_job("instantly_analytics", tags=range_tags(LAST_WEEK))


def test_a_wrong_key_fails_the_run_at_once_and_says_what_to_do(pipeline, monkeypatch):
    monkeypatch.setenv("INSTANTLY_API_KEY", "wrong-key-hunter2")
    with pytest.raises(PermanentError, match="Check INSTANTLY_API_KEY") as raised:
        run_job("instantly_sync")
    assert "hunter2" not in str(raised.value)


def test_a_missing_variable_is_named(pipeline, monkeypatch):
    monkeypatch.setenv("INSTANTLY_API_KEY", "")
    with pytest.raises(PermanentError, match="INSTANTLY_API_KEY is not set"):
        run_job("instantly_sync")
    monkeypatch.setenv("SUPABASE_KEY", "")
    with pytest.raises(PermanentError, match="SUPABASE_KEY is not set"):
        run_job("instantly_sync")


def test_an_export_needs_no_key_of_instantly(pipeline, monkeypatch, tmp_path, database):
    monkeypatch.setenv("INSTANTLY_API_KEY", "")
    file = tmp_path / "raw_data.json"
    row = {"campaign_id": "c1", "campaign_name": "Spring", "campaign_status": 3, "leads_count": 4}
    days = [{"date": "2026-11-20", "sent": 3}]
    file.write_text(json.dumps({"campaigns_overview": [row], "daily_analytics_all": days, "accounts": {"items": []}}))
    run_sync(file)
    assert database.execute("select campaign_name, leads_count from instantly_campaigns_raw").fetchall() == [
        ("Spring", 4)
    ]
    assert database.execute("select sent from instantly_daily_analytics_raw").fetchall() == [(3,)]


def test_no_address_and_no_key_enters_what_dagster_stores(pipeline, supabase):
    outcome = run_job("instantly_sync")
    stored = "\n".join(str(record) for record in recorded().all_logs(outcome.run_id))
    assert "@" not in stored
    assert supabase.secret_key not in stored
    assert pipeline.api_key not in stored


def test_checks_fail_when_the_data_is_old(pipeline, database):
    run_job("instantly_sync")
    database.execute("update sync_runs set data_as_of = now() - interval '2 hours'")
    from outreach_pipeline.definitions import defs

    checks = dg.AssetSelection.checks_for_assets("instantly_accounts_raw")
    job = dg.define_asset_job("only_checks", selection=checks)
    result = (
        dg.Definitions.merge(defs, dg.Definitions(jobs=[job]))
        .resolve_job_def("only_checks")
        .execute_in_process(instance=recorded())
    )
    assert {check.check_name: check.passed for check in result.get_asset_check_evaluations()} == {
        "keys_are_unique_and_present": True,
        "row_count_is_plausible": True,
        "data_is_fresh": False,
    }
