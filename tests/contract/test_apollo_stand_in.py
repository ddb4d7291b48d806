"""Every operation of Apollo's stand-in, judged by the vendor's document."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.apollo.data.fates import Fate
from sandbox.apollo.server import ENDPOINTS
from tests.fakes.apollo_server import ApolloServer, apollo_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Json = dict[str, Any]
PEOPLE, COMPANIES = "/mixed_people/api_search", "/mixed_companies/search"
HOOK = "https://hooks.fernwood.example/apollo"


@pytest.fixture(scope="module")
def running() -> Iterator[ApolloServer]:
    with apollo_server(result_after_polls=1) as server:
        yield server


@pytest.fixture
def server(running: ApolloServer) -> ApolloServer:
    running.reset()
    return running


def _people(ask: ApolloServer) -> None:
    page = ask.judged("POST", PEOPLE, {"per_page": "100", "person_seniorities[]": ["head", "vp"]})
    assert 0 < page["total_entries"] < ask.world.database.people.count
    assert "pagination" not in page
    nobody = ask.judged("POST", PEOPLE, {"person_locations[]": ["Atlantis"]})
    assert nobody == {"total_entries": 0, "people": []}


def _companies(ask: ApolloServer) -> None:
    page = ask.judged("POST", COMPANIES, {"per_page": "100", "organization_locations[]": ["germany"]})
    assert page["accounts"]
    assert page["organizations"]
    assert [each["signal_field_name"] for each in page["breadcrumbs"]] == ["organization_locations"]
    assert len(page["model_ids"]) == page["pagination"]["total_entries"]


def _match(ask: ApolloServer) -> None:
    for fate in Fate:
        if fate != Fate.GONE:
            ask.judged("POST", "/people/match", {"id": ask.person_id(fate.name), "reveal_personal_emails": "true"})


def _bulk_match(ask: ApolloServer) -> None:
    people = ask.world.database.people
    for start in range(0, 300, 10):
        details = [{"id": people.id(number)} for number in range(start, start + 10)]
        answer = ask.judged("POST", "/people/bulk_match", {"reveal_personal_emails": "true"}, {"details": details})
        assert answer["total_requested_enrichments"] == 10


def _enrich(ask: ApolloServer) -> None:
    companies = ask.world.database.companies
    for number in range(companies.count):
        found = ask.judged("GET", "/organizations/enrich", {"domain": companies.ascii_domain(number)})
        assert found["organization"]["primary_domain"] == companies.ascii_domain(number)
    assert ask.judged("GET", "/organizations/enrich", {"domain": "nobody.example"}) == {}


def _bulk_enrich(ask: ApolloServer) -> None:
    companies = ask.world.database.companies
    domains = [companies.ascii_domain(number) for number in range(9)]
    path = "/organizations/bulk_enrich"
    by_domain = ask.judged("POST", path, {"domains[]": [*domains, "nobody.example"]})
    assert (by_domain["unique_enriched_records"], by_domain["missing_records"]) == (9, 1)
    assert (by_domain["total_requested_domains"], by_domain["total_requested_records"]) == (10, None)
    by_detail = ask.judged("POST", path, None, {"details": [{"domain": domain} for domain in domains]})
    assert by_detail["organizations"] == by_domain["organizations"]
    assert (by_detail["total_requested_domains"], by_detail["total_requested_records"]) == (None, 9)


def _contacts(ask: ApolloServer) -> None:
    page = ask.judged("POST", "/contacts/search", None, {"per_page": 100})
    assert page["pagination"]["total_entries"] == len(page["contacts"]) > 10
    assert {row["person_id"] is None for row in page["contacts"]} == {True, False}
    assert {row["email_unsubscribed"] for row in page["contacts"]} == {True, None}


def _results(ask: ApolloServer) -> None:
    person = next(n for n in range(600) if ask.world.database.people.columns.has_phone[n])
    ids = {"details": [{"id": ask.world.database.people.id(person)}]}
    asked = [
        {"reveal_phone_number": "true"},
        {"run_waterfall_email": "true"},
        {"run_waterfall_phone": "true", "run_waterfall_email": "true"},
    ]
    for flags in asked:
        begun = ask.judged("POST", "/people/bulk_match", {**flags, "webhook_url": HOOK}, ids)
        path = f"/webhook_result/{begun['request_id']}"
        pending = ask.judged("GET", path, status=404)
        assert (pending["error_code"], pending["retry_after_seconds"]) == ("result_pending", 10)
        done = ask.judged("GET", path)
        assert (done["webhook_status"], done["request_id"]) == ("success", str(begun["request_id"]))
        ask.change_world(advance_days=31)
        assert ask.judged("GET", path, status=410) == {"error_code": "request_id_expired"}
    assert ask.judged("GET", "/webhook_result/12", status=404) == {"error_code": "request_id_unknown"}
    assert ask.judged("GET", "/webhook_result/soon", status=400) == {"error_code": "invalid_request_id"}


def _credit_stats(ask: ApolloServer) -> None:
    ask.bulk_match(ask.person_id("VERIFIED"))
    stats = ask.judged("POST", "/usage_stats/credit_usage_stats")
    assert stats["credit_usage_stats"]["lead_credit"] == {"limit": 5000, "consumed": 1, "left_over": 4999}
    assert stats["credit_usage_stats"]["dialer"] == {"limit": 0, "consumed": 0, "left_over": 0}
    assert stats["current_credit_cycle"]["start_date"] == "2026-11-01T00:00:00.000Z"
    ask.change_world(advance_days=30)
    cycle = ask.judged("POST", "/usage_stats/credit_usage_stats")["current_credit_cycle"]
    assert cycle == {"start_date": "2026-12-01T00:00:00.000Z", "end_date": "2027-01-01T00:00:00.000Z"}


def _request_stats(ask: ApolloServer) -> None:
    stats = ask.judged("POST", "/usage_stats/api_usage_stats")
    assert '["api/v1/people", "bulk_match"]' in stats


def _profile(ask: ApolloServer) -> None:
    without = ask.judged("GET", "/users/api_profile")
    with_credits = ask.judged("GET", "/users/api_profile", {"include_credit_usage": "true"})
    assert with_credits == without | {
        "num_credits_remaining": 5000,
        "effective_num_lead_credits": 5000,
        "num_lead_credits_used": 0,
        "total_unified_credits_used": 0,
    }


def _health(ask: ApolloServer) -> None:
    # The document does not list it.
    assert ask.ask("GET", "/auth/health").json() == {"is_logged_in": True}


CALLS: dict[str, Callable[[ApolloServer], None]] = {
    "POST /mixed_people/api_search": _people,
    "POST /mixed_companies/search": _companies,
    "POST /people/match": _match,
    "POST /people/bulk_match": _bulk_match,
    "GET /organizations/enrich": _enrich,
    "POST /organizations/bulk_enrich": _bulk_enrich,
    "POST /contacts/search": _contacts,
    "GET /webhook_result/{request_id}": _results,
    "POST /usage_stats/credit_usage_stats": _credit_stats,
    "POST /usage_stats/api_usage_stats": _request_stats,
    "GET /users/api_profile": _profile,
    "GET /auth/health": _health,
}


@pytest.mark.parametrize("name", CALLS)
def test_every_operation_answers_as_the_vendors_document_says(name, server):
    CALLS[name](server)
    assert server.stand_in.log.counts[name] > 0


def test_no_operation_is_left_out():
    assert {endpoint.name for endpoint in ENDPOINTS} == set(CALLS)


def test_ids_are_24_hexadecimal_digits_of_every_kind(server):
    text = server.ask("POST", "/contacts/search", body={"per_page": 100}).text
    ids = re.findall(r'"(?:id|person_id|organization_id|account_id|owner_id|contact_stage_id)":"(\w+)"', text)
    assert len(ids) > 80
    assert all(re.fullmatch(r"[0-9a-f]{24}", each) for each in ids)


def test_nobody_can_be_reached(server):
    people, companies = server.world.database.people, server.world.database.companies
    addresses = [people.somebody(number).email for number in range(people.count)]
    domains = [companies.domain(number) for number in range(companies.count)]
    assert all(each.endswith(".example") for each in [*addresses, *domains])
    assert len(set(addresses)) == len(addresses)
