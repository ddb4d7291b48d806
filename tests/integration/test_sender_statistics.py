"""What the database counts for a launch: what senders sent, what campaigns sent, which follow-ups are due."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from psycopg.types.json import Jsonb

from tests.fakes.normalised_tables import MARA

JONAS = "jonas@try-haldenfreight.example"
READ = "instantly_account_daily_raw"
STEPS = [
    {"type": "email", "delay": 3, "delay_unit": "days", "variants": []},
    {"type": "email", "delay": 4, "variants": []},
    {"type": "email", "delay": 0, "delay_unit": "days", "variants": []},
]


@pytest.fixture
def senders(tables):
    """Statistics of Mara, whose days were read up to and with today."""

    def statistics(email=MARA):
        found = tables.rows("select sender_statistics(%s, %s, 14) as found", [Jsonb([email]), tables.today])
        return found[0]["found"]

    tables.statistics = statistics
    return tables


def read_days(tables, table=READ, first=14, last=0, **changes):
    days = {"first_day": tables.today - timedelta(first), "last_day": tables.today - timedelta(last)}
    tables.read(table, "days", **days, **changes)


def test_what_an_account_sent_and_what_came_back_over_fourteen_days_with_today(senders):
    senders.account(days=[(0, 10, 0), (1, 40, 1), (13, 50, 2), (14, 1_000, 900)])
    read_days(senders)
    assert senders.statistics() == [{"email": MARA, "sent": 100, "bounced": 3, "sent_today": 10, "most_sent_a_day": 50}]


def test_days_without_a_row_are_days_without_mails_once_they_were_read(senders):
    senders.account(days=[])
    read_days(senders)
    assert senders.statistics() == [{"email": MARA, "sent": 0, "bounced": 0, "sent_today": 0, "most_sent_a_day": 0}]


@pytest.mark.parametrize(
    ("read", "known"),
    [
        ({"first": 13}, {"sent", "bounced", "sent_today", "most_sent_a_day"}),
        ({"first": 13, "last": 1}, {"sent", "bounced", "most_sent_a_day"}),
        ({"first": 0}, {"sent_today"}),
        ({"first": 12}, {"sent_today"}),
        ({"first": 14, "last": 2}, set()),
        ({"status": "incomplete"}, set()),
        ({"source": "export.json"}, set()),
    ],
)
def test_days_that_were_not_read_completely_are_not_known(senders, read, known):
    senders.account(days=[(0, 10, 0), (1, 40, 1)])
    read_days(senders, **read)
    [found] = senders.statistics()
    assert {name for name, value in found.items() if value is not None} - {"email"} == known


@pytest.mark.parametrize("gap", [(1, None, 0), (1, 40, None)])
def test_a_day_that_does_not_say_how_many_leaves_all_unknown(senders, gap):
    senders.account(days=[(0, 10, 0), gap])
    read_days(senders)
    [found] = senders.statistics()
    assert {value for name, value in found.items() if name != "email"} == {None}


def test_a_read_before_the_account_was_known_and_an_account_that_is_gone_say_nothing(senders):
    read_days(senders)
    senders.account(days=[])
    assert senders.statistics()[0]["sent"] is None
    senders.change("update instantly_accounts_raw set deleted_at = now()")
    assert senders.statistics() == []
    assert senders.statistics("nobody@elsewhere.example") == []


def campaign_statistics(tables, days=1):
    parameters = ["a", tables.today - timedelta(days - 1), tables.today]
    return tables.rows("select campaign_statistics(%s, %s, %s) as found", parameters)[0]["found"]


def test_what_a_campaign_sent_is_known_once_its_days_were_read(tables):
    tables.campaign()
    tables.day(0, sent=12, new_leads_contacted=5)
    tables.day(1, sent=30, new_leads_contacted=30)
    unknown = {"sent": None, "new_people": None}
    assert campaign_statistics(tables) == unknown
    read_days(tables, "instantly_daily_analytics_raw", first=1)
    assert campaign_statistics(tables) == {"sent": 12, "new_people": 5}
    assert campaign_statistics(tables, days=2) == {"sent": 42, "new_people": 35}
    assert campaign_statistics(tables, days=3) == unknown
    tables.change("delete from instantly_daily_analytics_raw")
    assert campaign_statistics(tables) == {"sent": 0, "new_people": 0}
    tables.day(0, sent=12)
    assert campaign_statistics(tables) == unknown
    tables.change("delete from instantly_campaigns_raw")
    assert campaign_statistics(tables) == unknown


def follow_ups(tables, senders=(MARA, JONAS)):
    midnight = datetime.combine(tables.today + timedelta(1), time(), UTC)
    rows = tables.rows("select follow_ups_due(%s, %s) as found", [Jsonb(list(senders)), midnight])
    return [(row["instantly_campaign_id"], row["email"], row["mails"]) for row in rows[0]["found"]]


@pytest.fixture
def sequences(tables):
    """A campaign of three mails by Mara and Jonas, and how to put somebody in it who got one of them."""

    def campaign(name="a", *, steps=STEPS, status=1, emails=(MARA, JONAS), **fields):
        payload = {"sequences": [{"steps": steps}], "email_list": list(emails), **fields}
        tables.campaign(name, campaign=payload, campaign_status=status)

    def contacted(days_ago=5, step="0_0_0", by=MARA, name="a", **columns):
        last = {"from": by, "stepID": step}
        tables.lead(
            f"person{tables.rows('select count(*) as n from instantly_leads_raw')[0]['n']}@firm.example",
            instantly_campaign_id=name,
            raw_json={"status_summary": {"lastStep": {key: value for key, value in last.items() if value}}},
            **{"last_contacted_at": datetime.now(UTC) - timedelta(days_ago), **columns},
        )

    tables.sequence, tables.contacted = campaign, contacted
    return tables


def test_a_follow_up_is_due_when_the_wait_of_the_last_mail_is_over_by_the_account_that_wrote_it(sequences):
    sequences.sequence()
    for days_ago, step, by in [
        (5, "0_0_0", MARA),
        (3, "0_0_1", MARA),
        (1, "0_0_0", MARA),
        (5, "0_1_0", JONAS),
        (2, "0_1_0", JONAS),
        (99, "0_2_0", MARA),
    ]:
        sequences.contacted(days_ago, step, by)
    assert follow_ups(sequences) == [("a", JONAS, 1), ("a", MARA, 2)]
    assert follow_ups(sequences, [JONAS]) == [("a", JONAS, 1)]
    assert follow_ups(sequences, ["nobody@elsewhere.example"]) == []


@pytest.mark.parametrize(("unit", "due"), [("minutes", 1), ("hours", 1), ("days", 0), ("weeks", 1), (None, 0)])
def test_a_wait_has_a_unit_and_one_that_nobody_knows_is_over(sequences, unit, due):
    step = {"type": "email", "delay": 20} | ({"delay_unit": unit} if unit else {})
    sequences.sequence(steps=[step, STEPS[2]])
    sequences.contacted(5)
    assert sum(mails for _, _, mails in follow_ups(sequences)) == due


@pytest.mark.parametrize("status", [2, 3, -1, -2, -3])
def test_leads_that_get_nothing_more_wait_for_nothing(sequences, status):
    sequences.sequence()
    sequences.contacted(lead_status=status)
    assert follow_ups(sequences) == []


def test_leads_that_were_not_written_to_or_are_gone_wait_for_no_follow_up(sequences):
    sequences.sequence()
    sequences.contacted(last_contacted_at=None)
    sequences.contacted(deleted_at=datetime.now(UTC))
    assert follow_ups(sequences) == []


@pytest.mark.parametrize(
    ("status", "due"), [(0, 0), (2, 0), (3, 0), (1, 1), (4, 1), (-1, 1), (-2, 1), (77, 1), (None, 1)]
)
def test_campaigns_that_may_send_count_and_those_of_an_unseen_status_do(sequences, status, due):
    sequences.sequence(status=status)
    sequences.contacted()
    assert len(follow_ups(sequences)) == due


@pytest.mark.parametrize(
    ("step", "steps", "due"),
    [
        ("9b2f-a-uuid", STEPS, 1),
        (None, STEPS, 1),
        (None, STEPS[:1], 0),
        ("0_0_0", None, 1),
        ("0_0_0", [{"delay": "3"}, {}], 1),
        ("0_0_0", "no list", 1),
    ],
)
def test_what_is_not_known_of_a_step_counts_as_due(sequences, step, steps, due):
    sequences.sequence(steps=steps)
    sequences.contacted(1, step)
    assert sum(mails for _, _, mails in follow_ups(sequences)) == due


def test_who_wrote_last_may_not_be_known_and_then_a_campaign_of_the_same_senders_counts(sequences):
    sequences.sequence("a", emails=[MARA.upper()])
    sequences.sequence("b", emails=["other@elsewhere.example"])
    sequences.sequence("c", emails=[], email_tag_list=["some tag"])
    sequences.sequence("d", emails=None or [], email_tag_list=None)
    for name in "abcd":
        sequences.contacted(by=None, name=name)
    assert follow_ups(sequences) == [("a", None, 1), ("c", None, 1)]
