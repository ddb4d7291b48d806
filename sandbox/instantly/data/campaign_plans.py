"""What a sample campaign is like before anything happens in it: status, copy, senders, pace."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import gcd
from typing import TYPE_CHECKING

from sandbox.instantly.data.identifiers import random_uuid
from sandbox.instantly.data.ordered_rows import ComputedOrder
from sandbox.vendor.repeatable import DAY_MS, mix

if TYPE_CHECKING:
    from sandbox.instantly.data.lead_numbers import LeadNumbers

DRAFT, ACTIVE, PAUSED, COMPLETED, RUNNING_SUBSEQUENCES = 0, 1, 2, 3, 4
ACCOUNTS_UNHEALTHY, BOUNCE_PROTECT, ACCOUNT_SUSPENDED = -1, -2, -99

# Twelve campaigns show every status once and the usual one more often; smaller worlds get the first of them.
_STATUSES = (
    ACTIVE,
    DRAFT,
    COMPLETED,
    ACCOUNTS_UNHEALTHY,
    PAUSED,
    ACTIVE,
    RUNNING_SUBSEQUENCES,
    BOUNCE_PROTECT,
    ACTIVE,
    COMPLETED,
    ACCOUNT_SUSPENDED,
    ACTIVE,
)
SENDERS_PER_CAMPAIGN = 3


_CAMPAIGNS_KEPT = 32_768


@dataclass(frozen=True, slots=True)
class CampaignPlan:
    """One sample campaign.

    Attributes:
        number: Its place in order of creation.
        made_ms: When it was created.
        variants: How many variants each step has, step by step.
        leads: How many leads it was given.
        ends_on: The day it stopped sending; `None` means it never did.
        is_by_tag: Whether its senders come from a tag instead of a list.
    """

    number: int
    status: int
    made_ms: int
    variants: tuple[int, ...]
    leads: int
    ends_on: int | None
    tracks_opens: bool
    tracks_clicks: bool
    is_by_tag: bool
    noise: int

    @property
    def made_on(self) -> int:
        """The day of creation, in days since 1970."""
        return self.made_ms // DAY_MS


class CampaignPlans:
    """All sample campaigns of a workspace, and the order of their ids, which are random and so say nothing of age."""

    def __init__(self, *, seed: int, count: int, accounts: int, numbers: LeadNumbers, first_today: int) -> None:
        """Choose how ids are shuffled; `first_today` is the day the world began to be watched."""
        self.seed = seed
        self.count = count
        self.senders_each = min(SENDERS_PER_CAMPAIGN, accounts)
        self._accounts = accounts
        self._numbers = numbers
        self._first_today = first_today
        self._step = next((n for n in range(int(count * 0.618) | 1, 2 * count + 3) if gcd(n, count) == 1), 1)
        self._step_back = pow(self._step, -1, count) if count > 1 else 0
        self._id_at = lru_cache(maxsize=_CAMPAIGNS_KEPT)(self._computed_id)
        self.by_id = ComputedOrder(count, lambda position: self._id_at(count - 1 - position), descending=True)
        # A list of all campaigns needs every plan and every id, and so do the statistics of a whole workspace.
        self.plan = lru_cache(maxsize=_CAMPAIGNS_KEPT)(self._plan)
        self.number_of = lru_cache(maxsize=_CAMPAIGNS_KEPT)(self._number_of)

    def _computed_id(self, rank: int) -> str:
        floor, ceiling = (rank << 32) // self.count, ((rank + 1) << 32) // self.count
        noise = mix(self.seed, 301, rank)
        return random_uuid(floor + noise % (ceiling - floor), mix(noise, 2))

    def id_of(self, number: int) -> str:
        """Give back the id of a campaign."""
        return self._id_at(number * self._step % self.count)

    def at_position(self, position: int) -> int:
        """Give back the campaign at a position of the vendor's order (`id` descending)."""
        return (self.count - 1 - position) * self._step_back % self.count

    def _number_of(self, campaign_id: str) -> int | None:
        """Give back the number of a sample campaign, or `None` for any other id."""
        position = self.by_id.position_of(campaign_id)
        return None if position is None else self.at_position(position)

    def _plan(self, number: int) -> CampaignPlan:
        noise = mix(self.seed, 302, number)
        status = _STATUSES[number % len(_STATUSES)]
        is_stopped = status in {PAUSED, ACCOUNTS_UNHEALTHY, BOUNCE_PROTECT, ACCOUNT_SUSPENDED}
        made_ms = self._numbers.container_made_ms(number)
        days_before_stop = int((self._first_today - made_ms // DAY_MS) * (0.4 + (noise >> 20) % 40 / 100))
        return CampaignPlan(
            number=number,
            status=status,
            made_ms=made_ms,
            variants=tuple(1 + (noise >> (8 + step)) % 2 for step in range(1 + noise % 4)),
            leads=self._numbers.size(number),
            ends_on=made_ms // DAY_MS + days_before_stop if is_stopped else None,
            tracks_opens=noise >> 30 & 3 == 0,
            tracks_clicks=noise >> 30 & 7 == 0,
            is_by_tag=number % 9 == 8,
            noise=noise,
        )

    def senders(self, number: int) -> list[int]:
        """Give back the numbers of the accounts that send for the campaign."""
        first = number * self.senders_each
        return [slot % self._accounts for slot in range(first, first + self.senders_each)]

    def campaigns_of(self, account: int) -> list[tuple[int, int]]:
        """Give back (campaign, its place among the campaign's senders) for each campaign the account sends for."""
        slots = range(account, self.count * self.senders_each, self._accounts) if self.senders_each else range(0)
        return [divmod(slot, self.senders_each) for slot in slots]
