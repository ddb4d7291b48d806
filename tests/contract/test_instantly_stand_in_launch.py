"""What a launch meets at Instantly's stand-in, and how two stand-ins are compared."""

from __future__ import annotations

import httpx
import pytest

from sandbox.instantly.endpoint import PREFIX
from tests.fakes.instantly_server import DRAFT, TODAY, instantly_server, stand_in_of

ADA = {"email": "ada@quayworks.example", "first_name": "Ada", "personalization": "Saw the new dock."}
BO = {"email": "bo@quayworks.example", "custom_variables": {"fleet_size": 41}}
OPEN = {"schedules": [DRAFT["campaign_schedule"]["schedules"][0] | {"days": {"5": True}}]}
"""Open at noon of `TODAY`, which is a Friday."""


def launched(stand_in, *leads, **fields):
    """A campaign with a sender that works and these leads, activated."""
    sender = stand_in.ask("GET", "/accounts?status=1")["items"][0]["email"]
    body = DRAFT | {"email_list": [sender], "campaign_schedule": OPEN} | fields
    campaign_id = stand_in.ask("POST", "/campaigns", body)["id"]
    if leads:
        stand_in.ask("POST", "/leads/add", {"campaign_id": campaign_id, "leads": list(leads)})
    stand_in.ask("POST", f"/campaigns/{campaign_id}/activate")
    return campaign_id


def code_of(stand_in, campaign_id: str):
    told = stand_in.ask("GET", f"/campaigns/{campaign_id}/sending-status")
    return (told["diagnostics"] or told["summary"])["status"], told["diagnostics"] is None


@pytest.mark.parametrize(
    ("leads", "fields", "code"),
    [
        ([ADA], {}, ("healthy", False)),
        ([], {}, ("waiting_for_leads", False)),
        ([ADA], {"email_list": []}, ("campaign_accounts_unhealthy", True)),
        ([ADA], {"campaign_schedule": DRAFT["campaign_schedule"]}, ("out_of_schedule", False)),
        ([ADA], {"campaign_schedule": OPEN | {"start_date": "2026-11-21"}}, ("out_of_schedule", False)),
        ([ADA], {"campaign_schedule": OPEN | {"end_date": "2026-11-20"}}, ("healthy", False)),
        ([ADA], {"campaign_schedule": OPEN | {"start_date": None, "end_date": ""}}, ("healthy", False)),
    ],
)
def test_an_activated_campaign_says_why_it_does_not_send(leads, fields, code):
    stand_in = stand_in_of()
    assert code_of(stand_in, launched(stand_in, *leads, **fields)) == code


def test_a_campaign_sends_once_its_schedule_opens_and_stops_when_paused():
    stand_in = stand_in_of()
    campaign_id = launched(stand_in, ADA, campaign_schedule=DRAFT["campaign_schedule"])
    assert stand_in.ask("GET", f"/campaigns/{campaign_id}")["not_sending_status"] == 1
    stand_in.clock.advance(3)
    assert code_of(stand_in, campaign_id) == ("healthy", False)
    paused = stand_in.ask("POST", f"/campaigns/{campaign_id}/pause")
    assert (paused["status"], "not_sending_status" in paused) == (2, False)
    assert code_of(stand_in, campaign_id) == ("campaign_paused", True)


def test_filters_that_are_ignored_show_everything():
    heeding, ignoring = stand_in_of(), stand_in_of(quirks=frozenset({"filters_ignored"}))
    for stand_in, campaigns, leads in ((heeding, 0, 0), (ignoring, 12, 240)):
        assert len(stand_in.walk("GET", "/campaigns?search=nobody", 100)) == campaigns
        assert len(stand_in.walk("POST", "/leads/list", 100, contacts=["nobody@quayworks.example"])) == leads


def test_two_stand_ins_with_the_same_history_in_another_order_are_equal():
    with instantly_server(leads=60, today=TODAY) as one, instantly_server(leads=60, today=TODAY) as other:
        for server, leads in ((one, [ADA, BO]), (other, [BO, ADA])):
            if server is other:
                server.ask("DELETE", f"/campaigns/{server.ask('POST', '/campaigns', body=DRAFT).json()['id']}")
            campaign = server.ask("POST", "/campaigns", body=DRAFT).json()["id"]
            for lead in leads:
                server.ask("POST", "/leads/add", body={"campaign_id": campaign, "leads": [lead]})
            server.ask("POST", "/block-lists-entries", body={"bl_value": "rival.example"})
        assert one.snapshot() == other.snapshot()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/campaigns", DRAFT),
        ("PATCH", "/campaigns/{campaign}", {"daily_limit": 7}),
        ("POST", "/campaigns/{campaign}/activate", None),
        ("POST", "/leads", ADA),
        ("POST", "/leads", ADA | {"campaign": "{campaign}"}),
        ("PATCH", "/leads/{lead}", {"personalization": "Something else."}),
        ("PATCH", "/leads/{lead}", {"custom_variables": {"fleet_size": 42}}),
        ("DELETE", "/leads/{lead}", None),
        ("POST", "/block-lists-entries", {"bl_value": "rival.example"}),
    ],
)
def test_whatever_changes_something_shows_in_the_snapshot_and_among_the_changing_requests(method, path, body):
    with instantly_server(leads=60, today=TODAY) as server:
        campaign = server.workspace.plans.id_of(1)
        lead = next(server.workspace.leads.after(None, server.workspace.plans.id_of(0)))["id"]
        before = server.snapshot()
        server.ask("POST", "/leads/list", body={"limit": 1})
        server.ask("GET", "/campaigns")
        assert (server.changing_requests, server.snapshot()) == ([], before)
        if body and "campaign" in body:
            body = body | {"campaign": campaign}
        answer = server.ask(method, path.format(campaign=campaign, lead=lead), body=body)
        assert answer.status_code == 200, answer.text
        assert [entry.method for entry in server.changing_requests] == [method]
        assert server.snapshot() != before


def test_a_request_that_failed_is_among_the_changing_ones_and_so_is_one_that_nobody_knows():
    with instantly_server(leads=60, today=TODAY) as server:
        server.order_fault(method="POST", path="/leads/add", action={"kind": "status", "status": 503})
        server.ask("POST", "/leads/add", body={})
        server.ask("POST", "/leads/move", body={})
        assert [(each.path, each.had_effect) for each in server.changing_requests] == [
            ("/leads/add", False),
            ("/leads/move", False),
        ]


def test_the_snapshot_names_people_and_settings_and_neither_ids_nor_moments():
    with instantly_server(leads=60, today=TODAY) as server:
        made = server.ask("POST", "/campaigns", body=DRAFT | {"daily_limit": 30}).json()
        server.ask("POST", "/leads/add", body={"campaign_id": made["id"], "leads": [ADA]})
        root = server.base_url.removesuffix(PREFIX)
        shown = httpx.get(f"{root}/_admin/snapshot", trust_env=False).json()["workspaces"][0]
    campaign = next(each for each in shown["campaigns"] if each["name"] == DRAFT["name"])
    assert (campaign["status"], campaign["daily_limit"]) == (0, 30)
    assert campaign["campaign_schedule"] == DRAFT["campaign_schedule"]
    assert [lead | {"payload": {}} for lead in campaign["leads"]] == [ADA | {"status": 1, "payload": {}}]
    assert made["id"] not in str(shown)
    assert "timestamp" not in str(shown)
