"""Tables and views made of the raw tables, in a real database and with the pipeline's own rights."""

from __future__ import annotations

import itertools
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import psycopg
import pytest
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

OURS = ("campaigns", "leads", "instantly_reconciliation")
VIEWS = ("campaign_daily", "campaign_overview", "lead_overview", "sender_health")
NOTHING = {"inserted": 0, "updated": 0, "unchanged": 0}
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MARA = "mara@try-haldenfreight.example"
TOBIAS = "t.brandl@nordkai-spedition.example"


class Tables:
    """The tables as the pipeline meets them: every statement runs with the rights of the service role."""

    def __init__(self, connection):
        self.connection = connection
        connection.execute("set role service_role")
        self.today = self.rows("select (now() at time zone 'utc')::date as day")[0]["day"]

    def rows(self, statement, parameters=None):
        with self.connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(statement, parameters).fetchall()

    def put(self, table, **columns):
        """One row; what is not given of a raw table does not matter to the test."""
        if table.endswith("_raw"):
            columns = {"raw_json": {}, "row_digest": "d", "synced_at": NOON, **columns}
        values = [Jsonb(value) if isinstance(value, dict) else value for value in columns.values()]
        places = ", ".join(["%s"] * len(values))
        self.connection.execute(f"insert into {table} ({', '.join(columns)}) values ({places})", values)

    def change(self, statement, parameters=None):
        return self.connection.execute(statement, parameters).rowcount

    def campaign(self, name="a", *, campaign=None, analytics=None, **columns):
        """A campaign as its transform leaves it: what has a column of its own is in both places."""
        counts = {
            column: analytics.get(column) if isinstance(analytics, dict) else None
            for column in ("leads_count", "contacted_count", "reply_count", "emails_sent_count")
        }
        payload = {"campaign": campaign, "analytics": analytics}
        row = {"campaign_name": f"Campaign {name}", "campaign_status": 1, "raw_json": payload, **counts, **columns}
        self.put("instantly_campaigns_raw", instantly_campaign_id=name, **row)

    def day(self, days_ago=0, campaign="a", **counts):
        """A day of a campaign, likewise."""
        typed = {
            name: counts.get(name) for name in ("sent", "unique_opened", "replies", "unique_replies", "unique_clicks")
        }
        date = self.today - timedelta(days=days_ago)
        self.put(
            "instantly_daily_analytics_raw",
            analytics_date=date,
            instantly_campaign_id=campaign,
            raw_json={"date": str(date), **counts},
            **{name: value if isinstance(value, int) else None for name, value in typed.items()},
        )

    def lead(self, email=TOBIAS, **columns):
        number = self.rows("select count(*) as number from instantly_leads_raw")[0]["number"]
        row = {"instantly_campaign_id": "a", "lead_status": 1, "email_reply_count": 0, **columns}
        self.put("instantly_leads_raw", instantly_lead_id=f"lead {number}", email=email, **row)

    def label(self, interest_status, kind, name="Call in spring", **columns):
        self.put(
            "instantly_lead_labels_raw",
            **{"instantly_lead_label_id": name, "label_name": name, "label_kind": kind, **columns},
            interest_status=interest_status,
        )

    def account(self, email=MARA, *, health_score=96, days=((1, 40, 0),), **columns):
        """A healthy account, but for what is given; days as (days ago, sent, bounced)."""
        row = {"account_status": 1, "warmup_status": 1, "warmup_score": 97, "raw_json": {"daily_limit": 30}, **columns}
        self.put("instantly_accounts_raw", email=email, **row)
        if health_score is not None:
            self.put("instantly_account_warmup_raw", email=email, health_score=health_score)
        for days_ago, sent, bounced in days:
            date = self.today - timedelta(days=days_ago)
            self.put("instantly_account_daily_raw", analytics_date=date, email=email, sent=sent, bounced=bounced)

    def read(self, table, scope="all", *, status="complete", source="api", first_day=None, last_day=None):
        """A note that a table was read."""
        self.put(
            "sync_runs",
            table_name=table,
            scope=scope,
            source=source,
            status=status,
            reason=None if status == "complete" else "answered 503",
            first_day=first_day,
            last_day=last_day,
            data_as_of=NOON,
            finished_at=datetime.now(UTC),
        )

    def refresh(self, what, *arguments):
        places = ", ".join(["%s"] * len(arguments))
        return self.rows(f"select * from refresh_{what}({places})", arguments)[0]

    def reconcile(self):
        """Rows of the reconciliation by measure and subject."""
        counts = {row["verdict"]: row["rows"] for row in self.rows("select * from refresh_reconciliation()")}
        rows = self.rows("select * from instantly_reconciliation")
        found = [row["verdict"] for row in rows]
        assert counts == {name: found.count(name) for name in ("equal", "within tolerance", "off", "not comparable")}
        return {(row["measure"], row["subject"]): row for row in rows}

    def versions(self, table):
        """Which version of each row is stored; a row that is written again has another one."""
        rows = self.rows(f"select ctid::text, xmin::text from {table}")
        return sorted((row["ctid"], row["xmin"]) for row in rows)


@pytest.fixture
def tables(database):
    database.execute(f"truncate {', '.join(OURS)} cascade")
    return Tables(database)


def test_an_empty_database_gives_zeros_and_empty_views(tables, store):
    for function in ("refresh_campaigns", "refresh_leads"):
        assert store.call(function, {}) == [NOTHING]
    assert {row["verdict"]: row["rows"] for row in store.call("refresh_reconciliation", {})} == {
        "equal": 0,
        "within tolerance": 0,
        "off": 0,
        "not comparable": 0,
    }
    assert [tables.rows(f"select * from {name}") for name in (*OURS, *VIEWS)] == [[]] * 7


# Campaigns


@pytest.mark.parametrize(
    ("number", "status"),
    [
        (0, "draft"),
        (1, "active"),
        (2, "paused"),
        (3, "completed"),
        (4, "running_subsequences"),
        (-1, "accounts_unhealthy"),
        (-2, "bounce_protect"),
        (-99, "account_suspended"),
        (5, "unknown"),
        (-3, "unknown"),
        (None, "unknown"),
    ],
)
def test_a_campaign_has_its_status_in_words_and_what_is_new_is_unknown(tables, number, status):
    tables.campaign(campaign_status=number)
    assert tables.refresh("campaigns") == {"inserted": 1, "updated": 0, "unchanged": 0}
    assert tables.rows("select status from campaigns") == [{"status": status}]


@pytest.mark.parametrize(
    ("campaign", "tracked", "limit"),
    [
        ({"open_tracking": True, "daily_limit": 60}, True, 60),
        ({"open_tracking": False, "daily_limit": "60"}, False, 60),
        ({"open_tracking": "yes", "daily_limit": ""}, None, None),
        ({"open_tracking": 1, "daily_limit": 1e30}, None, None),
        ({}, None, None),
        (None, None, None),
        ({"open_tracking": None, "daily_limit": 12.5}, None, None),
    ],
)
def test_what_a_campaign_does_not_say_is_null(tables, campaign, tracked, limit):
    tables.campaign(campaign=campaign)
    tables.refresh("campaigns")
    assert tables.rows("select is_open_tracked, daily_limit from campaigns") == [
        {"is_open_tracked": tracked, "daily_limit": limit}
    ]


def test_a_second_refresh_of_campaigns_rewrites_nothing_and_a_change_one_row(tables):
    for name in "abc":
        tables.campaign(name)
    tables.refresh("campaigns")
    before = tables.versions("campaigns")
    assert tables.refresh("campaigns") == {"inserted": 0, "updated": 0, "unchanged": 3}
    assert tables.versions("campaigns") == before
    tables.change("update instantly_campaigns_raw set campaign_status = 2 where instantly_campaign_id = 'b'")
    assert tables.refresh("campaigns") == {"inserted": 0, "updated": 1, "unchanged": 2}
    assert len({*tables.versions("campaigns")} - {*before}) == 1


def test_a_campaign_keeps_its_id_and_its_row_when_instantly_no_longer_lists_it(tables):
    tables.campaign()
    tables.refresh("campaigns")
    before = tables.rows("select campaign_id, created_at from campaigns")
    for statement, listed in [
        ("update instantly_campaigns_raw set deleted_at = now()", False),
        ("update instantly_campaigns_raw set deleted_at = null", True),
        ("delete from instantly_campaigns_raw", False),
    ]:
        tables.change(statement)
        assert tables.refresh("campaigns")["updated"] == 1
        assert tables.rows("select is_listed from campaigns") == [{"is_listed": listed}]
    assert tables.refresh("campaigns") == NOTHING
    assert tables.rows("select campaign_id, created_at from campaigns") == before


def test_campaigns_of_ours_that_are_not_at_instantly_are_left_alone(tables):
    for name in ("spring", "summer"):
        tables.put("campaigns", campaign_name=name, status="draft")
    before = tables.versions("campaigns")
    assert tables.refresh("campaigns") == NOTHING
    assert tables.versions("campaigns") == before
    assert tables.rows("select * from campaign_overview") == []


# Leads

# One row that says each status, the most restrictive first.
ROWS_BY_STATUS = {
    "unsubscribed": {"lead_status": -2},
    "bounced": {"lead_status": -1},
    "not_interested": {"interest_status": -1},
    "wrong_person": {"interest_status": -2},
    "positive": {"interest_status": 1},
    "replied": {"email_reply_count": 1},
    "active": {"lead_status": 1},
    "paused": {"lead_status": 2},
    "completed": {"lead_status": 3},
    "skipped": {"lead_status": -3},
    "listed": {"lead_status": 0, "instantly_campaign_id": None, "instantly_list_id": "list"},
    "unknown": {"lead_status": 9},
}


def test_of_any_two_rows_of_an_address_the_more_restrictive_one_wins(tables):
    expected = {}
    for first, second in itertools.combinations_with_replacement(ROWS_BY_STATUS, 2):
        for order in {(first, second), (second, first)}:
            email = f"{'.'.join(order)}@pairs.example"
            for number, status in enumerate(order):
                tables.lead(email, **{"instantly_campaign_id": f"c{number}", **ROWS_BY_STATUS[status]})
            expected[email] = first
    tables.refresh("leads")
    assert {row["email"]: row["status"] for row in tables.rows("select email, status from leads")} == expected


@pytest.mark.parametrize(
    ("columns", "status", "label", "has_human_reply"),
    [
        ({"interest_status": 0}, "active", "out of office", False),
        ({"interest_status": 0, "email_reply_count": 1}, "active", "out of office", False),
        ({"interest_status": 0, "email_reply_count": None}, "active", "out of office", False),
        ({"interest_status": 2}, "positive", "meeting booked", False),
        ({"interest_status": 3, "email_reply_count": 4}, "positive", "meeting completed", True),
        ({"interest_status": 4, "lead_status": 3}, "positive", "won", False),
        ({"interest_status": -3}, "not_interested", "lost", False),
        ({"interest_status": -4}, "replied", "no show", False),
        ({"interest_status": 777}, "replied", "unknown", False),
        ({"interest_status": -777}, "replied", "unknown", False),
        ({"email_reply_count": None}, "active", None, None),
        ({"lead_status": None}, "unknown", None, False),
        ({"lead_status": -4}, "unknown", None, False),
        ({"lead_status": 1, "instantly_campaign_id": None, "instantly_list_id": "list"}, "listed", None, False),
        ({"lead_status": 9, "instantly_campaign_id": None, "instantly_list_id": "list"}, "unknown", None, False),
    ],
)
def test_what_one_row_says_of_a_lead(tables, columns, status, label, has_human_reply):
    tables.lead(**columns)
    assert tables.refresh("leads") == {"inserted": 1, "updated": 0, "unchanged": 0}
    lead = tables.rows("select * from leads")[0]
    assert (lead["status"], lead["interest_label"], lead["has_human_reply"]) == (status, label, has_human_reply)
    assert lead["interest_status"] == columns.get("interest_status")


@pytest.mark.parametrize(
    ("kind", "status"),
    [("positive", "positive"), ("negative", "not_interested"), ("neutral", "active"), (None, "active")],
)
def test_a_label_of_the_workspace_counts_by_its_kind(tables, kind, status):
    tables.label(4711, kind)
    tables.lead(interest_status=4711)
    tables.refresh("leads")
    assert tables.rows("select status, interest_status, interest_label from leads") == [
        {"status": status, "interest_status": 4711, "interest_label": "Call in spring"}
    ]


@pytest.mark.parametrize(
    ("number", "kind", "status", "label"),
    [
        (-1, "positive", "not_interested", "not interested"),
        (-2, "negative", "wrong_person", "wrong person"),
        (1, "negative", "positive", "interested"),
        (0, "negative", "active", "out of office"),
        (0, "positive", "active", "out of office"),
    ],
)
def test_a_label_cannot_give_another_meaning_to_a_number_of_instantlys_own(tables, number, kind, status, label):
    tables.label(number, kind, "Mine")
    tables.lead(interest_status=number)
    tables.refresh("leads")
    assert tables.rows("select status, interest_label from leads") == [{"status": status, "interest_label": label}]


def test_a_deleted_label_still_explains_its_number_unless_a_listed_one_does(tables):
    tables.label(4711, "negative", "Old", deleted_at=NOON)
    tables.lead(interest_status=4711)
    tables.refresh("leads")
    assert tables.rows("select status, interest_label from leads") == [
        {"status": "not_interested", "interest_label": "Old"}
    ]
    tables.label(4711, "positive", "New")
    tables.refresh("leads")
    assert tables.rows("select status, interest_label from leads") == [{"status": "positive", "interest_label": "New"}]


def test_a_lead_is_the_sum_of_its_rows(tables):
    tables.lead(instantly_campaign_id="a", last_contacted_at=NOON, interest_status=1)
    tables.lead(instantly_campaign_id="b", last_contacted_at=NOON + timedelta(days=2), lead_status=-2)
    tables.lead(instantly_campaign_id="b", last_replied_at=NOON + timedelta(days=1), email_reply_count=2)
    tables.lead(instantly_campaign_id="gone", deleted_at=NOON)
    tables.lead(instantly_campaign_id=None, instantly_list_id="list", lead_status=0)
    tables.lead(email=None, instantly_campaign_id=None, instantly_list_id="list")
    assert tables.refresh("leads") == {"inserted": 1, "updated": 0, "unchanged": 0}
    (lead,) = tables.rows("select * from leads")
    assert (
        lead.items()
        >= {
            "email": TOBIAS,
            "status": "unsubscribed",
            "is_in_campaign": True,
            "campaigns_count": 2,
            "has_human_reply": True,
            "interest_status": 1,
            "interest_label": "interested",
            "last_contacted_at": NOON + timedelta(days=2),
            "last_replied_at": NOON + timedelta(days=1),
            "is_listed": True,
        }.items()
    )


def test_whether_somebody_replied_is_unknown_while_one_row_does_not_say(tables):
    tables.lead(email_reply_count=0)
    tables.lead(email_reply_count=None)
    tables.refresh("leads")
    assert tables.rows("select has_human_reply from leads") == [{"has_human_reply": None}]
    tables.lead(email_reply_count=1)
    tables.refresh("leads")
    assert tables.rows("select has_human_reply from leads") == [{"has_human_reply": True}]


@pytest.mark.parametrize("status", ROWS_BY_STATUS)
def test_a_lead_deleted_at_instantly_keeps_its_row_and_what_it_said(tables, status):
    tables.lead(**ROWS_BY_STATUS[status])
    tables.refresh("leads")
    before = tables.rows("select lead_id from leads")
    tables.change("update instantly_leads_raw set deleted_at = now(), updated_at = now()")
    assert tables.refresh("leads", datetime.now(UTC) - timedelta(hours=1))["updated"] == 1
    lead = tables.rows("select * from leads")[0]
    assert before == [{"lead_id": lead["lead_id"]}]
    assert (lead["is_listed"], lead["is_in_campaign"], lead["campaigns_count"]) == (False, False, 0)
    said_by_a_person = list(ROWS_BY_STATUS)[:6]
    assert lead["status"] == (status if status in said_by_a_person else "unknown")


@pytest.mark.parametrize("incremental", [True, False])
def test_an_address_that_no_row_names_any_more_is_no_longer_listed(tables, incremental):
    since = [datetime.now(UTC) - timedelta(hours=1)] if incremental else []
    tables.lead(lead_status=-2)
    tables.lead("other@nordkai-spedition.example")
    tables.refresh("leads", *since)
    for email in (TOBIAS, "other@nordkai-spedition.example"):
        tables.change("update instantly_leads_raw set email = 'new.' || email where email = %s", [email])
    assert tables.refresh("leads", *since) == {"inserted": 2, "updated": 2, "unchanged": 0}
    listed = {row["email"]: row for row in tables.rows("select email, status, is_listed, is_in_campaign from leads")}
    assert len(listed) == 4
    assert (listed[TOBIAS]["status"], listed[TOBIAS]["is_listed"]) == ("unsubscribed", False)
    assert listed["other@nordkai-spedition.example"]["status"] == "unknown"
    assert not listed["other@nordkai-spedition.example"]["is_in_campaign"]
    assert tables.refresh("leads", *since) == {"inserted": 0, "updated": 0, "unchanged": 2}


def test_a_second_refresh_of_leads_rewrites_nothing_and_a_change_one_row(tables):
    for number in range(5):
        tables.lead(f"person{number}@many.example", interest_status=number)
    tables.refresh("leads")
    before = tables.versions("leads")
    assert tables.refresh("leads") == {"inserted": 0, "updated": 0, "unchanged": 5}
    assert tables.versions("leads") == before
    tables.change("update instantly_leads_raw set lead_status = -2 where email = 'person3@many.example'")
    assert tables.refresh("leads") == {"inserted": 0, "updated": 1, "unchanged": 4}
    assert len({*tables.versions("leads")} - {*before}) == 1


def test_only_addresses_that_changed_since_are_looked_at_but_with_all_their_rows(tables):
    old = datetime.now(UTC) - timedelta(days=3)
    tables.lead(lead_status=-2, updated_at=old)
    tables.lead("other@nordkai-spedition.example", updated_at=old)
    since = datetime.now(UTC) - timedelta(hours=1)
    assert tables.refresh("leads", since) == NOTHING
    tables.lead(lead_status=3, instantly_campaign_id="b")
    assert tables.refresh("leads", since) == {"inserted": 1, "updated": 0, "unchanged": 0}
    assert tables.rows("select email, status, campaigns_count from leads") == [
        {"email": TOBIAS, "status": "unsubscribed", "campaigns_count": 2}
    ]
    assert tables.refresh("leads", since) == {"inserted": 0, "updated": 0, "unchanged": 1}
    assert tables.refresh("leads", datetime.now(UTC) + timedelta(hours=1)) == NOTHING
    assert tables.refresh("leads", None) == {"inserted": 1, "updated": 0, "unchanged": 1}


def test_a_changed_label_changes_the_leads_that_have_it_though_their_rows_did_not_change(tables):
    old = datetime.now(UTC) - timedelta(days=3)
    since = datetime.now(UTC) - timedelta(hours=1)
    tables.label(4711, "positive", updated_at=old)
    tables.lead(interest_status=4711, updated_at=old)
    tables.refresh("leads")
    assert tables.refresh("leads", since) == NOTHING
    tables.change("update instantly_lead_labels_raw set label_kind = 'negative', updated_at = now()")
    assert tables.refresh("leads", since) == {"inserted": 0, "updated": 1, "unchanged": 0}
    assert tables.rows("select status from leads") == [{"status": "not_interested"}]


@pytest.mark.parametrize("email", ["T.Brandl@nordkai-spedition.example", " t.brandl@nordkai-spedition.example", ""])
def test_an_address_that_is_not_normalised_is_refused(tables, email):
    with pytest.raises(psycopg.errors.CheckViolation, match="leads_email_is_normalised"):
        tables.put("leads", email=email)


# Metrics


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


# Senders


def test_a_healthy_sender(tables):
    tables.account(days=[(0, 10, 0), (1, 40, 1), (6, 50, 2), (7, 1_000, 900)])
    assert tables.rows("select * from sender_health") == [
        {
            "email": MARA,
            "account_status": "active",
            "warmup_status": "active",
            "warmup_score": 97,
            "health_score": 96,
            "sent_7_days": 100,
            "bounced_7_days": 3,
            "bounce_rate_7_days": Decimal("0.0300"),
            "daily_limit": 30,
            "verdict": "healthy",
            "reasons": [],
        }
    ]


@pytest.mark.parametrize(
    ("changes", "verdict", "reason"),
    [
        ({"account_status": 2}, "not healthy", "the account is not active: paused"),
        ({"account_status": -1}, "not healthy", "the account is not active: connection error"),
        ({"account_status": 77}, "not healthy", "the account is not active: unknown"),
        ({"account_status": None}, "unknown", "the status of the account is not known"),
        ({"warmup_status": 0}, "not healthy", "the warm-up is not active: paused"),
        ({"warmup_status": -1}, "not healthy", "the warm-up is not active: banned"),
        ({"warmup_status": 77}, "not healthy", "the warm-up is not active: unknown"),
        ({"warmup_status": None}, "unknown", "the status of the warm-up is not known"),
        ({"warmup_score": 80}, "healthy", None),
        ({"warmup_score": 79.9}, "not healthy", "the warm-up score is below 80"),
        ({"warmup_score": None}, "unknown", "the warm-up score is not known"),
        ({"warmup_score": 101}, "unknown", "the warm-up score is not known"),
        ({"warmup_score": Decimal("NaN")}, "unknown", "the warm-up score is not known"),
        ({"health_score": 79}, "not healthy", "the health score is below 80"),
        ({"health_score": None}, "unknown", "the health score is not known"),
        ({"health_score": Decimal("NaN")}, "unknown", "the health score is not known"),
        ({"days": [(2, 100, 3)]}, "healthy", None),
        ({"days": [(2, 1_000, 31)]}, "not healthy", "more than 3 % bounced in 7 days"),
        ({"days": [(2, 100, 3), (3, 0, 1)]}, "not healthy", "more than 3 % bounced in 7 days"),
        ({"days": []}, "unknown", "what was sent in 7 days is not known"),
        ({"days": [(7, 100, 0)]}, "unknown", "what was sent in 7 days is not known"),
        ({"days": [(1, 100, None)]}, "unknown", "what was sent in 7 days is not known"),
        ({"days": [(1, 100, 0), (2, None, 0)]}, "unknown", "what was sent in 7 days is not known"),
        ({"days": [(1, 0, 0)]}, "healthy", None),
        ({"days": [(1, 0, 2)]}, "unknown", "mails bounced in 7 days without any sent"),
    ],
)
def test_a_sender_is_healthy_only_if_all_is_known_and_well(tables, changes, verdict, reason):
    tables.account(**changes)
    row = tables.rows("select verdict, reasons from sender_health")[0]
    assert row == {"verdict": verdict, "reasons": [reason] if reason else []}


def test_what_is_wrong_outweighs_what_is_unknown_and_both_are_named(tables):
    tables.account(account_status=2, warmup_score=None, health_score=None)
    assert tables.rows("select verdict, reasons from sender_health") == [
        {
            "verdict": "not healthy",
            "reasons": [
                "the account is not active: paused",
                "the warm-up score is not known",
                "the health score is not known",
            ],
        }
    ]


@pytest.mark.parametrize(
    ("first", "last", "changes", "verdict"),
    [
        (14, 0, {}, "healthy"),
        (6, 1, {}, "healthy"),
        (5, 0, {}, "unknown"),
        (14, 2, {}, "unknown"),
        (14, 0, {"source": "export.json"}, "unknown"),
        (14, 0, {"status": "incomplete"}, "unknown"),
    ],
)
def test_a_sender_without_rows_sent_nothing_only_if_its_days_were_read(tables, first, last, changes, verdict):
    tables.account(days=[])
    days = [tables.today - timedelta(days=days_ago) for days_ago in (first, last)]
    tables.read("instantly_account_daily_raw", "days", first_day=days[0], last_day=days[1], **changes)
    row = tables.rows("select verdict, sent_7_days, bounce_rate_7_days from sender_health")[0]
    assert row == {
        "verdict": verdict,
        "sent_7_days": 0 if verdict == "healthy" else None,
        "bounce_rate_7_days": None,
    }


def test_days_that_were_read_before_an_account_was_known_say_nothing_of_it(tables):
    tables.read("instantly_account_daily_raw", "days", first_day=tables.today - timedelta(14), last_day=tables.today)
    tables.account(days=[])
    assert tables.rows("select verdict from sender_health") == [{"verdict": "unknown"}]


def test_deleted_rows_speak_for_no_sender(tables):
    tables.account()
    tables.change("update instantly_account_daily_raw set deleted_at = now()")
    tables.change("update instantly_account_warmup_raw set deleted_at = now()")
    row = tables.rows("select verdict, health_score, sent_7_days from sender_health")[0]
    assert row == {"verdict": "unknown", "health_score": None, "sent_7_days": None}
    tables.change("update instantly_accounts_raw set deleted_at = now()")
    assert tables.rows("select * from sender_health") == []


# Reconciliation


def judge(tables, measure, subject):
    row = tables.reconcile()[measure, str(subject)]
    return row["verdict"], row["local_count"], row["instantly_count"], row["delta"], row["tolerance"]


@pytest.mark.parametrize(
    ("here", "there", "verdict", "tolerance"),
    [
        (3, 3, "equal", 1),
        (0, 0, "equal", 1),
        (3, 4, "within tolerance", 1),
        (4, 3, "within tolerance", 1),
        (3, 5, "off", 1),
        (5, 3, "off", 1),
        (297, 300, "within tolerance", 3),
        (296, 300, "off", 3),
    ],
)
def test_leads_of_a_campaign_are_compared_with_its_totals(tables, here, there, verdict, tolerance):
    tables.campaign(analytics={"leads_count": there})
    tables.read("instantly_leads_raw", "campaign:a")
    for number in range(here):
        tables.lead(f"person{number}@many.example")
    tables.lead(deleted_at=NOON)
    tables.lead(instantly_campaign_id="b")
    assert judge(tables, "leads", "a") == (verdict, here, there, here - there, tolerance)


@pytest.mark.parametrize(
    ("read", "analytics", "reason"),
    [
        (None, {"leads_count": 0}, "not read yet"),
        ({"scope": "campaign:b"}, {"leads_count": 0}, "not read yet"),
        ({"scope": "due"}, {"leads_count": 0}, "not read yet"),
        ({"scope": "all", "status": "incomplete"}, {"leads_count": 0}, "not read yet"),
        ({"scope": "all", "source": "leads_page.json"}, {"leads_count": 0}, "not read yet"),
        ({"scope": "all"}, None, "never sent"),
        ({"scope": "all"}, {}, "do not say how many leads"),
        ({"scope": "all"}, {"leads_count": 0}, None),
    ],
)
def test_leads_that_cannot_be_compared_say_why(tables, read, analytics, reason):
    tables.campaign(analytics=analytics)
    if read is not None:
        tables.read("instantly_leads_raw", **read)
    row = tables.reconcile()["leads", "a"]
    if reason is None:
        assert (row["verdict"], row["reason"]) == ("equal", None)
    else:
        assert (row["verdict"], row["delta"], row["tolerance"]) == ("not comparable", None, None)
        assert reason in row["reason"]


@pytest.mark.parametrize(
    ("days_ago", "counts", "verdict", "tolerance"),
    [
        (1, (100, 100), "equal", 2),
        (1, (98, 100), "within tolerance", 2),
        (1, (97, 100), "off", 2),
        (1, (103, 100), "off", 2),
        (13, (995, 1_000), "within tolerance", 5),
        (13, (994, 1_000), "off", 5),
        (0, (95, 100), "within tolerance", 5),
        (0, (94, 100), "off", 5),
        (0, (980, 1_000), "within tolerance", 20),
        (0, (979, 1_000), "off", 20),
        (1, (0, 0), "equal", 2),
    ],
)
def test_mails_of_a_day_are_compared_with_the_total_of_the_workspace(tables, days_ago, counts, verdict, tolerance):
    here, there = counts
    tables.day(days_ago, "workspace_total", sent=there)
    tables.day(days_ago, "a", sent=here // 2)
    tables.day(days_ago, "b", sent=here - here // 2)
    day = tables.today - timedelta(days=days_ago)
    assert judge(tables, "sent", day) == (verdict, here, there, here - there, tolerance)


@pytest.mark.parametrize(
    ("campaigns", "total", "reason"),
    [
        ([7], None, "total of the workspace was not read"),
        ([], 7, "no campaign has a row"),
        ([7, None], 7, "a campaign's row does not say"),
        ([7], "", "total of the workspace does not say"),
    ],
)
def test_a_day_that_has_one_side_only_is_not_comparable(tables, campaigns, total, reason):
    for number, sent in enumerate(campaigns):
        tables.day(1, f"c{number}", sent=sent)
    if total is not None:
        tables.day(1, "workspace_total", sent=total)
    row = tables.reconcile()["sent", str(tables.today - timedelta(days=1))]
    assert (row["verdict"], row["delta"]) == ("not comparable", None)
    assert reason in row["reason"]


def test_days_are_compared_for_two_weeks_and_deleted_rows_do_not_count(tables):
    for days_ago in (-1, 0, 13, 14):
        tables.day(days_ago, "workspace_total", sent=5)
        tables.day(days_ago, "a", sent=5)
        tables.day(days_ago, "b", sent=100)
    tables.change("update instantly_daily_analytics_raw set deleted_at = now() where instantly_campaign_id = 'b'")
    rows = tables.reconcile()
    days = [str(tables.today - timedelta(days=days_ago)) for days_ago in (13, 0)]
    assert sorted(subject for _, subject in rows) == days
    assert [rows["sent", day]["verdict"] for day in days] == ["equal", "equal"]


def test_a_day_that_is_short_names_deleted_campaigns_where_there_are_any(tables):
    tables.day(1, "workspace_total", sent=100)
    tables.day(1, "a", sent=50)
    subject = "sent", str(tables.today - timedelta(days=1))
    assert "deleted" not in tables.reconcile()[subject]["reason"]
    tables.campaign("gone", deleted_at=NOON)
    assert "1 deleted campaigns" in tables.reconcile()[subject]["reason"]
    tables.change("update instantly_daily_analytics_raw set sent = 150 where instantly_campaign_id = 'a'")
    assert "deleted" not in tables.reconcile()[subject]["reason"]


@pytest.mark.parametrize(
    ("created_days_ago", "sent", "total", "verdict"),
    [
        (20, 100, 100, "equal"),
        (20, 95, 100, "within tolerance"),
        (20, 94, 100, "off"),
        (5, 980, 1_000, "within tolerance"),
        (5, 979, 1_000, "off"),
    ],
)
def test_all_days_of_a_campaign_are_compared_with_its_total(tables, created_days_ago, sent, total, verdict):
    tables.day(20, "workspace_total", sent=1)
    tables.day(4, "a", sent=sent - 10)
    tables.day(2, "a", sent=10)
    tables.day(2, "b", sent=500)
    created = tables.today - timedelta(days=created_days_ago)
    tables.campaign(campaign={"timestamp_created": f"{created}T00:00:00.104Z"}, analytics={"emails_sent_count": total})
    assert judge(tables, "sent_total", "a")[:4] == (verdict, sent, total, sent - total)


@pytest.mark.parametrize(
    ("created", "counts", "analytics", "reason"),
    [
        (21, [10], {"emails_sent_count": 10}, "older than the first day"),
        (20, [], {"emails_sent_count": 10}, "no day of this campaign"),
        (20, [10, None], {"emails_sent_count": 10}, "does not say how many"),
        (20, [10], None, "never sent"),
        (20, [10], {"emails_sent_count": ""}, "do not say how many"),
        (None, [10], {"emails_sent_count": 10}, "not known"),
        ("", [10], {"emails_sent_count": 10}, "not known"),
        ("2026-13-45T00:00:00Z", [10], {"emails_sent_count": 10}, "not known"),
        ("2026-11-01 at noon", [10], {"emails_sent_count": 10}, "not known"),
        ("today", [10], {"emails_sent_count": 10}, "not known"),
        (["2026-11-01"], [10], {"emails_sent_count": 10}, "not known"),
    ],
)
def test_a_campaign_whose_days_are_not_all_here_is_not_comparable(tables, created, counts, analytics, reason):
    tables.day(20, "workspace_total", sent=1)
    for days_ago, sent in enumerate(counts):
        tables.day(days_ago, "a", sent=sent)
    if isinstance(created, int):
        created = f"{tables.today - timedelta(days=created)}T12:00:00.104Z"
    numbers = {name: value for name, value in (analytics or {}).items() if isinstance(value, int)}
    columns = {"emails_sent_count": None, **numbers}
    tables.campaign(campaign={"timestamp_created": created}, analytics=analytics, **columns)
    row = tables.reconcile()["sent_total", "a"]
    assert (row["verdict"], row["delta"]) == ("not comparable", None)
    assert reason in row["reason"]


def test_campaigns_of_each_status_tell_when_ours_are_older_than_what_was_read(tables):
    for name, status in [("a", 1), ("b", 1), ("c", 2), ("d", 42)]:
        tables.campaign(name, campaign_status=status)
    tables.campaign("gone", campaign_status=3, deleted_at=NOON)
    tables.refresh("campaigns")
    found = {
        subject: (row["verdict"], row["local_count"], row["instantly_count"])
        for (measure, subject), row in tables.reconcile().items()
        if measure == "campaigns"
    }
    assert found == {"active": ("equal", 2, 2), "paused": ("equal", 1, 1), "unknown": ("equal", 1, 1)}
    tables.change("update instantly_campaigns_raw set campaign_status = 3 where instantly_campaign_id = 'c'")
    rows = tables.reconcile()
    assert judge(tables, "campaigns", "paused") == ("off", 1, 0, 1, 0)
    assert judge(tables, "campaigns", "completed") == ("off", 0, 1, -1, 0)
    assert "refresh_campaigns" in rows["campaigns", "paused"]["reason"]
    tables.refresh("campaigns")
    assert {row["verdict"] for (measure, _), row in tables.reconcile().items() if measure == "campaigns"} == {"equal"}


def test_a_second_reconciliation_rewrites_nothing_and_what_vanished_is_deleted(tables):
    tables.campaign("a", analytics={"leads_count": 0})
    tables.campaign("b", analytics={"leads_count": 5})
    tables.read("instantly_leads_raw")
    tables.refresh("campaigns")
    first = tables.reconcile()
    before = tables.versions("instantly_reconciliation")
    assert tables.reconcile() == first
    assert tables.versions("instantly_reconciliation") == before
    tables.change("update instantly_campaigns_raw set leads_count = 4 where instantly_campaign_id = 'b'")
    second = tables.reconcile()
    assert [subject for subject in second if second[subject] != first[subject]] == [("leads", "b")]
    assert len({*tables.versions("instantly_reconciliation")} - {*before}) == 1
    tables.change("update instantly_campaigns_raw set deleted_at = now() where instantly_campaign_id = 'b'")
    assert {*first} - {*tables.reconcile()} == {("leads", "b"), ("sent_total", "b")}


# What is said of all of it, and who may see it


def comments(database, relation):
    statement = (
        "select attname, col_description(attrelid, attnum) from pg_attribute "
        "where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped"
    )
    return dict(database.execute(statement, [f"public.{relation}"]).fetchall())


def test_every_rate_says_what_is_divided_by_what_and_where_both_come_from(database):
    rates = 0
    for view in VIEWS:
        described = comments(database, view)
        for column, comment in described.items():
            if "_rate" in column:
                rates += 1
                division = re.match(r"(\w+) / (\w+): .*; source \w+.* NULL where ", comment or "")
                assert division, f"{view}.{column}: {comment}"
                assert {*division.groups()} <= {*described}
    assert rates == 5


@pytest.mark.parametrize(
    ("view", "columns"),
    [
        (
            "campaign_daily",
            {"sent", "contacted", "human_replies", "automatic_replies", "opens", "clicks", "opportunities"},
        ),
        (
            "campaign_overview",
            {"leads", "contacted", "sent", "human_replies", "automatic_replies", "positive_replies", "bounces"}
            | {"unsubscribes", "opens", "last_sent_on", "data_as_of"},
        ),
        ("sender_health", {"warmup_score", "health_score", "sent_7_days", "bounced_7_days", "daily_limit"}),
    ],
)
def test_every_number_says_where_it_comes_from(database, view, columns):
    described = comments(database, view)
    assert [column for column in columns if "Source: " not in (described[column] or "")] == []


def test_every_table_view_and_function_says_what_it_is(database):
    for name in (*OURS, *VIEWS):
        assert database.execute("select obj_description(to_regclass(%s))", [f"public.{name}"]).fetchone() != (None,)
    functions = database.execute(
        "select proname, obj_description(oid) from pg_proc where pronamespace = 'private'::regnamespace "
        "or proname like 'refresh\\_%' and pronamespace = 'public'::regnamespace"
    ).fetchall()
    assert len(functions) == 8
    assert [name for name, comment in functions if comment is None] == []


@pytest.mark.parametrize("role", ["anon", "authenticated"])
@pytest.mark.parametrize(
    "statement",
    [
        *(f"select * from public.{name}" for name in (*OURS, *VIEWS)),
        *(f"delete from public.{name}" for name in OURS),
        "select * from public.refresh_campaigns()",
        "select * from public.refresh_leads()",
        "select * from public.refresh_reconciliation()",
        "select private.count_in('{}', 'n')",
        "select private.day_in('{}', 'n')",
        "select private.human_replies(1, 1, 1)",
        "select private.campaign_status_name(1)",
    ],
)
def test_people_can_neither_read_nor_call_any_of_it(database, role, statement):
    database.execute(f"set role {role}")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        database.execute(statement)


def test_no_right_is_given_to_people_even_where_another_one_would_stop_them(database):
    given = database.execute(
        "select relname, rolname from pg_class cross join pg_roles "
        "where relnamespace = 'public'::regnamespace and relname = any (%s) and rolname in ('anon', 'authenticated') "
        "and has_table_privilege(pg_roles.oid, pg_class.oid, 'select, insert, update, delete, truncate') "
        "union all "
        "select proname, rolname from pg_proc cross join pg_roles "
        "where (pronamespace = 'private'::regnamespace or proname like 'refresh\\_%%') "
        "and rolname in ('anon', 'authenticated') and has_function_privilege(pg_roles.oid, pg_proc.oid, 'execute')",
        [[*OURS, *VIEWS]],
    ).fetchall()
    assert given == []


def test_views_read_with_the_rights_of_who_asks_and_functions_name_every_schema(database):
    views = database.execute(
        "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'v' "
        "and not coalesce('security_invoker=true' = any (reloptions), false)"
    ).fetchall()
    functions = database.execute(
        "select proname from pg_proc where pronamespace in ('public'::regnamespace, 'private'::regnamespace) "
        "and (prosecdef or not coalesce('search_path=\"\"' = any (proconfig), false))"
    ).fetchall()
    assert (views, functions) == ([], [])
