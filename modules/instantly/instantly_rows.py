"""What Instantly's payloads hold that we read, and the rows of the raw tables they become."""

from __future__ import annotations

from datetime import date  # noqa: TC003 - pydantic reads it
from typing import Annotated, Any, NamedTuple, TypedDict

from pydantic import Field, StringConstraints

from modules.shared.raw_table import RawRow, RawTable


class Days(NamedTuple):
    """A range of UTC days, both ends included."""

    first: date
    last: date


WORKSPACE_TOTAL = "workspace_total"
"""Stands where a campaign id would, in rows that count the whole workspace."""


class CampaignPayload(TypedDict):
    """One campaign, from two endpoints, not yet looked at.

    Attributes:
        campaign: As `GET /campaigns` lists it; `None` in the older exports, which never asked.
        analytics: Its row of `GET /campaigns/analytics`; `None` for a campaign that never sent.
    """

    campaign: Any
    analytics: Any


class DailyAnalyticsPayload(TypedDict):
    """One day, with the campaign it was asked for: the answer itself does not name it.

    Attributes:
        campaign_id: Or `WORKSPACE_TOTAL`.
        day: As `GET /campaigns/analytics/daily` answers it. Days without activity are left out there.
    """

    campaign_id: str
    day: Any


_Key = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
_Address = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, min_length=1)]


class CampaignRow(RawRow):
    """Grain: one campaign."""

    instantly_campaign_id: _Key
    campaign_name: str | None = None
    campaign_status: int | None = None
    leads_count: int | None = None
    contacted_count: int | None = None
    reply_count: int | None = None
    emails_sent_count: int | None = None


class AccountRow(RawRow):
    """Grain: one sending account."""

    email: _Address
    first_name: str | None = None
    last_name: str | None = None
    account_status: int | None = Field(default=None, validation_alias="status")
    warmup_status: int | None = None
    warmup_score: float | None = Field(default=None, allow_inf_nan=False, validation_alias="stat_warmup_score")


class DailyAnalyticsRow(RawRow):
    """Grain: one UTC day of one campaign, or of the whole workspace."""

    analytics_date: date
    instantly_campaign_id: _Key
    sent: int | None
    opened: int | None
    unique_opened: int | None
    replies: int | None
    unique_replies: int | None
    clicks: int | None
    unique_clicks: int | None


DAILY_COUNTS = ("sent", "opened", "unique_opened", "replies", "unique_replies", "clicks", "unique_clicks")

CAMPAIGNS = RawTable(
    name="instantly_campaigns_raw",
    key=("instantly_campaign_id",),
    row=CampaignRow,
    preview=("campaign_name", "campaign_status", "leads_count", "contacted_count", "emails_sent_count", "reply_count"),
)
ACCOUNTS = RawTable(
    name="instantly_accounts_raw",
    key=("email",),
    row=AccountRow,
    preview=("account_status", "warmup_status", "warmup_score", "synced_at"),
)
DAILY_ANALYTICS = RawTable(
    name="instantly_daily_analytics_raw",
    key=("analytics_date", "instantly_campaign_id"),
    row=DailyAnalyticsRow,
    preview=("analytics_date", "instantly_campaign_id", "sent", "unique_opened", "unique_replies", "unique_clicks"),
)
