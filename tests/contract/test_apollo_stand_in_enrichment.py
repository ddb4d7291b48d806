"""What biting things Apollo's enrichment does, and what it costs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.apollo.data.fates import FREE, MISSES, PLACEHOLDER_EMAIL, Fate
from tests.fakes.apollo_server import ApolloServer, apollo_server

if TYPE_CHECKING:
    from collections.abc import Iterator

HOOK = {"webhook_url": "https://hooks.fernwood.example/apollo"}


@pytest.fixture(scope="module")
def running() -> Iterator[ApolloServer]:
    with apollo_server() as server:
        yield server


@pytest.fixture
def server(running: ApolloServer) -> ApolloServer:
    running.reset()
    return running


def some(server: ApolloServer, fate: str, count: int) -> list[str]:
    people = server.world.database.people
    return [people.id(each) for each in range(people.count) if people.fate(each).name == fate][:count]


def test_every_fate_occurs_in_a_small_world(server):
    people = server.world.database.people
    assert {people.fate(number) for number in range(people.count)} == set(Fate) - {Fate.GONE}


@pytest.mark.parametrize("fate", [each.name for each in Fate if each not in FREE])
def test_a_person_found_costs_one_credit_and_the_balance_shows_it_at_once(fate, server):
    answer = server.bulk_match(server.person_id(fate))
    assert (answer["credits_consumed"], answer["unique_enriched_records"], answer["missing_records"]) == (1, 1, 0)
    assert server.charges() == [(server.person_id(fate), "person", 1)]
    stats = server.ask("POST", "/usage_stats/credit_usage_stats").json()["credit_usage_stats"]
    assert stats["lead_credit"] == {"limit": 5000, "consumed": 1, "left_over": 4999}


@pytest.mark.parametrize("fate", sorted(each.name for each in MISSES - {Fate.GONE}))
def test_nobody_found_costs_nothing_for_one_as_for_several(fate, server):
    missing = server.person_id(fate)
    answer = server.bulk_match(missing)
    assert (answer["status"], answer["credits_consumed"], answer["missing_records"]) == ("success", 0, 1)
    assert server.ask("POST", "/people/match", body={"id": missing}).status_code == 200
    assert server.charges() == []


def test_a_miss_has_four_shapes_in_a_batch(server):
    def entries(fate: str) -> Any:
        return server.bulk_match(server.person_id(fate))["matches"]

    assert entries("MISS_LEFT_OUT") == []
    assert entries("MISS_NULL") == [None]
    assert entries("MISS_EMPTY") == [{}]
    [stub] = entries("MISS_STUB")
    assert (stub["name"], stub["match_confidence"]) == ("", "none")
    assert stub["id"] == server.person_id("MISS_STUB")
    assert stub["organization"]["name"]


def test_a_miss_has_three_shapes_for_one_person(server):
    def person(fate: str) -> Any:
        return server.ask("POST", "/people/match", body={"id": server.person_id(fate)}).json()["person"]

    assert person("MISS_LEFT_OUT") is None
    assert person("MISS_NULL") is None
    assert person("MISS_EMPTY") == {}
    assert person("MISS_STUB")["match_confidence"] == "none"


def test_an_address_nobody_has_brings_the_company_without_a_person(server):
    domain = server.world.database.companies.domain(3)
    person = server.ask("POST", "/people/match", body={"email": f"nobody@{domain}"}).json()["person"]
    assert (person["name"], person["organization"]["primary_domain"]) == ("", domain)
    assert server.charges() == []


def test_a_match_may_come_without_an_address_with_a_made_up_one_or_with_the_placeholder(server):
    def address(fate: str) -> tuple[Any, ...]:
        [person] = server.bulk_match(server.person_id(fate))["matches"]
        return person["email"], person["email_status"]

    assert address("UNAVAILABLE") == (None, "unavailable")
    assert address("UNAVAILABLE_FREE") == (None, "unavailable")
    assert address("PLACEHOLDER") == (PLACEHOLDER_EMAIL, "verified")
    assert address("EXTRAPOLATED")[1] == "extrapolated"
    assert address("VERIFIED")[1] == "verified"


def test_the_bill_counts_those_who_cost_something_not_those_who_match(server):
    answer = server.bulk_match(server.person_id("UNAVAILABLE_FREE"), server.person_id("VERIFIED"))
    assert (len(answer["matches"]), answer["missing_records"]) == (2, 0)
    assert (answer["unique_enriched_records"], answer["credits_consumed"]) == (1, 1)


def test_a_merged_person_comes_back_under_another_id_that_finds_them_too(server):
    asked = server.person_id("MERGED")
    [person] = server.bulk_match(asked)["matches"]
    assert person["id"] != asked
    assert server.bulk_match(person["id"])["matches"] == [person]


def test_matches_may_come_in_another_order_than_asked(server):
    people = server.world.database.people
    orders = set()
    for start in range(0, 200, 5):
        asked = [people.id(number) for number in range(start, start + 5) if people.fate(number) == Fate.VERIFIED]
        told = [person["id"] for person in server.bulk_match(*asked)["matches"]] if len(asked) > 1 else asked[::-1]
        assert sorted(told) == sorted(asked)
        orders.add(told == asked)
    assert orders == {True, False}


def test_one_person_asked_for_twice_in_a_batch_counts_once(server):
    asked = server.person_id("VERIFIED")
    answer = server.bulk_match(asked, asked)
    assert (answer["total_requested_enrichments"], answer["credits_consumed"], answer["missing_records"]) == (2, 1, 0)
    assert len(answer["matches"]) == 1


def test_asking_again_costs_again_unless_the_switch_says_otherwise(server):
    asked = server.person_id("VERIFIED")
    assert [server.bulk_match(asked)["credits_consumed"] for _ in range(2)] == [1, 1]
    server.change_world(repeat_is_free=True)
    again = server.bulk_match(asked)
    assert (again["credits_consumed"], again["unique_enriched_records"], len(again["matches"])) == (0, 0, 1)
    assert len(server.charges()) == 2


def test_too_few_credits_charge_nothing_and_show_nobody(server):
    asked = some(server, "VERIFIED", 3)
    server.change_world(credits_limit=2)
    refusal = server.judged(
        "POST", "/people/bulk_match", body={"details": [{"id": each} for each in asked]}, status=422
    )
    assert "insufficient credits" in str(refusal).lower()
    assert server.charges() == []
    assert server.bulk_match(*asked[:2])["credits_consumed"] == 2
    server.judged("POST", "/people/match", {"id": asked[2]}, status=422)
    server.judged("GET", "/organizations/enrich", {"domain": server.world.database.companies.domain(0)}, status=422)
    server.judged("POST", "/mixed_companies/search", status=422)
    assert len(server.charges()) == 2


def test_credits_spent_by_others_are_missing_from_the_balance(server):
    server.change_world(spent_by_others=4_999)
    assert server.bulk_match(server.person_id("VERIFIED"))["credits_consumed"] == 1
    server.judged("POST", "/people/match", {"id": server.person_id("VERIFIED")}, status=422)


def test_a_company_costs_one_credit_when_it_is_found(server):
    companies = server.world.database.companies
    domains = [companies.ascii_domain(0), companies.ascii_domain(0), "nobody.example"]
    answer = server.judged("POST", "/organizations/bulk_enrich", {"domains[]": domains})
    assert (answer["unique_domains"], answer["unique_enriched_records"], answer["missing_records"]) == (2, 1, 1)
    assert server.ask("GET", "/organizations/enrich", {"domain": "nobody.example"}).json() == {}
    assert server.charges() == [(companies.id(0), "organization", 1)]


def test_several_companies_at_once_come_without_money_and_technologies(server):
    domain = server.world.database.companies.ascii_domain(0)
    [short] = server.ask("POST", "/organizations/bulk_enrich", {"domains[]": [domain]}).json()["organizations"]
    whole = server.ask("GET", "/organizations/enrich", {"domain": domain}).json()["organization"]
    assert {"annual_revenue", "technology_names", "total_funding"} <= whole.keys() - short.keys()
    assert whole["id"] == short["id"]


def test_a_page_of_companies_costs_one_credit_unless_it_is_empty(server):
    server.judged("POST", "/mixed_companies/search", {"page": "1", "per_page": "100"})
    server.judged("POST", "/mixed_companies/search", {"page": "3", "per_page": "100"})
    server.judged("POST", "/mixed_companies/search", {"organization_locations[]": ["Atlantis"]})
    assert [credits_consumed for _, _, credits_consumed in server.charges()] == [1]


def test_growth_is_a_percentage_or_with_the_quirk_a_fraction(server):
    key = "organization_headcount_six_month_growth"

    def growths(of: ApolloServer) -> list[float | None]:
        companies = of.world.database.companies
        found = [of.ask("GET", "/organizations/enrich", {"domain": companies.ascii_domain(n)}) for n in range(8)]
        return [each.json()["organization"][key] for each in found]

    percentages = growths(server)
    assert None in percentages
    with apollo_server(quirks=frozenset({"growth_in_fractions"})) as other:
        for percentage, fraction in zip(percentages, growths(other), strict=True):
            assert percentage is fraction is None or percentage == pytest.approx(fraction * 100)


@pytest.mark.parametrize("flag", ["reveal_phone_number", "run_waterfall_email", "run_waterfall_phone"])
def test_what_comes_later_needs_a_webhook(flag, server):
    asked = server.person_id("VERIFIED")
    one = server.judged("POST", "/people/match", {"id": asked, flag: "true"}, status=400)
    batch = server.judged("POST", "/people/bulk_match", {flag: "true"}, {"details": [{"id": asked}]}, status=400)
    assert one["error_code"] == batch["error_code"] == "WEBHOOK_URL_REQUIRED"
    assert server.charges() == []


def test_phone_numbers_are_charged_when_the_result_is_made(server):
    columns = server.world.database.people.columns
    number = next(n for n in range(600) if columns.has_phone[n] and columns.fate[n] == Fate.VERIFIED)
    asked = server.world.database.people.id(number)
    begun = server.bulk_match(asked, reveal_phone_number=True, **HOOK)
    assert (begun["credits_consumed"], begun["phone_enrichment"]["status"]) == (1, "pending")
    assert server.bulk_match(asked, reveal_phone_number=True, **HOOK)["phone_enrichment"]["status"] == "skipped"
    path = f"/webhook_result/{begun['request_id']}"
    assert [server.ask("GET", path).status_code for _ in range(3)] == [404, 404, 200]
    assert server.charges()[2:] == [(asked, "phone", 8)]
    payload = server.ask("GET", path).json()["webhook_result"]
    assert (payload["credits_consumed"], payload["people"][0]["id"]) == (8, asked)
    assert payload["people"][0]["phone_numbers"][0]["type_cd"] == "mobile"
    assert len(server.charges()) == 3


def test_a_result_that_the_balance_does_not_cover_fails_and_costs_nothing(server):
    columns = server.world.database.people.columns
    number = next(n for n in range(600) if columns.has_phone[n] and columns.fate[n] == Fate.VERIFIED)
    begun = server.bulk_match(server.world.database.people.id(number), reveal_phone_number=True, **HOOK)
    server.change_world(credits_limit=8)
    done = [server.ask("GET", f"/webhook_result/{begun['request_id']}") for _ in range(3)][-1].json()
    assert (done["webhook_status"], done["webhook_result"]) == ("failed", None)
    assert "insufficient credits" in done["failure_reason"]
    assert len(server.charges()) == 1


def test_a_waterfall_leaves_counters_and_address_out_of_the_first_answer(server):
    begun = server.bulk_match(*some(server, "VERIFIED", 2), run_waterfall_email=True, **HOOK)
    assert begun["waterfall"]["status"] == "accepted"
    assert not {"credits_consumed", "missing_records", "unique_enriched_records"} & begun.keys()
    assert not any({"email", "email_status"} & person.keys() for person in begun["matches"])
    assert server.charges() == []
    done = [server.ask("GET", f"/webhook_result/{begun['request_id']}") for _ in range(3)][-1].json()
    assert done["request_type"] == "waterfall"
    assert done["webhook_result"]["credits_consumed"] == sum(each for _, _, each in server.charges()) == 40
    assert {person["emails"][0]["email_status_cd"] for person in done["webhook_result"]["people"]} == {"Verified"}


def test_private_addresses_are_shown_only_outside_europe(server):
    people = server.world.database.people
    shown = set()
    for number in range(0, 600, 10):
        ids = [people.id(each) for each in range(number, number + 10)]
        for person in server.bulk_match(*ids, reveal_personal_emails=True)["matches"]:
            if person and person.get("personal_emails"):
                shown.add(person["country"])
    assert shown == {"Switzerland", "United States"}


def test_request_ids_are_signed_and_beyond_what_a_float_holds(server):
    ids = [server.bulk_match(server.person_id("VERIFIED"))["request_id"] for _ in range(20)]
    assert len(set(ids)) == 20
    assert min(ids) < 0 < max(ids)
    assert any(int(float(each)) != each for each in ids)


def test_a_person_is_found_by_every_identifier_but_a_name_alone(server):
    people = server.world.database.people
    who = people.somebody(people.with_id(server.person_id("VERIFIED")))
    domain = people.companies.domain(who.company)
    for detail in (
        {"email": who.email.upper()},
        {"linkedin_url": f"{who.linkedin_url}/"},
        {"name": who.name.lower(), "domain": domain},
        {"first_name": who.first_name, "last_name": who.last_name, "domain": domain},
    ):
        assert server.ask("POST", "/people/match", body=detail).json()["person"]["email"] == who.email
    assert server.ask("POST", "/people/match", body={"name": who.name}).json()["person"] is None


def test_a_hashed_address_finds_its_owner(server):
    contact = next(each for each in server.world.database.contacts.rows.values() if each["contact_emails"])
    for name in ("email_md5", "email_sha256"):
        hashed = contact["contact_emails"][0][name]
        found = server.ask("POST", "/people/match", body={"hashed_email": hashed}).json()["person"]
        assert found["contact_id"] == contact["id"]


def test_enriched_people_become_contacts_when_the_team_wants_that(server):
    people = server.world.database.people
    saved = {row["person_id"] for row in server.world.database.contacts.rows.values()}
    asked = next(each for each in some(server, "VERIFIED", 50) if each not in saved)
    before = server.world.database.contacts.rows.keys() | set()
    server.bulk_match(asked)
    assert server.world.database.contacts.rows.keys() == before
    server.change_world(saves_enriched_people=True)
    server.bulk_match(asked, server.person_id("MISS_NULL"))
    newest = server.ask("POST", "/contacts/search", body={"sort_by_field": "contact_updated_at"}).json()["contacts"][0]
    assert (newest["person_id"], newest["email"]) == (asked, people.somebody(people.with_id(asked)).email)
    assert len(server.world.database.contacts.rows) == len(before) + 1


def test_contacts_are_sorted_paged_and_searched(server):
    def contacts(**asked: Any) -> list[dict[str, Any]]:
        return server.judged("POST", "/contacts/search", body=asked)["contacts"]

    everybody = contacts(per_page=100, sort_by_field="contact_updated_at", sort_ascending=True)
    assert [row["updated_at"] for row in everybody] == sorted(row["updated_at"] for row in everybody)
    pages = [contacts(page=page, per_page=5, sort_by_field="contact_updated_at") for page in range(1, 7)]
    assert [row for page in pages for row in page] == everybody[::-1]
    assert everybody[3] in contacts(q_keywords=everybody[3]["name"].upper(), per_page=100)
    server.change_world(change="contact", id=everybody[0]["id"], fields={"email_unsubscribed": True})
    newest = contacts(sort_by_field="contact_updated_at")[0]
    assert (newest["id"], newest["email_unsubscribed"]) == (everybody[0]["id"], True)
    assert newest["updated_at"] > everybody[-1]["updated_at"]


def test_the_odd_companies_show_what_rules_are_for(server):
    people, companies = server.world.database.people, server.world.database.companies
    assert companies.domain(7).startswith("grün-")
    assert companies.ascii_domain(7).startswith("xn--")
    assert companies.with_domain(companies.domain(7)) == companies.with_domain(companies.ascii_domain(7)) == [7]
    assert {people.somebody(number).email.split("@")[1] for number in range(85, 90)} == {"webmail.example"}
    assert {people.somebody(number).email.split("@")[0] for number in range(135, 140)} >= {"info", "sales"}
    assert companies.domain(37) == companies.domain(38)
    assert companies.with_domain(companies.domain(37)) == [37, 38]
    assert all(re.match("=cmd", people.title(number).text or "") for number in range(235, 240))
    for number in (35, 85, 135, 185, 190, 235):
        assert people.with_email(people.somebody(number).email) == number
