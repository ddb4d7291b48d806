"""What Instantly's payloads hold that we read, and the rows of the raw tables they become: campaigns and accounts."""

from __future__ import annotations

from datetime import date  # noqa: TC003 - pydantic reads it
from typing import Any, NamedTuple, TypedDict

from pydantic import Field

from modules.shared.raw_table import RawRow, RawTable
from modules.shared.row_fields import Address, Key


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


class StepPayload(TypedDict):
    """One variant of one step, with the campaign it was asked for: the answer itself does not name it.

    Attributes:
        step: As `GET /campaigns/analytics/steps` answers it.
    """

    campaign_id: str
    step: Any


class WarmupPayload(TypedDict):
    """One account's warm-up.

    Attributes:
        total: Sums of the recent days, as `POST /accounts/warmup-analytics` answers them.
        days: Counts by date.
    """

    email: str
    total: Any
    days: Any


class WorkspacePayload(TypedDict):
    """The workspace, from two endpoints.

    Attributes:
        workspace: As `GET /workspaces/current` answers it.
        plan: As `GET /workspace-billing/plan-details` answers it.
    """

    workspace: Any
    plan: Any


class LeadsOf(NamedTuple):
    """Where leads are: in one campaign or in one list; one of the two is `None`."""

    campaign_id: str | None = None
    list_id: str | None = None


class CampaignRow(RawRow):
    """Grain: one campaign."""

    instantly_campaign_id: Key
    campaign_name: str | None = None
    campaign_status: int | None = None
    leads_count: int | None = None
    contacted_count: int | None = None
    reply_count: int | None = None
    emails_sent_count: int | None = None


class AccountRow(RawRow):
    """Grain: one sending account."""

    email: Address
    first_name: str | None = None
    last_name: str | None = None
    account_status: int | None = Field(default=None, validation_alias="status")
    warmup_status: int | None = None
    warmup_score: float | None = Field(default=None, allow_inf_nan=False, validation_alias="stat_warmup_score")


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
