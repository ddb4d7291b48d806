"""The numbers that people read of campaigns and leads, in a real database."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.fakes.normalised_tables import NOON, TOBIAS


def overview(tables, analytics, *, campaign=None):
    tables.campaign(campaign=campaign, analytics=analytics)
    tables.refresh("campaigns")
    return tables.rows("select * from campaign_overview")[0]


TOTALS = {
    "leads_count": 840,
    "contacted_count": 471,
    "emails_sent_count": 471,
    "new_leads_contacted_count": 312,
    "open_count": 90,
    "open_count_unique": 78,
    "reply_count": 19,
    "reply_count_unique": 13,
    "reply_count_automatic": 5,
    "reply_count_automatic_unique": 4,
    "bounced_count": 6,
    "unsubscribed_count": 2,
    "total_opportunities": 4,
}


def test_the_metrics_of_a_campaign(tables):
    tables.read("instantly_campaigns_raw")
    tables.day(3, sent=20)
    tables.day(1, sent=0)
    row = overview(tables, TOTALS, campaign={"open_tracking": True})
    assert {name: value for name, value in row.items() if name != "campaign_id"} == {
        "instantly_campaign_id": "a",
        "campaign_name": "Campaign a",
        "status": "active",
        "leads": 840,
        "contacted": 312,
        "sent": 471,
        "human_replies": 13,
        "automatic_replies": 5,
        "positive_replies": 4,
        "bounces": 6,
        "unsubscribes": 2,
        "opens": 78,
        "human_reply_rate": Decimal("0.0417"),
        "positive_reply_rate": Decimal("0.0128"),
        "bounce_rate": Decimal("0.0127"),
        "open_rate": Decimal("0.2500"),
        "last_sent_on": tables.today - timedelta(days=3),
        "data_as_of": NOON,
    }


@pytest.mark.parametrize(
    ("counts", "human", "automatic"),
    [
        # The unique count has no automatic replies in it already.
        ({"unique": 13, "all": 19, "automatic": 5}, 13, 5),
        ({"unique": 0, "all": 5, "automatic": 5}, 0, 5),
        ({"unique": 13, "all": 19}, 13, None),
        ({"unique": 3, "all": 3, "automatic": 40}, 3, 40),
        # Older answers.
        ({"all": 19, "automatic": 5}, 14, 5),
        ({"all": 5, "automatic": 5}, 0, 5),
        ({"all": 19}, None, None),
        ({"automatic": 5}, None, 5),
        ({"all": 19, "automatic": ""}, None, None),
        ({"all": 19, "automatic": None, "unique": None}, None, None),
        ({"all": 4, "automatic": 5}, None, 5),
        ({}, None, None),
    ],
)
def test_automatic_replies_are_neither_counted_nor_subtracted_twice(tables, counts, human, automatic):
    totals = {"unique": "reply_count_unique", "all": "reply_count", "automatic": "reply_count_automatic"}
    row = overview(tables, {totals[name]: value for name, value in counts.items()})
    assert (row["human_replies"], row["automatic_replies"]) == (human, automatic)
    days = {"unique": "unique_replies", "all": "replies", "automatic": "replies_automatic"}
    tables.day(**{days[name]: value for name, value in counts.items()})
    row = tables.rows("select * from campaign_daily")[0]
    assert (row["human_replies"], row["automatic_replies"]) == (human, automatic)


@pytest.mark.parametrize(
    ("given", "number"),
    [
        (7, 7),
        (0, 0),
        ("7", 7),
        (7.0, 7),
        (2147483647, 2147483647),
        (2147483648, None),
        (10**40, None),
        (1e300, None),
        (-1, None),
        (7.5, None),
        ("", None),
        (" ", None),
        ("seven", None),
        ("NaN", None),
        ("1e3", None),
        ("7\n8", None),
        (True, None),
        (None, None),
        ([7], None),
        ({"count": 7}, None),
    ],
)
def test_a_number_that_cannot_be_read_is_null_and_breaks_nothing(tables, given, number):
    fields = ("new_leads_contacted_count", "reply_count_unique", "total_opportunities", "bounced_count")
    row = overview(tables, dict.fromkeys(fields, given), campaign={"daily_limit": given})
    assert [row[name] for name in ("contacted", "human_replies", "positive_replies", "bounces")] == [number] * 4
    assert tables.rows("select daily_limit from campaigns") == [{"daily_limit": number}]
    tables.day(new_leads_contacted=given, opportunities=given, replies_automatic=given)
    row = tables.rows("select contacted, opportunities, automatic_replies from campaign_daily")[0]
    assert {*row.values()} == {number}
    tables.account(raw_json={"daily_limit": given})
    assert tables.rows("select daily_limit from sender_health") == [{"daily_limit": number}]


@pytest.mark.parametrize("payload", [None, [], [1], "text", 5, True, {}])
def test_totals_that_are_no_totals_are_null_and_break_nothing(tables, payload):
    tables.put(
        "instantly_campaigns_raw", instantly_campaign_id="a", raw_json={"campaign": payload, "analytics": payload}
    )
    tables.refresh("campaigns")
    row = tables.rows("select * from campaign_overview")[0]
    named = {"campaign_id", "instantly_campaign_id", "status"}
    assert {value for name, value in row.items() if name not in named} == {None}
    tables.reconcile()


def test_a_rate_of_nothing_is_null(tables):
    row = overview(tables, dict.fromkeys(TOTALS, 0), campaign={"open_tracking": True})
    assert (row["contacted"], row["sent"], row["human_replies"], row["opens"]) == (0, 0, 0, 0)
    assert {value for name, value in row.items() if name.endswith("_rate")} == {None}


@pytest.mark.parametrize(
    ("campaign", "opens", "shown"),
    [
        ({"open_tracking": True}, 78, 78),
        ({"open_tracking": True}, 0, 0),
        ({"open_tracking": False}, 0, None),
        ({"open_tracking": False}, 78, None),
        (None, 78, 78),
        (None, 0, None),
    ],
)
def test_opens_are_null_where_they_are_not_tracked(tables, campaign, opens, shown):
    row = overview(tables, {"open_count_unique": opens, "new_leads_contacted_count": 100}, campaign=campaign)
    assert row["opens"] == shown
    assert row["open_rate"] == (None if shown is None else Decimal(shown) / 100)
    tables.day(unique_opened=opens)
    assert tables.rows("select opens from campaign_daily") == [{"opens": shown}]


def test_the_days_of_campaigns_are_shown_without_the_total_and_without_deleted_rows(tables):
    counts = {
        "sent": 48,
        "new_leads_contacted": 25,
        "unique_opened": 9,
        "opened": 30,
        "replies": 3,
        "unique_replies": 2,
        "replies_automatic": 1,
        "clicks": 8,
        "unique_clicks": 4,
        "opportunities": 1,
    }
    tables.campaign(campaign={"open_tracking": True})
    tables.refresh("campaigns")
    tables.day(1, **counts)
    tables.day(1, "workspace_total", **counts)
    tables.day(1, "gone", **counts)
    tables.day(2, **counts)
    tables.change(
        "update instantly_daily_analytics_raw set deleted_at = now() where analytics_date = %s - 2", [tables.today]
    )
    shown = {
        "day": tables.today - timedelta(days=1),
        "sent": 48,
        "contacted": 25,
        "human_replies": 2,
        "automatic_replies": 1,
        "opens": 9,
        "clicks": 4,
        "opportunities": 1,
    }
    assert tables.rows("select * from campaign_daily order by instantly_campaign_id") == [
        {**shown, "instantly_campaign_id": "a", "campaign_name": "Campaign a"},
        {**shown, "instantly_campaign_id": "gone", "campaign_name": None},
    ]


def test_the_overview_shows_listed_campaigns_only(tables):
    tables.campaign("a")
    tables.campaign("b", deleted_at=NOON)
    tables.refresh("campaigns")
    assert [row["instantly_campaign_id"] for row in tables.rows("select * from campaign_overview")] == ["a"]


def test_the_overview_of_leads_names_the_campaigns_they_are_in(tables):
    tables.campaign("a", campaign_name="Docks")
    tables.refresh("campaigns")
    tables.lead(instantly_campaign_id="z")
    tables.lead(instantly_campaign_id="a", email_reply_count=1, last_replied_at=NOON, last_contacted_at=NOON)
    tables.lead(instantly_campaign_id="a")
    tables.lead(instantly_campaign_id="gone", deleted_at=NOON)
    tables.lead(instantly_campaign_id=None, instantly_list_id="list")
    tables.lead("x@listed.example", instantly_campaign_id=None, instantly_list_id="list", interest_status=0)
    tables.refresh("leads")
    expected = [
        {
            "email": TOBIAS,
            "status": "replied",
            "campaigns": ["Docks", "z"],
            "interest_label": None,
            "has_human_reply": True,
            "last_contacted_at": NOON,
            "last_replied_at": NOON,
            "is_listed": True,
        },
        {
            "email": "x@listed.example",
            "status": "listed",
            "campaigns": [],
            "interest_label": "out of office",
            "has_human_reply": False,
            "last_contacted_at": None,
            "last_replied_at": None,
            "is_listed": True,
        },
    ]
    rows = tables.rows("select * from lead_overview order by email")
    assert [{name: row[name] for name in expected[0]} for row in rows] == expected
