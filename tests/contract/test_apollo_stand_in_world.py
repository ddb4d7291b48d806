"""The free search, and the laws of the sample database: repeatable, consistent, and quick at any size."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.apollo.data.arrays import mix_each
from sandbox.apollo.data.fates import BY_STATUS_FILTER
from sandbox.apollo.data.tables import INDUSTRIES, PLACES, TECHNOLOGIES, TITLES
from sandbox.apollo.world import World, WorldSettings
from sandbox.vendor.people import person
from sandbox.vendor.repeatable import mix
from tests.fakes.apollo_server import TODAY, ApolloServer, apollo_server

if TYPE_CHECKING:
    from collections.abc import Iterator

SEARCH = "/mixed_people/api_search"
WORLD = World(WorldSettings(people=700, today=TODAY))


@pytest.fixture(scope="module")
def running() -> Iterator[ApolloServer]:
    with apollo_server(people=700) as server:
        yield server


@pytest.fixture
def server(running: ApolloServer) -> ApolloServer:
    running.reset()
    return running


def found(**filters: Any) -> set[int]:
    return set(WORLD.database.search.people_numbers(filters).tolist())


@given(st.integers(0, 2**31), st.integers(0, 2**31), st.integers(0, 2**63))
def test_a_column_of_mixed_numbers_is_what_mixing_each_gives(seed, salt, number):
    assert mix_each(np.array([number], dtype=np.uint64), seed, salt)[0] == mix(seed, salt, number)


FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "person_seniorities": st.lists(st.sampled_from([each.seniority or "none" for each in TITLES]), max_size=3),
        "person_titles": st.lists(st.sampled_from(["sales", "head of", "Manager", "manager SALES", "ceo"]), max_size=2),
        "include_similar_titles": st.booleans(),
        "person_locations": st.lists(st.sampled_from(["germany", "Munich, Germany", "England", "Oslo"]), max_size=2),
        "organization_locations": st.lists(st.sampled_from(["Austria", "united states", "Berlin"]), max_size=2),
        "organization_num_employees_ranges": st.lists(st.sampled_from(["1,10", "11,50", "51,100000"]), max_size=2),
        "revenue_range": st.dictionaries(st.sampled_from(["min", "max"]), st.sampled_from([500_000, 5_000_000])),
        "contact_email_status": st.lists(st.sampled_from([*BY_STATUS_FILTER, "other"]), max_size=2),
        "currently_using_any_of_technology_uids": st.lists(st.sampled_from(["sap", "slack", "abacus"]), max_size=2),
        "currently_using_all_of_technology_uids": st.lists(st.sampled_from(["sap", "slack", "abacus"]), max_size=2),
        "currently_not_using_any_of_technology_uids": st.lists(st.sampled_from(["sap", "slack"]), max_size=2),
        "q_keywords": st.sampled_from(["", "sales", "logistics head", "Fjord", "manager textiles"]),
    },
)


def fits(number: int, filters: dict[str, Any]) -> bool:
    """The same filters, said person by person."""
    people, companies = WORLD.database.people, WORLD.database.companies
    company, title, lives = people.somebody(number).company, people.title(number), people.place(number)
    uses = set() if company is None else {each.uid for each in companies.technologies(company)}
    size = (company is not None and companies.employees(company)) or 0
    revenue = (company is not None and companies.revenue(company)) or 0
    seat = PLACES[0] if company is None else companies.place(company)

    def lies_in(place: Any, wanted: list[str]) -> bool:
        known = {str(each).lower() for each in place[:3]}
        return any({part.strip().lower() for part in text.split(",")} <= known for text in wanted)

    def has_title(wanted: str) -> bool:
        if filters.get("include_similar_titles") is False:
            return (title.text or "").lower() == wanted.lower()
        return title.text is not None and set(wanted.lower().split()) <= set(title.text.lower().split())

    about = [title.text or ""]
    if company is not None:
        about += [companies.name(company), companies.industry(company) or ""]
    bounds = filters.get("revenue_range")
    ranges = [tuple(map(int, each.split(","))) for each in filters.get("organization_num_employees_ranges", [])]
    every = filters.get("currently_using_all_of_technology_uids")
    some = filters.get("currently_using_any_of_technology_uids")
    none = filters.get("currently_not_using_any_of_technology_uids")
    statuses = filters.get("contact_email_status")
    asks_company = bounds or ranges or every or some or none or filters.get("organization_locations")
    return all(
        [
            not filters.get("person_seniorities") or title.seniority in filters["person_seniorities"],
            not filters.get("person_titles") or any(map(has_title, filters["person_titles"])),
            not filters.get("person_locations") or lies_in(lives, filters["person_locations"]),
            not filters.get("organization_locations") or lies_in(seat, filters["organization_locations"]),
            not ranges or any(low <= size <= high for low, high in ranges),
            not bounds or (revenue > 0 and bounds.get("min", 0) <= revenue <= bounds.get("max", revenue)),
            not statuses or any(BY_STATUS_FILTER[each][people.fate(number)] for each in statuses if each != "other"),
            not some or bool(uses & set(some)),
            not every or set(every) <= uses,
            not none or not uses & set(none),
            not asks_company or company is not None,
            all(any(word in text.lower() for text in about) for word in filters.get("q_keywords", "").lower().split()),
        ]
    )


@given(FILTERS)
def test_a_search_finds_exactly_those_who_fit_every_filter(filters):
    assert found(**filters) == {number for number in range(700) if fits(number, filters)}


def test_every_attribute_is_missing_for_some_and_known_of_most():
    people, companies = WORLD.database.people, WORLD.database.companies
    everybody, everywhere = range(people.count), range(companies.count)
    for known in (
        [people.title(each).text for each in everybody],
        [people.title(each).seniority for each in everybody],
        [people.place(each).country for each in everybody],
        [people.place(each).city for each in everybody],
        [people.somebody(each).company for each in everybody],
        [companies.industry(each) for each in everywhere],
        [companies.employees(each) for each in everywhere],
        [companies.revenue(each) for each in everywhere],
        [companies.place(each).city for each in everywhere],
    ):
        assert 0 < sum(each is None for each in known) < len(known) / 2
    assert {companies.industry(each) for each in everywhere} == set(INDUSTRIES)
    assert {use.uid for each in everywhere for use in companies.technologies(each)} == {x.uid for x in TECHNOLOGIES}


def test_a_name_is_the_one_that_colleagues_share():
    companies = WORLD.database.companies
    assert all(companies.name(each) == companies.colleague(each, 3).company_name for each in range(companies.count))


def test_every_tenth_company_is_one_that_instantly_writes_to_already():
    people = WORLD.database.people
    shared = [
        number
        for number in range(700)
        if people.somebody(number).email == person(1, number // 5 * 3 + number % 5).email
    ]
    assert {number // 5 % 10 for number in shared} == {0}
    assert len(shared) > 30


def test_the_same_seed_and_day_give_the_same_people_and_another_seed_gives_others(server):
    with apollo_server(people=700) as same, apollo_server(people=700, seed=2) as other:
        assert same.search(per_page=100) == server.search(per_page=100)
        assert other.search(per_page=100)["people"] != server.search(per_page=100)["people"]
        assert other.search()["total_entries"] == 700


def test_parameters_count_in_brackets_in_a_query_and_without_them_in_a_body(server):
    in_query = server.judged("POST", SEARCH, {"person_seniorities[]": ["vp", "head"], "per_page": "50", "page": "1"})
    assert server.search(person_seniorities=["vp", "head"], per_page=50) == in_query
    ranged = server.judged("POST", SEARCH, {"revenue_range[min]": "2000000", "revenue_range[max]": "3000000"})
    assert server.search(revenue_range={"min": 2_000_000, "max": "3000000"}) == ranged
    assert 0 < ranged["total_entries"] < 700


@pytest.mark.parametrize(
    "misspelt",
    [
        {"person_title": ["ceo"]},
        {"person_titles[]": ["ceo"]},
        {"person_seniority": ["vp"]},
        {"q_organization_domains": "x.example"},
        {"organization_name": "Fjord Labs"},
    ],
    ids=str,
)
def test_a_filter_nobody_knows_brings_the_whole_database(misspelt, server):
    assert server.search(**misspelt)["total_entries"] == 700


def test_a_query_name_without_brackets_brings_the_whole_database_too(server):
    assert server.ask("POST", SEARCH, {"person_titles": "ceo"}).json()["total_entries"] == 700


def test_surnames_are_masked_and_addresses_are_not_shown(server):
    page = server.search(per_page=100)
    for row in page["people"]:
        assert "*" in row["last_name_obfuscated"]
        assert not {"last_name", "name", "email", "linkedin_url", "organization_id"} & row.keys()
        assert isinstance(row["has_direct_phone"], str)
        assert not row["organization"] or not {"id", "primary_domain"} & row["organization"].keys()
    assert any(row["organization"] is None for row in page["people"])
    assert any(row["title"] is None for row in page["people"])


def test_a_title_means_its_words_in_any_order_and_strictly_the_whole_of_it(server):
    def titles(*wanted: str, **more: Any) -> set[str]:
        return {row["title"] for row in server.search(person_titles=wanted, per_page=100, **more)["people"]}

    assert titles("marketing manager") == {"Content Marketing Manager"}
    assert titles("SALES of") == {"Head of Sales", "Director of Sales"}
    assert titles("head of sales", "ceo", include_similar_titles=False) == {"Head of Sales", "CEO"}
    assert titles("sales", include_similar_titles=False) == set()


def test_a_domain_finds_people_who_used_to_work_there(server):
    companies, people = server.world.database.companies, server.world.database.people
    rows = server.search(q_organization_domains_list=[companies.domain(0)], per_page=100)["people"]
    ids = {row["id"] for row in rows}
    assert {people.id(number) for number in range(5) if people.somebody(number).company == 0} < ids
    employers = {
        each["organization_id"]
        for each in server.bulk_match(*list(ids)[:10])["matches"]
        if each and "organization_id" in each
    }
    assert len(employers) > 1


def test_company_ids_choose_employers_and_an_unknown_one_chooses_nobody(server):
    companies = server.world.database.companies
    assert 0 < server.search(organization_ids=[companies.id(4)])["total_entries"] <= 5
    assert server.search(organization_ids=["5" * 24])["total_entries"] == 0


def test_pages_bring_everybody_once_and_the_page_behind_them_nobody(server):
    pages = [server.search(page=page, per_page=100) for page in range(1, 9)]
    ids = [row["id"] for page in pages for row in page["people"]]
    assert len(ids) == len(set(ids)) == 700
    assert {page["total_entries"] for page in pages} == {700}
    assert pages[7]["people"] == []


def test_page_501_is_empty_however_many_there_are():
    with apollo_server(people=1_000) as server:
        assert len(server.search(page=500, per_page=1)["people"]) == 1
        behind = server.search(page=501, per_page=1)
        assert behind == {"total_entries": 1_000, "people": []}


def test_some_people_are_refreshed_as_days_go_by_and_nothing_else_changes(server):
    before = server.search(per_page=100)["people"]
    server.change_world(advance_days=5)
    after = server.search(per_page=100)["people"]
    moved = [
        one for one, other in zip(before, after, strict=True) if one["last_refreshed_at"] != other["last_refreshed_at"]
    ]
    assert 0 < len(moved) < 50
    assert all(
        one["last_refreshed_at"] <= other["last_refreshed_at"] < "2026-11-25"
        for one, other in zip(before, after, strict=True)
    )
    assert [row | {"last_refreshed_at": ""} for row in before] == [row | {"last_refreshed_at": ""} for row in after]


def test_a_changed_person_is_shown_changed_and_refreshed_in_search_and_match(server):
    asked = server.search()["people"][3]
    server.change_world(change="person", id=asked["id"], fields={"title": "Retired"}, fate="VERIFIED")
    changed = server.search()["people"][3]
    assert changed["title"] == "Retired"
    assert changed["last_refreshed_at"] > asked["last_refreshed_at"]
    assert server.bulk_match(asked["id"])["matches"][0]["title"] == "Retired"


def test_a_removed_person_is_found_by_nobody_any_more(server):
    asked = server.search()["people"][0]["id"]
    server.change_world(change="person", id=asked, fate="GONE")
    assert asked not in {row["id"] for row in server.search()["people"]}
    assert server.bulk_match(asked)["missing_records"] == 1


def test_companies_are_searched_by_name_place_and_what_they_do(server):
    companies = server.world.database.companies
    name = companies.name(5)
    rows = server.judged("POST", "/mixed_companies/search", {"q_organization_name": name.lower(), "per_page": "100"})
    assert {row["name"] for row in [*rows["organizations"], *rows["accounts"]]} == {name}
    every = server.judged("POST", "/mixed_companies/search", {"per_page": "100"})["pagination"]["total_entries"]
    of = server.judged("POST", "/mixed_companies/search", {"organization_locations[]": "germany"})["pagination"]
    without = server.judged("POST", "/mixed_companies/search", {"organization_not_locations[]": "germany"})[
        "pagination"
    ]
    assert of["total_entries"] + without["total_entries"] == every == companies.count
    tagged = server.judged("POST", "/mixed_companies/search", {"q_organization_keyword_tags[]": "logistics"})
    assert 0 < tagged["pagination"]["total_entries"] < every


def test_a_saved_company_has_the_accounts_id_and_names_the_global_one(server):
    companies = server.world.database.companies
    page = server.judged("POST", "/mixed_companies/search", {"organization_ids[]": [companies.id(4), companies.id(5)]})
    [account], [organization] = page["accounts"], page["organizations"]
    assert (account["organization_id"], organization["id"]) == (companies.id(4), companies.id(5))
    assert account["id"] != account["organization_id"]


def test_nobody_at_all_is_a_world_too():
    with apollo_server(people=0) as server:
        assert server.search(person_titles=["ceo"], q_keywords="sales") == {"total_entries": 0, "people": []}
        assert server.judged("POST", "/mixed_companies/search")["pagination"]["total_pages"] == 0
        assert server.judged("POST", "/contacts/search", body={})["contacts"] == []
        assert server.bulk_match("5" * 24)["missing_records"] == 1
        assert server.charges() == []


def test_a_hundred_and_eighty_thousand_people_are_paged_whole_in_little_memory():
    tracemalloc.start()
    world = World(WorldSettings(people=180_000, today=TODAY))
    found_now = world.database.search.people_numbers({"person_seniorities": ["head"]})
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 20_000 < len(found_now) < 50_000
    assert kept < 8_000_000, "about twelve bytes a person, and what was found"
    assert peak < 40_000_000
    # The same search is remembered, so that a page is no search.
    assert world.database.search.people_numbers({"person_seniorities": ["head"]}) is found_now
    ids: set[str] = set()
    for start in range(0, len(found_now), 100):
        ids.update(row["id"] for row in world.search_rows(found_now[start : start + 100]))
    assert len(ids) == len(found_now)
