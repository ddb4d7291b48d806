"""Where each person stands over all of Instantly's campaigns and lists, in a real database."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from tests.fakes.normalised_tables import NOON, NOTHING, TOBIAS

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
