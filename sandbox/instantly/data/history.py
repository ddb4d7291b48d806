"""What happened in one sample campaign: whom it wrote to when, and what came of it, as counts of days and steps."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from sandbox.vendor.repeatable import fraction, is_weekday, mix

if TYPE_CHECKING:
    from sandbox.instantly.data.campaign_plans import CampaignPlan

STEP_DELAY_DAYS = 3
BOUNCED, REPLIED, ANSWERED_AUTOMATICALLY, UNSUBSCRIBED = "bounced", "replied", "automatic", "unsubscribed"
Counts = defaultdict[str, int]
StepKey = tuple[int, int] | None
Cell = tuple[int, StepKey]
# Not a function: a big world makes millions of these.
_EMPTY_COUNTS: partial[Counts] = partial(defaultdict, int)


class Fate(NamedTuple):
    """What a lead that did not just stay silent did."""

    kind: str
    step: int
    days: tuple[int, ...]
    interest: int | None


class Cohort(NamedTuple):
    """The leads first contacted on one day: ordinals from `start` up to but without `stop`."""

    day: int
    start: int
    stop: int


@dataclass(slots=True)
class History:
    """Everything countable of one campaign.

    Attributes:
        cells: Counts of one day and one (step, variant); a step of `None` holds what belongs to no step.
        fates: The leads that did something, by ordinal.
    """

    plan: CampaignPlan
    last_day: int
    cohorts: list[Cohort] = field(default_factory=list)
    fates: dict[int, Fate] = field(default_factory=dict)
    cells: defaultdict[Cell, Counts] = field(default_factory=lambda: defaultdict(_EMPTY_COUNTS))

    @property
    def contacted(self) -> int:
        """How many leads got a mail."""
        return self.cohorts[-1].stop if self.cohorts else 0

    def cohort_of(self, ordinal: int) -> Cohort | None:
        """Give back when the lead was first contacted, or `None`."""
        place = bisect_right(self.cohorts, ordinal, key=lambda cohort: cohort.start) - 1
        return self.cohorts[place] if place >= 0 and ordinal < self.cohorts[place].stop else None

    def steps_sent(self, ordinal: int, cohort: Cohort) -> list[int]:
        """Give back the days on which the lead got a mail, step by step."""
        fate = self.fates.get(ordinal)
        stops = fate.step if fate and fate.kind != ANSWERED_AUTOMATICALLY else len(self.plan.variants)
        days = (step_day(cohort.day, step) for step in range(min(stops + 1, len(self.plan.variants))))
        return [day for day in days if day <= self.last_day]

    def opened_on(self, ordinal: int, cohort: Cohort) -> int | None:
        """Give back the day of the lead's first open, if opens are tracked and it did."""
        if not self.plan.tracks_opens or fraction(self.plan.noise, 401, ordinal) > 0.4:
            return None
        day = cohort.day + mix(self.plan.noise, 402, ordinal) % 2
        return None if day > self.last_day or self._is(ordinal, BOUNCED) else day

    def has_clicked(self, ordinal: int) -> bool:
        """Say whether a lead that opened also clicked."""
        return self.plan.tracks_clicks and fraction(self.plan.noise, 403, ordinal) < 0.08

    def _is(self, ordinal: int, kind: str) -> bool:
        fate = self.fates.get(ordinal)
        return fate is not None and fate.kind == kind


def step_day(first: int, step: int) -> int:
    """Give back the day a step is sent: three days a step, and never at the weekend."""
    day = first + STEP_DELAY_DAYS * step
    while not is_weekday(day):
        day += 1
    return day
