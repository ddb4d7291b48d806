"""The commands that look for people, buy and show leads, as processes, against a local Supabase and the stand-in."""

from __future__ import annotations

from pathlib import Path

import pytest

from modules.outreach.search_table import apply_searches
from tests.fakes.apollo_purchases import doubtful_call
from tests.fakes.apollo_server import apollo_server
from tests.fakes.outreach_command import outreach_command

ROOT = Path(__file__).parents[2]
LEAD_FILES = ROOT / "tests" / "fixtures" / "leads"
SEARCHES = """\
searches:
  - name: austrians
    kind: people
    lawful_basis: legitimate_interest
    filters:
      person_locations: [Austria]
  - name: swiss
    kind: people
    lawful_basis: consent
    filters:
      person_locations: [Switzerland]
      person_titles: [COO, CEO]
"""


@pytest.fixture(scope="module")
def apollo():
    with apollo_server(people=600) as server:
        yield server


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("outreach")


@pytest.fixture
def campaigns(tmp_path):
    folder = tmp_path / "campaigns"
    folder.mkdir()
    (folder / "searches.yaml").write_text(SEARCHES)
    (folder / "scoring.yaml").write_text((ROOT / "campaigns" / "scoring.yaml").read_text())
    return folder


@pytest.fixture
def outreach(apollo, supabase, store, home, campaigns):
    """Runs the command to its end; answers the finished process, or with `--json` what it printed."""
    apollo.reset()
    environment = {
        "OUTREACH_HOME": str(home),
        "OUTREACH_CAMPAIGNS": str(campaigns),
        "SUPABASE_URL": supabase.url,
        "SUPABASE_KEY": supabase.secret_key,
        "APOLLO_BASE_URL": apollo.base_url,
        "APOLLO_API_KEY": apollo.api_key,
    }
    return outreach_command(home, environment, secrets=(apollo.api_key,))


@pytest.fixture
def applied(store, campaigns):
    """The searches of the files are in the database."""
    return apply_searches(store, [campaigns])


def test_searches_are_applied_and_shown(outreach):
    assert "nothing yet" in outreach("campaigns").stdout
    assert "Leads: nothing yet." in outreach("leads").stdout
    searches, campaigns = outreach("campaigns", "apply", "--json")
    assert searches == {"applied": "searches", "inserted": 2, "updated": 0, "unchanged": 0, "without_file": 0}
    assert campaigns == {"applied": "campaigns", "inserted": 0, "updated": 0, "unchanged": 0, "without_file": 0}
    assert (
        outreach("campaigns", "--json")[0].items()
        >= {
            "search_name": "austrians",
            "is_active": True,
            "people_per_day": 50,
            "source_file": "searches.yaml",
        }.items()
    )
    shown = outreach("campaigns").stdout
    assert all(word in shown for word in ("search", "austrians", "swiss", "people", "a day"))


def test_a_wrong_file_exits_with_1_says_where_and_changes_nothing(outreach, applied, campaigns, store):
    before = store.select("apollo_searches")
    wrong = campaigns / "searches.yaml"
    wrong.write_text(SEARCHES.replace("person_titles", "person_titels").replace("austrians", "others"))
    done = outreach("campaigns", "apply", status=1)
    assert f"{wrong}:12: searches[1].filters.person_titels" in done.stderr
    assert "did you mean person_titles?" in done.stderr
    assert done.stdout == ""
    assert store.select("apollo_searches") == before
    assert "No such file" in outreach("campaigns", "apply", campaigns / "none.yaml", status=1).stderr


def test_people_are_collected_for_nothing_and_bought_within_the_budgets_and_the_numbers_add_up(
    outreach, applied, apollo, store
):
    (first,) = outreach("collect", "--json")
    found = store.count("apollo_people_raw")
    assert found > 20
    assert first.items() >= {"searches_read": 2, "rows_inserted": found, "rows_updated": 0}.items()
    assert first["people_new"] == store.count("apollo_search_people")
    assert first["requests"] == len(apollo.requests())
    narrowed = outreach("collect", "--search", "austrians", "--narrow", '{"person_titles": ["CEO"]}').stdout
    assert "Collected" in narrowed
    assert store.count("apollo_people_raw") == found
    assert apollo.charges() == []

    shown = outreach("enrich", "--search", "swiss", "--credits", "6", "--most", "4").stdout
    assert all(word in shown for word in ("found", "waits", "spent", "a lead", "left", "austrians"))
    assert 0 < apollo.world.credits.consumed <= 6
    rows = {row["search_name"]: row for row in outreach("enrich", "--json")}
    assert set(rows) == {"austrians", "swiss", "all searches"}
    charged = sum(cost for *_, cost in apollo.charges())
    total = rows.pop("all searches")
    assert total["credits_spent"] == total["credits_today"] == charged > 6
    assert total["credits_left"] == 5_000 - charged
    for name in ("people_found", "people_asked", "misses", "companies_asked", "usable_leads", "credits_spent"):
        assert total[name] == sum(row[name] for row in rows.values())
    asked = store.count("apollo_credit_ledger", lambda query: query.eq("subject_kind", "person"))
    assert total["people_asked"] == asked
    assert total["credits_per_usable_lead"] == pytest.approx(charged / total["usable_leads"], abs=0.01)
    assert {row["search_name"]: row for row in outreach("credits", "--json")}["all searches"] == total

    leads = outreach("leads", "--json")
    scores = [lead["score"] for lead in leads]
    assert scores == sorted(scores, reverse=True)
    assert {(lead["search_name"], lead["lawful_basis"]) for lead in leads} <= {
        ("austrians", "legitimate_interest"),
        ("swiss", "consent"),
    }
    best = outreach("leads", "--most", "1").stdout
    assert "score" in best
    assert [lead["email"] in best for lead in leads[:2]] == [True, False]


def test_failed_checks_are_told_and_doubtful_calls_are_given_up_by_a_person_only(outreach, apollo, database):
    doubtful_call(database)
    apollo.change_world(credits_limit=50)
    told = outreach("enrich").stderr
    assert "Check failed: apollo_usage: credits_are_left" in told
    assert "Check failed: apollo_credit_ledger: no_call_is_doubtful" in told
    told = outreach("enrich", "--ask-again").stderr
    assert "1 doubtful calls given up." in told
    assert "no_call_is_doubtful" not in told
    assert database.execute("select state from apollo_calls").fetchall() == [("lost",)]


@pytest.mark.parametrize("arguments", [["--credits", "-1"], ["--kind", "address"], ["--most", "many"]], ids=" ".join)
def test_a_purchase_that_cannot_be_meant_exits_with_2(outreach, apollo, arguments):
    outreach("enrich", *arguments, status=2)
    assert apollo.requests() == []


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--narrow", "{}"], 2, "--narrow belongs to one --search"),
        (["--search", "austrians", "--narrow", "{"], 2, "--narrow is no JSON"),
        (["--search", "austrians", "--narrow", "[]"], 2, "--narrow is an object"),
        (["--search", "austrians", "--narrow", '{"person_title": ["CEO"]}'], 1, "did you mean person_titles?"),
        (["--search", "nobody"], 1, "outreach campaigns"),
    ],
    ids=lambda value: str(value)[:30],
)
@pytest.mark.usefixtures("applied")
def test_a_collection_that_cannot_be_meant_says_why(outreach, apollo, arguments, status, message):
    done = outreach("collect", *arguments, status=status)
    assert message in " ".join(done.stderr.replace("│", " ").split())
    assert apollo.requests() == []


def test_an_implausible_number_of_hits_exits_with_3(outreach, applied, apollo):
    huge = {"kind": "rewrite", "change": {"answer": {"total_entries": 240_000_000}}}
    apollo.order_fault(path="/mixed_people/api_search", times=None, action=huge)
    done = outreach("collect", status=3)
    assert "\nRefused. " in done.stderr
    assert "A filter was probably ignored" in done.stderr


def test_a_dry_run_of_an_import_shows_the_plan_and_stores_nothing(outreach, store):
    (plan,) = outreach("leads", "import", LEAD_FILES / "apollo_export.csv", "--dry-run", "--json")
    assert plan["columns"]["email"] == "Email"
    assert (plan["leads"], sum(plan["rejected"].values())) == (2, 1)
    shown = outreach("leads", "import", LEAD_FILES / "apollo_export.csv", "--dry-run").stdout
    assert "2 leads fit, 1 rows do not. Nothing was stored." in shown
    assert "@" not in shown
    assert store.count("leads") == store.count("rejected_rows") == 0


def test_an_import_stores_its_leads_once_and_says_what_did_not_fit(outreach, store):
    file = LEAD_FILES / "apollo_export.csv"
    without = outreach("leads", "import", file)
    assert "without one nobody of this file can be written to" in without.stderr
    assert "1 rows did not fit; rejected_rows says why." in without.stderr
    with_basis = ("leads", "import", file, "--lawful-basis", "consent", "--json")
    assert outreach(*with_basis) == [{"inserted": 0, "updated": 2, "unchanged": 0, "rejected": 1}]
    assert outreach(*with_basis) == [{"inserted": 0, "updated": 0, "unchanged": 2, "rejected": 1}]
    leads = {lead["email"]: lead for lead in store.select("lead_overview")}
    assert (
        leads["mara.weber@haldenfreight.example"].items()
        >= {
            "status": "new",
            "source": "csv:apollo_export.csv",
            "lawful_basis": "consent",
            "first_name": "Mara",
        }.items()
    )
    assert store.count("rejected_rows") == 1
    # The same person from another list is the same lead.
    outreach("leads", "import", LEAD_FILES / "hubspot_export.csv", "--lawful-basis", "contract")
    assert {lead["lawful_basis"] for lead in store.select("leads")} == {"consent"}
    assert store.count("leads") == 2


def test_an_import_reads_other_encodings_regions_and_columns_that_are_told(outreach, store):
    outreach("leads", "import", LEAD_FILES / "german_cp1252.csv", "--region", "ch", "--lawful-basis", "consent")
    (lead,) = store.select("leads")
    assert (lead["email"], lead["region"]) == ("jörg@xn--mller-spedition-zvb.example", "ch")
    told = ("--column", "first_name=column 1", "--column", "last_name=column 2")
    outreach("leads", "import", LEAD_FILES / "no_heads.csv", *told)
    (mara,) = store.select("leads", lambda query: query.eq("email", "mara.weber@haldenfreight.example"))
    assert (mara["first_name"], mara["last_name"]) == ("Mara", "Weber")


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["none.csv"], 1, "none.csv"),
        (["apollo_export.csv", "--column", "email=Address"], 1, "no such head"),
        (["apollo_export.csv", "--column", "email"], 2, "names no column"),
        (["apollo_export.csv", "--lawful-basis", "hope"], 2, "--lawful-basis"),
        (["apollo_export.csv", "--region", "mars"], 2, "--region"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_an_import_that_cannot_be_meant_says_why_and_stores_nothing(outreach, store, arguments, status, message):
    file, *options = arguments
    done = outreach("leads", "import", LEAD_FILES / file, *options, status=status)
    assert message in done.stderr
    assert store.count("leads") == 0


@pytest.mark.parametrize("arguments", [["credits"], ["leads"], ["collect"], ["campaigns", "apply"]], ids=" ".join)
def test_a_missing_setting_exits_with_1_and_is_named(outreach, arguments):
    assert "SUPABASE_KEY is not set" in outreach(*arguments, status=1, SUPABASE_KEY="").stderr


def test_a_missing_key_of_apollo_exits_with_1_and_is_named(outreach):
    assert "APOLLO_API_KEY is not set" in outreach("collect", status=1, APOLLO_API_KEY="").stderr
