from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modules.instantly.instantly_rows import (
    WORKSPACE_TOTAL,
    AccountRow,
    CampaignPayload,
    CampaignRow,
    DailyAnalyticsPayload,
)
from modules.instantly.instantly_statistics_rows import DAILY_COUNTS, DailyAnalyticsRow
from modules.instantly.instantly_transform import transform_accounts, transform_campaigns, transform_daily_analytics
from modules.shared.raw_table import RejectedRow

SECRET_VALUE = "mara.okonedo@haldenfreight.example"

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["", " ", "5", "2026-11-20", "2026-11-20T10:00:00Z", "9999-99-99", "NaN", SECRET_VALUE])
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


def objects(*names: str) -> st.SearchStrategy[Any]:
    """Mostly objects with some of the documented fields, right or wrong; and anything else that JSON can hold."""
    return st.fixed_dictionaries({}, optional=dict.fromkeys((*names, "raw_json", "extra"), values)) | values


campaign_payloads = st.builds(
    CampaignPayload,
    campaign=objects("id", "name", "status"),
    analytics=objects("campaign_id", "campaign_name", "campaign_status", "leads_count", "reply_count"),
)
account_payloads = objects("email", "first_name", "status", "warmup_status", "stat_warmup_score")
daily_payloads = st.builds(DailyAnalyticsPayload, campaign_id=values, day=objects("date", *DAILY_COUNTS))


def assert_each_gives_one_row_that_can_be_stored(payloads: list[Any], rows: list[Any], raw: Any) -> None:
    assert len(rows) == len(payloads)
    for payload, row in zip(payloads, rows, strict=True):
        if isinstance(row, RejectedRow):
            assert row.payload is payload
            assert row.reason
            assert row.key is None or all(isinstance(part, str) and part for part in row.key)
        else:
            assert row.raw_json == raw(payload)
            json.dumps(
                {name: str(value) if isinstance(value, date) else value for name, value in row.__dict__.items()},
                allow_nan=False,
            )


@settings(max_examples=60)
@given(st.lists(campaign_payloads, max_size=4))
def test_every_campaign_gives_one_row_or_one_rejection(payloads: list[Any]):
    assert_each_gives_one_row_that_can_be_stored(
        payloads, list(transform_campaigns(payloads)), raw=lambda payload: payload
    )


@settings(max_examples=60)
@given(st.lists(account_payloads, max_size=4))
def test_every_account_gives_one_row_or_one_rejection(payloads: list[Any]):
    assert_each_gives_one_row_that_can_be_stored(
        payloads, list(transform_accounts(payloads)), raw=lambda payload: payload
    )


@settings(max_examples=60)
@given(st.lists(daily_payloads, max_size=4))
def test_every_day_gives_one_row_or_one_rejection(payloads: list[Any]):
    assert_each_gives_one_row_that_can_be_stored(
        payloads, list(transform_daily_analytics(payloads)), raw=lambda payload: payload["day"]
    )


def only(rows: Any) -> Any:
    (row,) = rows
    return row


def campaign(analytics: Any = None, **fields: Any) -> CampaignRow | RejectedRow:
    return only(transform_campaigns([CampaignPayload(campaign={"id": "019a", **fields}, analytics=analytics)]))


def account(**fields: Any) -> AccountRow | RejectedRow:
    return only(transform_accounts([{"email": "mara@haldenfreight.example", **fields}]))


def day(campaign_id: Any = WORKSPACE_TOTAL, **fields: Any) -> DailyAnalyticsRow | RejectedRow:
    payload = DailyAnalyticsPayload(campaign_id=campaign_id, day={"date": "2026-11-20", **fields})
    return only(transform_daily_analytics([payload]))


def test_name_and_status_come_from_the_listed_campaign_and_totals_from_the_analytics():
    totals = {
        "campaign_name": "old name",
        "campaign_status": 2,
        "leads_count": 9,
        "contacted_count": 8,
        "reply_count": 1,
        "emails_sent_count": 12,
    }
    row = campaign(totals, name="Nordlicht pilots", status=1, leads_count=-1)
    assert isinstance(row, CampaignRow)
    assert row.model_dump(exclude={"raw_json"}) == {
        "instantly_campaign_id": "019a",
        "campaign_name": "Nordlicht pilots",
        "campaign_status": 1,
        "leads_count": 9,
        "contacted_count": 8,
        "reply_count": 1,
        "emails_sent_count": 12,
    }


def test_a_campaign_known_from_its_totals_alone_takes_everything_from_them():
    totals = {"campaign_id": "019b", "campaign_name": "Fjord", "campaign_status": 3, "leads_count": 2}
    row = only(transform_campaigns([CampaignPayload(campaign=None, analytics=totals)]))
    assert (row.instantly_campaign_id, row.campaign_name, row.campaign_status, row.leads_count) == (
        "019b",
        "Fjord",
        3,
        2,
    )


def test_an_enum_value_nobody_has_heard_of_is_kept():
    assert campaign(status=77).campaign_status == 77
    assert account(status=-77).account_status == -77
    assert account(warmup_status=-77).warmup_status == -77


def test_fields_nobody_has_heard_of_are_kept_in_the_payload():
    new = {"brand_new": {"deep": [1, None, 0.5]}}
    assert campaign(**new).raw_json["campaign"]["brand_new"] == new["brand_new"]
    assert account(**new).raw_json["brand_new"] == new["brand_new"]
    assert day(**new).raw_json["brand_new"] == new["brand_new"]


@pytest.mark.parametrize("unset", [{}, {"value": None}, {"value": ""}])
def test_missing_null_and_blank_all_mean_not_set(unset: dict[str, Any]):
    def filled(*names: str) -> dict[str, Any]:
        return {name: unset["value"] for name in names if unset}

    assert campaign(filled("leads_count", "reply_count"), **filled("name", "status")).model_dump(
        exclude={"raw_json", "instantly_campaign_id"}
    ) == dict.fromkeys(
        ["campaign_name", "campaign_status", "leads_count", "contacted_count", "reply_count", "emails_sent_count"]
    )
    mailbox = account(**filled("first_name", "last_name", "status", "warmup_status", "stat_warmup_score"))
    assert (mailbox.first_name, mailbox.account_status, mailbox.warmup_status, mailbox.warmup_score) == (None,) * 4
    assert all(getattr(day(**filled(*DAILY_COUNTS)), name) is None for name in DAILY_COUNTS)


def test_zero_is_a_count_and_not_a_missing_one():
    assert campaign({"leads_count": 0}).leads_count == 0
    assert account(stat_warmup_score=0).warmup_score == 0
    assert day(sent=0).sent == 0


@pytest.mark.parametrize("number", [5, 5.0, "5"])
def test_a_whole_number_is_read_however_it_is_spelled(number: object):
    assert campaign({"leads_count": number}).leads_count == 5
    assert day(sent=number).sent == 5


@pytest.mark.parametrize("wrong", [SECRET_VALUE, 1.5, [5], {"a": 5}])
def test_a_count_that_is_none_is_rejected_with_its_field_named_and_its_value_not_told(wrong: object):
    for row, field in (
        (campaign({"leads_count": wrong}), "leads_count"),
        (account(warmup_status=wrong), "warmup_status"),
        (day(unique_clicks=wrong), "unique_clicks"),
    ):
        assert isinstance(row, RejectedRow)
        assert field in row.reason
        assert SECRET_VALUE not in row.reason


@pytest.mark.parametrize("wrong", [-1, 2**31, 2**64 - 1, 1e300])
def test_a_daily_count_that_no_column_can_hold_is_rejected(wrong: float):
    assert "sent" in day(sent=wrong).reason
    assert day(sent=2**31 - 1).sent == 2**31 - 1


@pytest.mark.parametrize("wrong", [5, ["a"], {"a": 1}])
def test_a_text_that_is_none_is_rejected(wrong: object):
    assert "campaign_name" in campaign(name=wrong).reason
    assert "first_name" in account(first_name=wrong).reason


@pytest.mark.parametrize("score", ["high", [9], float("nan"), float("inf")])
def test_a_warmup_score_that_is_no_number_is_rejected(score: object):
    assert "stat_warmup_score" in account(stat_warmup_score=score).reason


def test_an_address_is_stored_lower_case_and_trimmed_and_kept_as_it_came_beside():
    row = account(email=" Mara@HaldenFreight.Example\n")
    assert (row.email, row.raw_json["email"]) == ("mara@haldenfreight.example", " Mara@HaldenFreight.Example\n")


@pytest.mark.parametrize("written", ["2026-11-20", "2026-11-20T00:00:00.000Z"])
def test_a_date_is_read_from_a_day_or_a_timestamp(written: str):
    assert day(date=written).analytics_date == date(2026, 11, 20)


@pytest.mark.parametrize("wrong", [20261120, 1.5, True, None, "", "20.11.2026", "2026-02-30", ["2026-11-20"], {}])
def test_a_date_that_is_none_is_rejected_even_where_every_day_has_one(wrong: object):
    row = day(date=wrong)
    assert isinstance(row, RejectedRow)
    assert (row.key, row.reason.split(":")[0]) == (None, "date")


def test_one_bad_day_costs_one_row_and_the_order_stays():
    days = [
        {"date": "2026-11-18", "sent": 1},
        "odd",
        {"date": 5},
        {"date": "2026-11-20", "sent": "x"},
        {"date": "2026-11-21"},
    ]
    rows = list(transform_daily_analytics(DailyAnalyticsPayload(campaign_id="019a", day=day) for day in days))
    assert [type(row) for row in rows] == [DailyAnalyticsRow, *[RejectedRow] * 3, DailyAnalyticsRow]
    assert (rows[0].sent, rows[4].sent) == (1, None)
    assert type(rows[0].sent) is int


@pytest.mark.parametrize("campaign_id", ["", " ", None, 5, ["a"]])
def test_a_day_without_a_campaign_is_rejected(campaign_id: object):
    assert "instantly_campaign_id" in day(campaign_id).reason


def test_a_rejected_row_tells_its_key_as_the_table_spells_it():
    assert campaign({"leads_count": "x"}).key == ("019a",)
    assert campaign({"leads_count": "x"}, id=" 019a ").key == ("019a",)
    assert account(email=" Mara@HaldenFreight.example", status="x").key == ("mara@haldenfreight.example",)
    assert day(" 019a", sent="x").key == ("2026-11-20", "019a")


@pytest.mark.parametrize("missing", [None, "", " ", [], {}])
def test_a_row_without_a_key_is_rejected_without_one(missing: object):
    assert campaign(id=missing).key is None
    assert account(email=missing).key is None
    assert day(missing, sent="x").key is None
