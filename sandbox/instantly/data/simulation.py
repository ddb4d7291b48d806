"""The making of a history, day by day: a small simulation of a quarter of cold e-mail.

Leads are contacted in their order on weekdays, slowly at first. Most just get every step. A few bounce on the first
mail, answer, answer automatically, or unsubscribe; only these are looked at one by one, so that a campaign of many
thousand leads costs little. Every event counts once, on one day and one step, hence sums over days, over steps and
over senders agree with the totals by construction. Draws are made in the order of the leads: a longer world has the
same past.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from sandbox.instantly.data.campaign_plans import COMPLETED, DRAFT, CampaignPlan
from sandbox.instantly.data.history import (
    ANSWERED_AUTOMATICALLY,
    BOUNCED,
    REPLIED,
    UNSUBSCRIBED,
    Cohort,
    Fate,
    History,
    step_day,
)
from sandbox.vendor.repeatable import fraction, is_weekday, mix

if TYPE_CHECKING:
    from collections.abc import Iterator


def simulate(plan: CampaignPlan, *, today: int) -> History:
    """Give back the campaign's history up to and with today."""
    last_day = today if plan.ends_on is None else min(today, plan.ends_on)
    history = History(plan, last_day)
    if plan.status != DRAFT and plan.leads:
        history.cohorts.extend(_cohorts(plan, last_day))
        _draw_fates(history, today)
        for cohort in history.cohorts:
            _count_sends(history, cohort)
        _count_fates(history)
        if plan.tracks_opens:
            _count_opens(history)
    return history


def _cohorts(plan: CampaignPlan, last_day: int) -> Iterator[Cohort]:
    # The pace depends on the campaign alone, not on today: tomorrow must not change yesterday.
    weekdays_to_finish = 8 if plan.status == COMPLETED else 50 + plan.noise % 60
    pace = max(1.0, plan.leads / weekdays_to_finish)
    start, ramp = 0, 0
    for day in range(plan.made_on + 1, last_day + 1):
        if is_weekday(day) and start < plan.leads:
            ramp += 1
            wanted = pace * min(1.0, ramp / 5) * (0.8 + 0.4 * fraction(plan.noise, 404, day))
            stop = min(plan.leads, start + max(1, round(wanted)))
            yield Cohort(day, start, stop)
            start = stop


def _draw_fates(history: History, today: int) -> None:
    plan = history.plan
    random = Random(plan.noise)
    # Shares of the contacted leads: bounces 1-3 %, people who answer 1-4 %, machines that answer 1-2 %.
    bounces = 0.010 + (plan.noise >> 32) % 20 / 1000
    replies = bounces + 0.012 + (plan.noise >> 40) % 28 / 1000
    automatic = replies + 0.010 + (plan.noise >> 48) % 10 / 1000
    unsubscribes = automatic + 0.004
    for cohort in history.cohorts:
        for ordinal in range(cohort.start, cohort.stop):
            draw = random.random()
            if draw >= unsubscribes:
                continue
            noise = mix(plan.noise, 405, ordinal)
            step = noise % len(plan.variants)
            sent = step_day(cohort.day, 0 if draw < bounces else step)
            answered = sent + (noise >> 8) % 3
            if sent > history.last_day or answered > today:
                continue
            if draw < bounces:
                fate = Fate(BOUNCED, 0, (sent,), None)
            elif draw < replies:
                again = (answered + 1,) if noise >> 16 & 3 == 0 and answered < today else ()
                interest = (1, 1, 2, -1, -1, None, 1, -1)[noise >> 20 & 7]
                fate = Fate(REPLIED, step, (answered, *again), interest)
            elif draw < automatic:
                fate = Fate(ANSWERED_AUTOMATICALLY, step, (sent,), 0)
            else:
                fate = Fate(UNSUBSCRIBED, step, (answered,), None)
            history.fates[ordinal] = fate


def _count_sends(history: History, cohort: Cohort) -> None:
    variants_by_step = history.plan.variants
    for step, variants in enumerate(variants_by_step):
        day = step_day(cohort.day, step)
        if day > history.last_day:
            return
        for variant in range(variants):
            # How many ordinals of the cohort leave this remainder.
            sent = len(range(cohort.start + (variant - cohort.start) % variants, cohort.stop, variants))
            counts = history.cells[day, (step, variant)]
            counts["sent"] += sent
            if step == 0:
                counts["new_leads_contacted"] += sent
            if step == len(variants_by_step) - 1:
                counts["completed"] += sent


def _count_fates(history: History) -> None:
    plan = history.plan
    for ordinal, fate in history.fates.items():
        cohort = history.cohort_of(ordinal)
        if cohort is None:
            continue
        if fate.kind != ANSWERED_AUTOMATICALLY:
            _take_back_later_steps(history, ordinal, cohort, fate.step)
        step = (fate.step, ordinal % plan.variants[fate.step])
        counts = history.cells[fate.days[0], step]
        if fate.kind in {BOUNCED, UNSUBSCRIBED}:
            counts[fate.kind] += 1
            continue
        counts["replies"] += 1
        if fate.kind == ANSWERED_AUTOMATICALLY:
            counts["replies_automatic"] += 1
            counts["unique_replies_automatic"] += 1
            continue
        counts["unique_replies"] += 1
        counts["completed"] += 1
        counts["opportunities"] += fate.interest in {1, 2}
        counts["meetings_booked"] += fate.interest == 2
        for day in fate.days[1:]:
            # The vendor has a row without a step; a second answer of the same person is what fills it here.
            history.cells[day, None]["replies"] += 1


def _take_back_later_steps(history: History, ordinal: int, cohort: Cohort, stopped_at: int) -> None:
    variants = history.plan.variants
    for step in range(stopped_at, len(variants)):
        day = step_day(cohort.day, step)
        if day > history.last_day:
            return
        counts = history.cells[day, (step, ordinal % variants[step])]
        if step > stopped_at:
            counts["sent"] -= 1
        if step == len(variants) - 1:
            counts["completed"] -= 1


def _count_opens(history: History) -> None:
    for cohort in history.cohorts:
        for ordinal in range(cohort.start, cohort.stop):
            day = history.opened_on(ordinal, cohort)
            if day is None:
                continue
            counts = history.cells[day, (0, ordinal % history.plan.variants[0])]
            counts["opened"] += 1 + ordinal % 2
            counts["unique_opened"] += 1
            if history.has_clicked(ordinal):
                counts["clicks"] += 1
                counts["unique_clicks"] += 1
