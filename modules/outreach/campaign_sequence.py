"""The mails of a campaign and when they go out: a part of a campaign file."""

from __future__ import annotations

from datetime import date, timedelta
from difflib import get_close_matches
from functools import cache
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, StringConstraints

from modules.shared.file_problems import KnownKeys, error_at

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Clock = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class Variant(KnownKeys):
    """One wording of a mail. Those of a step are sent to equal shares of the people."""

    subject: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^\r\n]*$")]
    """Empty on a follow-up: it continues the thread."""
    body: str
    """Plain text with `{{variables}}`; see `campaign_copy`."""
    is_active: Annotated[bool, Field(strict=True)] = True
    """Switch a variant off rather than delete it: statistics know variants by their place."""


class Step(KnownKeys):
    """One mail of the sequence."""

    delay_days: Annotated[int, Field(strict=True, ge=0, le=365)]
    """Days since the step before; 0 for the first."""
    variants: Annotated[tuple[Variant, ...], Field(min_length=1, max_length=26)]


def _steps_follow(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    for number, step in enumerate(steps):
        if number == 0 and step.delay_days != 0:
            raise error_at((0, "delay_days"), "the first mail has nothing to wait for; write 0")
        if number > 0 and step.delay_days == 0:
            raise error_at((number, "delay_days"), "a follow-up comes at least 1 day after the mail before")
    for place, variant in enumerate(steps[0].variants):
        if not variant.subject.strip():
            raise error_at((0, "variants", place, "subject"), "only a follow-up may go without one")
    return steps


Sequence = Annotated[tuple[Step, ...], Field(min_length=1, max_length=10), AfterValidator(_steps_follow)]


# The list of zones is made of files, each time anew.
@cache
def _iana(name: str) -> str:
    if name not in available_timezones():
        near = get_close_matches(name, available_timezones(), n=1)
        told = f"did you mean {near[0]}?" if near else "write it as in Europe/Berlin"
        raise ValueError(f"{name} is no time zone of the IANA database, {told}")
    return name


def _each_day_once(days: tuple[Day, ...]) -> tuple[Day, ...]:
    return tuple(day for day in DAYS if day in days)


class Schedule(KnownKeys):
    """When mails may go out, by the clocks of one time zone."""

    timezone: Annotated[str, AfterValidator(_iana)]
    """Any name of the IANA database."""
    days: Annotated[tuple[Day, ...], Field(min_length=1), AfterValidator(_each_day_once)]
    from_time: Annotated[Clock, Field(alias="from")]
    until_time: Annotated[Clock, Field(alias="until")]
    start_date: date | None = None
    end_date: date | None = None
    """The last day; `None`: none."""

    def next_day(self, on: date) -> date:
        """That day, or the first one after it on which mails may go out; `end_date` is not looked at."""
        day = on if self.start_date is None else max(on, self.start_date)
        while DAYS[day.weekday()] not in self.days:
            day += timedelta(days=1)
        return day


def sending_dates(steps: tuple[Step, ...], schedule: Schedule, today: date) -> list[date]:
    """The earliest day of each step for a person whose first mail goes out as soon as the schedule allows."""
    dates: list[date] = []
    day = today
    for step in steps:
        day = schedule.next_day(day + timedelta(days=step.delay_days))
        dates.append(day)
    return dates
