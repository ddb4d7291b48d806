"""Our campaigns, made of what Instantly lists, in a real database."""

from __future__ import annotations

import pytest

from tests.fakes.normalised_tables import NOTHING


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
