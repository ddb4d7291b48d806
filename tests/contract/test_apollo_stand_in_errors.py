"""What Apollo's stand-in refuses, in the vendor's own shapes, and what faults can be ordered."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import orjson
import pytest

from sandbox.apollo.rate_limits import Limits, Windows
from sandbox.apollo.server import ENDPOINTS
from sandbox.apollo.world import ApiKey
from tests.fakes.apollo_server import ApolloServer, apollo_server

if TYPE_CHECKING:
    from collections.abc import Iterator

SEARCH = "/mixed_people/api_search"
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def running() -> Iterator[ApolloServer]:
    with apollo_server(people=300) as server:
        yield server


@pytest.fixture
def server(running: ApolloServer) -> ApolloServer:
    running.reset()
    return running


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
def test_every_operation_refuses_a_wrong_key_in_words_or_with_the_switch_as_json(endpoint, server):
    path = endpoint.path.replace("{request_id}", "12")
    refusal = server.ask(endpoint.method, path, **{"x-api-key": "wrong"})
    assert (refusal.status_code, refusal.headers["content-type"]) == (401, "text/plain")
    assert refusal.text.startswith("Invalid API key")
    assert "x-rate-limit-minute" not in refusal.headers
    server.change_world(has_structured_errors=True)
    told = server.ask(endpoint.method, path, **{"x-api-key": "wrong"}).json()
    assert told["error_details"]["code"] == "AUTH.AUTHENTICATION.API_KEY_INVALID"


@pytest.mark.parametrize("endpoint", [each for each in ENDPOINTS if each.needs_scope], ids=lambda each: each.name)
def test_every_operation_needs_its_scope(endpoint, server):
    path = endpoint.path.replace("{request_id}", "12")
    others = frozenset(each.route for each in ENDPOINTS) - {endpoint.route}
    server.world.keys["others"] = ApiKey("others", others)
    refusal = server.ask(endpoint.method, path, **{"x-api-key": "others"})
    assert (refusal.status_code, refusal.json()["error_code"]) == (403, "API_INACCESSIBLE")
    assert endpoint.route in refusal.json()["error"]
    server.change_world(key="narrow", scopes=[endpoint.route])
    assert server.ask(endpoint.method, path, **{"x-api-key": "narrow"}).status_code not in {401, 403}


def test_a_key_in_query_or_body_is_refused_wherever_it_is_right(server):
    assert "header" in server.ask("POST", SEARCH, {"api_key": server.api_key}).json()["error"]
    assert server.ask("POST", SEARCH, body={"api_key": server.api_key}).status_code == 422


@pytest.mark.parametrize(
    "asked",
    [
        {"per_page": 101},
        {"per_page": 0},
        {"page": 0},
        {"page": "first"},
        {"person_titles": "ceo"},
        {"person_titles": [7]},
        {"include_similar_titles": "perhaps"},
        {"revenue_range": [1, 2]},
        {"revenue_range": {"min": "much"}},
        {"organization_num_employees_ranges": ["11-50"]},
        {"organization_industry_tag_ids": ["logistics"]},
        {"q_keywords": 7},
    ],
    ids=str,
)
def test_a_search_that_cannot_be_read_is_a_422(asked, server):
    assert server.judged("POST", SEARCH, body=asked, status=422)["error"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (None, 400, "INVALID_REQUEST"),
        ({}, 400, "INVALID_REQUEST"),
        ({"details": []}, 400, "INVALID_REQUEST"),
        ({"details": [{"id": "0" * 24}] * 11}, 400, "RECORD_LIMIT_EXCEEDED"),
        ({"details": "everybody"}, 422, "UNKNOWN_ERROR"),
        ({"details": ["somebody"]}, 422, "UNKNOWN_ERROR"),
        ({"details": [{"id": 7}]}, 422, "UNKNOWN_ERROR"),
    ],
    ids=str,
)
def test_a_batch_that_cannot_be_read_fails_as_a_whole(body, status, code, server):
    told = server.judged("POST", "/people/bulk_match", body=body, status=status)
    assert (told["status"], told["error_code"]) == ("failed", code)
    assert server.charges() == []


def test_companies_cannot_be_enriched_without_saying_which(server):
    assert "domain" in server.judged("GET", "/organizations/enrich", status=422)["error"]
    path = "/organizations/bulk_enrich"
    assert server.judged("POST", path, status=400)["error_code"] == "INVALID_REQUEST"
    many = {"domains[]": [f"company-{number}.example" for number in range(11)]}
    assert server.judged("POST", path, many, status=400)["error_code"] == "RECORD_LIMIT_EXCEEDED"
    assert server.judged("POST", path, body={"details": [7]}, status=422)["error_code"] == "UNKNOWN_ERROR"


def test_an_unknown_path_or_order_of_contacts_is_refused(server):
    assert server.ask("POST", "/mixed_people/search").status_code == 404
    assert server.judged("POST", "/contacts/search", body={"sort_by_field": "name"}, status=422)["error"]


def test_a_window_opens_with_the_first_request_and_is_refused_in_three_shapes():
    limits = Limits(search=Windows(minute=2, hour=3), enrichment=Windows(), other=Windows(200, 400, 2000))
    with apollo_server(people=50, limits=limits) as server:
        first = server.ask("POST", SEARCH).headers
        assert (first["x-rate-limit-minute"], first["x-minute-usage"], first["x-minute-requests-left"]) == (
            "2",
            "1",
            "1",
        )
        assert (first["x-rate-limit-24-hour"], "x-24-hour-usage" in first) == ("", False)
        assert server.ask("POST", SEARCH).headers["x-hourly-requests-left"] == "1"
        refusals = [server.ask("POST", SEARCH) for _ in range(4)]
        assert {refusal.status_code for refusal in refusals} == {429}
        assert {0 < int(refusal.headers["retry-after"]) <= 60 for refusal in refusals} == {True}
        plain, wrapped, coded, again = (refusal.json() for refusal in refusals)
        assert "api/v1/mixed_people/api_search is 2 times per minute" in plain["message"]
        assert orjson.loads(wrapped["message"]) == plain
        assert coded["error_details"]["code"] == "USAGE.RATE_LIMIT.API_RATE_LIMIT_EXCEEDED"
        assert again == plain
        assert server.ask("POST", "/people/match").status_code == 200, "another route, without limits"
        server.change_world(advance_s=61)
        assert server.ask("POST", SEARCH).status_code == 200
        hourly = server.judged("POST", SEARCH, status=429)
        assert "3 times per hour" in orjson.loads(hourly["message"])["message"]
        counted = server.ask("POST", "/usage_stats/api_usage_stats").json()['["api/v1/mixed_people", "api_search"]']
        assert counted["hour"] == {"limit": 3, "consumed": 3, "left_over": 0}
        assert counted["minute"] == {"limit": 2, "consumed": 1, "left_over": 1}
        server.change_world(advance_s=3600)
        assert server.ask("POST", SEARCH).status_code == 200
        server.reset()
        assert [server.ask("POST", SEARCH).status_code for _ in range(3)] == [200, 200, 429]


def test_a_fault_before_the_effect_costs_nothing_and_one_after_it_costs(server):
    asked = server.person_id("VERIFIED")
    for when, charged in (("before", 0), ("after", 1)):
        server.order_fault(path="/people/bulk_match", action={"kind": "status", "status": 503, "when": when})
        details = {"details": [{"id": asked}]}
        assert server.ask("POST", "/people/bulk_match", body=details).status_code == 503
        assert len(server.charges()) == charged
        server.order_fault(path="/people/bulk_match", action={"kind": "cut", "when": when})
        with pytest.raises(httpx.RemoteProtocolError):
            server.ask("POST", "/people/bulk_match", body=details)
        assert len(server.charges()) == charged * 2
    assert [entry.had_effect for entry in server.requests()] == [False, False, True, True]


def test_an_answer_can_be_cut_in_half_broken_or_a_page(server):
    def ask(kind: str) -> Any:
        server.order_fault(action={"kind": kind})
        return server.ask("POST", SEARCH)

    with pytest.raises(httpx.RemoteProtocolError):
        ask("half_body")
    assert ask("html").headers["content-type"] == "text/html"
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(ask("broken_json").content)


def test_an_answer_can_be_rewritten_with_rows_dropped_and_totals_changed(server):
    usual = server.search(per_page=5)
    server.order_fault(action={"kind": "rewrite", "change": {"drop_rows": 2, "answer": {"total_entries": 232_000_000}}})
    assert server.search(per_page=5) == {"total_entries": 232_000_000, "people": usual["people"][:3]}
    server.order_fault(action={"kind": "rewrite", "change": {"rows": "none", "answer_without": ["total_entries"]}})
    assert server.search(per_page=5) == {"people": []}
    asked = server.person_id("VERIFIED")
    server.order_fault(
        action={"kind": "rewrite", "change": {"row": 0, "set": {"email": "x"}, "answer": {"credits_consumed": 9}}}
    )
    told = server.bulk_match(asked)
    assert (told["matches"][0]["email"], told["credits_consumed"], told["missing_records"]) == ("x", 9, 0)


def test_the_admin_sees_and_changes_the_world_over_http(server):
    admin = server.base_url.replace("/api/v1", "/_admin")
    server.bulk_match(server.person_id("VERIFIED"))
    facts = httpx.get(f"{admin}/world", trust_env=False).json()
    assert (facts["people_total"], facts["credits_consumed"]) == (300, 1)
    assert facts["charges"] == [[server.person_id("VERIFIED"), "person", 1]]
    log = httpx.get(f"{admin}/requests", trust_env=False).json()
    assert log["counts"] == {"POST /people/bulk_match": 1}
    assert facts["charged_requests"] == [log["requests"][0]["number"]]
    wrong = httpx.post(f"{admin}/world", json={"advance_weeks": 1}, trust_env=False)
    assert (wrong.status_code, "advance_weeks" in wrong.json()["message"]) == (400, True)
    gone = {"change": "person", "id": server.person_id("VERIFIED"), "fate": "GONE"}
    assert httpx.post(f"{admin}/world", json=gone, trust_env=False).status_code == 200
    assert server.search()["total_entries"] == 299
    fault = {"action": {"kind": "status", "status": 500}}
    assert httpx.post(f"{admin}/faults", json=fault, trust_env=False).status_code == 200
    assert server.ask("POST", SEARCH).status_code == 500
    assert httpx.post(f"{admin}/reset", trust_env=False).status_code == 200
    assert server.search()["total_entries"] == 300
    assert server.charges() == []


def test_the_process_says_where_both_vendors_serve_and_knows_apollos_options():
    options = ["--apollo-people", "40", "--apollo-credits", "3", "--apollo-key", "invented", "--today", "2026-11-20"]
    command = [sys.executable, "-m", "sandbox", *options]
    environment = {**os.environ, "PYTHONWARNINGS": "error"}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as started:
        try:
            assert started.stdout is not None
            addresses = json.loads(started.stdout.readline())
            assert addresses["instantly"].endswith("/instantly/api/v2")
            with httpx.Client(
                base_url=addresses["apollo"], headers={"x-api-key": "invented"}, trust_env=False
            ) as client:
                found = client.post(SEARCH)
                assert (found.json()["total_entries"], found.headers["x-rate-limit-24-hour"]) == (40, "50000")
                profile = client.get("/users/api_profile", params={"include_credit_usage": "true"}).json()
                assert profile["num_credits_remaining"] == 3
        finally:
            started.kill()
