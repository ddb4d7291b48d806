"""Who may do what, asked as each role over real HTTP."""

from __future__ import annotations

from uuid import uuid4

import httpx
import pytest

from tests.conftest import TABLES

FUNCTIONS = {
    "changed_rows": {"target_table": "instantly_accounts_raw", "rows": []},
    "campaigns_to_read": {"target_table": "instantly_leads_raw", "with_active": True, "idle_hours": 23},
    "note_parts_read": {"parent_id": str(uuid4()), "scopes": []},
    "rows_of_last_reads": {"target_table": "instantly_accounts_raw", "scopes": []},
    "short_reads": {"target_table": "instantly_accounts_raw", "smallest_share": 0.5},
    "refresh_campaigns": {},
    "refresh_leads": {},
    "refresh_reconciliation": {},
    "apply_searches": {"searches": []},
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
    "apollo_people_waiting",
    "credits",
    "icebreaker_costs",
)
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
@pytest.mark.parametrize("table", [name for name in TABLES if name != "users"])
def test_what_the_pipeline_keeps_is_closed_to_people(ask, role, table):
    for method, options in [("GET", {}), ("POST", {"json": {}}), ("PATCH", {"json": {}}), ("DELETE", {})]:
        answer = ask(role, method, table, **options)
        assert answer.status_code in (401, 403), (method, answer.text)
        assert answer.json()["code"] == "42501"


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
    # Sums are there without anything to sum up.
    rows_of_nothing = {"credits": ["all searches"]}
    rows = ask("service_role", "GET", relation).json()
    assert [row["search_name"] for row in rows] == rows_of_nothing.get(relation, [])


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_service_role_calls_every_function(ask, function):
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
