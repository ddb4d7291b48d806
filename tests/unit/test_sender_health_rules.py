"""Which mailboxes may send, and what stands against the others."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from modules.instantly.instantly_sending_accounts import sending_account
from modules.outreach.campaign_limits import SenderRules
from modules.outreach.sender_health_rules import NOT_READ, SenderStatistics, judge_sender
from modules.shared.errors import ContractError
from tests.fakes.launch_campaign import MARA, NOW, account

RULES = SenderRules()
SENT = SenderStatistics(sent=200, bounced=6, sent_today=5, most_sent_a_day=30)


def judged(statistics=SENT, rules=RULES, **changes):
    return judge_sender(MARA, sending_account(account(**changes)), statistics, rules, now=NOW)


def test_a_mailbox_of_which_all_is_known_and_well_may_send():
    verdict = judged()
    assert (verdict.email, verdict.is_eligible, verdict.reasons) == (MARA, True, ())


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"status": 2}, "the account is not active: paused"),
        ({"status": 3}, "the account is not active: in maintenance"),
        ({"status": -1}, "the account is not active: without connection"),
        ({"status": -2}, "the account is not active: stopped by soft bounces"),
        ({"status": -3}, "the account is not active: unable to send"),
        ({"status": 77}, "the account is not active: status 77 is not one that is known"),
        ({"status": None}, "the account is not active: its status is not known"),
        ({"status": "1"}, "the account is not active: its status is not known"),
        ({"status": True}, "the account is not active: its status is not known"),
        ({"setup_pending": True}, "its setup is not finished"),
        ({"setup_pending": None}, "whether its setup is finished is not known"),
        ({"setup_pending": 0}, "whether its setup is finished is not known"),
        ({"warmup_status": 0}, "the warm-up is not active: paused"),
        ({"warmup_status": -1}, "the warm-up is not active: banned"),
        ({"warmup_status": -2}, "the warm-up is not active: not finding its spam folder"),
        ({"warmup_status": -3}, "the warm-up is not active: suspended for good"),
        ({"warmup_status": 5}, "the warm-up is not active: status 5 is not one that is known"),
        ({"warmup_status": None}, "the warm-up is not active: its status is not known"),
        ({"stat_warmup_score": 79.5}, "the warm-up score is 79.5, and at least 80 is wanted"),
        ({"stat_warmup_score": None}, "the warm-up score is not known"),
        ({"stat_warmup_score": 101}, "the warm-up score is not known"),
        ({"stat_warmup_score": "97"}, "the warm-up score is not known"),
        ({"timestamp_warmup_start": None}, "when the warm-up began is not known"),
        ({"timestamp_warmup_start": ""}, "when the warm-up began is not known"),
        ({"timestamp_warmup_start": "last week"}, "when the warm-up began is not known"),
        (
            {"timestamp_warmup_start": "2026-11-07T09:00:00Z"},
            "the warm-up began 13 days ago, and at least 14 are wanted",
        ),
        ({"daily_limit": None}, "its daily limit is not known"),
        ({"daily_limit": "30"}, "its daily limit is not known"),
    ],
)
def test_each_thing_that_is_bad_or_not_known_stands_against_it(changes, reason):
    verdict = judged(**changes)
    assert not verdict.is_eligible
    assert verdict.reasons == (reason,)


@pytest.mark.parametrize(
    ("sent", "bounced", "reason"),
    [
        (200, 6, None),
        (200, 7, "7 of 200 mails bounced in the last 14 days, and at most 3.0% may"),
        (20, 1, "1 of 20 mails bounced in the last 14 days, and at most 3.0% may"),
        (19, 10, None),
        (0, 0, None),
        (0, 2, "2 mails bounced in the last 14 days without any sent"),
        (None, 0, "what it sent in the last 14 days was not read"),
        (200, None, "what it sent in the last 14 days was not read"),
    ],
)
def test_bounces_count_once_enough_was_sent(sent, bounced, reason):
    verdict = judged(replace(SENT, sent=sent, bounced=bounced))
    assert verdict.reasons == (() if reason is None else (reason,))


def test_the_bounds_themselves_are_still_well():
    just_long_enough = (NOW - timedelta(days=14)).isoformat()
    assert judged(stat_warmup_score=80, timestamp_warmup_start=just_long_enough).is_eligible


def test_the_campaigns_own_numbers_decide():
    strict = SenderRules(min_warmup_score=98, min_warmup_days=90, max_bounce_rate=0.01, min_sent_for_bounce_rate=1)
    assert judged(rules=strict).reasons == (
        "the warm-up score is 97, and at least 98 is wanted",
        "the warm-up began 50 days ago, and at least 90 are wanted",
        "6 of 200 mails bounced in the last 14 days, and at most 1.0% may",
    )


def test_an_address_that_instantly_does_not_list_is_not_fit():
    verdict = judge_sender(MARA, None, SENT, RULES, now=NOW)
    assert verdict.reasons == ("Instantly has no account with this address",)


def test_of_an_account_that_was_never_read_the_statistics_are_not_known():
    assert judged(NOT_READ).reasons == ("what it sent in the last 14 days was not read",)


def test_an_account_is_read_by_its_address_in_lower_case_with_the_tags_it_has():
    tags = [{"id": "t1", "label": "DACH", "description": None}, {"id": "t2"}, "no tag"]
    read = sending_account(account(email=" Mara@Try-Haldenfreight.example", tags=tags))
    assert (read.email, read.tag_id_of) == (MARA, {"DACH": "t1"})


@pytest.mark.parametrize("payload", [{}, {"email": ""}, {"email": None}, "no object", None])
def test_an_account_without_an_address_breaks_the_contract(payload):
    with pytest.raises(ContractError, match="without an address"):
        sending_account(payload)
