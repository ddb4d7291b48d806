"""How many new people can be written to today, and which limit says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modules.instantly.instantly_sending_accounts import sending_account
from modules.outreach.sender_capacity import NOTHING_SENT, CampaignDay, FollowUps, capacity_today
from modules.outreach.sender_health_rules import NOT_READ, SenderStatistics
from tests.fakes.launch_campaign import JONAS, MARA, NOW, account, campaign

IDLE = SenderStatistics(sent=300, bounced=0, sent_today=0, most_sent_a_day=30)
OWN, OTHER = "ours", "another"


def capacity(*, caps=None, mara=None, jonas=None, statistics=None, now=NOW, schedule=None, **others):
    accounts = [
        sending_account(account(**each))
        for each in ({"email": MARA, **(mara or {})}, {"email": JONAS, **(jonas or {})})
    ]
    changes = {name: value for name, value in (("caps", caps), ("schedule", schedule)) if value}
    given_ = {"follow_ups": (), "sent": NOTHING_SENT, "instantly_campaign_id": OWN, **others}
    return capacity_today(
        campaign(**changes), accounts=accounts, statistics=statistics or {MARA: IDLE, JONAS: IDLE}, now=now, **given_
    )


def numbers(found):
    return found.mails_today, found.new_people_today, found.binding


def test_idle_accounts_send_what_the_smallest_limit_lets_them():
    assert numbers(capacity()) == (60, 25, "new_people")
    assert numbers(capacity(caps={"new_people_per_day": 500, "mails_per_day": 500})) == (60, 60, "accounts")
    assert numbers(capacity(caps={"new_people_per_day": 500, "mails_per_day": 40})) == (40, 40, "campaign")


def test_the_file_caps_what_an_account_may_send_though_instantly_would_let_it():
    found = capacity(caps={"new_people_per_day": 500, "mails_per_day": 500}, mara={"daily_limit": 400})
    assert found.mails_today == 50 + 30


def test_what_an_account_sent_today_in_any_campaign_is_taken_off():
    busy = replace(IDLE, sent_today=28)
    found = capacity(statistics={MARA: busy, JONAS: replace(IDLE, sent_today=40)})
    assert numbers(found) == (2, 2, "accounts")
    assert [(each.email, each.left) for each in found.senders] == [(JONAS, 0), (MARA, 2)]


def test_what_the_campaign_sent_today_is_taken_off_its_own_limits():
    assert numbers(capacity(sent=CampaignDay(sent=50, new_people=20))) == (10, 5, "new_people")
    assert numbers(capacity(sent=CampaignDay(sent=58, new_people=20))) == (2, 2, "campaign")


@pytest.mark.parametrize(("ramp", "left"), [(True, 30 + 8), (None, 30 + 8), (False, 60)])
def test_an_account_on_slow_ramp_sends_two_more_than_on_its_busiest_day(ramp, left):
    slow = replace(IDLE, most_sent_a_day=6)
    found = capacity(
        caps={"new_people_per_day": 500}, mara={"enable_slow_ramp": ramp}, statistics={MARA: slow, JONAS: IDLE}
    )
    assert numbers(found) == (left, left, "accounts" if ramp is False else "ramp")


def test_a_new_account_on_slow_ramp_begins_with_two_mails():
    new = replace(IDLE, sent=0, most_sent_a_day=0)
    found = capacity(
        mara={"enable_slow_ramp": True}, jonas={"enable_slow_ramp": True}, statistics={MARA: new, JONAS: new}
    )
    assert numbers(found) == (4, 4, "ramp")


def test_follow_ups_of_other_campaigns_come_off_the_account_that_sends_them_and_off_no_other():
    due = [FollowUps(instantly_campaign_id=OTHER, email=MARA, mails=100)]
    assert numbers(capacity(caps={"new_people_per_day": 500}, follow_ups=due)) == (30, 30, "other_follow_ups")


def test_follow_ups_of_an_account_that_is_not_known_come_off_the_whole():
    due = [FollowUps(instantly_campaign_id=OTHER, email=None, mails=45)]
    assert numbers(capacity(follow_ups=due)) == (15, 15, "other_follow_ups")


def test_its_own_follow_ups_are_mails_of_the_campaign_but_no_new_people():
    due = [FollowUps(instantly_campaign_id=OWN, email=MARA, mails=41)]
    assert numbers(capacity(follow_ups=due)) == (60, 19, "own_follow_ups")


def test_what_is_not_known_counts_as_nothing_left_and_is_said():
    found = capacity(statistics={MARA: NOT_READ})
    assert numbers(found) == (0, 0, "accounts")
    assert found.reasons == (
        "what jo… of try-haldenfreight.example sent today was not read yet",
        "what ma… of try-haldenfreight.example sent today was not read yet",
    )
    found = capacity(sent=CampaignDay(sent=None, new_people=None))
    assert numbers(found) == (0, 0, "campaign")
    assert found.reasons == ("what the campaign sent today was not read yet",)


@pytest.mark.parametrize(
    ("now", "schedule", "expected", "next_day"),
    [
        (datetime(2026, 11, 20, 5, tzinfo=UTC), {}, 25, date(2026, 11, 20)),
        (datetime(2026, 11, 20, 15, 29, tzinfo=UTC), {}, 25, date(2026, 11, 20)),
        (datetime(2026, 11, 20, 15, 30, tzinfo=UTC), {}, 0, date(2026, 11, 23)),
        (datetime(2026, 11, 21, 9, tzinfo=UTC), {}, 0, date(2026, 11, 23)),
        (NOW, {"start_date": "2026-12-01"}, 0, date(2026, 12, 1)),
        (NOW, {"end_date": "2026-11-20"}, 25, date(2026, 11, 20)),
        (NOW, {"end_date": "2026-11-19"}, 0, None),
        (datetime(2026, 11, 20, 23, tzinfo=UTC), {"timezone": "Asia/Tokyo", "days": ["sat"]}, 25, date(2026, 11, 21)),
    ],
)
def test_outside_the_schedule_nobody_is_written_to_and_the_next_day_is_named(now, schedule, expected, next_day):
    found = capacity(now=now, schedule=schedule)
    assert (found.new_people_today, found.next_sending_day) == (expected, next_day)
    assert (found.binding == "schedule") == (expected == 0)


def test_without_an_account_that_may_send_there_is_nothing():
    found = capacity_today(
        campaign(), accounts=[], statistics={}, follow_ups=(), sent=NOTHING_SENT, instantly_campaign_id=None, now=NOW
    )
    assert numbers(found) == (0, 0, "accounts")


COUNTS = st.integers(0, 120)
LIMITS = st.integers(1, 200)
MAYBE = st.none() | COUNTS


@st.composite
def worlds(draw):
    """Everything that capacity is made of."""
    statistics = {
        email: SenderStatistics(sent=0, bounced=0, sent_today=draw(MAYBE), most_sent_a_day=draw(MAYBE))
        for email in draw(st.sets(st.sampled_from([MARA, JONAS])))
    }
    due = st.builds(
        FollowUps,
        instantly_campaign_id=st.sampled_from([OWN, OTHER]),
        email=st.sampled_from([MARA, JONAS, None]),
        mails=COUNTS,
    )
    return {
        "caps": {"new_people_per_day": draw(LIMITS), "mails_per_day": draw(LIMITS)},
        "mara": {"daily_limit": draw(MAYBE), "enable_slow_ramp": draw(st.sampled_from([True, False, None]))},
        "jonas": {"daily_limit": draw(COUNTS)},
        "statistics": statistics or {MARA: NOT_READ},
        "follow_ups": draw(st.lists(due, max_size=4)),
        "sent": CampaignDay(sent=draw(MAYBE), new_people=draw(MAYBE)),
        "instantly_campaign_id": draw(st.sampled_from([OWN, None])),
        "now": draw(st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))),  # noqa: DTZ001
    }


@given(worlds())
def test_capacity_is_never_negative_and_never_above_any_single_limit(world):
    found = capacity(**world)
    assert 0 <= found.new_people_today <= found.mails_today
    assert found.mails_today <= world["caps"]["mails_per_day"]
    assert found.new_people_today <= world["caps"]["new_people_per_day"]
    assert found.mails_today <= min(world["mara"]["daily_limit"] or 0, 50) + min(world["jonas"]["daily_limit"], 50)
    for sender in found.senders:
        assert 0 <= sender.left_for_campaign <= sender.left_on_ramp <= sender.left
        assert sender.left + (sender.sent_today or 0) <= 50 or sender.left == 0
    if world["sent"].sent is not None:
        assert found.mails_today <= max(0, world["caps"]["mails_per_day"] - world["sent"].sent)


@given(worlds(), st.sampled_from(["new_people_per_day", "mails_per_day"]), LIMITS)
def test_a_higher_limit_of_the_campaign_never_lowers_capacity(world, name, more):
    before = capacity(**world)
    world["caps"][name] += more
    after = capacity(**world)
    assert after.mails_today >= before.mails_today
    assert after.new_people_today >= before.new_people_today


@given(worlds(), LIMITS)
def test_a_higher_limit_of_an_account_never_lowers_capacity(world, more):
    before = capacity(**world)
    world["jonas"]["daily_limit"] += more
    after = capacity(**world)
    assert after.mails_today >= before.mails_today
    assert after.new_people_today >= before.new_people_today


@given(worlds(), st.sampled_from([OWN, OTHER]), st.sampled_from([MARA, JONAS, None]), COUNTS)
def test_more_follow_ups_never_raise_capacity(world, whose, email, mails):
    before = capacity(**world)
    world["follow_ups"].append(FollowUps(instantly_campaign_id=whose, email=email, mails=mails))
    after = capacity(**world)
    assert after.mails_today <= before.mails_today
    assert after.new_people_today <= before.new_people_today
