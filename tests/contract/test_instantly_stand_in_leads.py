"""Leads, mails and the small tables of Instantly's stand-in, judged by the vendor's document."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox.instantly.endpoints import accounts, campaign_analytics, campaigns
from sandbox.instantly.server import ENDPOINTS
from tests.fakes.instantly_server import InstantlyServer, Judged, instantly_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOBODY = "nobody@nowhere.example"
COUNTERS = (
    "leads_uploaded",
    "in_blocklist",
    "duplicated_leads",
    "skipped_count",
    "invalid_email_count",
    "incomplete_count",
    "duplicate_email_count",
)


@pytest.fixture(scope="module")
def running() -> Iterator[InstantlyServer]:
    with instantly_server(leads=300) as server:
        yield server


@pytest.fixture
def judged(running: InstantlyServer) -> Judged:
    running.reset()
    return Judged(running)


def _lead_list(ask: Judged) -> None:
    everybody = ask.walk("POST", "/leads/list", limit=100)
    of_campaign = ask.walk("POST", "/leads/list", campaign=ask.busy, limit=7)
    assert of_campaign == [row for row in everybody if row.get("campaign") == ask.busy]
    assert len(everybody) == 300
    narrowed: list[dict[str, object]] = [
        {"list_id": ask.list_id},
        {"in_campaign": True},
        {"in_list": True},
        {"filter": "FILTER_VAL_CONTACTED"},
        {"filter": "FILTER_VAL_REPLIED", "campaign": ask.busy},
        {"ids": [ask.lead["id"]]},
        {"contacts": [ask.lead["email"]]},
        {"excluded_ids": [ask.lead["id"]]},
        {"search": ask.lead["last_name"]},
        {"distinct_contacts": True},
    ]
    for asked in narrowed:
        assert 0 < len(ask.walk("POST", "/leads/list", limit=100, **asked)) < 300, asked


def _lead(ask: Judged) -> None:
    assert ask("GET", f"/leads/{ask.lead['id']}") == ask.lead


def _lead_create(ask: Judged) -> None:
    fields = {"email": NOBODY, "first_name": "Wanda", "custom_variables": {"fleet_size": 41, "is_customer": False}}
    made = ask("POST", "/leads", body=fields | {"campaign": ask.busy})
    assert made["payload"]["fleet_size"] == 41
    assert ask("GET", f"/leads/{made['id']}") == made
    into_list = ask("POST", "/leads", body=fields | {"list_id": ask.list_id})
    assert into_list["list_id"] == ask.list_id


def _lead_change(ask: Judged) -> None:
    body = {"first_name": "Wanda", "lt_interest_status": 1, "custom_variables": {"fleet_size": 41}}
    changed = ask("PATCH", f"/leads/{ask.lead['id']}", body=body)
    assert (changed["first_name"], changed["payload"]["firstName"]) == ("Wanda", "Wanda")
    assert ask("GET", f"/leads/{ask.lead['id']}") == changed


def _lead_delete(ask: Judged) -> None:
    assert ask("DELETE", f"/leads/{ask.lead['id']}") == ask.lead
    assert ask.lead not in ask.walk("POST", "/leads/list", campaign=ask.busy, limit=100)


def _leads_delete(ask: Judged) -> None:
    chosen = {"campaign_id": ask.busy, "ids": [ask.lead["id"]], "limit": 10}
    assert ask("DELETE", "/leads", body=chosen) == {"count": 1}


def _leads_add(ask: Judged) -> None:
    blocked = ask("GET", "/block-lists-entries", {"domains_only": "true"})["items"][0]["bl_value"]
    new = [{"email": NOBODY, "first_name": "Wanda"}, {"email": NOBODY.upper()}]
    leads = [*new, {"email": "not-an-address"}, {"email": ask.lead["email"]}, {"email": f"someone@{blocked}"}]
    report = ask("POST", "/leads/add", body={"campaign_id": ask.busy, "leads": leads})
    assert [report[name] for name in COUNTERS] == [1, 1, 1, 0, 1, 0, 1]
    assert sum(report[name] for name in COUNTERS) == report["total_sent"] == len(leads)
    assert [row["index"] for row in report["created_leads"]] == [0]
    again = {"campaign_id": ask.campaigns[0], "leads": new[:1], "skip_if_in_workspace": True}
    assert ask("POST", "/leads/add", body=again)["skipped_count"] == 1
    nameless = {"list_id": ask.list_id, "leads": [{"company_name": "Nordkai"}, {"first_name": "Urs"}]}
    report = ask("POST", "/leads/add", body=nameless)
    assert (report["incomplete_count"], report["leads_uploaded"], report["remaining_in_plan"]) == (1, 1, None)


def _mails(ask: Judged) -> None:
    newest_first = ask.walk("GET", "/emails", limit="100")
    oldest_first = ask.walk("GET", "/emails", limit="100", sort_order="asc")
    assert newest_first == oldest_first[::-1]
    middle = newest_first[len(newest_first) // 2]["timestamp_created"]
    narrowed: list[dict[str, str]] = [
        {"min_timestamp_created": middle},
        {"max_timestamp_created": middle, "sort_order": "asc"},
        {"lead": newest_first[0]["lead"]},
        {"search": f"thread:{newest_first[0]['thread_id']}"},
        {"email_type": "received", "is_unread": "true"},
        {"mode": "emode_focused"},
        {"campaign_id": newest_first[0]["campaign_id"]},
        {"eaccount": newest_first[0]["eaccount"]},
    ]
    for asked in narrowed:
        assert 0 < len(ask.walk("GET", "/emails", limit="100", **asked)) < len(newest_first), asked


def _mail(ask: Judged) -> None:
    for row in ask.walk("GET", "/emails", limit="100"):
        assert ask("GET", f"/emails/{row['id']}") == row


def _block_list(ask: Judged) -> None:
    rows = ask.walk("GET", "/block-lists-entries", limit="1")
    assert {row["is_domain"] for row in rows} == {True, False}
    assert ask.walk("GET", "/block-lists-entries", search=rows[0]["bl_value"]) == rows[:1]


def _block(ask: Judged) -> None:
    made = ask("POST", "/block-lists-entries", body={"bl_value": "Keepout.example"})
    path = f"/block-lists-entries/{made['id']}"
    assert (made["bl_value"], made["is_domain"]) == ("keepout.example", True)
    assert ask("GET", path) == ask("DELETE", path) == made
    assert made not in ask.walk("GET", "/block-lists-entries")
    ask("POST", "/block-lists-entries", body={"bl_value": "keepout.example"})
    addresses = ("a@KEEPOUT.example", "a@mail.keepout.example", "a@nokeepout.example", "keepout.example@other.example")
    leads = {"campaign_id": ask.busy, "leads": [{"email": each} for each in addresses]}
    report = ask("POST", "/leads/add", body=leads)
    assert (report["in_blocklist"], [row["index"] for row in report["created_leads"]]) == (2, [2, 3])
    assert report["blocklist_used"] is not None


def _block_many(ask: Judged) -> None:
    values = ["keepout.example", NOBODY, "no domain"]
    report = ask("POST", "/block-lists-entries/bulk-create", body={"bl_values": values})
    assert (report["valid_count"], report["invalid_count"]) == (2, 1)


def _verification(ask: Judged) -> None:
    told = [ask("POST", "/email-verification", body={"email": f"person{n}@nowhere.example"}) for n in range(30)]
    assert {row["verification_status"] for row in told} == {"pending", "verified", "invalid"}
    assert told[-1]["credits"] == told[0]["credits"] - 29
    pending = next(row["email"] for row in told if row["verification_status"] == "pending")
    assert ask("GET", f"/email-verification/{pending}")["verification_status"] != "pending"


def _workspace(ask: Judged) -> None:
    plan = ask("GET", "/workspace-billing/plan-details")
    assert plan["organization_id"] == ask("GET", "/workspaces/current")["id"]
    assert plan["subscriptions"]["outreach"]["current_lead_count"] == 300


def _tags(ask: Judged) -> None:
    tags = ask.walk("GET", "/custom-tags", limit="2")
    mapping = ask.walk("GET", "/custom-tag-mappings")[0]
    assert ask.walk("GET", "/custom-tag-mappings", resource_ids=mapping["resource_id"]) == [mapping]
    used = ask.walk("GET", "/custom-tags", resource_ids=mapping["resource_id"])
    assert [row["id"] for row in used] == [mapping["tag_id"]]
    assert ask.walk("GET", "/custom-tags", tag_ids=tags[1]["id"], search=tags[1]["label"]) == [tags[1]]


def _labels_and_lists(ask: Judged) -> None:
    labels = ask.walk("GET", "/lead-labels", limit="1")
    positive = ask.walk("GET", "/lead-labels", interest_status="positive")
    assert positive == [row for row in labels if row["interest_status_label"] == "positive"]
    lists = ask.walk("GET", "/lead-lists", limit="1", has_enrichment_task="false")
    assert ask.walk("GET", "/lead-lists", search=lists[0]["name"]) == lists[:1]


def _jobs(ask: Judged) -> None:
    rows = ask.walk("GET", "/background-jobs", limit="5")
    oldest_first = ask.walk("GET", "/background-jobs", sort_column="updated_at", sort_order="asc")
    assert oldest_first == sorted(rows, key=lambda row: row["updated_at"])
    job = ask("GET", f"/background-jobs/{rows[0]['id']}", {"data_fields": "failed_count"})
    assert job["data"] == {"failed_count": 0}
    assert ask.walk("GET", "/background-jobs", ids=rows[0]["id"], status="success,failed") == rows[:1]


EXERCISES: dict[str, Callable[[Judged], None]] = {
    "POST /leads/list": _lead_list,
    "GET /leads/{id}": _lead,
    "POST /leads": _lead_create,
    "PATCH /leads/{id}": _lead_change,
    "DELETE /leads/{id}": _lead_delete,
    "DELETE /leads": _leads_delete,
    "POST /leads/add": _leads_add,
    "GET /emails": _mails,
    "GET /emails/{id}": _mail,
    "GET /block-lists-entries": _block_list,
    **dict.fromkeys(("POST /block-lists-entries", "DELETE /block-lists-entries/{id}"), _block),
    "GET /block-lists-entries/{id}": _block,
    "POST /block-lists-entries/bulk-create": _block_many,
    **dict.fromkeys(("POST /email-verification", "GET /email-verification/{email}"), _verification),
    **dict.fromkeys(("GET /workspaces/current", "GET /workspace-billing/plan-details"), _workspace),
    **dict.fromkeys(("GET /custom-tags", "GET /custom-tag-mappings"), _tags),
    **dict.fromkeys(("GET /lead-labels", "GET /lead-lists"), _labels_and_lists),
    **dict.fromkeys(("GET /background-jobs", "GET /background-jobs/{id}"), _jobs),
}


def test_every_operation_is_exercised():
    elsewhere = {endpoint.name for group in (campaigns, campaign_analytics, accounts) for endpoint in group.ENDPOINTS}
    assert set(EXERCISES) == {endpoint.name for endpoint in ENDPOINTS} - elsewhere


@pytest.mark.parametrize("operation", EXERCISES)
def test_what_is_asked_and_answered_is_what_the_vendor_documents(operation, judged):
    EXERCISES[operation](judged)
    assert judged.operations[operation] > 0
