"""Fresh or not at all: how old and how complete the data is that a launch would act on.

Judged by `sync_runs`, never by whether a run was green. It is asked before a launch does anything, and once more by the
database inside the transaction that reserves people.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from modules.shared.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from modules.supabase.row_store import RowStore

_HOUR_S = 3_600
_TWO_HOURS_S = 2 * _HOUR_S
_MOST_AHEAD_S = 300

MOST_AGE_S: Mapping[str, int] = MappingProxyType(
    {
        "instantly_campaigns_raw": _TWO_HOURS_S,
        "instantly_accounts_raw": _TWO_HOURS_S,
        "instantly_leads_raw": _TWO_HOURS_S,
        "instantly_emails_raw": _TWO_HOURS_S,
        "instantly_lead_labels_raw": _TWO_HOURS_S,
        "instantly_block_list_raw": _TWO_HOURS_S,
        "campaigns": _TWO_HOURS_S,
        "leads": _TWO_HOURS_S,
        "suppressions": _TWO_HOURS_S,
        # Bounces by day; it has a schedule of its own.
        "instantly_account_daily_raw": 26 * _HOUR_S,
    }
)
"""Seconds that the newest complete data of a table may be old. An hourly sync may fail once."""


def check_fresh(store: RowStore, most_age_s: Mapping[str, int] = MOST_AGE_S) -> None:
    """Return only if all data that a launch acts on is fresh and complete.

    Raises:
        Refused: Some is not; names each table and how old it is.
    """
    stale = store.call("stale_tables", {"wanted": dict(most_age_s)})
    if stale:
        raise Refused(stale_message(stale))


def check_materialized(
    materialized_at: Mapping[str, datetime | None], now: datetime, most_age_s: Mapping[str, int] = MOST_AGE_S
) -> None:
    """Return only if the orchestrator itself made each table lately enough.

    Args:
        materialized_at: When each table was last materialized; `None`: never.
        now: With a zone.
        most_age_s: As for `check_fresh`.

    Raises:
        Refused: It did not, so that it may be looking at another database than it filled.
    """
    late = [
        {"table_name": name, "most_age_s": seconds, "complete_as_of": at and at.isoformat(), "age_s": age}
        for name, seconds in most_age_s.items()
        for at in [materialized_at.get(name)]
        for age in [None if at is None else (now - at).total_seconds()]
        # A clock that is wrong makes nothing fresh, as in the database.
        if age is None or age > seconds or age < -_MOST_AHEAD_S
    ]
    if late:
        raise Refused(stale_message(late, what="was not materialized by this Dagster"))


def stale_message(stale: Iterable[Mapping[str, Any]], what: str = "has no complete data") -> str:
    """What is too old, by how much, and what to do."""
    lines = [f"- {row['table_name']} {_age(row, what)}" for row in stale]
    return "\n".join(
        [
            "The data is too old or incomplete to act on:",
            *lines,
            "Run `outreach sync` (or the job refresh_and_launch, which refreshes first), then launch again.",
        ]
    )


def _age(row: Mapping[str, Any], what: str) -> str:
    if row["complete_as_of"] is None:
        reason = f"; its last read: {row['last_reason']}" if row.get("last_reason") else ""
        return f"{what} at all{reason}"
    hours, allowed = float(row["age_s"]) / _HOUR_S, float(row["most_age_s"]) / _HOUR_S
    if hours < 0:
        return f"claims to be of the future, {row['complete_as_of']}: look at the clocks"
    return f"{what} newer than {hours:.1f} hours ({allowed:g} are allowed)"
