from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modules.apollo.apollo_rows import ORGANIZATIONS, PEOPLE, transform_organizations, transform_people
from modules.shared.raw_table import RejectedRow

PERSON_ID = "66f1c0de5a2b7e0001a4d3f1"
COMPANY_ID = "5f7d21aa9c3e4b0001c2a911"
SECRET_VALUE = "mara.okonedo@haldenfreight.example"
NAMES = (
    "id", "organization_id", "first_name", "title", "organization", "has_email", "has_direct_phone", "country", "name",
    "last_refreshed_at", "primary_domain", "industry", "estimated_num_employees", "annual_revenue", "founded_year",
    "technology_names", "organization_headcount_twelve_month_growth", "raw_json",
)  # fmt: skip

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=6)
    | st.sampled_from([PERSON_ID, "", "Yes", "Maybe: ask", "2026-09-02T06:11:43.120+00:00", SECRET_VALUE]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["name", "id"]), inner, max_size=2),
    max_leaves=4,
)
payloads = st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES, values)) | values


def only(rows: Any) -> Any:
    (row,) = rows
    return row


def person(**fields: Any) -> Any:
    return only(transform_people([{"id": PERSON_ID, **fields}]))


def company(**fields: Any) -> Any:
    return only(transform_organizations([{"id": COMPANY_ID, **fields}]))


@settings(max_examples=150)
@given(st.lists(payloads, max_size=3))
def test_every_payload_gives_one_row_or_one_rejection(given_payloads):
    for table, transform in ((PEOPLE, transform_people), (ORGANIZATIONS, transform_organizations)):
        rows = list(transform(given_payloads))
        assert len(rows) == len(given_payloads)
        for payload, row in zip(given_payloads, rows, strict=True):
            if isinstance(row, RejectedRow):
                assert row.payload is payload
                assert row.reason
                assert SECRET_VALUE not in row.reason
            else:
                assert isinstance(row, table.row)
                assert row.raw_json == payload
                columns = row.model_dump(exclude={"raw_json"})
                assert b"\\u0000" not in orjson.dumps(columns)


def test_a_person_is_read_as_a_search_shows_them():
    payload = {
        "id": PERSON_ID,
        "first_name": "Ines",
        "last_name_obfuscated": "Ca***y",
        "title": "Head of Data",
        "last_refreshed_at": "2026-09-02T06:11:43.120+00:00",
        "has_email": True,
        "has_direct_phone": "Yes",
        "organization": {"name": "Larkfield Analytics", "has_industry": True},
    }
    row = only(transform_people([payload]))
    assert row.model_dump() == {
        "apollo_person_id": PERSON_ID,
        "first_name": "Ines",
        "job_title": "Head of Data",
        "organization_name": "Larkfield Analytics",
        "has_email": True,
        "has_direct_phone": True,
        "last_refreshed_at": datetime(2026, 9, 2, 6, 11, 43, 120_000, UTC),
        "raw_json": payload,
    }


@pytest.mark.parametrize("organization", [None, {}, {"name": None}, {"name": ""}])
def test_a_person_without_an_employer_is_a_row_all_the_same(organization):
    assert person(organization=organization).organization_name is None
    assert person().organization_name is None


@pytest.mark.parametrize(
    ("told", "known"),
    [("Yes", True), ("Maybe: ask for it", None), ("No", False), ("", None), (None, None), (True, True)],
)
def test_a_phone_is_known_when_apollo_says_yes_and_open_when_it_says_maybe(told, known):
    assert person(has_direct_phone=told).has_direct_phone is known


@pytest.mark.parametrize("wrong", [5, None, "", "66f1", PERSON_ID.upper(), f"{PERSON_ID}0", [PERSON_ID]])
def test_an_id_that_is_none_costs_the_row_and_gives_no_key(wrong):
    row = person(id=wrong)
    assert isinstance(row, RejectedRow)
    assert (row.key, row.reason.split(":")[0]) == (None, "id")


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("has_email", "yes"),
        ("has_email", 1),
        ("has_direct_phone", 1),
        ("last_refreshed_at", 1_756_800_000),
        ("last_refreshed_at", "1756800000"),
        ("title", 5),
    ],
)
def test_a_field_that_could_only_be_guessed_at_costs_the_row_and_keeps_its_key(field, wrong):
    row = person(**{field: wrong})
    assert isinstance(row, RejectedRow)
    assert (row.key, row.reason.split(":")[0]) == ((PERSON_ID,), field)


def test_nul_is_taken_out_of_texts_and_stays_in_the_payload():
    row = person(title="Head\x00 of Data", organization={"name": "\x00"})
    assert (row.job_title, row.organization_name, row.raw_json["title"]) == ("Head of Data", None, "Head\x00 of Data")
    assert company(technology_names=["Sales\x00force"]).technologies == ["Salesforce"]


def test_an_enriched_company_is_read_whole():
    row = company(
        name="Larkfield Analytics",
        primary_domain="larkfield.example",
        industry="information technology & services",
        estimated_num_employees=120,
        annual_revenue=14_000_000.0,
        organization_headcount_twelve_month_growth=0.125,
        founded_year=2017,
        country="United Kingdom",
        city="Leeds",
        technology_names=["Salesforce"],
    )
    assert row.model_dump(exclude={"raw_json"}) == {
        "apollo_organization_id": COMPANY_ID,
        "organization_name": "Larkfield Analytics",
        "primary_domain": "larkfield.example",
        "industry": "information technology & services",
        "employees_count": 120,
        "annual_revenue": 14_000_000,
        "headcount_growth_twelve_months": 0.125,
        "founded_year": 2017,
        "country": "United Kingdom",
        "city": "Leeds",
        "technologies": ["Salesforce"],
    }


def test_a_sparse_company_is_a_row_with_nothing_made_up():
    facts = company(name="Larkfield Analytics").model_dump(
        exclude={"raw_json", "apollo_organization_id", "organization_name"}
    )
    assert set(facts.values()) == {None}


def test_a_company_that_the_team_saved_is_the_company_and_not_the_account():
    account = {"id": "6720ab1c9d8e7f0001acc001", "organization_id": COMPANY_ID, "domain": "larkfield.example"}
    row = only(transform_organizations([account]))
    assert (row.apollo_organization_id, row.primary_domain) == (COMPANY_ID, "larkfield.example")
    unknown = only(transform_organizations([{**account, "organization_id": None}]))
    assert (type(unknown), unknown.key) == (RejectedRow, None)


@pytest.mark.parametrize(
    ("given_revenue", "revenue"), [(14_000_000, 14_000_000), (0, 0), (14_000_000.6, 14_000_001), (None, None)]
)
def test_revenue_is_whole_dollars(given_revenue, revenue):
    read = company(annual_revenue=given_revenue).annual_revenue
    assert (read, type(read)) == (revenue, type(revenue))


@pytest.mark.parametrize("wrong", [True, "much", float("inf"), float("nan"), 1e300, 10**30, [1]])
def test_revenue_that_no_column_can_hold_costs_the_row(wrong):
    assert company(annual_revenue=wrong).reason.startswith("annual_revenue")
