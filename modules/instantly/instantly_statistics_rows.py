"""Rows of Instantly's statistics: by day, by step, by account."""

from __future__ import annotations

from datetime import date

from pydantic import AliasPath, Field

from modules.shared.raw_table import RawRow, RawTable
from modules.shared.row_fields import Address, Count, Day, Key

DAILY_COUNTS = ("sent", "opened", "unique_opened", "replies", "unique_replies", "clicks", "unique_clicks")


class DailyAnalyticsRow(RawRow):
    """Grain: one UTC day of one campaign, or of the whole workspace."""

    analytics_date: date
    instantly_campaign_id: Key
    sent: int | None
    opened: int | None
    unique_opened: int | None
    replies: int | None
    unique_replies: int | None
    clicks: int | None
    unique_clicks: int | None


class EventCounts(RawRow):
    """What steps and accounts count alike. `None`: not said, as in answers before 2026 the automatic replies."""

    sent: Count | None = None
    opened: Count | None = None
    unique_opened: Count | None = None
    replies: Count | None = None
    unique_replies: Count | None = None
    replies_automatic: Count | None = None
    unique_replies_automatic: Count | None = None
    clicks: Count | None = None
    unique_clicks: Count | None = None


class AccountDailyRow(EventCounts):
    """Grain: one UTC day of one sending account."""

    analytics_date: Day = Field(validation_alias="date")
    email: Address = Field(validation_alias="email_account")
    bounced: Count | None = None
    contacted: Count | None = None
    new_leads_contacted: Count | None = None


class StepRow(EventCounts):
    """Grain: one variant of one step of one campaign."""

    instantly_campaign_id: Key = Field(validation_alias="campaign_id")
    step: Key
    variant: Key
    opportunities: Count | None = None
    unique_opportunities: Count | None = None
    meetings_booked: Count | None = None


class AccountWarmupRow(RawRow):
    """Grain: one sending account."""

    email: Address
    sent: Count | None = Field(default=None, validation_alias=AliasPath("total", "sent"))
    received: Count | None = Field(default=None, validation_alias=AliasPath("total", "received"))
    landed_inbox: Count | None = Field(default=None, validation_alias=AliasPath("total", "landed_inbox"))
    landed_spam: Count | None = Field(default=None, validation_alias=AliasPath("total", "landed_spam"))
    health_score: float | None = Field(
        default=None, allow_inf_nan=False, validation_alias=AliasPath("total", "health_score")
    )


DAILY_ANALYTICS = RawTable(
    name="instantly_daily_analytics_raw",
    key=("analytics_date", "instantly_campaign_id"),
    row=DailyAnalyticsRow,
    preview=("analytics_date", "instantly_campaign_id", "sent", "unique_opened", "unique_replies", "unique_clicks"),
)
ACCOUNT_DAILY = RawTable(
    name="instantly_account_daily_raw",
    key=("analytics_date", "email"),
    row=AccountDailyRow,
    preview=("analytics_date", "sent", "bounced", "unique_replies", "replies_automatic"),
)
STEPS = RawTable(
    name="instantly_steps_raw",
    key=("instantly_campaign_id", "step", "variant"),
    row=StepRow,
    preview=("instantly_campaign_id", "step", "variant", "sent", "unique_replies", "unique_opportunities"),
)
ACCOUNT_WARMUP = RawTable(
    name="instantly_account_warmup_raw",
    key=("email",),
    row=AccountWarmupRow,
    preview=("sent", "received", "landed_inbox", "landed_spam", "health_score"),
)
