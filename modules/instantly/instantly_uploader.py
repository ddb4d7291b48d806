"""The only door to people at Instantly: nothing else creates a campaign, adds leads, or activates.

Every function with an effect calls `check_pause`, which raises where nothing may happen now, directly before its one
request. Where the answer is lost it raises `OutcomeUnknown`, and a look-up (`find_campaigns`, `look_up`,
`read_campaign`) settles it.

Source: developer.instantly.ai, API v2, "Campaign", "Lead".
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from modules.instantly.instantly_sending import SendingStatus, sending_status_of
from modules.instantly.instantly_upload_answers import (
    ACTIVE,
    DRAFT,
    PAUSED,
    RUNNING_SUBSEQUENCES,
    STATUS_WORDS,
    FoundCampaign,
    LeadAtInstantly,
    UploadAnswer,
    campaign_of,
    is_uuid,
    lead_of,
    upload_answer_of,
)
from modules.shared.errors import ContractError, OutcomeUnknown, OutreachError, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from modules.instantly.instantly_client import InstantlyClient

MOST_LEADS = 1000
"""The documented maximum of one upload."""

CONTACTS_A_LOOK_UP = 100
_SKIP_FLAGS = {
    # People of other campaigns are left alone even when our own ledger does not know them; people in a mere list are
    # not contacted yet, and a list must not keep them out.
    "skip_if_in_campaign": True,
    "skip_if_in_workspace": False,
    "skip_if_in_list": False,
    "verify_leads_on_import": False,
}
"""What Instantly shall do with addresses it knows: said in full, so that no default decides whom we write to."""


def find_campaigns(client: InstantlyClient, marker: str) -> list[FoundCampaign]:
    """The campaigns whose name ends with `[marker]`, oldest first.

    Instantly's search is documented in five words, so it can only widen what is read here, never decide: its results
    are filtered, and before "there is none" is said the whole list was read.

    Raises:
        ContractError: An item of the list is no campaign, so that one of ours may be missed.
    """
    if not marker:
        raise ValueError("A marker is needed: without one every campaign is ours.")
    for query in ({"search": marker}, None):
        campaigns = (campaign_of(each, "Instantly: GET /campaigns") for each in client.get_items("/campaigns", query))
        found = [each for each in campaigns if each.name.endswith(f"[{marker}]")]
        if found:
            return sorted(found, key=lambda each: (each.timestamp_created, each.id))
    return []


def read_campaign(client: InstantlyClient, campaign_id: str) -> dict[str, Any]:
    """The campaign as it is now.

    Raises:
        PermanentError: There is none with this id (404).
    """
    return _campaign(client, campaign_id).payload


def create_campaign(client: InstantlyClient, payload: Mapping[str, Any], *, check_pause: Callable[[], None]) -> str:
    """The id of a new draft. Instantly never compares names: asking again makes another one.

    The payload is the body as documented under "Create campaign"; its name carries the marker to find it by.

    Raises:
        OutcomeUnknown: It may be there; `find_campaigns` tells.
        ContractError: What was created is no draft, or has another name.
    """
    check_pause()
    created = campaign_of(client.write("POST", "/campaigns", payload), "Instantly: POST /campaigns")
    if created.status != DRAFT or created.name != payload["name"]:
        raise ContractError(
            f"Instantly: POST /campaigns created {created.id} with status {created.status} where a draft (0) with the "
            "name that was sent is documented. Look at it there before anything is added."
        )
    return created.id


def add_leads(
    client: InstantlyClient,
    campaign_id: str,
    leads: Sequence[Mapping[str, Any]],
    *,
    check_pause: Callable[[], None],
) -> UploadAnswer:
    """What became of the leads, 1 to `MOST_LEADS`, which are added to the campaign in one request.

    Each is as documented under "Add leads in bulk" and has its `email`.

    Raises:
        OutcomeUnknown: All, some or none may have been added; `look_up` tells.
        ContractError: The answer does not account for every lead; the same holds.
    """
    if not 1 <= len(leads) <= MOST_LEADS:
        raise ValueError(f"One upload takes 1 to {MOST_LEADS} leads, not {len(leads)}.")
    emails = [lead.get("email") for lead in leads]
    if not all(isinstance(email, str) and email.strip() for email in emails):
        raise ValueError("Every lead of an upload needs its email.")
    body = {"campaign_id": _in_path(campaign_id), **_SKIP_FLAGS, "leads": [dict(lead) for lead in leads]}
    check_pause()
    return upload_answer_of(client.write("POST", "/leads/add", body), [str(email) for email in emails])


def look_up(client: InstantlyClient, emails: Sequence[str]) -> dict[str, list[LeadAtInstantly]]:
    """Where each address is, by the spelling it was asked for with; an empty list: nowhere.

    Raises:
        ContractError: Instantly gave a lead that was not asked for. It is then reported to ignore the filter, and its
            answer says nothing about the addresses; reading stops at once.
    """
    asked = "Instantly: POST /leads/list (contacts)"
    # Whether addresses are compared with or without regard to case is not documented: both spellings are asked for.
    spellings = list(dict.fromkeys(each for email in emails for each in (email, email.lower())))
    found: dict[str, dict[str, LeadAtInstantly]] = {email.lower(): {} for email in emails}
    for start in range(0, len(spellings), CONTACTS_A_LOOK_UP):
        contacts = spellings[start : start + CONTACTS_A_LOOK_UP]
        wanted = {each.lower() for each in contacts}
        for item in client.post_items("/leads/list", {"contacts": contacts}):
            lead = lead_of(item, asked)
            if lead.email.lower() not in wanted:
                raise ContractError(
                    f"{asked} answered with a lead that was not asked for, so the filter may be ignored. "
                    "Nothing is known of the addresses; try again, then look at Instantly's changelog."
                )
            found[lead.email.lower()][lead.id] = lead
    return {email: list(found[email.lower()].values()) for email in emails}


def activate(client: InstantlyClient, campaign_id: str, *, check_pause: Callable[[], None]) -> None:
    """Launch the draft, or resume the paused campaign; one that runs already is left as it is.

    Its leads are written to from now on. Instantly says yes even to a campaign that cannot send: `watch_sending` tells.

    Raises:
        Refused: Its status allows no activation.
        OutcomeUnknown: It may become active; at a first look it was not, or could not be looked at.
    """
    status = _campaign(client, campaign_id).status
    if status in {ACTIVE, RUNNING_SUBSEQUENCES}:
        return
    if status not in {DRAFT, PAUSED}:
        words = STATUS_WORDS.get(status, f"in status {status}, which is not documented")
        raise Refused(
            f"Campaign {campaign_id} is {words}. Only a draft or a paused campaign is activated: "
            "put it right at Instantly, or launch under another name."
        )
    check_pause()
    try:
        client.write("POST", f"/campaigns/{_in_path(campaign_id)}/activate")
    except OutcomeUnknown as lost:
        if not _was_activated(client, campaign_id):
            raise OutcomeUnknown(f"{lost} Read the campaign again before anything else.", status=lost.status) from lost


def sending_status(client: InstantlyClient, campaign_id: str) -> SendingStatus:
    """Whether the campaign sends now, and why not."""
    path = f"/campaigns/{_in_path(campaign_id)}/sending-status"
    return sending_status_of(client.get(path, {"with_ai_summary": "false"}))


def watch_sending(
    client: InstantlyClient,
    campaign_id: str,
    *,
    for_s: float,
    every_s: float,
    sleep: Callable[[float], object] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> SendingStatus:
    """The first status that settles it (it sends, has failed, or only its schedule is closed), else the last one seen.

    It looks every `every_s` seconds for at most `for_s`; Instantly names ten to fifteen minutes from a launch to the
    first mail. `sleep` and `clock` are replaced in tests.
    """
    deadline = clock() + for_s
    while True:
        status = sending_status(client, campaign_id)
        is_settled = status.verdict in {"sending", "failed"} or status.code == "out_of_schedule"
        if is_settled or clock() + every_s > deadline:
            return status
        sleep(every_s)


def _campaign(client: InstantlyClient, campaign_id: str) -> FoundCampaign:
    answer = client.get(f"/campaigns/{_in_path(campaign_id)}")
    campaign = campaign_of(answer, "Instantly: GET /campaigns/{id}")
    if campaign.id.lower() != campaign_id.lower():
        raise ContractError(f"Instantly: GET /campaigns/{campaign_id} answered campaign {campaign.id}.")
    return campaign


def _was_activated(client: InstantlyClient, campaign_id: str) -> bool:
    """Whether the campaign is in a status that only an activated one has."""
    try:
        status = _campaign(client, campaign_id).status
    except OutreachError:
        return False
    return status in STATUS_WORDS and status not in {DRAFT, PAUSED}


def _in_path(campaign_id: str) -> str:
    """The id, which is sure to name one campaign and no other path."""
    if not is_uuid(campaign_id):
        raise ValueError("A campaign's id at Instantly is a UUID; this one is not.")
    return campaign_id
