from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from modules.apollo.apollo_filter_fields import SENIORITIES, employees
from modules.apollo.apollo_filters import CompanyFilters, PeopleFilters
from modules.shared.file_problems import problems, written
from tests.contract.vendor_documents import assert_request_conforms

ID = "5f7d21aa9c3e4b0001c2a911"
OF_BOTH: dict[str, Any] = {
    "q_organization_domains_list": ["haldenfreight.example", "brightquay.example"],
    "organization_ids": [ID],
    "organization_locations": ["Germany", "Sweden"],
    "organization_num_employees_ranges": ["51,200", "11,50"],
    "revenue_range": {"min": 1_000_000, "max": 5_000_000},
    "currently_using_any_of_technology_uids": ["Google Analytics", "wordpress.org"],
    "q_organization_job_titles": ["dispatcher"],
    "organization_job_locations": ["Oslo"],
    "organization_num_jobs_range": {"min": 1},
    "organization_job_posted_at_range": {"min": "2026-07-25", "max": "2026-09-25"},
}
EVERY_PEOPLE_FILTER = OF_BOTH | {
    "person_titles": ["COO", "Head of Operations"],
    "include_similar_titles": False,
    "person_seniorities": ["vp", "head"],
    "person_locations": ["Austria"],
    "q_keywords": "cold chain",
    "contact_email_status": ["verified", "likely to engage"],
    "currently_using_all_of_technology_uids": ["salesforce"],
    "currently_not_using_any_of_technology_uids": ["sap"],
}
EVERY_COMPANY_FILTER = OF_BOTH | {
    "q_organization_name": "freight",
    "q_organization_keyword_tags": ["logistics"],
    "organization_not_locations": ["Ireland"],
    "latest_funding_amount_range": {"max": 9},
    "latest_funding_date_range": {"min": "2026-01-01"},
    "total_funding_range": {"min": 0, "max": 0},
}


def people(**filters: Any) -> PeopleFilters:
    return PeopleFilters.model_validate(filters)


def complaints(model: type[PeopleFilters | CompanyFilters], filters: Any) -> dict[str, str]:
    """Place and message of everything that is wrong."""
    with pytest.raises(ValidationError) as caught:
        model.model_validate(filters)
    return {written(path): message for path, message in problems(caught.value)}


def said(**filters: Any) -> str:
    ((place, message),) = complaints(PeopleFilters, filters).items()
    return f"{place}: {message}"


@pytest.mark.parametrize(
    ("model", "filters", "path"),
    [
        (PeopleFilters, EVERY_PEOPLE_FILTER, "/api/v1/mixed_people/api_search"),
        (CompanyFilters, EVERY_COMPANY_FILTER, "/api/v1/mixed_companies/search"),
    ],
)
def test_every_filter_is_sent_as_apollos_document_names_it(model, filters, path):
    assert set(filters) == set(model.model_fields)
    query = model.model_validate(filters).query()
    assert_request_conforms("apollo", "POST", path, query, None)


def test_a_query_brackets_lists_and_ranges_and_nothing_else():
    assert people(**EVERY_PEOPLE_FILTER).query() == {
        "q_organization_domains_list[]": ["brightquay.example", "haldenfreight.example"],
        "organization_ids[]": [ID],
        "organization_locations[]": ["Germany", "Sweden"],
        "organization_num_employees_ranges[]": ["11,50", "51,200"],
        "revenue_range[min]": 1_000_000,
        "revenue_range[max]": 5_000_000,
        "currently_using_any_of_technology_uids[]": ["google_analytics", "wordpress_org"],
        "q_organization_job_titles[]": ["dispatcher"],
        "organization_job_locations[]": ["Oslo"],
        "organization_num_jobs_range[min]": 1,
        "organization_job_posted_at_range[min]": "2026-07-25",
        "organization_job_posted_at_range[max]": "2026-09-25",
        "person_titles[]": ["COO", "Head of Operations"],
        "include_similar_titles": False,
        "person_seniorities[]": ["head", "vp"],
        "person_locations[]": ["Austria"],
        "q_keywords": "cold chain",
        "contact_email_status[]": ["likely to engage", "verified"],
        "currently_using_all_of_technology_uids[]": ["salesforce"],
        "currently_not_using_any_of_technology_uids[]": ["sap"],
    }


texts = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=6)
ranges = st.tuples(st.integers(0, 99), st.integers(0, 99)).map(lambda pair: {"min": min(pair), "max": max(pair)})
some_filters = st.fixed_dictionaries(
    {"person_seniorities": st.lists(st.sampled_from(SENIORITIES), min_size=1, unique=True)},
    optional={
        "person_titles": st.lists(texts, min_size=1, max_size=4, unique_by=str.casefold),
        "q_keywords": texts,
        "revenue_range": ranges,
        "organization_job_posted_at_range": st.fixed_dictionaries({"min": st.dates(date(2000, 1, 1)).map(str)}),
        "organization_num_employees_ranges": st.just(["1,10", "501,1000", "11,20"]),
    },
)


@settings(max_examples=60)
@given(some_filters, st.randoms())
def test_a_search_stored_as_json_and_read_back_is_equal_in_any_order(given_filters, shuffle):
    search = people(**given_filters)
    assert PeopleFilters.model_validate(json.loads(json.dumps(search.as_json()))) == search
    names = list(given_filters)
    shuffle.shuffle(names)
    for values in given_filters.values():
        if isinstance(values, list):
            shuffle.shuffle(values)
    other = people(**{name: given_filters[name] for name in names})
    assert (other, other.filters_digest, list(other.query())) == (search, search.filters_digest, list(search.query()))


def test_a_digest_tells_searches_apart_and_people_from_companies():
    digests = {
        people(person_titles=["COO"]).filters_digest,
        people(person_titles=["CTO"]).filters_digest,
        people(person_locations=["COO"]).filters_digest,
        people(organization_locations=["Oslo"]).filters_digest,
        CompanyFilters(organization_locations=("Oslo",)).filters_digest,
    }
    assert len(digests) == 5
    assert {len(digest) for digest in digests} == {32}


def test_a_misspelled_filter_is_an_error_that_names_the_one_that_was_meant():
    assert said(person_title=["COO"]) == "person_title: person_title is unknown, did you mean person_titles?"
    assert "did you mean person_titles?" in said(**{"person_titles[]": ["COO"]})
    assert "did you mean min?" in said(revenue_range={"mn": 1})


def test_several_unknown_filters_are_all_told_of():
    told = said(person_title=["COO"], q_keyword="x", zzzz=1)
    assert all(name in told for name in ("person_titles?", "q_keywords?", "zzzz is unknown, known: "))


@pytest.mark.parametrize(
    "name",
    ["person_departments", "q_organization_keyword_tags", "organization_industry_tag_ids", "total_funding_range"],
)
def test_a_filter_that_the_documents_do_not_know_is_an_error_with_that_reason(name):
    assert "documents do not know it" in said(person_titles=["COO"], **{name: ["x"]})


def test_pages_are_no_filter():
    assert "while reading" in said(person_titles=["COO"], page=2)


@pytest.mark.parametrize(
    "filters",
    [
        {},
        {"contact_email_status": ["verified"]},
        {"currently_not_using_any_of_technology_uids": ["sap"]},
        {"person_titles": None},
    ],
)
def test_a_search_that_nothing_narrows_is_an_error(filters):
    assert "whole database" in said(**filters)


def test_a_company_search_that_only_leaves_places_out_is_an_error():
    assert "whole database" in str(complaints(CompanyFilters, {"organization_not_locations": ["Ireland"]}))


def test_similar_titles_without_titles_are_an_error():
    assert "person_titles" in said(include_similar_titles=True, person_locations=["Oslo"])


@pytest.mark.parametrize(
    ("filters", "place", "message"),
    [
        ({"person_titles": []}, "person_titles", "empty list"),
        ({"person_titles": [" "]}, "person_titles[0]", "a text is wanted"),
        ({"person_titles": ["a\x00"]}, "person_titles[0]", "control characters"),
        ({"person_titles": ["COO", " coo"]}, "person_titles", "coo is listed twice"),
        ({"person_titles": "COO"}, "person_titles", "a list is wanted"),
        ({"person_titles": [12]}, "person_titles[0]", "in quotes"),
        ({"person_seniorities": ["boss"]}, "person_seniorities[0]", "'c_suite'"),
        ({"contact_email_status": ["likely_to_engage"]}, "contact_email_status[0]", "'likely to engage'"),
        ({"organization_ids": ["5F7D"]}, "organization_ids[0]", "pattern"),
        ({"organization_num_employees_ranges": ["50,11"]}, "organization_num_employees_ranges[0]", "as in 11,50"),
        ({"organization_num_employees_ranges": ["11-50"]}, "organization_num_employees_ranges[0]", "as in 11,50"),
        ({"organization_num_employees_ranges": ["11"]}, "organization_num_employees_ranges[0]", "as in 11,50"),
        ({"organization_num_employees_ranges": ["1,10", "10,50"]}, "organization_num_employees_ranges", "overlap"),
        ({"revenue_range": {"min": "5"}}, "revenue_range.min", "integer"),
        ({"revenue_range": {"min": 5.0}}, "revenue_range.min", "integer"),
        ({"revenue_range": {"min": True}}, "revenue_range.min", "integer"),
        ({"revenue_range": {"max": -1}}, "revenue_range.max", "greater than or equal to 0"),
        ({"revenue_range": {"min": 6, "max": 5}}, "revenue_range", "min is larger"),
        ({"revenue_range": {}}, "revenue_range", "min, max or both"),
        ({"organization_job_posted_at_range": {"min": "2026-02-30"}}, "organization_job_posted_at_range.min", "date"),
        ({"organization_job_posted_at_range": {"min": 20260101}}, "organization_job_posted_at_range.min", "date"),
        ({"person_titles": ["COO"], "include_similar_titles": "no"}, "include_similar_titles", "boolean"),
    ],
)
def test_a_filter_that_does_not_fit_is_named_with_its_place(filters, place, message):
    found = complaints(PeopleFilters, filters)
    assert list(found) == [place]
    assert message in found[place]


@pytest.mark.parametrize(
    "domain",
    [
        "http://x.example",
        "www.x.example",
        "@x.example",
        "mara@x.example",
        "x",
        "x.example/a",
        "-x.example",
        "x..example",
    ],
)
def test_a_domain_that_is_not_bare_is_an_error_that_says_how_to_write_it(domain):
    assert "haldenfreight.example" in said(q_organization_domains_list=[domain])


def test_a_domain_is_lower_case_and_may_have_umlauts():
    search = people(q_organization_domains_list=["Haldenfreight.EXAMPLE", "müller-spedition.example"])
    assert search.q_organization_domains_list == ("haldenfreight.example", "müller-spedition.example")


def test_a_thousand_domains_are_the_most():
    domains = [f"firm{number}.example" for number in range(1_001)]
    assert len(people(q_organization_domains_list=domains[:1_000]).q_organization_domains_list or ()) == 1_000
    assert "1000" in said(q_organization_domains_list=domains)


def test_what_is_no_object_is_no_search():
    for wrong in (None, 5, "COO", ["COO"]):
        assert "dictionary" in str(complaints(PeopleFilters, wrong))


def test_a_search_cannot_be_changed_and_can_be_a_key():
    search = people(person_titles=["COO"])
    with pytest.raises(ValidationError):
        search.person_titles = ("CTO",)
    assert {search: 1}[people(person_titles=["COO"])] == 1


def test_a_range_of_employees_is_read_as_numbers():
    assert (employees("11,50"), employees("7, 7")) == ((11, 50), (7, 7))
