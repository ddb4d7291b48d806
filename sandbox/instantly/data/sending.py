"""Whether an active campaign sends, and if not, why (reference §3.1 and §3.5).

The stand-in's clock stands at noon; which noon a campaign's timezone has is left out.
"""

from __future__ import annotations

from datetime import date
from typing import Any

Payload = dict[str, Any]
OUTSIDE_SCHEDULE, WAITING_FOR_LEADS = 1, 2
CODES = {None: "healthy", OUTSIDE_SCHEDULE: "out_of_schedule", WAITING_FOR_LEADS: "waiting_for_leads"}
"""`not_sending_status` and the code of the sending status that says the same."""

_NOON = "12:00"


def not_sending_status(campaign: Payload, *, today: int, has_leads: bool) -> int | None:
    """Give back why the campaign does not send at noon of the day, counted from 1970; `None` when it does."""
    if not _is_in_schedule(campaign["campaign_schedule"], date.fromordinal(today + 719_163)):
        return OUTSIDE_SCHEDULE
    return None if has_leads else WAITING_FOR_LEADS


def _is_in_schedule(schedule: Payload, day: date) -> bool:
    first, last = schedule.get("start_date") or "", schedule.get("end_date") or "9999-12-31"
    weekday = str(day.isoweekday() % 7)
    return first <= day.isoformat() <= last and any(
        each["days"].get(weekday, False) and each["timing"]["from"] <= _NOON < each["timing"]["to"]
        for each in schedule["schedules"]
    )
