"""What the database knows of a campaign's senders: what they sent, which follow-ups wait, how their health looks."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from modules.outreach.launch_reasons import Reason, shown_sender
from modules.outreach.pages import in_batches
from modules.outreach.sender_capacity import NOTHING_SENT, CampaignDay, FollowUps
from modules.outreach.sender_health_rules import STATISTICS_DAYS, SenderStatistics
from modules.outreach.sending_time import local_day

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modules.outreach.campaign_sequence import Schedule
    from modules.supabase.row_store import RowStore

_ADDRESSES_A_REQUEST = 50
"""They stand in the address of the request, which may not be longer than a few thousand characters."""


def sender_statistics(store: RowStore, senders: Sequence[str], now: datetime) -> dict[str, SenderStatistics]:
    """What each account sent, by address; one that was never read is left out."""
    today = now.astimezone(UTC).date()
    parameters = {"senders": list(senders), "today": str(today), "days": STATISTICS_DAYS}
    return {row.pop("email"): SenderStatistics(**row) for row in store.call("sender_statistics", parameters)}


def follow_ups_due(store: RowStore, senders: Sequence[str], now: datetime) -> list[FollowUps]:
    """Follow-ups of any campaign by these accounts that are due before midnight UTC, when their limits begin anew."""
    midnight = datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(), UTC)
    parameters = {"senders": list(senders), "due_before": midnight.isoformat()}
    return [FollowUps(**row) for row in store.call("follow_ups_due", parameters)]


def campaign_day(
    store: RowStore, instantly_campaign_id: str | None, schedule: Schedule, now: datetime, *, is_draft: bool
) -> CampaignDay:
    """What a campaign sent on the UTC days that have an hour in common with its own day so far.

    Args:
        store: Where the hourly statistics are.
        instantly_campaign_id: `None`: it is not at Instantly yet, and has sent nothing.
        schedule: Knows its time zone.
        now: With a zone.
        is_draft: Whether it was never set sending.
    """
    if instantly_campaign_id is None or is_draft:
        return NOTHING_SENT
    midnight = datetime.combine(local_day(schedule, now), time(), ZoneInfo(schedule.timezone))
    parameters = {
        "wanted_campaign": instantly_campaign_id,
        "first_day": str(midnight.astimezone(UTC).date()),
        "last_day": str(now.astimezone(UTC).date()),
    }
    return CampaignDay(**store.call("campaign_statistics", parameters))


def health_warnings(store: RowStore, senders: Sequence[str]) -> list[Reason]:
    """What the view `sender_health` holds against accounts: it knows where their warm-up mails landed."""
    warnings = []
    for batch in in_batches(senders, _ADDRESSES_A_REQUEST):
        rows = store.select("sender_health", partial(_unhealthy, batch))
        warnings += [
            Reason(
                "sender_health",
                f"sender_health finds {shown_sender(row['email'])} {row['verdict']}: {'; '.join(row['reasons'])}.",
            )
            for row in rows
        ]
    return warnings


def _unhealthy(emails: Sequence[str], query: Any) -> Any:
    return query.in_("email", emails).neq("verdict", "healthy")
