"""Which mailboxes are fit to send, and why not, in a real database."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.fakes.normalised_tables import MARA


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
