"""`lead_pipeline` through Dagster, from the stand-in into real tables: what it brings, costs, shows and refuses."""

from __future__ import annotations

import re

import dagster as dg
import pytest

from modules.shared.errors import PermanentError, Refused
from outreach_pipeline import runs
from tests.fakes.apollo_purchases import bought, doubtful_call, search_row
from tests.fakes.dagster_in_memory import recorded, run_job

AUSTRIANS = search_row("austrians", filters={"person_locations": ["Austria"]})
COMPANIES = search_row("swiss-companies", kind="companies", filters={"organization_locations": ["Switzerland"]})
ASSETS = {
    "apollo_people_raw",
    "apollo_credit_ledger",
    "apollo_organizations_raw",
    "apollo_usage",
    "leads",
    "companies",
    "lead_scores",
    "icebreakers",
}
ENRICHMENT = "/people/bulk_match"


def apply(store, *searches):
    store.call("apply_searches", {"searches": list(searches)})


def run(**asset_config):
    return run_job("lead_pipeline", asset_config=asset_config)


def shown(asset):
    """What Dagster shows of the asset's last materialization."""
    event = recorded().get_latest_materialization_event(dg.AssetKey(asset))
    return {name: value.value for name, value in event.asset_materialization.metadata.items()}


def versions(database):
    tables = ("apollo_people_raw", "apollo_organizations_raw", "leads", "companies", "lead_scores")
    return {
        table: database.execute(f"select ctid::text, xmin::text from {table} order by 1").fetchall() for table in tables
    }


def ledger_credits(database):
    return float(database.execute("select coalesce(sum(credits), 0) from apollo_credit_ledger").fetchone()[0])


def test_without_a_search_the_pipeline_is_green_asks_nothing_for_credits_and_shows_no_leads(apollo, database):
    outcome = run()
    assert outcome.failed_checks == []
    assert set(outcome.tables) == ASSETS
    assert apollo.charges() == []
    assert database.execute("select count(*) from leads").fetchone() == (0,)


def test_the_pipeline_makes_scored_leads_of_whom_a_search_finds(apollo, store, database):
    apply(store, AUSTRIANS, COMPANIES)
    outcome = run()
    assert outcome.failed_checks == []
    assert set(outcome.tables) == ASSETS
    found = apollo.world.database.search.people_numbers({"person_locations": ["Austria"]})
    assert outcome.tables["apollo_people_raw"]["rows_inserted"] == len(found)
    leads = database.execute(
        "select count(*), count(score), bool_and(search_name = 'austrians'), bool_and(source = 'apollo'), "
        "bool_and(lawful_basis = 'legitimate_interest') from lead_overview"
    ).fetchone()
    assert leads == (outcome.tables["apollo_credit_ledger"]["matched_with_email"],) * 2 + (True,) * 3
    kinds = {kind for _, kind, _ in apollo.charges()}
    assert kinds == {"person", "organization", "company_search"}
    assert ledger_credits(database) == apollo.world.credits.consumed
    swiss = apollo.world.database.search.company_numbers({"organization_locations": ["Switzerland"]})
    companies = database.execute("select count(*) from apollo_organizations_raw where country = 'Switzerland'")
    assert 0 < companies.fetchone()[0] <= len(swiss)


def test_a_second_run_spends_nothing_and_writes_no_row(apollo, store, database):
    apply(store, AUSTRIANS, COMPANIES)
    run()
    before, charges = versions(database), apollo.charges()
    asked = len(apollo.requests())
    run()
    assert versions(database) == before
    assert apollo.charges() == charges
    # Apollo's count of credits, before each kind of purchase and at the end.
    assert {entry.path for entry in apollo.requests()[asked:]} == {"/usage_stats/credit_usage_stats"}


def test_what_dagster_shows_are_counts_credits_and_nobody(apollo, store, database, supabase):
    apply(store, AUSTRIANS, COMPANIES)
    outcome = run()
    stored = "\n".join(str(record) for record in recorded().all_logs(outcome.run_id))
    names = {
        name
        for row in database.execute("select first_name || ' ' || last_name, last_name from leads").fetchall()
        for name in row
    }
    assert len(names) > 10
    assert {name for name in names if re.search(rf"\b{re.escape(name)}\b", stored)} == set()
    assert "@" not in stored
    assert apollo.api_key not in stored
    assert supabase.secret_key not in stored
    people, ledger, usage = shown("apollo_people_raw"), shown("apollo_credit_ledger"), shown("apollo_usage")
    asked = database.execute("select count(*) from apollo_credit_ledger where subject_kind = 'person'").fetchone()[0]
    persons_charged = sum(cost for _, kind, cost in apollo.charges() if kind == "person")
    assert ledger["credits_spent"] == persons_charged
    assert ledger["hit_rate"] == pytest.approx(ledger["matched_with_email"] / asked)
    assert "| austrians | " in people["searches"]
    assert people["preview"].startswith("| has_email | has_direct_phone |")
    assert usage["credits_consumed"] == usage["credits_of_our_calls"] == apollo.world.credits.consumed
    assert usage["credits_left"] == 5_000 - apollo.world.credits.consumed


def test_a_spent_budget_ends_the_buying_says_so_and_the_next_run_goes_on(apollo, store, database):
    apply(store, AUSTRIANS)
    small = {"credits": 5.0}
    outcome = run(apollo_credit_ledger=small, apollo_organizations_raw=small)
    assert outcome.failed_checks == []
    assert 0 < apollo.world.credits.consumed <= 5
    assert "run" in shown("apollo_credit_ledger")["stopped_because"]
    waiting = database.execute("select count(*) from apollo_people_waiting").fetchone()[0]
    assert waiting > 0
    run()
    assert database.execute("select count(*) from apollo_people_waiting").fetchone() == (0,)


def test_a_budget_of_nothing_buys_nothing(apollo, store, monkeypatch):
    apply(store, AUSTRIANS, COMPANIES)
    monkeypatch.setenv("APOLLO_CREDITS_PER_DAY", "0")
    assert run().failed_checks == []
    assert apollo.charges() == []
    assert "day" in shown("apollo_credit_ledger")["stopped_because"]


def test_when_apollo_has_no_credits_the_run_is_green_says_so_and_a_check_warns(apollo, store):
    apply(store, AUSTRIANS)
    apollo.change_world(credits_limit=0)
    outcome = run()
    assert outcome.failed_checks == ["apollo_usage: credits_are_left"]
    assert "no credits" in shown("apollo_credit_ledger")["stopped_because"]
    assert apollo.charges() == []
    apollo.change_world(credits_limit=5_000)
    assert run().failed_checks == []
    assert apollo.charges() != []


def test_a_wrong_key_is_red_with_what_to_do(apollo, store, monkeypatch):
    apply(store, AUSTRIANS)
    monkeypatch.setenv("APOLLO_API_KEY", "wrong-key-hunter2")
    with pytest.raises(PermanentError, match="Check APOLLO_API_KEY") as raised:
        run()
    assert "hunter2" not in str(raised.value)


def test_a_key_without_the_right_to_buy_is_red_and_keeps_what_was_found(apollo, store, database):
    apply(store, AUSTRIANS)
    apollo.order_fault(path=ENRICHMENT, times=None, action={"kind": "status", "status": 403})
    with pytest.raises(PermanentError, match="endpoints the key is allowed"):
        run()
    assert database.execute("select count(*) > 0 from apollo_people_raw").fetchone() == (True,)
    assert database.execute("select count(*) from apollo_credit_ledger").fetchone() == (0,)


def test_a_missing_key_is_named(apollo, monkeypatch):
    monkeypatch.setenv("APOLLO_API_KEY", "")
    with pytest.raises(PermanentError, match="APOLLO_API_KEY is not set"):
        run()


def test_a_search_with_an_implausible_number_of_hits_is_refused_and_nobody_is_bought(apollo, store):
    apply(store, AUSTRIANS)
    huge = {"kind": "rewrite", "change": {"answer": {"total_entries": 240_000_000}}}
    apollo.order_fault(path="/mixed_people/api_search", times=None, action=huge)
    with pytest.raises(Refused, match=r"search:austrians: .* A filter was probably ignored"):
        run()
    assert apollo.charges() == []


def test_a_call_in_doubt_warns(apollo, database):
    doubtful_call(database)
    apollo.change_world(spent_by_others=1)
    assert run().failed_checks == ["apollo_credit_ledger: no_call_is_doubtful"]


def test_counting_more_than_apollo_warns_and_colleagues_who_spend_do_not(apollo, store, database):
    apply(store, AUSTRIANS)
    apollo.change_world(spent_by_others=40)
    assert run().failed_checks == []
    database.execute("update apollo_calls set credits_consumed = credits_consumed + 50")
    assert run().failed_checks == ["apollo_usage: our_count_agrees_with_apollo"]


def test_few_credits_left_warn(apollo):
    apollo.change_world(credits_limit=99)
    assert run().failed_checks == ["apollo_usage: credits_are_left"]
    apollo.change_world(credits_limit=100)
    assert run().failed_checks == []


def test_a_bought_lead_without_a_lawful_basis_fails_its_check(apollo, store, database):
    person = {"id": "5" * 24, "email": "mara@haldenfreight.example", "first_name": "Mara"}
    bought(store, {"5" * 24: person}, search_name="forgotten")
    database.execute("update apollo_calls set credits_consumed = 0")
    assert run().failed_checks == ["leads: leads_have_a_basis"]


def test_one_search_may_be_read_and_bought_for_alone(apollo, store, database):
    apply(store, AUSTRIANS, search_row("germans", filters={"person_locations": ["Germany"]}))
    run(apollo_people_raw={"search": "germans"}, apollo_credit_ledger={"search": "germans", "most": 7})
    assert database.execute("select distinct search_name from apollo_search_people").fetchall() == [("germans",)]
    assert sum(1 for _, kind, _ in apollo.charges() if kind == "person") <= 7


def test_the_rules_of_the_score_are_those_of_the_folder(apollo, store, database, monkeypatch, tmp_path):
    apply(store, AUSTRIANS)
    monkeypatch.setenv("OUTREACH_CAMPAIGNS", str(tmp_path))
    rules = tmp_path / "scoring.yaml"
    rules.write_text("places: [{any_of: [Austria], points: 1}]\n")
    run()
    assert database.execute("select distinct score from lead_scores").fetchall() == [(100,)]
    rules.write_text("places: [{any_of: [Austria], point: 1}]\n")
    with pytest.raises(
        PermanentError, match=r"scoring\.yaml:1: places\[0\]\.point: point is unknown, did you mean points"
    ):
        run()


def test_every_step_waits_for_its_place_in_the_pool(apollo, dagster_home):
    # In memory there are no pools.
    with dg.DagsterInstance.get() as on_disk:
        runs.run_job("lead_pipeline", instance=on_disk)
        assert on_disk.get_concurrency_config().pool_config.default_pool_limit == 1
        assert on_disk.event_log_storage.get_concurrency_info("apollo").slot_count == 1
