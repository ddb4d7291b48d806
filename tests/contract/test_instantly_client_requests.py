"""What our own bricks send to Instantly, and what they get, judged by the vendor's document."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from modules.instantly.instantly_api import InstantlyApi
from modules.instantly.instantly_client import InstantlyClient
from modules.instantly.instantly_rows import WORKSPACE_TOTAL, Days, LeadsOf
from modules.instantly.instantly_sources import payloads_of
from modules.instantly.instantly_tables import TABLE_OF
from modules.shared.raw_table import RejectedRow
from modules.shared.row_transform import transform_rows
from sandbox.instantly.endpoint import PREFIX
from tests.contract.vendor_documents import assert_answer_conforms, assert_request_conforms
from tests.fakes.instantly_server import TODAY, InstantlyServer, instantly_server

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def running() -> Iterator[InstantlyServer]:
    with instantly_server(campaigns=130, accounts=250, leads=4000, today=TODAY) as server:
        yield server


@pytest.fixture
def server(running: InstantlyServer) -> Iterator[InstantlyServer]:
    """Judges everything that was asked, once the test is through."""
    running.reset()
    yield running
    asked = running.requests
    assert asked
    for entry in asked:
        path = PREFIX + entry.path
        assert_request_conforms("instantly", entry.method, path, entry.query, entry.body)
        assert entry.status == 200
    for entry in asked[:40]:
        answer = running.ask(entry.method, entry.path, entry.query, entry.body)
        assert_answer_conforms("instantly", entry.method, PREFIX + entry.path, answer.status_code, answer.json())


@pytest.fixture
def api(server: InstantlyServer) -> Iterator[InstantlyApi]:
    client = InstantlyClient(server.api_key, base_url=server.base_url, requests_per_second=None)
    with InstantlyApi(client) as source:
        source.as_of = datetime(2026, 11, 20, 12, tzinfo=UTC)
        yield source


def test_campaigns_are_read_whole_with_their_totals(api, server):
    payloads = list(api.campaigns())
    assert [each["campaign"] for each in payloads] == list(server.workspace.campaigns.after(None))
    assert len(payloads) == 130
    drafts = [each for each in payloads if each["campaign"]["status"] == 0]
    assert drafts
    assert all(each["analytics"] is None for each in drafts)
    assert sum(each["analytics"] is not None for each in payloads) > 100
    assert [entry.operation for entry in server.requests] == ["GET /campaigns/analytics"] + ["GET /campaigns"] * 3


def test_accounts_are_read_whole(api, server):
    assert list(api.listed("accounts")) == list(server.workspace.accounts.after(None))
    assert api.requests_made == len(server.requests) == 4


@pytest.mark.parametrize("entity", TABLE_OF)
def test_every_entity_is_asked_for_as_documented_and_fits_its_table(entity, api, server):
    payloads = list(payloads_of(api, entity))
    assert payloads
    assert api.requests_made == api.pages_read == len(server.requests)
    if entity in {"campaigns", "daily_analytics", "steps"}:
        return  # these have transforms of their own, with tests of their own
    rows = list(transform_rows(TABLE_OF[entity], payloads))
    assert [row.reason for row in rows if isinstance(row, RejectedRow)] == []


def test_leads_cost_one_request_a_page_and_one_for_the_end(api, server):
    sizes = {row["id"]: server.workspace.leads.count_in(row["id"]) for row in server.workspace.campaigns.after(None)}
    campaign = max(sizes, key=sizes.__getitem__)
    part = api.part()
    assert len(list(part.leads(LeadsOf(campaign_id=campaign)))) == sizes[campaign]
    assert part.requests_made == part.pages_read == -(-sizes[campaign] // 100) + 1


def test_account_days_are_asked_for_in_windows_that_instantly_accepts(api, server):
    days = Days(date(2026, 9, 1), date(2026, 11, 19))
    payloads = list(api.account_daily(None, days))
    asked = [entry for entry in server.requests if entry.operation == "GET /accounts/analytics/daily"]
    assert len(asked) == 2 * 3
    keys = [(payload["date"], payload["email_account"]) for payload in payloads]
    assert len(keys) == len(set(keys))
    assert {payload["date"] for payload in payloads} <= {
        str(days.first + timedelta(days=each)) for each in range((days.last - days.first).days + 1)
    }


def test_days_are_read_for_the_workspace_and_for_each_campaign(api, server):
    payloads = list(api.daily_analytics())
    asked = [entry for entry in server.requests if entry.operation == "GET /campaigns/analytics/daily"]
    assert len(asked) == 131
    assert {entry.query["end_date"] for entry in asked} == {"2026-11-21"}
    of_workspace = {
        each["day"]["date"]: each["day"]["sent"] for each in payloads if each["campaign_id"] == WORKSPACE_TOTAL
    }
    of_campaigns = dict.fromkeys(of_workspace, 0)
    for each in payloads:
        if each["campaign_id"] != WORKSPACE_TOTAL:
            of_campaigns[each["day"]["date"]] += each["day"]["sent"]
    assert of_workspace == of_campaigns
    assert max(of_workspace) == str(TODAY)


@pytest.mark.parametrize("quirks", [frozenset(), frozenset({"end_day_excluded"})])
def test_the_last_day_is_read_whether_or_not_the_vendor_counts_the_end_of_a_range(quirks):
    with instantly_server(today=TODAY, quirks=quirks) as server:
        client = InstantlyClient(server.api_key, base_url=server.base_url, requests_per_second=None)
        with InstantlyApi(client) as source:
            days = Days(date(2026, 11, 16), date(2026, 11, 19))
            read = {each["day"]["date"] for each in source.daily_analytics([], days)}
    assert read == {"2026-11-16", "2026-11-17", "2026-11-18", "2026-11-19"}
