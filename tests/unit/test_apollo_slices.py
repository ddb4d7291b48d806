from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from modules.apollo.apollo_filter_fields import SENIORITIES, employees
from modules.apollo.apollo_filters import CompanyFilters, PeopleFilters
from modules.apollo.apollo_slices import (
    LONGEST_QUERY,
    MOST_HITS,
    Cut,
    cut,
    groups,
    parts_that_fit,
    ranges,
    refuse_ignored_filter,
)
from modules.shared.errors import ContractError, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

PLACES = ("Austria", "Denmark", "Germany", "Norway")


def people(**filters: Any) -> PeopleFilters:
    return PeopleFilters.model_validate(filters)


def made(filters: PeopleFilters, total: int = 180_000) -> Cut:
    found = cut(filters, total)
    assert found is not None
    return found


def finds(filters: PeopleFilters, person: Mapping[str, Any]) -> bool:
    """What Apollo's documents say of the filters that slices are made of; an unknown fact fits none."""
    size, revenue = person["employees"], person["revenue"]
    asked = filters.revenue_range
    return all(
        (
            not filters.organization_num_employees_ranges
            or any(
                size is not None and low <= size <= high
                for low, high in map(employees, filters.organization_num_employees_ranges)
            ),
            not filters.person_seniorities or person["seniority"] in filters.person_seniorities,
            not filters.person_locations or person["place"] in filters.person_locations,
            not filters.person_titles or not person["titles"].isdisjoint(filters.person_titles),
            not asked or (revenue is not None and (asked.min or 0) <= revenue <= (asked.max or 10**15)),
        )
    )


persons = st.fixed_dictionaries(
    {
        "employees": st.integers(1, 3_000_000),
        "revenue": st.integers(0, 10**12),
        "seniority": st.sampled_from(SENIORITIES),
        "place": st.sampled_from(PLACES),
        "titles": st.sets(st.sampled_from(["COO", "Head of Operations", "Leiter Disposition"])),
    }
)
searches = st.fixed_dictionaries(
    {"q_keywords": st.just("cold chain")},
    optional={
        "person_seniorities": st.lists(st.sampled_from(SENIORITIES), min_size=1, unique=True),
        "person_locations": st.lists(st.sampled_from(PLACES), min_size=1, unique=True),
        "person_titles": st.lists(st.sampled_from(["COO", "Head of Operations"]), min_size=1, unique=True),
        "organization_num_employees_ranges": st.sampled_from(
            [["1,10"], ["7,7"], ["1,10", "51,200"], ["11,5000"], ["1,10000000"]]
        ),
        "revenue_range": st.sampled_from([{"min": 0}, {"max": 10**6}, {"min": 5, "max": 5}, {"min": 10**10}]),
    },
).map(PeopleFilters.model_validate)


@settings(max_examples=200)
@given(searches, persons, st.integers(MOST_HITS + 1, 10_000_000))
def test_whoever_a_search_finds_is_in_one_slice_and_nobody_else_is_in_any(search, person, total):
    found = cut(search, total)
    assume(found is not None)
    holding = sum(finds(part, person) for part in found.slices)
    expected = int(finds(search, person))
    assert holding == expected or (found.overlaps and holding >= expected == 1)


@settings(max_examples=100)
@given(searches, st.integers(MOST_HITS + 1, 10_000_000), st.data())
def test_cutting_slices_of_slices_comes_to_an_end(search, total, data):
    depth = 0
    while (found := cut(search, total)) is not None:
        assert search not in found.slices
        assert len(set(found.slices)) == len(found.slices) >= 2
        assert all(PeopleFilters.model_validate(part.as_json()) == part for part in found.slices)
        search = data.draw(st.sampled_from(found.slices))
        depth += 1
    assert depth < 60


@given(st.integers(0, 10**12), st.integers(0, 10**12), st.integers(2, 50))
def test_ranges_follow_one_another_without_a_gap(one, other, number):
    low, high = sorted((one, other))
    parts = ranges(low, high, number)
    assert (parts[0][0], parts[-1][1]) == (low, high)
    assert all(end + 1 == start for (_, end), (start, _) in itertools.pairwise(parts))
    assert all(start <= end for start, end in parts)
    assert len(parts) <= number
    assert len(parts) > 1 or low == high


@given(st.lists(st.integers()), st.integers(1, 20))
def test_groups_hold_everything_once_in_order_and_are_nearly_equal(items, number):
    parts = groups(items, number)
    assert [item for part in parts for item in part] == items
    assert len(parts) == min(number, len(items))
    assert not parts or max(map(len, parts)) - min(map(len, parts)) <= 1


def test_a_list_that_parts_people_is_cut_before_anybody_is_lost():
    found = made(people(person_titles=["COO"], person_locations=PLACES))
    assert (found.by, found.loses, len(found.slices)) == ("person_locations", None, 4)


def test_the_list_with_enough_values_is_cut_rather_than_the_first():
    search = people(person_seniorities=["vp", "head"], person_locations=[f"Town {number}" for number in range(30)])
    found = made(search)
    assert (found.by, len(found.slices)) == ("person_locations", 8)


def test_given_sizes_are_cut_further_without_losing_anybody():
    found = made(people(organization_num_employees_ranges=["11,1000"]))
    assert [part.organization_num_employees_ranges for part in found.slices] == [
        ("11,20",),
        ("21,50",),
        ("51,100",),
        ("101,200",),
        ("201,500",),
        ("501,1000",),
    ]
    assert found.loses is None


def test_without_a_list_sizes_are_cut_first_and_who_is_lost_is_said():
    found = made(people(q_keywords="cold chain"))
    assert (found.by, found.loses) == ("organization_num_employees_ranges", "people whose employer's size is unknown")


def test_after_sizes_come_seniorities_then_revenues_then_lists_that_overlap():
    search = people(person_titles=["COO", "CFO"], organization_num_employees_ranges=["1,1"])
    assert made(search).by == "person_seniorities"
    search = search.model_copy(update={"person_seniorities": ("vp",)})
    assert made(search).by == "revenue_range"
    search = people(**search.as_json() | {"revenue_range": {"min": 5, "max": 5}})
    found = made(search)
    assert (found.by, found.overlaps, found.loses) == ("person_titles", True, None)
    assert cut(found.slices[0], 180_000) is None


def test_few_slices_are_made_for_few_people_and_many_for_many():
    search = people(person_locations=[f"Town {number}" for number in range(400)])
    assert [len(made(search, total).slices) for total in (50_001, 180_000, 5_000_000)] == [4, 8, 200]


def test_an_open_end_of_revenue_stays_open():
    found = made(people(organization_num_employees_ranges=["1,1"], revenue_range={"min": 10**9}))
    bounds = [(part.revenue_range.min, part.revenue_range.max) for part in found.slices if part.revenue_range]
    assert bounds == [(10**9, 10**10 - 1), (10**10, None)]


def test_a_slice_as_large_as_the_whole_says_that_the_filter_was_ignored():
    by_size = made(people(q_keywords="cold chain"))
    with pytest.raises(ContractError, match="organization_num_employees_ranges"):
        refuse_ignored_filter(by_size, 180_000, [180_000] * len(by_size.slices))
    with pytest.raises(ContractError):
        refuse_ignored_filter(by_size, 180_000, [200_000, 90_000, 0])


@pytest.mark.parametrize("totals", [[180_000, 0, 0], [0, 0, 0], [180_010, 12, 3], [90_000, 80_000, 9_999]])
def test_one_slice_that_holds_everybody_is_no_sign_of_that(totals):
    refuse_ignored_filter(made(people(q_keywords="cold chain")), 180_000, totals)


def test_a_place_within_another_is_no_sign_either_but_equal_places_are():
    by_place = made(people(person_locations=["Germany", "Berlin"], q_keywords="cold chain"))
    refuse_ignored_filter(by_place, 180_000, [20_000, 180_000])
    with pytest.raises(ContractError, match="person_locations"):
        refuse_ignored_filter(by_place, 180_000, [180_000, 180_000])


@settings(max_examples=30)
@given(
    st.lists(st.from_regex(r"[a-z]{1,30}\.example", fullmatch=True), min_size=1, max_size=300, unique=True),
    st.lists(st.text("abcäß-", min_size=20, max_size=60), max_size=60, unique=True),
)
def test_parts_fit_into_a_request_and_are_together_the_search(domains, titles):
    filters = {"q_organization_domains_list": domains} | ({"person_titles": titles} if titles else {})
    search = people(**filters)
    parts = parts_that_fit(search)
    assert all(part.query_length <= LONGEST_QUERY for part in parts)
    pairs = [
        (domain, title)
        for part in parts
        for domain in part.q_organization_domains_list or ()
        for title in part.person_titles or (None,)
    ]
    assert len(pairs) == len(set(pairs)) == len(domains) * max(1, len(titles))


def test_a_thousand_domains_make_as_few_parts_as_fit():
    domains = [f"firm-number-{number:04}.example" for number in range(1_000)]
    search = CompanyFilters.model_validate({"q_organization_domains_list": domains})
    assert len(parts_that_fit(search)) == -(-search.query_length // LONGEST_QUERY)


def test_a_search_that_fits_stays_whole():
    search = people(person_titles=["COO"])
    assert parts_that_fit(search) == [search]


def test_a_search_too_long_that_cannot_be_parted_is_refused_with_what_to_do():
    search = people(person_titles=["COO"], q_keywords="cold chain " * 600)
    with pytest.raises(Refused, match="Shorten"):
        parts_that_fit(search)
