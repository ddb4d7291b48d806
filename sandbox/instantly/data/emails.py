"""The Unibox of a workspace: the threads in which somebody, or some machine, answered a sample campaign.

Mails that stayed without an answer are not kept: nobody reads them, and they would be most of the memory.
"""

from __future__ import annotations

from bisect import insort
from typing import TYPE_CHECKING, Any

from sandbox.instantly.data.history import ANSWERED_AUTOMATICALLY, REPLIED, step_day
from sandbox.instantly.data.identifiers import ordered_uuid
from sandbox.instantly.data.ordered_rows import keys_after
from sandbox.instantly.data.sample_leads import moment_ms
from sandbox.instantly.data.senders import sender
from sandbox.vendor.repeatable import mix, timestamp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.instantly.data.campaign_plans import CampaignPlans
    from sandbox.instantly.data.leads import Leads
    from sandbox.instantly.data.statistics import Statistics
    from sandbox.vendor.clock import Clock

Payload = dict[str, Any]
SENT_BY_CAMPAIGN, RECEIVED = 1, 2
_ANSWERS = (
    "Klingt gut. Donnerstag 10 Uhr?",
    "Can you send two numbers first?",
    "Not for us at the moment, thanks.",
    "Please talk to our operations lead.",
)


class Emails:
    """One workspace's mails, addressed by id. Ids are time-ordered, so their order is the order of creation."""

    def __init__(
        self, *, plans: CampaignPlans, statistics: Statistics, leads: Leads, clock: Clock, seed: int, workspace_id: str
    ) -> None:
        """Index nothing yet; the first look does."""
        self._plans = plans
        self._statistics = statistics
        self._leads = leads
        self._clock = clock
        self._seed = seed
        self._workspace_id = workspace_id
        self._indexed_on = -1
        self._ids: list[str] = []
        self._places: dict[str, tuple[int, int, int]] = {}
        self._added: dict[str, Payload] = {}

    def __len__(self) -> int:
        """Count the mails."""
        self._index()
        return len(self._ids)

    def after(self, cursor: str | None, *, ascending: bool) -> Iterator[Payload]:
        """Yield the mails behind a cursor, newest first unless `ascending`."""
        self._index()
        for email_id in keys_after(self._ids, cursor, descending=not ascending):
            yield self._row(email_id)

    def find(self, email_id: str) -> Payload | None:
        """Give back the mail as the vendor shows it, or `None`."""
        self._index()
        return self._row(email_id) if email_id in self._added or email_id in self._places else None

    def add_reply(self, lead: Payload, *, sent_by: str, text: str, is_automatic: bool) -> Payload:
        """Let a lead answer now."""
        self._index()
        made_ms = self._clock.tick_ms() // 1000 * 1000
        email_id = ordered_uuid(made_ms, mix(self._seed, 1001, self._clock.tick_ms()))
        row = self._received(email_id, made_ms, lead, sent_by, text=text, is_automatic=is_automatic)
        self._added[email_id] = row
        insort(self._ids, email_id)
        return row

    def _index(self) -> None:
        """List the sample's mails; again when the day has changed, for then there are more."""
        if self._indexed_on == self._clock.today:
            return
        self._indexed_on = self._clock.today
        self._places.clear()
        for campaign in range(self._plans.count):
            history = self._statistics.history(campaign)
            for ordinal, fate in history.fates.items():
                cohort = history.cohort_of(ordinal)
                if fate.kind in {REPLIED, ANSWERED_AUTOMATICALLY} and cohort is not None:
                    days = (step_day(cohort.day, fate.step), *fate.days)
                    for part, day in enumerate(days):
                        made_ms = _made_ms(self._plans.plan(campaign).noise, ordinal, part, day)
                        email_id = ordered_uuid(made_ms, mix(self._seed, 1002, campaign, ordinal, part))
                        self._places[email_id] = (campaign, ordinal, part)
        self._ids = sorted([*self._places, *self._added])

    def _row(self, email_id: str) -> Payload:
        if email_id in self._added:
            return self._added[email_id]
        campaign, ordinal, part = self._places[email_id]
        history = self._statistics.history(campaign)
        fate = history.fates[ordinal]
        lead_number = self._leads.numbers.lead_at(campaign, ordinal)
        lead = self._leads.sample_row(lead_number)
        by = self._plans.senders(campaign)[ordinal % self._plans.senders_each] if self._plans.senders_each else 0
        sent_by = sender(self._seed, by).email
        made_ms = int(email_id[:8] + email_id[9:13], 16)
        if part:
            is_automatic = fate.kind == ANSWERED_AUTOMATICALLY
            text = "I am away until Monday." if is_automatic else _ANSWERS[ordinal % len(_ANSWERS)]
            row = self._received(email_id, made_ms, lead, sent_by, text=text, is_automatic=is_automatic)
            if fate.interest is not None:
                row["i_status"] = fate.interest
            return row
        step = f"0_{fate.step}_{ordinal % history.plan.variants[fate.step]}"
        return self._sent(email_id, made_ms, lead, sent_by, step)

    def _sent(self, email_id: str, made_ms: int, lead: Payload, sent_by: str, step: str) -> Payload:
        row = self._common(email_id, made_ms, lead, sent_by, "Hi, would ten minutes on Thursday work?")
        # A mail sent by a campaign has only the HTML text, and says which step it was.
        row["body"].pop("text")
        addresses = {"from_address_email": sent_by, "to_address_email_list": lead["email"]}
        return row | addresses | {"ue_type": SENT_BY_CAMPAIGN, "step": step, "is_unread": 0}

    def _received(
        self, email_id: str, made_ms: int, lead: Payload, sent_by: str, *, text: str, is_automatic: bool
    ) -> Payload:
        row = self._common(email_id, made_ms, lead, sent_by, text)
        row |= {"subject": f"Re: {row['subject']}", "ue_type": RECEIVED, "is_unread": 1}
        row |= {"from_address_email": lead["email"], "to_address_email_list": sent_by}
        return row | {"is_auto_reply": int(is_automatic), "is_focused": int(not is_automatic), "content_preview": text}

    def _common(self, email_id: str, made_ms: int, lead: Payload, sent_by: str, text: str) -> Payload:
        return {
            "id": email_id,
            "timestamp_created": timestamp(made_ms),
            "timestamp_email": timestamp(made_ms - 1000),
            "message_id": f"<{email_id[-12:]}@mail.{lead['company_domain'] or 'unknown.example'}>",
            "subject": f"{lead.get('company_name') or 'Your team'} and dock times",
            "cc_address_email_list": "",
            "body": {"text": text, "html": f"<div>{text}</div>"},
            "organization_id": self._workspace_id,
            "eaccount": sent_by,
            "campaign_id": lead.get("campaign"),
            "lead": lead["email"],
            "lead_id": lead["id"],
            # Opaque text, not the UUID that the vendor's document promises.
            "thread_id": f"8a-{mix(self._seed, 1003, int(lead['id'].replace('-', ''), 16) & 2**60 - 1):016x}",
        }


def _made_ms(noise: int, ordinal: int, part: int, day: int) -> int:
    # Whole seconds: the vendor stores mails without thousandths.
    return moment_ms(day, mix(noise, ordinal)) // 1000 * 1000 + part * 3_600_000
