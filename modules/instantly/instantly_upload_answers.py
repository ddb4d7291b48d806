"""What Instantly answers about campaigns, uploads and leads, checked and typed; pure.

An upload is answered with counters and with the leads it created. The counters do not say which lead fell to which
reason, so that only the created ones are told apart here; for the others there is a look-up.

Source: developer.instantly.ai, API v2, "Campaign", "Lead", "Add leads in bulk".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from modules.shared.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Sequence

Payload = dict[str, Any]

DRAFT, ACTIVE, PAUSED, RUNNING_SUBSEQUENCES = 0, 1, 2, 4
STATUS_WORDS = {
    DRAFT: "a draft",
    ACTIVE: "active",
    PAUSED: "paused",
    3: "completed",
    RUNNING_SUBSEQUENCES: "running subsequences",
    -1: "stopped, because its accounts are unhealthy",
    -2: "stopped by bounce protection",
    -99: "stopped, because the account is suspended",
}
"""What a campaign's status means; numbers that are not here are newer than these documents."""

NOT_CREATED = (
    "in_blocklist",
    "duplicated_leads",
    "skipped_count",
    "invalid_email_count",
    "incomplete_count",
    "duplicate_email_count",
)
"""Why leads of an upload were not created: each of them is in exactly one of these counters."""

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCampaign:
    """A campaign that carries our mark; `payload` is all that Instantly says of it."""

    id: str
    name: str
    status: int
    timestamp_created: str
    payload: Payload


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadAnswer:
    """What became of one upload.

    Attributes:
        created: Position in the request to Instantly's lead id, of the leads that were created.
        counts: `leads_uploaded` and every counter of `NOT_CREATED`; together the leads of the request.
        remaining_in_plan: Leads that the plan has room for; `None` when Instantly does not say.
    """

    created: dict[int, str]
    counts: dict[str, int]
    remaining_in_plan: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadAtInstantly:
    """One lead there. An address has one for each campaign or list that holds it; an orphan has neither.

    Attributes:
        email: As Instantly spells it.
    """

    id: str
    email: str
    campaign_id: str | None
    list_id: str | None
    status: int
    payload: Payload


def is_uuid(text: object) -> bool:
    """Whether the text is an id as Instantly gives them, and so can stand in a path."""
    return isinstance(text, str) and _UUID.fullmatch(text) is not None


def campaign_of(answer: object, asked: str) -> FoundCampaign:
    """One campaign.

    Raises:
        ContractError: What was answered is none.
    """
    if not isinstance(answer, dict):
        raise ContractError(f"{asked} answered a {type(answer).__name__} where a campaign is documented.")
    campaign_id, name, created = (answer.get(each) for each in ("id", "name", "timestamp_created"))
    status = _whole(answer.get("status"))
    if not (is_uuid(campaign_id) and isinstance(name, str) and isinstance(created, str) and status is not None):
        raise ContractError(f"{asked} answered a campaign without id, name, status or timestamp_created.")
    return FoundCampaign(id=str(campaign_id), name=name, status=status, timestamp_created=created, payload=answer)


def upload_answer_of(answer: object, emails: Sequence[str]) -> UploadAnswer:
    """What became of the leads with these addresses, in the order they were sent.

    Raises:
        ContractError: The answer does not account for each of them exactly once. Leads may have been created.
    """
    asked = "Instantly: POST /leads/add"
    fields = answer if isinstance(answer, dict) else {}
    counts = {name: _whole(fields.get(name)) for name in ("leads_uploaded", *NOT_CREATED)}
    known = {name: count for name, count in counts.items() if count is not None and count >= 0}
    items = fields.get("created_leads")
    if len(known) < len(counts) or not isinstance(items, list):
        raise _unaccounted(asked, f"without {sorted(counts.keys() - known.keys()) or 'a list created_leads'}")
    created: dict[int, str] = {}
    for item in items:
        place = _whole(item.get("index")) if isinstance(item, dict) else None
        if place is None or not 0 <= place < len(emails) or place in created:
            raise _unaccounted(asked, "with a created lead whose index is missing, repeated or out of range")
        if not _is_same_address(item.get("email"), emails[place]):
            raise _unaccounted(asked, f"with another address at index {place} than was sent")
        if not is_uuid(item.get("id")) or item["id"] in created.values():
            raise _unaccounted(asked, f"with a lead at index {place} whose id is missing or repeated")
        created[place] = item["id"]
    if known["leads_uploaded"] != len(created) or sum(known.values()) != len(emails):
        raise _unaccounted(asked, f"with {len(created)} created leads and counters {known} for {len(emails)} sent")
    return UploadAnswer(created=created, counts=known, remaining_in_plan=_whole(fields.get("remaining_in_plan")))


def lead_of(item: object, asked: str) -> LeadAtInstantly:
    """One lead.

    Raises:
        ContractError: What was answered is none.
    """
    fields = item if isinstance(item, dict) else {}
    lead_id, email, status = fields.get("id"), fields.get("email"), _whole(fields.get("status"))
    if not (is_uuid(lead_id) and isinstance(email, str) and status is not None):
        raise ContractError(f"{asked} answered a lead without id, email or status.")
    return LeadAtInstantly(
        id=str(lead_id),
        email=email,
        campaign_id=fields.get("campaign") or None,
        list_id=fields.get("list_id") or None,
        status=status,
        payload=fields,
    )


def _whole(value: object) -> int | None:
    """The number, where it is a whole one; the documents call them all `number`."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return int(value) if value == value // 1 else None


def _is_same_address(told: object, sent: str) -> bool:
    return isinstance(told, str) and told.strip().lower() == sent.strip().lower()


def _unaccounted(asked: str, what: str) -> ContractError:
    return ContractError(f"{asked} answered {what}. Leads may have been created: look up every address of the request.")
