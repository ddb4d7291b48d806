"""What Instantly's stand-in refuses, in the vendor's own shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sandbox.instantly.endpoint import PREFIX
from sandbox.instantly.rate_limits import Limits
from sandbox.instantly.server import ENDPOINTS
from sandbox.instantly.world import ApiKey
from tests.contract.vendor_documents import assert_answer_conforms, assert_request_conforms
from tests.fakes.instantly_server import InstantlyServer, instantly_server

if TYPE_CHECKING:
    from collections.abc import Iterator

UNKNOWN = "019ffad2-9b9f-79cc-82ca-2b31778b13de"


@pytest.fixture(scope="module")
def running() -> Iterator[InstantlyServer]:
    with instantly_server(leads=60) as server:
        yield server


@pytest.fixture
def server(running: InstantlyServer) -> InstantlyServer:
    running.reset()
    return running


def refusal(
    server: InstantlyServer, method: str, path: str, query: Any = None, body: Any = None, **headers: str
) -> Any:
    """The judged answer, which must not be a 200."""
    response = server.ask(method, path, query, body, **headers)
    assert response.status_code != 200, response.text
    assert_answer_conforms("instantly", method, PREFIX + path, response.status_code, response.json())
    assert response.json().get("statusCode", response.status_code) == response.status_code
    return response.status_code, response.json()["message"]


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
def test_every_operation_refuses_a_wrong_key(endpoint, server):
    path = endpoint.path.replace("{id}", UNKNOWN).replace("{email}", "nobody@nowhere.example")
    assert refusal(server, endpoint.method, path, Authorization="Bearer wrong") == (401, "Invalid API key")
    assert refusal(server, endpoint.method, path, Authorization="")[0] == 401


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
def test_every_operation_needs_its_scope_and_a_paid_plan(endpoint, server):
    path = endpoint.path.replace("{id}", UNKNOWN).replace("{email}", "nobody@nowhere.example")
    others = frozenset(each.scope for each in ENDPOINTS) - {endpoint.scope}
    server.stand_in.world.keys["others"] = ApiKey("others", scopes=others)
    status, message = refusal(server, endpoint.method, path, Authorization="Bearer others")
    assert (status, endpoint.scope in message) == (403, True)
    resource, action = endpoint.scope.split(":")
    for enough in (endpoint.scope, f"{resource}:all", f"all:{action}"):
        server.stand_in.world.keys["narrow"] = ApiKey("narrow", scopes=frozenset({enough}))
        assert server.ask(endpoint.method, path, Authorization="Bearer narrow").status_code != 403
    server.workspace.has_paid_plan = False
    assert refusal(server, endpoint.method, path) == (402, "Workspace does not have an active paid plan")


def test_a_key_sees_one_workspace_and_only_the_first_ones_key_may_act_for_another():
    with instantly_server(leads=60, workspaces=2) as server:
        first, second = server.stand_in.world.workspaces
        of_second = {"Authorization": f"Bearer {server.api_key}-2"}
        campaign = f"/campaigns/{second.plans.id_of(0)}"
        assert refusal(server, "GET", campaign) == (404, "Resource not found")
        for allowed in (of_second, {"x-as-workspace": second.id}):
            assert server.ask("GET", "/workspaces/current", **allowed).json()["id"] == second.id
            assert server.ask("GET", campaign, **allowed).status_code == 200
        for refused in (of_second | {"x-as-workspace": first.id}, {"x-as-workspace": UNKNOWN}):
            assert refusal(server, "GET", "/workspaces/current", **refused)[0] == 403


@pytest.mark.parametrize("endpoint", [each for each in ENDPOINTS if "{" in each.path], ids=lambda each: each.name)
def test_every_unknown_id_is_a_404(endpoint, server):
    path = endpoint.path.replace("{id}", UNKNOWN).replace("{email}", "nobody@nowhere.example")
    assert refusal(server, endpoint.method, path) == (404, "Resource not found")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/leads"), ("POST", "/campaigns/analytics"), ("GET", "/campaign"), ("GET", "/")]
)
def test_an_unknown_path_or_method_names_itself_in_a_404(method, path, server):
    assert refusal(server, method, path) == (404, f"Route {method}:{PREFIX}{path} not found")


@pytest.mark.parametrize(
    ("method", "path", "query", "body", "message"),
    [
        ("GET", "/campaigns", {"limit": "101"}, None, "querystring/limit must be <= 100"),
        ("GET", "/campaigns", {"limit": "0"}, None, "querystring/limit must be >= 1"),
        ("GET", "/accounts", {"limit": "ten"}, None, "querystring/limit must be integer"),
        ("GET", "/accounts", {"status": "9"}, None, "querystring/status must be equal to one of the allowed values"),
        ("GET", "/campaigns/42", None, None, 'params/id must match format "uuid"'),
        ("GET", "/campaigns/analytics/daily", {"campaign_id": "1"}, None, "querystring/campaign_id must match"),
        ("POST", "/leads/list", None, {"limit": 101}, "body/limit must be <= 100"),
        ("POST", "/leads/list", None, {"campaign": 7}, "body/campaign must be string"),
        ("POST", "/leads/add", None, {"leads": []}, "body/leads must NOT have fewer than 1 items"),
        ("POST", "/leads/add", None, {"leads": [{}] * 1001}, "body/leads must NOT have more than 1000 items"),
        ("POST", "/leads/add", None, {"leads": [{"custom_variables": {"a": []}}]}, "custom_variables/a must be string"),
        ("POST", "/leads/add", None, None, "body must be object"),
        ("POST", "/campaigns", None, {}, "body must have required property 'name'"),
        ("POST", "/campaigns", None, {"name": "x", "campaign_schedule": {"schedules": []}}, "fewer than 1 items"),
        ("POST", "/accounts/warmup-analytics", None, {}, "body must have required property 'emails'"),
        ("DELETE", "/leads", None, {"status": 1}, "body must have required property 'campaign_id'"),
    ],
)
def test_what_the_schema_refuses_is_a_400_that_says_where(method, path, query, body, message, *, server):
    status, told = refusal(server, method, path, query, body)
    assert (status, message in told) == (400, True), told
    with pytest.raises(AssertionError):
        assert_request_conforms("instantly", method, PREFIX + path, query, body)


def test_an_announced_body_that_is_missing_is_a_400(server):
    path = f"/campaigns/{UNKNOWN}/activate"
    response = server.ask("POST", path, **{"Content-Type": "application/json"})
    assert (response.status_code, response.json()["code"]) == (400, "FST_ERR_CTP_EMPTY_JSON_BODY")
    assert_answer_conforms("instantly", "POST", PREFIX + path, 400, response.json())


@pytest.mark.parametrize("name", ["/analytics", "/analytics/overview", "/analytics/daily", "/analytics/steps"])
def test_a_range_that_ends_before_it_begins_is_a_bare_message(name, server):
    backwards = {"start_date": "2026-09-08", "end_date": "2026-09-07"}
    assert refusal(server, "GET", f"/campaigns{name}", backwards) == (400, "Start Date must be earlier than End Date")


def test_account_days_need_addresses_and_at_most_31_days(server):
    path = "/accounts/analytics/daily"
    emails = [row["email"] for row in server.workspace.accounts.after(None)]
    assert refusal(server, "GET", path)[0] == 400
    assert refusal(server, "GET", path, {"emails": [f"a{n}@nowhere.example" for n in range(201)]})[0] == 400
    window = {"emails": emails, "start_date": "2026-08-01", "end_date": "2026-08-31"}
    assert server.ask("GET", path, window).status_code == 200
    assert refusal(server, "GET", path, window | {"end_date": "2026-09-01"})[0] == 413


def test_one_request_too_many_is_a_429_without_a_hint_when_to_come_back():
    limits = Limits(per_second=0, per_minute=3, emails_per_minute=2)
    with instantly_server(limits=limits, workspaces=2) as server:
        assert [server.ask("GET", "/emails").status_code for _ in range(2)] == [200, 200]
        assert refusal(server, "GET", "/emails") == (429, "Rate limit exceeded")
        assert server.ask("GET", "/campaigns").status_code == 200
        assert refusal(server, "GET", "/accounts") == (429, "Rate limit exceeded")
        assert "retry-after" not in server.ask("GET", "/accounts").headers
        other = {"Authorization": f"Bearer {server.api_key}-2"}
        assert server.ask("GET", "/accounts", **other).status_code == 200, "limits are one workspace's"
        server.reset()
        assert server.ask("GET", "/emails").status_code == 200
