from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from modules.outreach.launch_gate import MOST_AGE_S, check_materialized, stale_message
from modules.shared.errors import Refused

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LIMITS = {"leads": 7_200, "suppressions": 3_600}
ROW = {"table_name": "leads", "most_age_s": 7_200, "complete_as_of": "2026-11-20T09:00:00+00:00", "age_s": 10_800}


def test_a_message_says_which_table_how_old_what_is_allowed_and_what_to_do():
    other = {**ROW, "table_name": "suppressions", "age_s": 95_400.0, "most_age_s": 93_600}
    message = stale_message([ROW, other])
    assert "- leads has no complete data newer than 3.0 hours (2 are allowed)" in message
    assert "- suppressions has no complete data newer than 26.5 hours (26 are allowed)" in message
    assert "outreach sync" in message
    assert "refresh_and_launch" in message


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        (None, "- leads has no complete data at all"),
        ("a page was lost", "- leads has no complete data at all; its last read: a page was lost"),
    ],
)
def test_a_table_without_complete_data_is_told_with_why_its_last_read_failed(reason, told):
    row = {**ROW, "complete_as_of": None, "age_s": None, "last_reason": reason}
    assert told in stale_message([row]).splitlines()


def test_data_of_the_future_is_told_as_a_wrong_clock():
    row = {**ROW, "complete_as_of": "2026-11-20T15:00:00+00:00", "age_s": -10_800}
    assert "claims to be of the future, 2026-11-20T15:00:00+00:00: look at the clocks" in stale_message([row])


def at(**ago_s):
    return {name: NOW - timedelta(seconds=seconds) for name, seconds in ago_s.items()}


@pytest.mark.parametrize(
    "times",
    [at(leads=0, suppressions=0), at(leads=7_200, suppressions=3_600), at(leads=-299, suppressions=1, other=9e9)],
)
def test_what_was_materialized_lately_enough_lets_a_launch_pass(times):
    check_materialized(times, NOW, LIMITS)


@pytest.mark.parametrize(
    ("times", "named", "not_named"),
    [
        (at(leads=7_201, suppressions=0), "leads was not materialized by this Dagster newer than 2.0", "suppressions"),
        (at(leads=0, suppressions=36_000), "suppressions was not materialized by this Dagster newer than 10", "leads"),
        (at(leads=0), "suppressions was not materialized by this Dagster at all", "leads"),
        (at(leads=0) | {"suppressions": None}, "suppressions was not materialized by this Dagster at all", "leads"),
        (at(leads=-301, suppressions=0), "leads claims to be of the future", "suppressions"),
    ],
)
def test_what_was_not_is_named_alone(times, named, not_named):
    with pytest.raises(Refused) as refusal:
        check_materialized(times, NOW, LIMITS)
    assert named in str(refusal.value)
    assert f"- {not_named}" not in str(refusal.value)


def test_a_launch_asks_for_every_table_it_acts_on_unless_told_otherwise():
    with pytest.raises(Refused) as refusal:
        check_materialized({}, NOW)
    assert all(f"- {table} " in str(refusal.value) for table in MOST_AGE_S)
    # What people, senders, campaigns and stops are judged by.
    assert MOST_AGE_S.keys() >= {"leads", "suppressions", "campaigns", "instantly_accounts_raw", "instantly_leads_raw"}
    assert max(MOST_AGE_S.values()) <= 26 * 3_600
