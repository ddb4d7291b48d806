"""The laws of the stand-in's sample world: repeatable, consistent, walked whole, and made of next to nothing."""

from __future__ import annotations

import re
import tracemalloc
from collections import Counter
from datetime import timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.instantly_server import DRAFT, TODAY, InstantlyInProcess, stand_in_of

LISTS = {
    "campaigns": ("GET", "/campaigns", lambda row: row["id"], True),
    "accounts": ("GET", "/accounts", lambda row: f"{row['timestamp_created']}&{row['email']}", True),
    "leads": ("POST", "/leads/list", lambda row: row["id"], False),
    "newest mails": ("GET", "/emails", lambda row: row["id"], True),
    "oldest mails": ("GET", "/emails?sort_order=asc", lambda row: row["id"], False),
    "block list": ("GET", "/block-lists-entries", lambda row: row["id"], False),
    "tags": ("GET", "/custom-tags", lambda row: row["id"], False),
    "mappings": ("GET", "/custom-tag-mappings", lambda row: row["timestamp_created"], True),
    "labels": ("GET", "/lead-labels", lambda row: row["timestamp_created"], True),
    "lead lists": ("GET", "/lead-lists", lambda row: row["timestamp_created"], True),
    "jobs": ("GET", "/background-jobs", lambda row: row["created_at"], True),
}


def everything(stand_in: InstantlyInProcess) -> bytes:
    tables = [stand_in.walk(method, path, 100) for method, path, _, _ in LISTS.values()]
    analytics = [stand_in.ask("GET", f"/campaigns/analytics{name}") for name in ("", "/overview", "/daily", "/steps")]
    return orjson.dumps([tables, analytics, stand_in.ask("GET", "/workspaces/current")])


def test_the_same_seed_and_day_give_the_same_bytes():
    assert everything(stand_in_of(seed=7)) == everything(stand_in_of(seed=7))


def test_another_seed_is_another_world_of_the_same_size():
    one, other = stand_in_of(seed=7), stand_in_of(seed=8)
    assert everything(one) != everything(other)
    for method, path in (("GET", "/campaigns"), ("GET", "/accounts"), ("POST", "/leads/list")):
        assert len(one.walk(method, path, 100)) == len(other.walk(method, path, 100))


def test_a_day_later_the_past_is_the_same():
    stand_in = stand_in_of(leads=1500)
    before = stand_in.ask("GET", f"/campaigns/analytics/daily?end_date={TODAY - timedelta(days=1)}")
    stand_in.clock.advance(3)
    assert stand_in.ask("GET", f"/campaigns/analytics/daily?end_date={TODAY - timedelta(days=1)}") == before
    assert max(row["date"] for row in stand_in.ask("GET", "/campaigns/analytics/daily")) == "2026-11-23"


def test_nobody_in_the_world_has_a_real_address():
    text = everything(stand_in_of(leads=2000, campaigns=30)).decode()
    domains = re.findall(r"[\w.+-]+@([\w.-]+)", text)
    assert len(domains) > 4000
    assert {domain for domain in domains if not domain.endswith(".example")} == set()


def test_a_name_that_is_no_ascii_still_makes_an_address_that_is():
    senders = {row["first_name"]: row["email"] for row in stand_in_of(accounts=200).walk("GET", "/accounts", 100)}
    assert senders["Zoé"].startswith("zoe@")
    assert senders["Sören"].startswith("soren@")


WORLDS = st.builds(
    dict,
    seed=st.integers(0, 2**32),
    campaigns=st.integers(1, 14),
    accounts=st.integers(1, 9),
    leads=st.integers(0, 900),
    days=st.integers(1, 120),
)


@settings(max_examples=25)
@given(WORLDS)
def test_days_steps_and_accounts_add_up_to_the_totals(sizes):
    stand_in = stand_in_of(**sizes)
    totals = {row["campaign_id"]: row for row in stand_in.ask("GET", "/campaigns/analytics")}
    by_day: Counter[str] = Counter()
    for campaign_id in [row["id"] for row in stand_in.workspace.campaigns.after(None)]:
        days = stand_in.ask("GET", f"/campaigns/analytics/daily?campaign_id={campaign_id}")
        steps = stand_in.ask("GET", f"/campaigns/analytics/steps?campaign_id={campaign_id}")
        total = totals.get(campaign_id, Counter())
        for rows in (days, steps):
            assert sum(row["sent"] for row in rows) == total["emails_sent_count"]
            assert sum(row["replies"] for row in rows) == total["reply_count"]
            assert sum(row["unique_replies"] for row in rows) == total["reply_count_unique"]
            assert sum(row["opened"] for row in rows) == total["open_count"]
            assert sum(row["clicks"] for row in rows) == total["link_click_count"]
        assert sum(row["new_leads_contacted"] for row in days) == total["new_leads_contacted_count"]
        by_day.update({row["date"]: row["sent"] for row in days})
    of_workspace = stand_in.ask("GET", "/campaigns/analytics/daily")
    assert {row["date"]: row["sent"] for row in of_workspace} == dict(by_day)
    recent = str(TODAY - timedelta(days=30))
    emails = "&".join(f"emails={row['email']}" for row in stand_in.workspace.accounts.after(None))
    of_accounts = stand_in.ask("GET", f"/accounts/analytics/daily?start_date={recent}&{emails}")
    for name in ("sent", "replies", "unique_replies", "opened"):
        assert sum(row[name] for row in of_accounts) == sum(row[name] for row in of_workspace if row["date"] >= recent)
    overview = stand_in.ask("GET", "/campaigns/analytics/overview")
    for name in ("emails_sent_count", "bounced_count", "reply_count", "total_opportunity_value"):
        assert overview[name] == sum(row[name] for row in totals.values())


@settings(max_examples=25)
@given(WORLDS)
def test_what_is_unique_is_never_more_than_what_is_counted(sizes):
    stand_in = stand_in_of(**sizes)
    emails = "&".join(f"emails={row['email']}" for row in stand_in.workspace.accounts.after(None))
    rows = stand_in.ask("GET", "/campaigns/analytics/daily") + stand_in.ask("GET", "/campaigns/analytics/steps")
    for row in [*rows, *stand_in.ask("GET", f"/accounts/analytics/daily?{emails}")]:
        assert min(value for value in row.values() if isinstance(value, int)) >= 0
        assert row["unique_opened"] <= row["opened"] <= row["sent"] * 3 or not row["sent"]
        assert row["unique_replies"] <= row["replies"] - row["replies_automatic"]
        assert row["unique_replies_automatic"] <= row["replies_automatic"]
        assert row["unique_clicks"] <= row["clicks"]
    for row in stand_in.ask("GET", "/campaigns/analytics"):
        assert row["completed_count"] <= row["contacted_count"] <= row["leads_count"]
        assert row["bounced_count"] + row["unsubscribed_count"] <= row["contacted_count"]


@settings(max_examples=20)
@given(WORLDS)
def test_the_leads_tell_the_same_story_as_the_totals(sizes):
    stand_in = stand_in_of(**sizes)
    for total in stand_in.ask("GET", "/campaigns/analytics"):
        leads = stand_in.walk("POST", "/leads/list", 100, campaign=total["campaign_id"])
        assert total["leads_count"] == len(leads)
        assert total["contacted_count"] == sum("timestamp_last_contact" in lead for lead in leads)
        assert total["bounced_count"] == sum(lead["status"] == -1 for lead in leads)
        assert total["unsubscribed_count"] == sum(lead["status"] == -2 for lead in leads)
        assert total["completed_count"] == sum(lead["status"] == 3 for lead in leads)
        answered = total["reply_count"] - total["reply_count_automatic"]
        assert answered == sum(lead["email_reply_count"] for lead in leads)
        assert total["open_count_unique"] == sum(lead["email_open_count"] > 0 for lead in leads)
        assert total["total_opportunities"] == sum(lead.get("lt_interest_status") in {1, 2} for lead in leads)


@pytest.mark.parametrize("limit", [1, 7, 100])
@pytest.mark.parametrize("name", LISTS)
def test_every_list_shows_each_row_once_in_the_stated_order(name, limit):
    method, path, key, is_falling = LISTS[name]
    stand_in = stand_in_of(campaigns=30)
    rows = stand_in.walk(method, path, limit)
    keys = [key(row) for row in rows]
    assert keys == sorted(set(keys), reverse=is_falling)
    assert rows == stand_in.walk(method, path, 13)
    assert len(rows) > 1


@settings(max_examples=40)
@given(
    name=st.sampled_from(["campaigns", "accounts", "leads", "newest mails", "oldest mails", "block list"]),
    limit=st.sampled_from([1, 7, 100]),
    choices=st.lists(st.tuples(st.booleans(), st.integers(0, 10**6)), min_size=1, max_size=12),
)
def test_rows_added_and_deleted_during_a_walk_disturb_no_other_row(name, limit, choices):
    method, path, key, is_falling = LISTS[name]
    stand_in = stand_in_of(leads=90, accounts=30)
    workspace = stand_in.workspace
    start = {key(row) for row in stand_in.walk(method, path, 100)}
    gone: set[str] = set()
    left = list(choices)

    def disturb(_: Any) -> None:
        if not left:
            return
        is_added, number = left.pop()
        victims = sorted(start - gone)
        victim = victims[number % len(victims)]
        if name == "campaigns":
            workspace.campaigns.create(DRAFT) if is_added else workspace.campaigns.delete(victim)
        elif name == "leads":
            chosen = {"campaign_id": stand_in.first_campaign(1), "list_id": None, "owner_id": "x"}
            workspace.leads.add({"email": f"n{number}@x.example"}, **chosen) if is_added else workspace.leads.delete(
                victim
            )
        elif name == "block list":
            workspace.block_list.add(f"n{number}.example") if is_added else workspace.block_list.delete(victim)
        elif name == "accounts":
            workspace.accounts.delete(victim.partition("&")[2])
            is_added = False
        else:
            workspace.answer_as(next(workspace.leads.after(None, stand_in.first_campaign(3)))["id"], "Again.")
            is_added = True
        gone.update(set() if is_added else {victim})

    keys = [key(row) for row in stand_in.walk(method, path, limit, disturb)]
    assert keys == sorted(set(keys), reverse=is_falling)
    assert start - gone <= set(keys)


def test_a_world_of_half_a_million_accounts_and_a_million_leads_holds_next_to_nothing():
    tracemalloc.start()
    try:
        stand_in = stand_in_of(accounts=500_000, leads=1_000_000, campaigns=400)
        accounts = stand_in.ask("GET", "/accounts?limit=100")
        leads = stand_in.workspace.leads
        middle = leads.numbers.id_of(500_000)
        page = stand_in.ask("POST", "/leads/list", {"limit": 100, "starting_after": middle})
        stand_in.ask("GET", "/accounts/" + accounts["items"][-1]["email"])
        stand_in.ask("POST", "/leads/list", {"contacts": [page["items"][0]["email"]]})
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (len(accounts["items"]), len(page["items"])) == (100, 100)
    assert page["items"][0]["id"] == leads.numbers.id_of(500_001)
    assert peak < 24_000_000, "a row costs memory only once somebody has changed it"
