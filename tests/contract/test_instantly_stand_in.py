"""Campaigns, analytics and sending accounts of Instantly's stand-in, judged by the vendor's document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from sandbox.instantly.endpoints import accounts, campaign_analytics, campaigns
from tests.fakes.instantly_server import DRAFT, InstantlyServer, Judged, instantly_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Json = dict[str, Any]
TODAY_AND_BEFORE = {"start_date": "2026-09-01", "end_date": "2026-09-15"}


@pytest.fixture(scope="module")
def running() -> Iterator[InstantlyServer]:
    with instantly_server(leads=150) as server:
        yield server


@pytest.fixture
def judged(running: InstantlyServer) -> Judged:
    running.reset()
    return Judged(running)


def _campaign_list(ask: Judged) -> None:
    assert {row["id"] for row in ask.walk("GET", "/campaigns", limit="5")} == set(ask.campaigns)
    for status in (-99, -2, -1, 0, 1, 2, 3, 4):
        chosen = ask.walk("GET", "/campaigns", status=str(status))
        others = ask.walk("GET", "/campaigns", exclude_status=str(status), limit="100")
        assert chosen
        assert {row["status"] for row in chosen} == {status}
        assert len(chosen) + len(others) == len(ask.campaigns)
    tagged = next(row for row in others if row["email_tag_list"])
    assert tagged in ask.walk("GET", "/campaigns", tag_ids=",".join([ask.list_id, *tagged["email_tag_list"]]))
    assert ask.walk("GET", "/campaigns", search=tagged["name"].upper()) == [tagged]
    assert ask.walk("GET", "/campaigns", ai_sales_agent_id=ask.list_id) == []


def _campaign_create(ask: Judged) -> None:
    made = ask("POST", "/campaigns", body=DRAFT | {"email_list": ask.accounts[:1], "pl_value": 500, "cc_list": []})
    assert (made["status"], made["email_list"]) == (0, ask.accounts[:1])
    assert ask("GET", f"/campaigns/{made['id']}") == made


def _campaign_change(ask: Judged) -> None:
    path = f"/campaigns/{ask.busy}"
    ask("PATCH", path, body={"daily_limit": 7, "email_list": ask.accounts[:2]})
    assert ask("GET", path)["email_list"] == ask.accounts[:2]


def _campaign_delete(ask: Judged) -> None:
    assert ask("DELETE", f"/campaigns/{ask.busy}")["id"] == ask.busy
    assert ask.busy not in {row["id"] for row in ask.walk("GET", "/campaigns", limit="100")}


def _activate(ask: Judged) -> None:
    assert ask("POST", f"/campaigns/{ask.busy}/activate")["status"] == 1


def _pause(ask: Judged) -> None:
    assert ask("POST", f"/campaigns/{ask.busy}/pause")["status"] == 2


def _sending_status(ask: Judged) -> None:
    told = [ask("GET", f"/campaigns/{each}/sending-status", {"with_ai_summary": "false"}) for each in ask.campaigns]
    assert {bool(each["diagnostics"]) for each in told} == {True, False}
    assert all(each["summary"]["status"] for each in told)


def _search_by_contact(ask: Judged) -> None:
    found = ask("GET", "/campaigns/search-by-contact", {"search": ask.lead["email"]})
    assert ask.busy in {row["id"] for row in found["items"]}


def _totals(ask: Judged) -> None:
    rows = ask("GET", "/campaigns/analytics")
    assert len(rows) < len(ask.campaigns), "a campaign that never sent has no row"
    assert ask("GET", "/campaigns/analytics", {"id": ask.busy})[0]["campaign_id"] == ask.busy
    two = [row["campaign_id"] for row in rows[:2]]
    chosen = {"ids": two, "exclude_total_leads_count": "true"}
    assert [row["campaign_id"] for row in ask("GET", "/campaigns/analytics", chosen)] == two
    ask("GET", "/campaigns/analytics", TODAY_AND_BEFORE)


def _overview(ask: Judged) -> None:
    everything = ask("GET", "/campaigns/analytics/overview", {"expand_crm_events": "true"})
    completed = ask("GET", "/campaigns/analytics/overview", {"campaign_status": "3"})
    assert 0 < completed["emails_sent_count"] < everything["emails_sent_count"]


def _daily(ask: Judged) -> None:
    of_all = ask("GET", "/campaigns/analytics/daily")
    of_one = ask("GET", "/campaigns/analytics/daily", {"campaign_id": ask.busy})
    assert 0 < sum(row["sent"] for row in of_one) < sum(row["sent"] for row in of_all)
    ask("GET", "/campaigns/analytics/daily", TODAY_AND_BEFORE | {"campaign_status": "1"})


def _steps(ask: Judged) -> None:
    chosen = {"campaign_id": ask.busy, "include_opportunities_count": "true"}
    assert {"opportunities", "won"} <= set(ask("GET", "/campaigns/analytics/steps", chosen)[0])
    ask("GET", "/campaigns/analytics/steps", TODAY_AND_BEFORE)


def _account_list(ask: Judged) -> None:
    assert [row["email"] for row in ask.walk("GET", "/accounts", limit="7", include_tags="true")] == ask.accounts
    by_name = ask.walk("GET", "/accounts", search=ask.accounts[3])
    assert [row["email"] for row in by_name] == [ask.accounts[3]]
    for chosen in ({"status": "-1"}, {"provider_code": "2"}, {"filter": "ACC_FILTER_W_ACTIVE"}, {"tag_ids": "none"}):
        assert len(ask.walk("GET", "/accounts", **chosen)) < len(ask.accounts)
    tag = ask.walk("GET", "/custom-tags")[2]["id"]
    assert ask.walk("GET", "/accounts", tag_ids_all=tag) == ask.walk("GET", "/accounts", tag_ids=tag)
    sorted_by = {"sort_by": "email", "sort_order": "asc", "limit": "100"}
    in_order = [row["email"] for row in ask("GET", "/accounts", sorted_by | {"skip": "2"})["items"]]
    assert in_order == sorted(ask.accounts)[2:]


def _account(ask: Judged) -> None:
    assert ask("GET", f"/accounts/{quote(ask.accounts[0], safe='')}")["email"] == ask.accounts[0]


def _account_days(ask: Judged) -> None:
    rows = ask("GET", "/accounts/analytics/daily", {"emails": ask.accounts[10:]})
    assert {row["email_account"] for row in rows} <= {*ask.accounts[10:], ""}
    assert sum(row["sent"] for row in rows) > 0


def _warmup(ask: Judged) -> None:
    told = ask("POST", "/accounts/warmup-analytics", body={"emails": [*ask.accounts[:9], "nobody@nowhere.example"]})
    assert set(told["aggregate_data"]) == set(told["email_date_data"]) < set(ask.accounts[:9])


EXERCISES: dict[str, Callable[[Judged], None]] = {
    "GET /campaigns": _campaign_list,
    "POST /campaigns": _campaign_create,
    "GET /campaigns/{id}": _campaign_create,
    "PATCH /campaigns/{id}": _campaign_change,
    "DELETE /campaigns/{id}": _campaign_delete,
    "POST /campaigns/{id}/activate": _activate,
    "POST /campaigns/{id}/pause": _pause,
    "GET /campaigns/{id}/sending-status": _sending_status,
    "GET /campaigns/search-by-contact": _search_by_contact,
    "GET /campaigns/analytics": _totals,
    "GET /campaigns/analytics/overview": _overview,
    "GET /campaigns/analytics/daily": _daily,
    "GET /campaigns/analytics/steps": _steps,
    "GET /accounts": _account_list,
    "GET /accounts/{email}": _account,
    "GET /accounts/analytics/daily": _account_days,
    "POST /accounts/warmup-analytics": _warmup,
}


def test_every_operation_is_exercised():
    groups = (campaigns, campaign_analytics, accounts)
    assert set(EXERCISES) == {endpoint.name for group in groups for endpoint in group.ENDPOINTS}


@pytest.mark.parametrize("operation", EXERCISES)
def test_what_is_asked_and_answered_is_what_the_vendor_documents(operation, judged):
    EXERCISES[operation](judged)
    assert judged.operations[operation] > 0
