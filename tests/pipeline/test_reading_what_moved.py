"""Where the hourly run spends its requests, and what one bad campaign or one wrong key does to the rest."""

from __future__ import annotations

import json

import pytest

from modules.outreach.workspace_guard import workspace_of_key
from modules.shared.errors import PermanentError, Refused
from outreach_pipeline.commands.sync import run_sync
from sandbox.instantly.data.campaign_plans import COMPLETED
from tests.fakes.dagster_in_memory import run_job
from tests.fakes.instantly_server import instantly_server

LEADS, STEPS = "instantly_leads_raw", "instantly_steps_raw"
STANDING_STILL = {0, 2, 3}


def campaigns_of(server):
    return {row["id"]: row["status"] for row in server.workspace.campaigns.after(None)}


def asked_for(server, operation):
    """What was asked for since the last look: campaigns and lists."""
    asked = {
        (entry.body or {}).get("campaign") or (entry.body or {}).get("list_id") or entry.query.get("campaign_id")
        for entry in server.requests
        if entry.operation == operation
    }
    server.stand_in.log.clear()
    return asked


def test_the_first_hour_sweeps_everything_and_the_next_only_campaigns_that_may_send(pipeline):
    run_job("instantly_sync")
    campaigns = campaigns_of(pipeline)
    lists = {row["id"] for row in pipeline.workspace.small.lists}
    assert asked_for(pipeline, "POST /leads/list") == set(campaigns) | lists
    run_job("instantly_sync")
    may_send = {each for each, status in campaigns.items() if status not in STANDING_STILL}
    assert 0 < len(may_send) < len(campaigns)
    assert asked_for(pipeline, "POST /leads/list") == may_send


def test_an_answer_to_a_finished_campaign_is_seen_in_the_next_hour(pipeline, database):
    run_job("instantly_sync")
    finished = next(each for each, status in campaigns_of(pipeline).items() if status == COMPLETED)
    lead = next(pipeline.workspace.leads.after(None, finished))
    asked_for(pipeline, "POST /leads/list")
    pipeline.workspace.answer_as(lead["id"], "Thursday.")
    run_job("instantly_sync")
    assert finished in asked_for(pipeline, "POST /leads/list")
    counts = database.execute(f"select email_reply_count from {LEADS} where instantly_lead_id = %s", [lead["id"]])
    assert counts.fetchone() == (lead["email_reply_count"] + 1,)


def test_steps_are_asked_for_again_only_where_totals_or_mails_moved(pipeline):
    run_job("instantly_sync")
    finished = next(each for each, status in campaigns_of(pipeline).items() if status == COMPLETED)
    assert finished in asked_for(pipeline, "GET /campaigns/analytics/steps")
    run_job("instantly_sync")
    assert asked_for(pipeline, "GET /campaigns/analytics/steps") == set()
    pipeline.workspace.answer_as(next(pipeline.workspace.leads.after(None, finished))["id"], "Thursday.")
    run_job("instantly_sync")
    assert asked_for(pipeline, "GET /campaigns/analytics/steps") == {finished}


def test_what_stood_still_is_read_again_after_a_day(pipeline, database):
    run_job("instantly_sync")
    asked_for(pipeline, "POST /leads/list")
    database.execute("update sync_runs set started_at = started_at - interval '24 hours'")
    database.execute("update instantly_campaigns_raw set updated_at = updated_at - interval '25 hours'")
    database.execute("update instantly_emails_raw set created_at = created_at - interval '25 hours'")
    run_job("instantly_sync")
    assert set(campaigns_of(pipeline)) <= asked_for(pipeline, "POST /leads/list")


def test_one_campaign_that_cannot_be_read_delays_no_other_and_keeps_the_table_from_being_fresh(pipeline, database):
    broken = next(iter(campaigns_of(pipeline)))
    # An empty page that names a next one: no step is tried again for that.
    cut_short = {"kind": "rewrite", "change": {"rows": "none", "cursor": "more"}}
    pipeline.order_fault(path="/leads/list", where={"campaign": broken}, times=None, action=cut_short)
    with pytest.raises(PermanentError, match=r"1 of \d+ parts were not read"):
        run_job("instantly_sync")
    states = dict(database.execute("select scope, status from sync_runs where table_name = %s", [LEADS]).fetchall())
    assert {scope for scope, status in states.items() if status == "incomplete"} == {"due", f"campaign:{broken}"}
    assert database.execute(f"select count(*) from {LEADS}").fetchone()[0] > 0
    fresh = database.execute("select complete_as_of from sync_status where table_name = %s", [LEADS]).fetchone()
    assert fresh == (None,)
    pipeline.stand_in.faults.clear()
    run_job("instantly_sync")
    listed = database.execute(f"select count(*) from {LEADS} where deleted_at is null").fetchone()
    assert listed == (len(pipeline.workspace.leads),)


def test_a_missing_scope_stops_all_parts_and_is_named(pipeline):
    pipeline.order_fault(path="/leads/list", times=None, action={"kind": "status", "status": 403})
    with pytest.raises(PermanentError, match="leads:read"):
        run_job("instantly_sync")
    asked = [entry for entry in pipeline.requests if entry.operation is None and entry.path == "/leads/list"]
    assert len(asked) <= 8


def test_a_lead_that_is_gone_is_marked_only_after_its_own_campaign_was_read_whole(pipeline, database):
    run_job("instantly_sync")
    campaign = next(each for each, status in campaigns_of(pipeline).items() if status not in STANDING_STILL)
    lead = next(pipeline.workspace.leads.after(None, campaign))
    pipeline.workspace.leads.delete(lead["id"])
    run_job("instantly_sync")
    gone = database.execute(f"select instantly_lead_id from {LEADS} where deleted_at is not null").fetchall()
    assert gone == [(lead["id"],)]


def test_a_key_of_another_workspace_is_refused_before_a_row_is_written(pipeline, database, monkeypatch):
    run_job("instantly_sync")
    before = database.execute("select count(*), max(xmin::text) from instantly_campaigns_raw").fetchone()
    with instantly_server(seed=99, campaigns=3, accounts=4, leads=10, days=5) as other:
        other.stand_in.world.keys["another-key"] = other.stand_in.world.keys.pop(other.api_key)
        monkeypatch.setenv("INSTANTLY_BASE_URL", other.base_url)
        monkeypatch.setenv("INSTANTLY_API_KEY", "another-key")
        with pytest.raises(Refused, match="a project of its own"):
            run_job("instantly_sync")
    assert database.execute("select count(*), max(xmin::text) from instantly_campaigns_raw").fetchone() == before


def test_a_known_key_costs_no_request_to_find_its_workspace(pipeline, store):
    class Client:
        asked = 0

        def get(self, path):
            assert path == "/workspaces/current"
            self.asked += 1
            return {"id": pipeline.workspace.id}

    client = Client()
    assert {workspace_of_key(store, client, "a-key") for _ in range(3)} == {pipeline.workspace.id}
    assert client.asked == 1
    assert "a-key" not in json.dumps(store.select("instantly_api_keys"))


def test_a_pseudonymised_export_is_refused_where_real_people_are_kept(pipeline, tmp_path):
    run_job("instantly_sync")
    file = tmp_path / "shared.json"
    head = {"format": "outreach-pipeline/instantly-export/1", "collected_at": "2026-11-20", "is_pseudonymised": True}
    file.write_text(json.dumps(head | {"campaigns": [], "accounts": []}))
    with pytest.raises(Refused, match="pseudonymised"):
        run_sync(file)
