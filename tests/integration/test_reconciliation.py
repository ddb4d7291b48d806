"""Our counts beside Instantly's own, in a real database."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.fakes.normalised_tables import NOON


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
