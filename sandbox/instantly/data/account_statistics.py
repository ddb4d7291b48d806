"""Counts of sending accounts: the campaigns' days shared out among their senders, and the warm-up."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sandbox.instantly.data.statistics import event_fields
from sandbox.vendor.repeatable import day_text, mix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.instantly.data.campaign_plans import CampaignPlans
    from sandbox.instantly.data.history import Counts
    from sandbox.instantly.data.statistics import Days, Statistics

Payload = dict[str, Any]
WARMUP_WINDOW_DAYS = 7


def share(amount: int, place: int, places: int) -> int:
    """Give back one place's part of an amount; the parts of all places add up to it, and never cross.

    "Never cross": of two amounts, the smaller gives each place no more than the larger does, so unique counts stay
    below totals for every sender.
    """
    return amount // places + (place < amount % places)


def daily_rows(
    number: int, email: str, days: Days, *, plans: CampaignPlans, statistics: Statistics
) -> Iterator[Payload]:
    """Yield one row for each day on which the account sent or was answered, oldest first."""
    sums: dict[int, Counts] = {}
    for campaign, place in plans.campaigns_of(number):
        for day, counts in statistics.by_day([plans.id_of(campaign)], days).items():
            into = sums.setdefault(day, defaultdict(int))
            # Turning the order every day spreads the odd mails over all senders.
            turned = (place + day) % plans.senders_each
            # Answers of people and of machines are shared out apart, else their parts could exceed all replies.
            apart = counts | {"replies": counts["replies"] - counts["replies_automatic"]}
            for name, amount in apart.items():
                into[name] += share(amount, turned, plans.senders_each)
            into["replies"] += share(counts["replies_automatic"], turned, plans.senders_each)
    for day, counts in sorted(sums.items()):
        fields = event_fields(counts) | {"bounced": counts["bounced"], "contacted": counts["sent"]}
        if any(fields.values()):
            fields["new_leads_contacted"] = counts["new_leads_contacted"]
            yield {"date": day_text(day), "email_account": email} | fields


def nameless_row(day: int) -> Payload:
    """Give back the row with an empty address that the vendor mixes in."""
    fields = dict.fromkeys((*event_fields(defaultdict(int)), "bounced", "contacted", "new_leads_contacted"), 0)
    return {"date": day_text(day), "email_account": ""} | fields


def warmup_days(seed: int, number: int, today: int) -> dict[str, Payload]:
    """Give back the account's warm-up of the last days; keys of zero counts are left out, as the vendor does."""
    days = {}
    for day in range(today - WARMUP_WINDOW_DAYS, today):
        noise = mix(seed, 701, number, day)
        sent = 9 + noise % 7
        spam = int(noise >> 8 & 7 == 0)
        counts = {"sent": sent, "landed_inbox": sent - spam, "received": sent - noise % 4}
        days[day_text(day)] = counts | ({"landed_spam": spam} if spam else {})
    return days


def warmup_total(days: dict[str, Payload]) -> Payload:
    """Give back the sums of an account's warm-up days."""
    names = ("sent", "landed_inbox", "landed_spam", "received")
    sums: dict[str, Any] = {name: sum(day.get(name, 0) for day in days.values()) for name in names}
    score = round(100 * sums["landed_inbox"] / max(1, sums["sent"]))
    return sums | {"health_score": score, "health_score_label": f"{score}%"}
