"""Counts of campaigns: by day, by step and in total, from the simulated history and from what was added since."""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sandbox.instantly.data.simulation import simulate
from sandbox.vendor.repeatable import day_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sandbox.instantly.data.campaign_plans import CampaignPlans
    from sandbox.instantly.data.history import Cell, Counts, History, StepKey
    from sandbox.vendor.clock import Clock

Payload = dict[str, Any]
Days = range
_NO_COUNTS: Counts = defaultdict(int)


class Statistics:
    """What happened in each campaign of a workspace."""

    def __init__(self, *, plans: CampaignPlans, clock: Clock) -> None:
        """Simulate nothing yet."""
        self._plans = plans
        self._clock = clock
        self._added: defaultdict[str, list[tuple[Cell, str, int]]] = defaultdict(list)
        self._simulate = lru_cache(maxsize=512)(self._simulate_on)
        # Small enough to keep for every campaign, while a whole history is not.
        self._sample_total = lru_cache(maxsize=32_768)(self._sample_total_on)

    def _simulate_on(self, number: int, today: int) -> History:
        return simulate(self._plans.plan(number), today=today)

    def history(self, number: int) -> History:
        """Give back what happened in a sample campaign until today."""
        return self._simulate(number, self._clock.today)

    def add(self, campaign_id: str, step: StepKey, **amounts: int) -> None:
        """Let something happen in a campaign today."""
        self._added[campaign_id].extend(((self._clock.today, step), name, each) for name, each in amounts.items())

    def cells(self, campaign_id: str, days: Days | None) -> Iterator[tuple[Cell, Counts]]:
        """Yield the counts of one campaign for each day and step, a cell possibly more than once."""
        number = self._plans.number_of(campaign_id)
        if number is not None:
            for cell, counts in self.history(number).cells.items():
                if days is None or cell[0] in days:
                    yield cell, counts
        for cell, name, amount in self._added.get(campaign_id, ()):
            if days is None or cell[0] in days:
                yield cell, defaultdict(int, {name: amount})

    def grouped(
        self, campaign_ids: Iterable[str], days: Days | None, by: Callable[[Cell], object]
    ) -> dict[Any, Counts]:
        """Give back the sums over the campaigns, for each group of cells."""
        sums: dict[Any, Counts] = {}
        for campaign_id in campaign_ids:
            for cell, counts in self.cells(campaign_id, days):
                into = sums.setdefault(by(cell), defaultdict(int))
                for name, amount in counts.items():
                    into[name] += amount
        return sums

    def total(self, campaign_id: str, days: Days | None) -> Counts:
        """Give back the sums over everything in one campaign."""
        number = self._plans.number_of(campaign_id)
        if days is None and number is not None and campaign_id not in self._added:
            return self._sample_total(number, self._clock.today)
        return self.grouped([campaign_id], days, lambda _: None).get(None, _NO_COUNTS)

    def _sample_total_on(self, number: int, today: int) -> Counts:
        sums: Counts = defaultdict(int)
        for counts in self._simulate(number, today).cells.values():
            for name, amount in counts.items():
                sums[name] += amount
        return sums

    def by_day(self, campaign_ids: Iterable[str], days: Days | None) -> dict[int, Counts]:
        """Give back the sums for each day on which anything happened, oldest first."""
        return dict(sorted(self.grouped(campaign_ids, days, lambda cell: cell[0]).items()))

    def by_step(self, campaign_ids: Iterable[str], days: Days | None) -> dict[StepKey, Counts]:
        """Give back the sums for each step and variant; `None` holds what belongs to no step."""
        return self.grouped(campaign_ids, days, lambda cell: cell[1])


def event_fields(counts: Counts) -> Payload:
    """Give back the counts that daily rows, account rows and step rows have in common."""
    return {
        "sent": counts["sent"],
        "opened": counts["opened"],
        "unique_opened": counts["unique_opened"],
        "replies": counts["replies"],
        "unique_replies": counts["unique_replies"],
        "replies_automatic": counts["replies_automatic"],
        "unique_replies_automatic": counts["unique_replies_automatic"],
        "clicks": counts["clicks"],
        "unique_clicks": counts["unique_clicks"],
    }


def daily_row(day: int, counts: Counts) -> Payload:
    """Give back one row of the daily analytics. A lead gets at most one mail a day, so `contacted` equals `sent`."""
    contacts = {"contacted": counts["sent"], "new_leads_contacted": counts["new_leads_contacted"]}
    chances = {"opportunities": counts["opportunities"], "unique_opportunities": counts["opportunities"]}
    return {"date": day_text(day)} | event_fields(counts) | contacts | chances


def total_fields(counts: Counts, opportunity_value: float) -> Payload:
    """Give back the counts that campaign totals and the overview have in common."""
    return {
        "contacted_count": counts["new_leads_contacted"],
        "open_count": counts["opened"],
        "open_count_unique": counts["unique_opened"],
        "open_count_unique_by_step": counts["unique_opened"],
        "reply_count": counts["replies"],
        "reply_count_unique": counts["unique_replies"],
        "reply_count_unique_by_step": counts["unique_replies"],
        "reply_count_automatic": counts["replies_automatic"],
        "reply_count_automatic_unique": counts["unique_replies_automatic"],
        "reply_count_automatic_unique_by_step": counts["unique_replies_automatic"],
        "link_click_count": counts["clicks"],
        "link_click_count_unique": counts["unique_clicks"],
        "link_click_count_unique_by_step": counts["unique_clicks"],
        "bounced_count": counts["bounced"],
        "unsubscribed_count": counts["unsubscribed"],
        "emails_sent_count": counts["sent"],
        "new_leads_contacted_count": counts["new_leads_contacted"],
        "total_opportunities": counts["opportunities"],
        "total_opportunity_value": counts["opportunities"] * opportunity_value,
    }
