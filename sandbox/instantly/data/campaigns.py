"""The campaigns of a workspace: sample ones computed on demand, changed and created ones kept."""

from __future__ import annotations

from bisect import insort
from typing import TYPE_CHECKING, Any

from sandbox.instantly.data.campaign_plans import DRAFT
from sandbox.instantly.data.identifiers import plain_uuid
from sandbox.instantly.data.ordered_rows import keys_after, merged
from sandbox.instantly.data.senders import campaign_name, sender
from sandbox.vendor.repeatable import DAY_MS, day_text, mix, timestamp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.instantly.data.campaign_plans import CampaignPlans
    from sandbox.vendor.clock import Clock

Payload = dict[str, Any]
UNSEEN_STATUS = 7
"""What a campaign shows under the `unseen_campaign_status` quirk; not in the vendor's list."""

_TIMEZONES = ("Europe/Belgrade", "Europe/Isle_of_Man", "America/Detroit", "Europe/Helsinki")


class Campaigns:
    """One workspace's campaigns, addressed by id, listed by id from the highest down."""

    def __init__(self, *, plans: CampaignPlans, clock: Clock, workspace_id: str, owner_id: str, seed: int) -> None:
        """Start with the untouched sample."""
        self.plans = plans
        self.unseen_status_on: str | None = None
        self._clock = clock
        self._workspace_id = workspace_id
        self._owner_id = owner_id
        self._seed = seed
        self._created_ids: list[str] = []
        self._created: dict[str, Payload] = {}
        self._changes: dict[str, Payload] = {}
        self._deleted: set[str] = set()

    def __len__(self) -> int:
        """Count the campaigns that exist now."""
        return self.plans.count + len(self._created) - len(self._deleted)

    def find(self, campaign_id: str) -> Payload | None:
        """Give back the campaign as the vendor shows it, or `None`."""
        if campaign_id in self._deleted:
            return None
        if campaign_id in self._created:
            return self._created[campaign_id]
        number = self.plans.number_of(campaign_id)
        return None if number is None else self._sample(number, campaign_id)

    def after(self, cursor: str | None) -> Iterator[Payload]:
        """Yield the campaigns behind a cursor in the vendor's order."""
        sample = ((key, self.plans.at_position(place)) for key, place in self.plans.by_id.after(cursor))
        created = ((key, -1) for key in keys_after(self._created_ids, cursor, descending=True))
        for key, number in merged(sample, created, descending=True):
            if number < 0:
                yield self._created[key]
            elif key not in self._deleted:
                yield self._sample(number, key)

    def create(self, fields: Payload) -> Payload:
        """Add a draft. There is no check for a name that exists already, as with the vendor."""
        made_ms = self._clock.tick_ms()
        campaign_id = plain_uuid(self._seed, 501, made_ms)
        written = timestamp(made_ms)
        row = {"id": campaign_id, "name": "", "status": DRAFT, "campaign_schedule": {}}
        row |= {"timestamp_created": written, "timestamp_updated": written, "email_list": [], "email_tag_list": []}
        row |= fields | {"organization": self._workspace_id, "owned_by": fields.get("owned_by") or self._owner_id}
        self._created[campaign_id] = row
        insort(self._created_ids, campaign_id)
        return row

    def change(self, campaign_id: str, fields: Payload) -> Payload | None:
        """Overwrite fields as a whole; give back the campaign, or `None` when there is none."""
        row = self.find(campaign_id)
        if row is None:
            return None
        fields = fields | {"timestamp_updated": self._clock.tick()}
        row = _shown(row | fields)
        if campaign_id in self._created:
            self._created[campaign_id] = row
        else:
            self._changes.setdefault(campaign_id, {}).update(fields)
        return row

    def delete(self, campaign_id: str) -> Payload | None:
        """Remove the campaign; give back what it was."""
        row = self.find(campaign_id)
        if campaign_id in self._created:
            del self._created[campaign_id]
            self._created_ids.remove(campaign_id)
        elif row is not None:
            self._deleted.add(campaign_id)
        return row

    def _sample(self, number: int, campaign_id: str) -> Payload:
        plan = self.plans.plan(number)
        noise = plan.noise
        made_on = plan.made_on
        timezone = _TIMEZONES[noise >> 12 & 3]
        schedule: Payload = {"name": "Office hours", "timing": {"from": "08:30", "to": "16:30"}, "timezone": timezone}
        schedule["days"] = {str(day): True for day in range(1, 6)}
        if number % 3 == 0:
            schedule["days"] |= {"0": False, "6": False}
        senders = [] if plan.is_by_tag else [sender(self._seed, each).email for each in self.plans.senders(number)]
        last_change = min(self._clock.today, plan.made_on + 40 if plan.ends_on is None else plan.ends_on)
        row: Payload = {
            "id": campaign_id,
            "name": campaign_name(self._seed, number, day_text(made_on)[:7]),
            "status": UNSEEN_STATUS if campaign_id == self.unseen_status_on else plan.status,
            # The vendor writes empty text where no date was chosen.
            "campaign_schedule": {"schedules": [schedule], "start_date": "", "end_date": ""},
            "timestamp_created": timestamp(plan.made_ms),
            "timestamp_updated": timestamp(max(plan.made_ms, last_change * DAY_MS + noise % 36_000_000)),
            "pl_value": 500,
            "sequences": [{"steps": [_step(step, variants) for step, variants in enumerate(plan.variants)]}],
            "text_only": not plan.tracks_opens,
            "first_email_text_only": False,
            "email_list": senders,
            "daily_limit": 30 * max(1, self.plans.senders_each),
            "stop_on_reply": True,
            "email_tag_list": [tag_id(self._seed, number)] if plan.is_by_tag else [],
            "link_tracking": plan.tracks_clicks,
            "open_tracking": plan.tracks_opens,
            "stop_on_auto_reply": False,
            "organization": self._workspace_id,
            "owned_by": self._owner_id,
            "provider_routing_rules": [],
        }
        if number % 5 == 2:
            rule = {"action": "send", "recipient_esp": ["all"], "sender_esp": ["google", "outlook"]}
            row["provider_routing_rules"] = [rule]
        if number % 2:
            # Campaigns edited with a newer editor carry more keys; the others leave them out.
            row |= {"email_gap": 9, "random_wait_max": 5, "daily_max_leads": 25, "prioritize_new_leads": False}
            row |= {"match_lead_esp": False, "stop_for_company": True, "insert_unsubscribe_header": True}
            row |= {"allow_risky_contacts": False, "disable_bounce_protect": False, "cc_list": [], "bcc_list": []}
        if plan.status == 1 and mix(noise, 502) & 1:
            row["not_sending_status"] = 1
        return _shown(row | self._changes.get(campaign_id, {}))


def _shown(row: Payload) -> Payload:
    """Give back the campaign without a reason for not sending, where it has none."""
    return {name: value for name, value in row.items() if name != "not_sending_status" or value is not None}


TAG_COUNT = 6


def tag_id(seed: int, number: int) -> str:
    """Give back the id of one of the workspace's tags."""
    return plain_uuid(seed, 503, number % TAG_COUNT)


def _step(step: int, variants: int) -> Payload:
    texts = [
        {
            "subject": ("{{companyName}} and dock times", "Dock times at {{companyName}}")[variant]
            if step == 0
            else "",
            "body": f"<div>Hi {{{{firstName}}}},</div><div><br /></div><div>{line}</div>",
        }
        for variant, line in zip(range(variants), _LINES[step % len(_LINES)], strict=False)
    ]
    return {"type": "email", "delay": 3, "delay_unit": "days", "variants": texts}


_LINES = (
    ("{{personalization}}", "{{personalization}} Is this yours to decide?"),
    ("Would ten minutes on Thursday work?", "Shall I send two numbers first?"),
    ("I may have the wrong person. Who looks after this?", "Happy to leave it here if the timing is off."),
    ("Last note from me.", "Closing the file on my side."),
)
