"""Recorded answers of the real Instantly: the stand-in shows what they show, and our bricks read them whole."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import orjson
import pytest

from modules.instantly.instantly_client import InstantlyClient
from modules.instantly.instantly_lead_rows import LEADS
from modules.instantly.instantly_rows import ACCOUNTS, CAMPAIGNS, WORKSPACE_TOTAL, Days
from modules.instantly.instantly_sources import InstantlyApi
from modules.instantly.instantly_statistics_rows import DAILY_ANALYTICS, STEPS
from modules.instantly.instantly_transform import (
    transform_accounts,
    transform_campaigns,
    transform_daily_analytics,
    transform_steps,
)
from modules.shared.row_transform import transform_rows
from modules.supabase.table_sync import sync_table
from sandbox.instantly.endpoint import PREFIX
from tests.contract.vendor_documents import assert_answer_conforms
from tests.fakes.instantly_server import InstantlyServer, instantly_server

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(os.environ.get("VENDOR_RECORDINGS") or Path(__file__).parents[3] / "shared" / "recordings")
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no recordings in {FOLDER}; set VENDOR_RECORDINGS")

RECORDINGS = {path.stem: orjson.loads(path.read_bytes()) for path in sorted(FOLDER.glob("*.json"))}
RECORDED_ON = datetime(2025, 11, 1, 16, tzinfo=UTC)
DAYS = Days(date(2025, 8, 3), date(2025, 11, 1))

NOT_SHOWN: dict[str, set[tuple[str, str]]] = {}
"""What recorded rows of an endpoint hold and the stand-in's never do, on purpose: (place, type)."""


def shapes(value: Any, place: str = "") -> set[tuple[str, str]]:
    """Every place in a value with the type found there; empty text is a type of its own."""
    if isinstance(value, dict):
        return {("." + place, "object")}.union(*(shapes(each, f"{place}.{name}") for name, each in value.items()))
    if isinstance(value, list):
        return {(place, "list")}.union(*(shapes(each, f"{place}[]") for each in value))
    return {(place, "empty text" if value == "" else type(value).__name__)}


def rows_of(answer: Any) -> Any:
    return answer.get("items", answer) if isinstance(answer, dict) else answer


@pytest.fixture(scope="module")
def server() -> Iterator[InstantlyServer]:
    with instantly_server(leads=600) as running:
        yield running


@pytest.mark.parametrize("name", RECORDINGS)
def test_the_stand_in_shows_every_key_and_type_of_the_recorded_rows(name, server):
    recording = RECORDINGS[name]
    path = urlsplit(recording["endpoint"]).path
    if recording["method"] == "GET":
        limit = {"limit": "100"} if path in {"/campaigns", "/accounts"} else None
        answer = server.ask("GET", path, limit)
        shown = shapes(rows_of(answer.json()))
    else:
        workspace = server.workspace
        answer = server.ask("POST", path, body={"limit": 100})
        shown = shapes(
            [row for each in workspace.campaigns.after(None) for row in workspace.leads.after(None, each["id"])]
        )
    assert answer.status_code == recording["status"]
    assert shapes(rows_of(recording["response"])) - shown == NOT_SHOWN.get(path, set())
    if isinstance(recording["response"], dict) and "items" in recording["response"]:
        assert set(recording["response"]) == set(answer.json())
    if recording["status"] != 200:
        assert answer.json() == recording["response"]


@pytest.mark.parametrize("name", RECORDINGS)
def test_the_document_that_judges_the_stand_in_accepts_the_vendors_own_answers(name):
    recording = RECORDINGS[name]
    path = PREFIX + urlsplit(recording["endpoint"]).path
    answer = recording["response"]
    if path.endswith("/steps"):
        # Recorded before the vendor counted automatic replies apart.
        answer = [row | {"replies_automatic": 0, "unique_replies_automatic": 0} for row in answer]
    assert_answer_conforms("instantly", recording["method"], path, recording["status"], answer)


def replay(request: httpx.Request) -> httpx.Response:
    """The recording of a request; nothing behind the first page, and no days of campaigns that were not recorded."""
    asked = dict(request.url.params)
    path = request.url.path.removeprefix(PREFIX)
    if "starting_after" in asked:
        return httpx.Response(200, json={"items": []})
    for recording in RECORDINGS.values():
        parts = urlsplit(recording["endpoint"])
        if (recording["method"], parts.path) == (request.method, path) and dict(parse_qsl(parts.query)).get(
            "campaign_id"
        ) == asked.get("campaign_id"):
            return httpx.Response(recording["status"], json=recording["response"])
    return httpx.Response(200, json=[])


@pytest.fixture
def vendor() -> Iterator[InstantlyApi]:
    base_url = f"https://instantly.example{PREFIX}"
    client = InstantlyClient(
        "invented-key", base_url=base_url, requests_per_second=None, transport=httpx.MockTransport(replay)
    )
    with InstantlyApi(client) as source:
        source.as_of = RECORDED_ON
        yield source


def accepted(store: Any, table: Any, rows: Any, vendor: InstantlyApi) -> int:
    """How many rows were written; none may have been rejected."""
    report = sync_table(store, table, rows, source=vendor)
    assert (report.counts.rejected, report.counts.inserted) == (0, report.counts.read)
    assert store.select("rejected_rows") == []
    return report.counts.inserted


def test_recorded_campaigns_reach_the_table(vendor, store, database):
    listed = rows_of(RECORDINGS["campaigns_list"]["response"])
    totals = RECORDINGS["campaigns_analytics"]["response"]
    ids = {row["id"] for row in listed} | {row["campaign_id"] for row in totals}
    assert accepted(store, CAMPAIGNS, transform_campaigns(vendor.campaigns()), vendor) == len(ids)
    sent = database.execute("select sum(emails_sent_count) from instantly_campaigns_raw").fetchone()
    assert sent == (sum(row["emails_sent_count"] for row in totals),)


def test_recorded_accounts_reach_the_table(vendor, store, database):
    rows = rows_of(RECORDINGS["email_accounts"]["response"])
    assert accepted(store, ACCOUNTS, transform_accounts(vendor.listed("accounts")), vendor) == len(rows)
    nameless = database.execute("select count(*) from instantly_accounts_raw where last_name is null").fetchone()
    assert nameless == (sum(row["last_name"] == "" for row in rows),)


def test_recorded_days_reach_the_table(vendor, store, database):
    of_workspace = RECORDINGS["daily_analytics__2025-08-03_to_2025-11-01_"]["response"]
    of_campaign = RECORDINGS["campaign_1_daily_analytics"]["response"]
    campaign_id = dict(parse_qsl(urlsplit(RECORDINGS["campaign_1_daily_analytics"]["endpoint"]).query))["campaign_id"]
    rows = transform_daily_analytics(vendor.daily_analytics([campaign_id, "not-recorded"], DAYS))
    assert accepted(store, DAILY_ANALYTICS, rows, vendor) == len(of_workspace) + len(of_campaign)
    sums = database.execute(
        "select sum(sent), sum(replies) from instantly_daily_analytics_raw where instantly_campaign_id = %s",
        [WORKSPACE_TOTAL],
    ).fetchone()
    assert sums == (sum(row["sent"] for row in of_workspace), sum(row["replies"] for row in of_workspace))


def test_recorded_leads_reach_the_table(vendor, store, database):
    rows = rows_of(RECORDINGS["leads_list_page"]["response"])
    campaigns = {row["campaign"] for row in rows}
    assert accepted(store, LEADS, transform_rows(LEADS, rows), vendor) == len(rows)
    stored = database.execute(f"select count(*), count(distinct instantly_campaign_id) from {LEADS.name}").fetchone()
    assert stored == (len(rows), len(campaigns))


@pytest.mark.parametrize("name", ["campaign_1_steps_analytics", "campaign_2_steps_analytics"])
def test_recorded_steps_reach_the_table(name, vendor, store, database):
    rows = RECORDINGS[name]["response"]
    payloads = [{"campaign_id": "a-campaign", "step": row} for row in rows]
    assert accepted(store, STEPS, transform_steps(payloads), vendor) == len(rows)
    (sent,) = database.execute(f"select sum(sent) from {STEPS.name}").fetchone()
    assert sent == sum(row["sent"] for row in rows)
