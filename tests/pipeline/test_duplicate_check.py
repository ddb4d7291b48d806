"""The check that nobody is in two live campaigns, through Dagster, over rows that Instantly could have given."""

from __future__ import annotations

from tests.fakes.dagster_in_memory import recorded, run_job
from tests.fakes.normalised_tables import Tables

ANNA = "anna@firm.example"
CHECK = "duplicate_audit: nobody_is_in_two_live_campaigns"


def audit():
    outcome = run_job("instantly_sync", assets=["duplicate_audit"])
    stored = "\n".join(str(record) for record in recorded().all_logs(outcome.run_id))
    return outcome, stored


def test_the_check_fails_while_somebody_is_in_two_live_campaigns_and_names_the_campaigns_but_nobody(pipeline, database):
    tables = Tables(database)
    for name in ("spring", "autumn"):
        tables.campaign(name)
        tables.lead(ANNA, instantly_campaign_id=name)
    outcome, stored = audit()
    assert outcome.failed_checks == [CHECK]
    assert outcome.tables["duplicate_audit"]["rows_inserted"] == 1
    assert "| 1 | autumn, spring |" in stored.replace("\\n", "\n")
    assert "anna" not in stored
    tables.change("update instantly_campaigns_raw set campaign_status = 3 where instantly_campaign_id = 'spring'")
    outcome, _ = audit()
    assert outcome.failed_checks == []
    assert outcome.tables["duplicate_audit"]["rows_ended"] == 1


def test_a_failed_check_fails_no_run_and_an_audit_that_finds_the_same_touches_no_row(pipeline, database):
    tables = Tables(database)
    for name in ("spring", "autumn"):
        tables.campaign(name)
        tables.lead(ANNA, instantly_campaign_id=name)
    audit()
    before = tables.versions("duplicate_audit")
    outcome, _ = audit()
    assert (outcome.failed_checks, outcome.tables["duplicate_audit"]["rows_unchanged"]) == ([CHECK], 1)
    assert tables.versions("duplicate_audit") == before
