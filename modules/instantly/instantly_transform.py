"""Payloads of Instantly to rows of the raw tables. Pure: no clock, no network, nothing dropped in silence.

Each function yields a row for each payload, or a `RejectedRow` that says which field does not fit. Unknown fields and
unknown enum values pass: they stay in `raw_json`, and numbers are stored as they come.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from modules.instantly.instantly_rows import ACCOUNTS, CampaignRow
from modules.instantly.instantly_statistics_rows import DAILY_COUNTS, STEPS, DailyAnalyticsRow
from modules.shared.raw_table import RejectedRow
from modules.shared.row_fields import LARGEST_COUNT
from modules.shared.row_transform import key_of_text, rejection_reason, transform_rows, without_blanks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from modules.instantly.instantly_rows import CampaignPayload, DailyAnalyticsPayload, StepPayload
    from modules.shared.raw_table import RawRow

_DAYS_A_FRAME = 5_000
"""Rows of a data frame: large enough that pandas pays, small enough that memory stays flat."""


def transform_campaigns(payloads: Iterable[CampaignPayload]) -> Iterator[CampaignRow | RejectedRow]:
    """Rows of `instantly_campaigns_raw`, one for each campaign.

    Name and status come from the campaign itself where it was listed; the totals only ever come from the analytics.
    """
    for payload in payloads:
        campaign, analytics = payload["campaign"], payload["analytics"] or {}
        if not isinstance(analytics, dict) or not isinstance(campaign, dict | None):
            yield RejectedRow(key=None, reason="neither a campaign nor its totals", payload=payload)
            continue
        if campaign is None:
            campaign = {name: analytics.get(f"campaign_{name}") for name in ("id", "name", "status")}
        fields = {
            **analytics,
            "instantly_campaign_id": campaign.get("id"),
            "campaign_name": campaign.get("name"),
            "campaign_status": campaign.get("status"),
            "raw_json": payload,
        }
        try:
            yield CampaignRow.model_validate(without_blanks(fields))
        except ValidationError as error:
            yield RejectedRow(key=key_of_text(campaign.get("id")), reason=rejection_reason(error), payload=payload)


def transform_accounts(payloads: Iterable[Any]) -> Iterator[RawRow | RejectedRow]:
    """Rows of `instantly_accounts_raw`, one for each sending account."""
    return transform_rows(ACCOUNTS, payloads)


def transform_steps(payloads: Iterable[StepPayload]) -> Iterator[RawRow | RejectedRow]:
    """Rows of `instantly_steps_raw`. What belongs to no step or variant is kept under the name `none`."""

    def fields(payload: StepPayload) -> dict[str, Any]:
        step = payload["step"]
        named = {name: "none" if step.get(name) is None else step[name] for name in ("step", "variant")}
        counted = {name: str(value) for name, value in named.items() if type(value) is int}
        return {**step, **named, **counted, "campaign_id": payload["campaign_id"]}

    return transform_rows(STEPS, payloads, fields=fields)


def transform_daily_analytics(payloads: Iterable[DailyAnalyticsPayload]) -> Iterator[DailyAnalyticsRow | RejectedRow]:
    """Rows of `instantly_daily_analytics_raw`, one for each day of each campaign."""
    remaining = iter(payloads)
    while chunk := list(islice(remaining, _DAYS_A_FRAME)):
        yield from _transform_days(chunk)


def _transform_days(payloads: list[DailyAnalyticsPayload]) -> Iterator[DailyAnalyticsRow | RejectedRow]:
    # Imported here, because pandas doubles the start of every process that only loads the definitions.
    import pandas as pd

    days = [payload["day"] if isinstance(payload["day"], dict) else {} for payload in payloads]
    given = pd.DataFrame(days, dtype=object).reindex(columns=["date", *DAILY_COUNTS]).replace("", None)
    # The cut accepts a timestamp where a date is documented.
    texts = [day[:10] if isinstance(day, str) else None for day in given["date"]]
    dates: list[Any] = pd.to_datetime(pd.Series(texts, dtype=object), format="%Y-%m-%d", errors="coerce").tolist()
    given = given[list(DAILY_COUNTS)]
    counts = given.apply(pd.to_numeric, errors="coerce")
    fits = given.isna() | (counts.ge(0) & counts.le(LARGEST_COUNT) & (counts % 1 == 0))
    # Only an object column holds None for a missing count; any other holds NaN.
    clean = counts.where(fits).astype("Int64").astype(object)
    records = clean.where(clean.notna(), None).to_dict("records")
    for payload, moment, record, fit in zip(payloads, dates, records, fits.to_dict("records"), strict=True):
        problems = [column for column in DAILY_COUNTS if not fit[column]]
        campaign_id = payload["campaign_id"]
        if moment is pd.NaT:
            yield RejectedRow(key=None, reason="date: not a date like 2026-11-20", payload=payload)
        elif problems:
            reason = f"{', '.join(problems)}: not a whole number from 0 to {LARGEST_COUNT}"
            campaign_key = key_of_text(campaign_id)
            key = (str(moment.date()), *campaign_key) if campaign_key else None
            yield RejectedRow(key=key, reason=reason, payload=payload)
        else:
            try:
                yield DailyAnalyticsRow(
                    analytics_date=moment.date(), instantly_campaign_id=campaign_id, raw_json=payload["day"], **record
                )
            except ValidationError as error:
                yield RejectedRow(key=None, reason=rejection_reason(error), payload=payload)
