"""The last look before a launch acts: senders, room on the plan, and the campaign as Instantly shows it.

It changes nothing, and is done before people are uploaded, and once more before activation. What cannot be read lets an
error pass and is never "ready". Every sender that the campaign names has to be fit, because Instantly sends by all.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from modules.instantly.instantly_sending_accounts import read_sending_accounts
from modules.outreach.campaign_payload import campaign_payload, required_settings
from modules.outreach.campaign_read_back import differences
from modules.outreach.launch_reasons import Reason, shown_sender
from modules.outreach.sender_capacity import Capacity, capacity_today
from modules.outreach.sender_health_rules import NOT_READ, SenderVerdict, judge_sender
from modules.outreach.sender_reads import campaign_day, follow_ups_due, health_warnings, sender_statistics
from modules.outreach.sending_time import next_sending_day
from modules.shared.errors import ContractError, PermanentError, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from modules.instantly.instantly_client import InstantlyClient
    from modules.instantly.instantly_sending_accounts import SendingAccount
    from modules.outreach.campaign_spec import Campaign
    from modules.supabase.row_store import RowStore

Json = dict[str, Any]
_DRAFT = 0
_NO_MARKER = ""
"""Only in the name, which nobody compares: people may rename a campaign."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preflight:
    """What was found.

    Attributes:
        campaign_name: The file's.
        refusals: Each one alone forbids the launch.
        warnings: Worth a look; they forbid nothing.
        capacity: What can be sent today, by the senders that are fit.
        senders: A verdict on each, in the order of the file, or of addresses where a tag names them.
        room_on_plan: Contacts that the plan still takes; `None`: Instantly does not say.
    """

    campaign_name: str
    refusals: tuple[Reason, ...]
    warnings: tuple[Reason, ...]
    capacity: Capacity
    senders: tuple[SenderVerdict, ...]
    room_on_plan: int | None

    def raise_if_refused(self) -> None:
        """Return only if nothing forbids the launch.

        Raises:
            Refused: Something does; the message gives every reason.
        """
        if self.refusals:
            listed = "\n".join(f"- {reason.text}" for reason in self.refusals)
            raise Refused(f"{self.campaign_name} is not launched:\n{listed}")


def preflight(
    store: RowStore,
    client: InstantlyClient,
    campaign: Campaign,
    *,
    instantly_campaign: Json | None,
    now: datetime,
    people_to_upload: int | None = None,
) -> Preflight:
    """Everything that stands against launching the campaign now.

    Takes one request a page of a hundred accounts and one behind the last, one for the plan, and one for the campaign
    where there is one, however many people it has.

    Args:
        store: Holds the hourly statistics; how fresh they are is judged before.
        client: Instantly, as it is now.
        campaign: The file's.
        instantly_campaign: Anything with its `id` there; the rest is read anew. `None`: it is not at Instantly yet.
        now: With a zone.
        people_to_upload: How many more are to be uploaded: 0 once all are; `None`: not known, some.

    Raises:
        RetryableError: Instantly or Supabase is down: nothing is known, so nothing is ready.
        ContractError: An answer is not what is documented.
        PermanentError: Key, scope or plan is wrong.
    """
    accounts = read_sending_accounts(client, with_tags=campaign.senders.tag is not None)
    room = _room_on_plan(client.get("/workspace-billing/plan-details"))
    names, tag_ids = _senders_of(campaign, accounts)
    statistics = sender_statistics(store, names, now)
    verdicts = tuple(
        judge_sender(name, accounts.get(name), statistics.get(name, NOT_READ), campaign.sender_rules, now=now)
        for name in names
    )
    fit = [verdict.email for verdict in verdicts if verdict.is_eligible]

    refusals = [*_about_senders(campaign, verdicts), *_about_plan(room, people_to_upload), *_about_file(campaign, now)]
    campaign_id = None if instantly_campaign is None else str(instantly_campaign["id"])
    shown = None if campaign_id is None else _read_campaign(client, campaign_id)
    if campaign_id is not None and shown is None:
        told = "Instantly has the campaign no more: it was deleted there. To make it anew, launch with --recreate."
        refusals.append(Reason("campaign_gone", told))
    # Without its tag's id the campaign cannot be written down, and the tag is refused already.
    if shown is not None and (campaign.senders.tag is None or tag_ids):
        payload = campaign_payload(campaign, marker=_NO_MARKER, tag_ids=tag_ids or None)
        refusals += differences(shown, payload, required_settings(campaign))

    is_draft = shown is not None and shown.get("status") == _DRAFT
    capacity = capacity_today(
        campaign,
        accounts=[accounts[email] for email in fit],
        statistics=statistics,
        follow_ups=follow_ups_due(store, fit, now),
        sent=campaign_day(store, campaign_id, campaign.schedule, now, is_draft=is_draft),
        instantly_campaign_id=campaign_id,
        now=now,
    )
    warnings = [*health_warnings(store, fit), *_worth_a_look(campaign, room, capacity, people_to_upload)]
    return Preflight(
        campaign_name=campaign.name,
        refusals=tuple(refusals),
        warnings=tuple(warnings),
        capacity=capacity,
        senders=verdicts,
        room_on_plan=room,
    )


def sender_tag_ids(client: InstantlyClient, campaign: Campaign) -> list[str] | None:
    """Instantly's ids of the tag that names a campaign's senders; `None`: the file lists accounts."""
    if campaign.senders.tag is None:
        return None
    return _senders_of(campaign, read_sending_accounts(client, with_tags=True))[1]


def _senders_of(campaign: Campaign, accounts: Mapping[str, SendingAccount]) -> tuple[list[str], list[str]]:
    """Addresses of the senders, each once, and the ids of the tag that names them, if one does."""
    tag = campaign.senders.tag
    if tag is None:
        return list(dict.fromkeys(campaign.senders.accounts or ())), []
    tagged = {email: account.tag_id_of[tag] for email, account in accounts.items() if tag in account.tag_id_of}
    return sorted(tagged), sorted(set(tagged.values()))


def _room_on_plan(plan: Any) -> int | None:
    """Contacts that fit in; the plan counts those that are stored now."""
    try:
        outreach = plan["subscriptions"]["outreach"]
        limit, used = outreach["total_lead_limit"], outreach["current_lead_count"]
    except (KeyError, TypeError):
        return None
    is_told = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (limit, used))
    return max(0, int(limit - used)) if is_told else None


def _read_campaign(client: InstantlyClient, campaign_id: str) -> Json | None:
    """The campaign as it is now; `None`: it is gone."""
    try:
        shown = client.get(f"/campaigns/{campaign_id}")
    except PermanentError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return None
        raise
    if not isinstance(shown, dict) or shown.get("id") != campaign_id:
        raise ContractError("Instantly: GET /campaigns/{id} answered something else than that campaign.")
    return shown


def _about_senders(campaign: Campaign, verdicts: tuple[SenderVerdict, ...]) -> Iterator[Reason]:
    tag = campaign.senders.tag
    if not verdicts:
        told = f"No account at Instantly carries the tag {tag!r}. Put it on the mailboxes there, or mend the file."
        yield Reason("unknown_tag", told)
        return
    way_out = "take the account out of the file" if tag is None else f"take the tag {tag!r} off it"
    for verdict in verdicts:
        if not verdict.is_eligible:
            told = f"{shown_sender(verdict.email)} may not send: {'; '.join(verdict.reasons)}."
            yield Reason("sender_not_eligible", f"{told} Mend it at Instantly (Email Accounts), or {way_out}.")
    if not any(verdict.is_eligible for verdict in verdicts):
        yield Reason("no_eligible_sender", "None of the campaign's senders may send.")


def _about_plan(room: int | None, people_to_upload: int | None) -> Iterator[Reason]:
    if people_to_upload == 0:
        return
    if room is None:
        yield Reason("plan_unknown", "Instantly does not say how many contacts the plan still takes. Look there.")
    elif room == 0:
        told = "Instantly's plan takes no more contacts. Delete old ones there, or buy more room."
        yield Reason("no_room_on_plan", told)


def _about_file(campaign: Campaign, now: datetime) -> Iterator[Reason]:
    for number, step in enumerate(campaign.sequence, start=1):
        active = [variant for variant in step.variants if variant.is_active]
        if not active or not all(variant.body.strip() for variant in active):
            told = f"Mail {number} of the file has no active variant, or one without a body. Write it."
            yield Reason("empty_mail", told)
        if number == 1 and not all(variant.subject.strip() for variant in active):
            yield Reason("no_subject", "The first mail of the file has no subject. Write one.")
    if next_sending_day(campaign.schedule, now) is None:
        told = f"The schedule has no sending time left; its end_date is {campaign.schedule.end_date}. Change the file."
        yield Reason("schedule_over", told)


def _worth_a_look(
    campaign: Campaign, room: int | None, capacity: Capacity, people_to_upload: int | None
) -> Iterator[Reason]:
    wanted = campaign.caps.people if people_to_upload is None else people_to_upload
    if room is not None and wanted is not None and 0 < room < wanted:
        told = f"Instantly's plan takes {room} more contacts, and up to {wanted} are wanted."
        yield Reason("little_room_on_plan", told)
    if capacity.new_people_today == 0:
        told = f"Nobody new can be written to today; what stands in the way: {capacity.binding.replace('_', ' ')}."
        yield Reason("nothing_today", f"{told} The next day with sending time: {capacity.next_sending_day or 'none'}.")
    yield from (Reason("not_known", f"{reason}; it counts as nothing left.") for reason in capacity.reasons)
