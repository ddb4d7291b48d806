"""`companies` from leads and from everything of Apollo, in a real database."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.rows import dict_row

from modules.outreach.company_table import refresh_companies
from modules.outreach.lead_records import Provenance, lead_record
from modules.outreach.lead_table import merge_leads
from tests.fakes.apollo_purchases import bought

NOTHING = {"inserted": 0, "updated": 0, "unchanged": 0}
OF_FILE = Provenance(source="csv:fair.csv", collected_at=datetime(2026, 11, 1, tzinfo=UTC))
RANKS = {"apollo_enrichment": 4, "apollo_person": 3, "apollo_search": 2, "lead": 1}
HALDEN = {"id": "6" * 24, "name": "Haldenfreight", "primary_domain": "haldenfreight.example"}


class Companies:
    """The table beside the pipeline."""

    def __init__(self, connection, store):
        self.connection = connection
        self.store = store

    def refresh(self):
        counts = refresh_companies(self.store)
        return NOTHING | counts

    def leads(self, *leads):
        merge_leads(self.store, [lead_record(email, provenance=OF_FILE, company_name=name) for email, name in leads])

    def rows(self):
        with self.connection.cursor(row_factory=dict_row) as cursor:
            return {row["domain"]: row for row in cursor.execute("select * from companies").fetchall()}

    def versions(self):
        return self.connection.execute("select domain, ctid::text, xmin::text from companies order by 1").fetchall()


@pytest.fixture
def companies(database, store):
    return Companies(database, store)


def test_without_leads_and_purchases_there_is_no_company(companies):
    assert companies.refresh() == NOTHING
    assert companies.rows() == {}


def test_there_is_one_company_for_each_registrable_domain_and_none_for_free_mail(companies):
    companies.leads(
        ("mara@haldenfreight.example", "Haldenfreight"),
        ("teo@uk.haldenfreight.example", None),
        ("ines@gmail.com", "Quillmere"),
        ("noor@mailinator.com", None),
        ("jörg@müller.example", "Müller"),
    )
    assert companies.refresh() == NOTHING | {"inserted": 2}
    names = {domain: row["company_name"] for domain, row in companies.rows().items()}
    assert names == {"haldenfreight.example": "Haldenfreight", "xn--mller-kva.example": "Müller"}


def test_what_apollo_says_of_a_company_without_a_domain_of_its_own_is_no_company(companies):
    organizations = [
        {"id": "1" * 24, "name": "None"},
        {"id": "2" * 24, "name": "Free", "primary_domain": "gmail.com"},
        {"id": "3" * 24, "name": "No domain", "primary_domain": "not a domain"},
        {"id": "no id", "primary_domain": "spurious.example"},
        "no object",
        None,
        {"id": "4" * 24, "name": "By its site", "website_url": "http://www.larkfield.example/start"},
    ]
    bought(companies.store, {"a/1": {"organizations": organizations, "pages": 1}}, subject_kind="page")
    bought(companies.store, {"7" * 24: {"id": "7" * 24, "organization": "none"}, "8" * 24: {"id": "8" * 24}})
    assert companies.refresh() == NOTHING | {"inserted": 1}
    assert companies.rows()["larkfield.example"]["company_name"] == "By its site"


def test_each_kind_of_purchase_is_a_source_and_enrichment_says_most(companies):
    companies.leads(("mara@haldenfreight.example", "Haldenfreight (lead)"))
    bought(companies.store, {"7" * 24: {"id": "7" * 24, "organization": HALDEN | {"industry": "by a person"}}})
    page = {"organizations": [HALDEN | {"name": "by a page", "founded_year": 1987}], "pages": 1}
    bought(companies.store, {"a/1": page}, subject_kind="page")
    enriched = HALDEN | {
        "name": "Haldenfreight GmbH",
        "estimated_num_employees": 120,
        "annual_revenue": 14_000_000.0,
        "organization_headcount_twelve_month_growth": 4.5,
        "technology_names": ["HubSpot"],
        "country": "Germany",
        "city": "Berlin",
        "linkedin_url": "http://www.linkedin.com/company/haldenfreight",
    }
    bought(companies.store, {"haldenfreight.example": enriched}, subject_kind="organization")
    companies.refresh()
    (row,) = companies.rows().values()
    assert (
        row.items()
        >= {
            "company_name": "Haldenfreight GmbH",
            "industry": "by a person",
            "founded_year": 1987,
            "employees_count": 120,
            "annual_revenue": 14_000_000,
            "technologies": ["HubSpot"],
            "country": "Germany",
            "city": "Berlin",
            "apollo_organization_id": "6" * 24,
            "source": "apollo_enrichment",
        }.items()
    )
    assert float(row["headcount_growth_twelve_months"]) == 4.5


facts = st.fixed_dictionaries(
    {},
    optional={
        "company_name": st.none() | st.sampled_from(["Ada", "Bo"]),
        "industry": st.none() | st.sampled_from(["freight", "software"]),
        "employees_count": st.none() | st.integers(0, 9),
        "annual_revenue": st.none() | st.integers(0, 9),
        "technologies": st.none() | st.lists(st.sampled_from(["SAP", "Slack"]), max_size=2),
    },
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    said=st.dictionaries(st.sampled_from(list(RANKS)), facts, min_size=1),
    random=st.randoms(use_true_random=False),
    together=st.booleans(),
)
def test_the_richest_source_that_knows_a_value_wins_whatever_the_order(companies, said, random, together):
    domain = f"{uuid.uuid4()}.example"
    rows = [{"domain": domain, "source": name, "source_rank": RANKS[name], **each} for name, each in said.items()]
    random.shuffle(rows)
    for batch in [rows] if together else [[row] for row in rows]:
        companies.store.call("merge_companies", {"rows": batch})
    row = companies.rows()[domain]
    for name in ("company_name", "industry", "employees_count", "annual_revenue", "technologies"):
        known = [(RANKS[source], each[name]) for source, each in said.items() if each.get(name) is not None]
        assert row[name] == (max(known, key=lambda each: each[0])[1] if known else None)
    assert row["source"] == max(said, key=RANKS.__getitem__)
    before = companies.versions()
    companies.store.call("merge_companies", {"rows": rows})
    assert companies.versions() == before


def test_of_equally_rich_sources_the_newer_one_wins(companies):
    for employees in (120, 140):
        bought(
            companies.store,
            {"haldenfreight.example": HALDEN | {"estimated_num_employees": employees}},
            subject_kind="organization",
        )
    companies.refresh()
    assert companies.rows()["haldenfreight.example"]["employees_count"] == 140


def test_two_brands_that_share_the_domain_of_their_group_are_one_company(companies):
    brands = [HALDEN | {"industry": "freight"}, HALDEN | {"id": "7" * 24, "name": "Halden Cold Chain"}]
    bought(companies.store, {"a/1": {"organizations": brands, "pages": 1}}, subject_kind="page")
    assert companies.refresh() == NOTHING | {"inserted": 1}
    assert (
        companies.rows()["haldenfreight.example"].items()
        >= {
            "company_name": "Halden Cold Chain",
            "industry": "freight",
        }.items()
    )


def test_a_company_that_calls_another_domain_its_first_one_is_kept_under_the_one_that_was_asked_about(companies):
    companies.leads(("mara@haldenfreight.example", None))
    elsewhere = HALDEN | {"primary_domain": "halden-group.example", "estimated_num_employees": 120}
    bought(companies.store, {"haldenfreight.example": elsewhere}, subject_kind="organization")
    companies.refresh()
    assert {domain: row["employees_count"] for domain, row in companies.rows().items()} == {
        "haldenfreight.example": 120
    }


def test_an_unchanged_run_writes_no_row_and_a_later_one_looks_only_at_what_is_new(companies):
    companies.leads(("mara@haldenfreight.example", "Haldenfreight"), ("teo@larkfield.example", "Larkfield"))
    bought(companies.store, {"haldenfreight.example": HALDEN}, subject_kind="organization")
    companies.refresh()
    before = companies.versions()
    assert companies.refresh() == NOTHING | {"unchanged": 3}
    assert companies.versions() == before
    companies.connection.execute("update leads set updated_at = now() - interval '2 hours'")
    companies.connection.execute("update apollo_credit_ledger set settled_at = now() - interval '2 hours'")
    companies.connection.execute("update sync_runs set started_at = started_at - interval '1 hour'")
    companies.leads(("noor@fernwood.example", "Fernwood"))
    assert companies.refresh() == NOTHING | {"inserted": 1}


def test_a_company_that_apollo_does_not_know_is_no_purchase_to_read(companies):
    companies.leads(("mara@haldenfreight.example", "Haldenfreight"))
    bought(companies.store, {"haldenfreight.example": None}, subject_kind="organization")
    assert companies.refresh() == NOTHING | {"inserted": 1}
    assert companies.rows()["haldenfreight.example"]["source"] == "lead"


def test_thousands_of_companies_are_merged(companies):
    companies.leads(*((f"lead{number}@firm{number % 1_200}.example", "Firm") for number in range(2_400)))
    assert companies.refresh() == NOTHING | {"inserted": 1_200}
