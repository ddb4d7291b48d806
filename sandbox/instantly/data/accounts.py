"""The sending accounts of a workspace, computed on demand. The newest has the highest number and is listed first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.instantly.data.campaigns import TAG_COUNT, tag_id
from sandbox.instantly.data.ordered_rows import ComputedOrder
from sandbox.instantly.data.senders import sender, sender_numbers
from sandbox.vendor.repeatable import mix, timestamp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.instantly.data.campaign_plans import CampaignPlans
    from sandbox.vendor.clock import Clock

Payload = dict[str, Any]
TAG_LABELS = ("DACH", "Nordics", "warm domains", "Benelux", "backup", "agency")

# Two mailboxes are connected in the same second, so that a cursor of time alone is not enough to continue a list.
_PAIR_MS = 41_000
_UNHEALTHY = {17: -1, 38: -2, 59: -3, 71: 2, 88: 3}


class Accounts:
    """One workspace's accounts, addressed by e-mail address."""

    def __init__(
        self,
        *,
        plans: CampaignPlans,
        count: int,
        clock: Clock,
        seed: int,
        workspace_id: str,
        owner_id: str,
        newest_ms: int,
    ) -> None:
        """Start with the untouched sample, whose newest account was connected at `newest_ms`."""
        self.count = count
        self._plans = plans
        self._clock = clock
        self._seed = seed
        self._workspace_id = workspace_id
        self._owner_id = owner_id
        self._newest_ms = newest_ms
        self.changes: dict[int, Payload] = {}
        self.deleted: set[int] = set()
        self.newest_first = ComputedOrder(count, lambda position: self.key_of(count - 1 - position), descending=True)

    def __len__(self) -> int:
        """Count the accounts that exist now."""
        return self.count - len(self.deleted)

    def made_ms(self, number: int) -> int:
        """Give back when the account was connected."""
        return self._newest_ms - ((self.count - 1) // 2 - number // 2) * _PAIR_MS

    def key_of(self, number: int) -> str:
        """Give back the list cursor that stands for an account."""
        return f"{timestamp(self.made_ms(number))}&{sender(self._seed, number).email}"

    def number_of(self, email: str) -> int | None:
        """Give back the number of the account with this address, or `None`."""
        for number in sender_numbers(email):
            if number < self.count and number not in self.deleted and sender(self._seed, number).email == email:
                return number
        return None

    def find(self, email: str) -> Payload | None:
        """Give back the account as the vendor shows it, or `None`."""
        number = self.number_of(email)
        return None if number is None else self.row(number)

    def after(self, cursor: str | None) -> Iterator[Payload]:
        """Yield the accounts behind a cursor, newest first."""
        for position in range(self.newest_first.position_after(cursor), self.count):
            number = self.count - 1 - position
            if number not in self.deleted:
                yield self.row(number)

    def row(self, number: int) -> Payload:
        """Give back one account. Keys that were never set are left out."""
        owner = sender(self._seed, number)
        noise = mix(self._seed, 601, number)
        made_ms = self.made_ms(number)
        status = _UNHEALTHY.get(number % 97, 1)
        row: Payload = {
            "email": owner.email,
            "timestamp_created": timestamp(made_ms),
            "timestamp_updated": timestamp(made_ms + 410_000 + noise % 90_000_000),
            "first_name": owner.first_name,
            # Mailboxes of a team have no surname: empty text, not a missing key.
            "last_name": "" if noise >> 20 & 7 == 0 else owner.last_name,
            "organization": self._workspace_id,
            "warmup_status": -1 if status == -3 else int(noise % 11 != 0),
            "provider_code": (2, 3, 2, 1)[noise >> 8 & 3],
            "setup_pending": False,
            "is_managed_account": False,
            "warmup": {"advanced": _WARMUP}
            if noise >> 10 & 3
            else {"limit": 15, "increment": "disabled", "advanced": _WARMUP},
            "added_by": self._owner_id,
            "daily_limit": 30,
            "modified_by": self._owner_id,
            "tracking_domain_name": f"inst.{owner.domain}",
            "tracking_domain_status": "CTD_ACTIVE",
            "status": status,
            "enable_slow_ramp": False,
            "timestamp_warmup_start": timestamp(made_ms + 380_000),
            "stat_warmup_score": 100 - (noise >> 16) % 8 if status == 1 else 62,
            "sending_gap": 10,
        }
        if status < 0:
            row["status_message"] = {
                "code": "EAUTH",
                "response": "535 5.7.8 authentication failed",
                "responseCode": 535,
            }
        if number in self.changes:
            row.update(self.changes[number])
        return row

    def tags(self, number: int) -> list[Payload]:
        """Give back the tags that let campaigns send by this account."""
        campaigns = (campaign for campaign, _ in self._plans.campaigns_of(number))
        tags = sorted({campaign % TAG_COUNT for campaign in campaigns if self._plans.plan(campaign).is_by_tag})
        return [{"id": tag_id(self._seed, tag), "label": TAG_LABELS[tag], "description": None} for tag in tags]

    def with_tag(self, wanted: str) -> Iterator[int]:
        """Yield the accounts that carry a tag, some more than once."""
        for campaign in range(8, self._plans.count, 9):
            if tag_id(self._seed, campaign) == wanted:
                yield from (number for number in self._plans.senders(campaign) if number not in self.deleted)

    def can_send(self, row: Payload | None) -> bool:
        """Say whether a campaign could send by this account."""
        return row is not None and row["status"] == 1 and not row["setup_pending"]

    def change(self, email: str, fields: Payload) -> Payload | None:
        """Overwrite fields; give back the account, or `None` when there is none."""
        number = self.number_of(email)
        if number is None:
            return None
        self.changes.setdefault(number, {}).update(fields | {"timestamp_updated": self._clock.tick()})
        return self.row(number)

    def delete(self, email: str) -> Payload | None:
        """Remove the account; give back what it was."""
        number = self.number_of(email)
        if number is None:
            return None
        row = self.row(number)
        self.deleted.add(number)
        return row


_WARMUP: Payload = {
    "warm_ctd": True,
    "open_rate": 100,
    "important_rate": 100,
    "read_emulation": True,
    "spam_save_rate": 100,
    "weekday_only": True,
}
