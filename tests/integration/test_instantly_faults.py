"""Faults, limits and the admin of Instantly's stand-in over real connections, and the stand-in as a process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from sandbox.app import create_app
from sandbox.instantly.world import DEMO_API_KEY
from tests.fakes.instantly_server import DRAFT, InstantlyServer, instantly_server

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def running() -> Iterator[InstantlyServer]:
    with instantly_server(leads=120) as server:
        yield server


@pytest.fixture
def server(running: InstantlyServer) -> InstantlyServer:
    running.reset()
    return running


def admin(server: InstantlyServer, method: str, path: str, body: Any = None) -> Any:
    base = server.base_url.removesuffix("/api/v2")
    content = {} if body is None else {"json": body}
    return httpx.request(method, f"{base}/_admin{path}", trust_env=False, **content)


def campaign_count(server: InstantlyServer) -> int:
    return len(server.workspace.campaigns)


@pytest.mark.parametrize(("when", "created"), [("before", 0), ("after", 1)])
def test_a_status_comes_before_or_after_the_effect(when, created, server):
    before = campaign_count(server)
    action = {"kind": "status", "status": 503, "when": when, "body": "upstream", "headers": {"Retry-After": "2"}}
    server.order_fault(method="POST", path="/campaigns", action=action)
    answer = server.ask("POST", "/campaigns", body=DRAFT)
    assert (answer.status_code, answer.text, answer.headers["retry-after"]) == (503, "upstream", "2")
    assert campaign_count(server) == before + created
    assert [(entry.status, entry.had_effect) for entry in server.requests] == [(503, bool(created))]


@pytest.mark.parametrize(("when", "created"), [("before", 0), ("after", 1)])
def test_a_cut_connection_gives_no_byte_before_or_after_the_effect(when, created, server):
    before = campaign_count(server)
    server.order_fault(method="POST", action={"kind": "cut", "when": when})
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        server.ask("POST", "/campaigns", body=DRAFT)
    assert campaign_count(server) == before + created
    assert [(entry.status, entry.had_effect) for entry in server.requests] == [(0, bool(created))]


def test_half_a_body_is_noticed_by_its_length(server):
    server.order_fault(action={"kind": "half_body"})
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        server.ask("GET", "/campaigns")
    assert server.ask("GET", "/campaigns").status_code == 200


def test_broken_json_is_a_whole_answer_that_cannot_be_read(server):
    server.order_fault(action={"kind": "broken_json"})
    answer = server.ask("GET", "/campaigns")
    assert (answer.status_code, len(answer.content)) == (200, int(answer.headers["content-length"]))
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_a_page_of_html_comes_with_a_200(server):
    server.order_fault(action={"kind": "html"})
    answer = server.ask("GET", "/campaigns")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html")
    assert answer.text.startswith("<html>")


def test_a_slow_answer_is_right_but_late(server):
    server.order_fault(action={"kind": "slow", "seconds": 0.3})
    began = time.monotonic()
    slow = server.ask("GET", "/campaigns")
    assert time.monotonic() - began >= 0.3
    assert slow.json() == server.ask("GET", "/campaigns").json()


def rewritten(server: InstantlyServer, change: dict[str, Any]) -> Any:
    """The second page, rewritten, and what it would have been: (shown, whole, the page before)."""
    asked = {"limit": "3"}
    before = server.ask("GET", "/campaigns", asked).json()
    asked["starting_after"] = before["next_starting_after"]
    whole = server.ask("GET", "/campaigns", asked).json()
    server.ask("GET", "/campaigns", {"limit": "3"})
    server.order_fault(where={"starting_after": asked["starting_after"]}, action={"kind": "rewrite", "change": change})
    return server.ask("GET", "/campaigns", asked).json(), whole, before


def test_rewrite_can_empty_a_page_and_keep_its_cursor(server):
    shown, whole, _ = rewritten(server, {"rows": "none"})
    assert shown == whole | {"items": []}


def test_rewrite_can_repeat_the_page_before(server):
    shown, whole, before = rewritten(server, {"rows": "previous"})
    assert shown == whole | {"items": [*before["items"], *whole["items"]]}


def test_rewrite_can_leave_out_the_last_rows(server):
    shown, whole, _ = rewritten(server, {"drop_rows": 2})
    assert shown == whole | {"items": whole["items"][:1]}


@pytest.mark.parametrize("cursor", [None, "", "somewhere"])
def test_rewrite_can_set_the_cursor(cursor, server):
    shown, whole, _ = rewritten(server, {"cursor": cursor})
    assert shown == whole | {"next_starting_after": cursor}


def test_rewrite_can_change_one_row(server):
    shown, whole, _ = rewritten(server, {"row": 1, "set": {"status": 9}, "remove": ["name"]})
    row = {name: value for name, value in whole["items"][1].items() if name != "name"} | {"status": 9}
    assert shown["items"] == [whole["items"][0], row, whole["items"][2]]


def test_rewrite_can_put_something_else_in_the_place_of_a_row(server):
    shown, whole, _ = rewritten(server, {"row": 0, "replace": "no campaign"})
    assert shown["items"] == ["no campaign", *whole["items"][1:]]


def test_rewrite_works_on_bare_lists_and_leaves_the_world_alone(server):
    whole = server.ask("GET", "/campaigns/analytics").json()
    server.order_fault(action={"kind": "rewrite", "change": {"drop_rows": 1, "row": 0, "set": {"leads_count": None}}})
    shown = server.ask("GET", "/campaigns/analytics").json()
    assert shown == [whole[0] | {"leads_count": None}, *whole[1:-1]]
    assert server.ask("GET", "/campaigns/analytics").json() == whole


def statuses(server: InstantlyServer, count: int, path: str = "/accounts") -> list[int]:
    return [server.ask("GET", path).status_code for _ in range(count)]


@pytest.mark.parametrize(
    ("skip", "times", "seen"),
    [(0, 1, [500, 200, 200, 200]), (1, 2, [200, 500, 500, 200]), (2, None, [200, 200, 500, 500])],
)
def test_skip_and_times_choose_which_of_the_requests_are_hit(skip, times, seen, server):
    server.order_fault(path="/acc*", skip=skip, times=times, action={"kind": "status", "status": 500})
    assert server.ask("GET", "/campaigns").status_code == 200
    assert statuses(server, 4) == seen


def test_where_chooses_by_query_and_by_body(server):
    action = {"kind": "status", "status": 500}
    server.order_fault(where={"limit": 7}, times=None, action=action)
    assert server.ask("GET", "/accounts", {"limit": "7"}).status_code == 500
    assert server.ask("POST", "/leads/list", body={"limit": 7}).status_code == 500
    assert server.ask("GET", "/accounts", {"limit": "8"}).status_code == 200


def test_the_admin_orders_faults_and_calls_them_off(server):
    rule = {"path": "/accounts", "times": None, "action": {"kind": "status", "status": 500}}
    assert admin(server, "POST", "/faults", rule).status_code == 200
    assert statuses(server, 1) == [500]
    assert admin(server, "DELETE", "/faults").status_code == 200
    assert statuses(server, 1) == [200]
    refused = admin(server, "POST", "/faults", {"action": {"kind": "earthquake"}})
    assert (refused.status_code, "earthquake" in refused.json()["message"]) == (400, True)


def test_the_admin_tells_what_was_asked_and_forgets_it(server):
    server.ask("GET", "/accounts/analytics/daily", {"emails": ["a@x.example", "b@x.example"]})
    told = admin(server, "GET", "/requests").json()
    assert told["counts"] == {"GET /accounts/analytics/daily": 1}
    assert told["requests"][0]["query"] == {"emails": ["a@x.example", "b@x.example"]}
    assert not told["requests"][0]["had_effect"]
    admin(server, "DELETE", "/requests")
    assert admin(server, "GET", "/requests").json() == {"requests": [], "counts": {}}


def test_the_admin_changes_the_world_as_somebody_else_would_and_resets_it(server):
    start = admin(server, "GET", "/world").json()
    campaign, email = start["workspaces"][0]["campaign_ids"][0], start["workspaces"][0]["account_emails"][0]
    changes = [
        {"change": "campaign", "id": campaign, "fields": {"name": "Renamed"}},
        {"delete": "account", "id": email},
        {"advance_days": 2},
    ]
    assert [admin(server, "POST", "/world", change).status_code for change in changes] == [200] * 3
    assert server.ask("GET", f"/campaigns/{campaign}").json()["name"] == "Renamed"
    assert server.ask("GET", f"/accounts/{email}").status_code == 404
    assert admin(server, "POST", "/world", {"delete": "account", "id": email}).status_code == 400
    admin(server, "POST", "/world", {"has_paid_plan": False})
    assert statuses(server, 1) == [402]
    assert admin(server, "POST", "/reset").status_code == 200
    assert admin(server, "GET", "/world").json() == start
    assert admin(server, "GET", "/nonsense").status_code == 404
    assert statuses(server, 1) == [200]


def test_the_admin_lets_a_lead_answer(server):
    lead = server.ask("POST", "/leads/list", body={"in_campaign": True, "filter": "FILTER_VAL_NO_OPENS"}).json()[
        "items"
    ][0]
    total = server.ask("GET", "/campaigns/analytics", {"id": lead["campaign"]}).json()[0]
    assert admin(server, "POST", "/world", {"answer_as": lead["id"], "text": "Thursday."}).status_code == 200
    mail = server.ask("GET", "/emails", {"limit": "1"}).json()["items"][0]
    assert (mail["lead"], mail["body"]["text"]) == (lead["email"], "Thursday.")
    after = server.ask("GET", "/campaigns/analytics", {"id": lead["campaign"]}).json()[0]
    assert after["reply_count"] == total["reply_count"] + 1
    count = server.ask("GET", f"/leads/{lead['id']}").json()["email_reply_count"]
    assert count == lead["email_reply_count"] + 1
    assert admin(server, "POST", "/world", {"answer_as": "nobody"}).status_code == 400


def test_what_belongs_to_no_vendor_is_a_404_and_health_is_ok(server):
    origin = server.base_url.removesuffix("/instantly/api/v2")
    assert httpx.get(f"{origin}/health", trust_env=False).text == "ok"
    assert httpx.get(f"{origin}/", trust_env=False).status_code == 404
    assert create_app().instantly.world.settings.workspaces == 1


def test_an_address_is_decoded_once(server):
    answer = server.ask("GET", "/accounts/a%252540x.example")
    assert answer.status_code == 404
    assert server.requests[-1].path == "/accounts/a%2540x.example"


@pytest.fixture(scope="module")
def process() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`python -m sandbox` with small limits and an answer that takes its time."""
    options = ["--campaigns", "3", "--accounts", "4", "--leads", "20", "--today", "2026-11-20", "--api-key", "invented"]
    options += ["--requests-per-minute", "6", "--requests-per-second", "0", "--latency-ms", "60"]
    command = [sys.executable, "-m", "sandbox", *options]
    environment = {**os.environ, "PYTHONWARNINGS": "error"}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as started:
        try:
            assert started.stdout is not None
            yield started, json.loads(started.stdout.readline())["instantly"]
        finally:
            started.kill()


def test_the_process_says_where_it_serves_keeps_its_limits_and_ends_when_told(process):
    started, base_url = process
    with httpx.Client(headers={"Authorization": "Bearer invented"}, trust_env=False) as client:
        began = time.monotonic()
        answers = [client.get(f"{base_url}/accounts") for _ in range(7)]
        assert time.monotonic() - began >= 7 * 0.06
        assert [answer.status_code for answer in answers] == [200] * 6 + [429]
        assert len(answers[0].json()["items"]) == 4
        wrong_key = {"Authorization": f"Bearer {DEMO_API_KEY}"}
        assert client.get(f"{base_url}/accounts", headers=wrong_key).status_code == 401
    started.send_signal(signal.SIGTERM)
    assert started.wait(timeout=10) in {0, -signal.SIGTERM}
