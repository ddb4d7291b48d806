"""When a campaign may send next, by its schedule and the clock of its own time zone."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from datetime import datetime

    from modules.outreach.campaign_sequence import Schedule


def local_day(schedule: Schedule, now: datetime) -> date:
    """Today by the campaign's clock; its daily limits begin anew at midnight there."""
    return now.astimezone(ZoneInfo(schedule.timezone)).date()


def next_sending_day(schedule: Schedule, now: datetime) -> date | None:
    """The next day with sending time, today if some of it is left; `None`: there will be none any more."""
    clock = now.astimezone(ZoneInfo(schedule.timezone))
    is_time_left = clock.strftime("%H:%M") < schedule.until_time
    day = schedule.next_day(clock.date() if is_time_left else clock.date() + timedelta(days=1))
    is_over = schedule.end_date is not None and day > schedule.end_date
    return None if is_over or schedule.from_time >= schedule.until_time else day
