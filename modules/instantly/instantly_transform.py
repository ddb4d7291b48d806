"""Payloads of Instantly to rows of the raw tables. Pure: no clock, no network, nothing dropped in silence.

Each function yields a row for each payload, or a `RejectedRow` that says which field does not fit. Unknown fields and
unknown enum values pass: they stay in `raw_json`, and numbers are stored as they come.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from pydantic import AliasPath, ValidationError

from modules.instantly.instantly_fields import LARGEST_COUNT
from modules.instantly.instantly_rows import ACCOUNTS, CampaignRow
from modules.instantly.instantly_statistics_rows import DAILY_COUNTS, STEPS, DailyAnalyticsRow
from modules.shared.raw_table import RejectedRow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from modules.instantly.instantly_rows import CampaignPayload, DailyAnalyticsPayload, StepPayload
    from modules.shared.raw_table import RawRow, RawTable

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
            yield CampaignRow.model_validate(_without_blanks(fields))
        except ValidationError as error:
            yield RejectedRow(key=_key(campaign.get("id")), reason=_reason(error), payload=payload)


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


def _as_it_comes(payload: Any) -> dict[str, Any]:
    if not isinstance(payload, dict):
        raise TypeError
    return payload


def transform_rows(
    table: RawTable, payloads: Iterable[Any], *, fields: Callable[[Any], dict[str, Any]] = _as_it_comes
) -> Iterator[RawRow | RejectedRow]:
    """Rows of any table whose row class says which payload field fills which column.

    Args:
        table: With that row class.
        payloads: One a row.
        fields: The fields of a payload, where they are not at its top.
    """
    aliases = [field.validation_alias for field in table.row.model_fields.values()]
    parts = {str(alias.path[0]) for alias in aliases if isinstance(alias, AliasPath)}
    for payload in payloads:
        try:
            given = _without_blanks(fields(payload))
            is_whole = all(isinstance(given[part], dict) for part in parts)
        except (TypeError, ValueError, AttributeError, KeyError):
            is_whole = False
        if not is_whole:
            reason = f"a {type(payload).__name__} where an object is documented, or one without its parts"
            yield RejectedRow(key=None, reason=reason, payload=payload)
            continue
        try:
            yield table.row.model_validate({**given, "raw_json": payload})
        except ValidationError as error:
            yield RejectedRow(key=_key_in(table, given, error), reason=_reason(error), payload=payload)


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
            campaign_key = _key(campaign_id)
            key = (str(moment.date()), *campaign_key) if campaign_key else None
            yield RejectedRow(key=key, reason=reason, payload=payload)
        else:
            try:
                yield DailyAnalyticsRow(
                    analytics_date=moment.date(), instantly_campaign_id=campaign_id, raw_json=payload["day"], **record
                )
            except ValidationError as error:
                yield RejectedRow(key=None, reason=_reason(error), payload=payload)


def _without_blanks(fields: dict[str, Any]) -> dict[str, Any]:
    """Instantly leaves some optional fields out and sends others as an empty text; both mean "not set"."""
    # Most payloads have none, and finding out is ten times as fast as copying them.
    return {name: value for name, value in fields.items() if value != ""} if "" in fields.values() else fields


def _key(value: object, *, lower: bool = False) -> tuple[str, ...] | None:
    """The key of a rejected row, spelled as in the table; `None` when there is none.

    A number is none: which row of the table it stands for is not known, and that row must not pass for a missing one.
    """
    text = value.strip() if isinstance(value, str) else ""
    return (text.lower() if lower else text,) if text else None


def _key_in(table: RawTable, given: dict[str, Any], error: ValidationError) -> tuple[str, ...] | None:
    """The key, if what does not fit is something else."""
    unfit = {problem["loc"][0] for problem in error.errors(include_input=False) if problem["loc"]}
    parts: tuple[str, ...] = ()
    for column in table.key:
        alias = table.row.model_fields[column].validation_alias
        name = alias if isinstance(alias, str) else column
        part = None if name in unfit else _key(given.get(name), lower=column == "email")
        if part is None:
            return None
        parts += part
    return parts


def _reason(error: ValidationError) -> str:
    """Which fields do not fit and why, without the values: they may be somebody's."""
    return "; ".join(
        f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
        for problem in error.errors(include_input=False, include_context=False, include_url=False)
    )
