"""Who may do what, asked as each role over real HTTP."""

from __future__ import annotations

from uuid import uuid4

import httpx
import pytest

from tests.conftest import TABLES
from tests.fakes.campaigns import campaign
from tests.fakes.people import People

DIGESTS = {"spec_digest": "0" * 64, "copy_digest": "0" * 64}
CRITERIA = {"campaign_name": "plans", "regions": {}, "people_per_company": 1, "people_per_domain": 1}
FUNCTIONS = {
    "changed_rows": {"target_table": "instantly_accounts_raw", "rows": []},
    "campaigns_to_read": {"target_table": "instantly_leads_raw", "with_active": True, "idle_hours": 23},
    "note_parts_read": {"parent_id": str(uuid4()), "scopes": []},
    "rows_of_last_reads": {"target_table": "instantly_accounts_raw", "scopes": []},
    "short_reads": {"target_table": "instantly_accounts_raw", "smallest_share": 0.5},
    "refresh_campaigns": {},
    "refresh_leads": {},
    "refresh_reconciliation": {},
    "refresh_duplicate_audit": {},
    "sender_statistics": {"senders": [], "today": "2026-11-20", "days": 14},
    "campaign_statistics": {"wanted_campaign": "a", "first_day": "2026-11-20", "last_day": "2026-11-20"},
    "follow_ups_due": {"senders": [], "due_before": "2026-11-21T00:00:00Z"},
    "apply_searches": {"searches": []},
    "apply_campaign_files": {"campaigns": []},
    "leads_for_preview": {
        "wanted_searches": None,
        "wanted_regions": ["eu"],
        "least_score": 0,
        "after_id": None,
        "most": 10,
    },
    "searches_to_read": {"wanted_kind": "people"},
    "note_people_found": {"found_by": "operations", "person_ids": []},
    "people_to_enrich": {"wanted_kind": "email", "most": 10},
    "reserve_apollo_call": {"intent": {"call_id": str(uuid4()), "credits_each": 1, "subjects": []}},
    "save_apollo_answer": {"call_id": str(uuid4()), "answer": {}},
    "settle_apollo_call": {"result": {"call_id": str(uuid4()), "rows": []}},
    "end_apollo_call": {"call_id": str(uuid4()), "end_state": "released", "reason": "it did not happen"},
    "open_apollo_calls": {"older_than_s": 0},
    "note_apollo_usage": {"usage": {"credits_consumed": 0}},
    "merge_leads": {"rows": []},
    "leads_to_describe": {"after_id": None, "most": 10},
    "purchases_since": {"wanted_subject_kind": "person", "settled_since": None, "after_id": 0, "most": 10},
    "merge_companies": {"rows": []},
    "companies_of_leads": {"changed_since": None, "after_domain": "", "most": 10},
    "companies_to_enrich": {"most": 10, "bought_before": "2026-11-24T00:00:00Z"},
    "leads_to_score": {"rules": "none", "after_id": None, "most": 10},
    "merge_lead_scores": {"rows": []},
    "leads_to_introduce": {
        "wanted_prompt": "1",
        "wanted_model": "gpt-6-luna",
        "least_score": 0,
        "after_id": None,
        "most": 10,
    },
    "known_answers": {"digests": [], "wanted_prompt": "1", "wanted_model": "gpt-6-luna"},
    "save_icebreaker_answers": {"rows": []},
    "merge_icebreakers": {"rows": []},
    "note_facts_seen": {"lead_ids": []},
    "audience_lines": {"wanted_audience": "operations", "after_id": None, "most": 10},
    "dollars_spent": {"today_only": True},
    "plan_openai_batch": {
        "batch": {
            "id": str(uuid4()),
            "model": "gpt-6-luna",
            "prompt_version": "1",
            "content_digest": "0",
            "lines": 0,
            "estimated_tokens": 0,
            "estimated_usd": 0,
        },
        "planned_lines": [],
    },
    "waiting_digests": {"digests": []},
    "batch_lines": {"wanted_batch": str(uuid4()), "after_custom_id": "", "most": 10},
    "note_batch_lines": {"wanted_batch": str(uuid4()), "lines": []},
    "end_openai_batch": {"wanted_batch": str(uuid4()), "end_state": "ended", "end_reason": None},
    "suppression_reasons": {"people": []},
    "note_suppressions": {"rows": []},
    "lift_suppression": {
        "wanted_kind": "email",
        "wanted_value": "mara@haldenfreight.example",
        "why": "noted_by_mistake",
        "by_whom": "tests",
    },
    "stops_of_instantly": {"after_key": "", "most": 10},
    "suppressed_at_instantly": {"after_id": "", "most": 10},
    "values_to_block": {"after_value": "", "most": 10},
    "leads_without_erased_key": {"wanted_fingerprint": "0" * 8, "after_id": None, "most": 10},
    "save_erased_keys": {"rows": []},
    "erase_suppressed_person": {
        "email_key": "mara@haldenfreight.example",
        "erased_key": f"{'0' * 8}:{'0' * 64}",
        "by_whom": "tests",
    },
    "set_pause": {"why": None},
    "begin_launch": {"request": {"campaign_name": "plans", "launch_key": "a", "activates": False} | DIGESTS},
    "end_launch": {"wanted_launch": str(uuid4()), "end_state": "done", "end_outcome": "it sends"},
    "claim_campaign_creation": {
        "wanted_campaign": "plans",
        "wanted_marker": "m",
        "settle_s": 0,
        "this_claim": str(uuid4()),
    },
    "ask_for_campaign": {"wanted_campaign": "plans", "this_claim": str(uuid4())},
    "forget_campaign": {"wanted_campaign": "plans", "gone_id": str(uuid4())},
    "settle_campaign_creation": {"wanted_campaign": "plans", "campaign_id": None, "this_claim": str(uuid4())},
    "people_to_prepare": {"wanted_launch": str(uuid4()), "after_rank": 0, "most": 10},
    "prepare_people": {"rows": []},
    "has_people_to_upload": {"wanted_campaign": "plans"},
    "doubtful_people": {"wanted_campaign": "plans", "after_id": None, "most": 10},
    "settle_people": {"rows": []},
    "activate_people": {"wanted_campaign": "plans"},
    "uploaded_but_suppressed": {"wanted_campaign": "plans", "after_id": None, "most": 10},
    "finish_people": {"rows": []},
    "sample_of_people": {"wanted_campaign": "plans", "most": 10},
    "people_of_launch": {"wanted_launch": str(uuid4())},
    "abandon_launch": {"wanted_launch": str(uuid4())},
    "refresh_campaign_leads": {},
    "stale_tables": {"wanted": {"leads": 60}},
    "lead_countries": {},
    "select_leads": {"criteria": CRITERIA, "people_limit": 1, "shown": 1},
    "explain_leads": {"criteria": CRITERIA, "wanted_leads": None},
    "reserve_people": {"request": {"launch_id": str(uuid4()), "criteria": CRITERIA, "most_age_s": {}}},
    "take_people_to_upload": {"wanted_launch": str(uuid4()), "this_upload": str(uuid4()), "most": 10},
    "note_run_request": {"wanted_request": str(uuid4()), "new_state": "done", "of_run": "", "why": ""},
    "merge_rows": {"target_table": "instantly_accounts_raw", "rows": []},
    "mark_deleted": {"target_table": "instantly_accounts_raw", "keys": []},
    "inspect_table": {"target_table": "instantly_accounts_raw"},
    "describe_table": {"target_table": "instantly_accounts_raw"},
}
VIEWS = (
    "sync_status",
    "campaign_daily",
    "campaign_overview",
    "lead_overview",
    "sender_health",
    "people_in_several_campaigns",
    "apollo_people_waiting",
    "credits",
    "icebreaker_costs",
    "suppressions_in_force",
    "suppressed",
    "suppressed_leads",
)
FOR_PEOPLE = {"users", "run_requests"}
"""Tables that people reach with their own token, each row by row."""
ALICE, BOB = str(uuid4()), str(uuid4())


@pytest.fixture
def ask(supabase, database):
    """A request as one of the roles; answers the response."""
    assert database
    keys = {
        "anon": (supabase.publishable_key, supabase.publishable_key),
        "authenticated": (supabase.publishable_key, supabase.user_token(ALICE)),
        "service_role": (supabase.secret_key, supabase.secret_key),
    }

    def send(role, method, path, **options):
        key, token = keys[role]
        headers = {"apikey": key, "Authorization": f"Bearer {token}"}
        return httpx.request(method, f"{supabase.url}/rest/v1/{path}", headers=headers, **options)

    return send


@pytest.mark.parametrize("role", ["anon", "authenticated"])
@pytest.mark.parametrize("table", [name for name in TABLES if name not in FOR_PEOPLE])
def test_what_the_pipeline_keeps_is_closed_to_people(ask, role, table):
    for method, options in [("GET", {}), ("POST", {"json": {}}), ("PATCH", {"json": {}}), ("DELETE", {})]:
        answer = ask(role, method, table, **options)
        assert answer.status_code in (401, 403), (method, answer.text)
        assert answer.json()["code"] == "42501"


def test_nobody_asks_for_a_run_without_being_an_operator(ask):
    wanted = {"job_name": "instantly_sync", "requested_by": ALICE}
    assert ask("anon", "GET", "run_requests").status_code == 401
    assert ask("anon", "POST", "run_requests", json=wanted).status_code == 401
    for method, options in [("POST", {"json": wanted}), ("PATCH", {"json": {"state": "done"}}), ("DELETE", {})]:
        assert ask("authenticated", method, "run_requests", **options).json()["code"] == "42501"


@pytest.mark.parametrize("role", ["anon", "authenticated"])
@pytest.mark.parametrize("view", VIEWS)
def test_views_are_closed_to_people(ask, role, view):
    answer = ask(role, "GET", view)
    assert answer.json()["code"] == "42501"


@pytest.mark.parametrize("role", ["anon", "authenticated"])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_functions_are_closed_to_people(ask, role, function):
    answer = ask(role, "POST", f"rpc/{function}", json=FUNCTIONS[function])
    assert answer.status_code in (401, 403), answer.text
    assert answer.json()["code"] == "42501"


@pytest.mark.parametrize("relation", [*TABLES, *VIEWS])
def test_the_service_role_reads_everything(ask, relation):
    # Sums are there without anything to sum up, and the switch is there to be turned on.
    rows_of_nothing = {"credits": ["all searches"], "pause_switch": ["effects"]}
    rows = ask("service_role", "GET", relation).json()
    names = [row.get("search_name") or row.get("switch_name") for row in rows]
    assert names == rows_of_nothing.get(relation, [])


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_service_role_calls_every_function(ask, database, function):
    People(database).apply(campaign())
    answer = ask("service_role", "POST", f"rpc/{function}", json=FUNCTIONS[function])
    assert answer.is_success, answer.text


def test_every_table_function_and_view_of_the_schema_is_judged_here(database):
    relations = database.execute(
        "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'v', 'm', 'p')"
    )
    functions = database.execute("select proname from pg_proc where pronamespace = 'public'::regnamespace")
    assert {row[0] for row in relations} == {*TABLES, *VIEWS}
    assert {row[0] for row in functions} == set(FUNCTIONS)


def test_row_level_security_is_on_for_every_table(database):
    open_tables = database.execute(
        "select relname from pg_class c join pg_namespace n on n.oid = relnamespace "
        "where nspname = 'public' and relkind = 'r' and not relrowsecurity"
    ).fetchall()
    assert open_tables == []


def test_a_person_reads_their_own_row_of_users_and_nobody_elses(ask):
    people = [{"id": ALICE, "email": "alice@team.example"}, {"id": BOB, "email": "bob@team.example"}]
    assert ask("service_role", "POST", "users", json=people).is_success
    assert [row["id"] for row in ask("authenticated", "GET", "users").json()] == [ALICE]
    assert ask("anon", "GET", "users").status_code == 401


def test_a_person_cannot_make_themselves_an_admin(ask):
    assert ask("service_role", "POST", "users", json={"id": ALICE, "email": "alice@team.example"}).is_success
    assert ask("authenticated", "PATCH", f"users?id=eq.{ALICE}", json={"role": "admin"}).status_code == 403
    assert ask("service_role", "GET", "users").json()[0]["role"] == "viewer"


@pytest.mark.parametrize(
    "table", ["users", "sync_runs", "rejected_rows", "pg_class", "no_such_table", 'x"; drop table users; --']
)
def test_merging_into_anything_but_a_raw_table_is_refused(ask, table):
    answer = ask("service_role", "POST", "rpc/merge_rows", json={"target_table": table, "rows": [{}]})
    assert answer.status_code == 404
    assert answer.json()["code"] == "42P01"
