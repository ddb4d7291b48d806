"""The last steps of a launch: take out whom nobody may contact, look at everything once more, set the campaign sending.

Activating is the one call that sends real mail. It is made only for a draft or paused campaign, after a preflight
without a refusal, and its answer is not believed: Instantly says yes to a campaign that cannot send.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from modules.instantly.instantly_upload_answers import ACTIVE, RUNNING_SUBSEQUENCES
from modules.instantly.instantly_uploader import activate, look_up, read_campaign, watch_sending
from modules.outreach.launch_preflight import preflight
from modules.outreach.pages import pages
from modules.outreach.suppression_sweep import SweptPerson, sweep
from modules.shared.errors import ContractError, PermanentError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from modules.instantly.instantly_client import InstantlyClient
    from modules.instantly.instantly_sending import SendingStatus
    from modules.outreach.campaign_spec import Campaign
    from modules.supabase.row_store import RowStore

Json = dict[str, Any]
_SAMPLE = 20
_LOOK_EVERY_S = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """How long to watch whether a campaign sends, in seconds; Instantly names ten to fifteen minutes."""

    for_s: float = 900.0
    every_s: float = _LOOK_EVERY_S


def is_sending(client: InstantlyClient, instantly_campaign_id: str) -> bool:
    """Whether whoever is added to the campaign is written to without another word; one that was deleted is not."""
    try:
        status = read_campaign(client, instantly_campaign_id).get("status")
    except PermanentError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return False
        raise
    return status in {ACTIVE, RUNNING_SUBSEQUENCES}


def remove_suppressed(store: RowStore, client: InstantlyClient, campaign_name: str) -> int:
    """Take people out of the campaign who were suppressed since they were uploaded; how many.

    It goes on while paused, because it only reduces contact.

    Raises:
        ContractError: Instantly still holds some of them, so that the campaign must not be set sending.
    """
    rows = list(pages(store, "uploaded_but_suppressed", key="campaign_lead_id", wanted_campaign=campaign_name))
    if not rows:
        return 0
    people = [
        SweptPerson(
            lead_id=row["lead_id"],
            email=row["email"],
            instantly_lead_id=row["instantly_lead_id"],
            instantly_campaign_id=row["instantly_campaign_id"],
        )
        for row in rows
    ]
    result = sweep(store, client, people)
    gone = [row for row in rows if row["instantly_lead_id"] not in result.still_there]
    if gone:
        finished = [{"campaign_lead_id": row["campaign_lead_id"], "reason": "suppressed"} for row in gone]
        store.call("finish_people", {"rows": finished})
    if result.still_there:
        raise ContractError(
            f"Instantly still holds {len(result.still_there)} people of {campaign_name} who must not be contacted, "
            "after they were deleted. The campaign is not set sending; delete them there, then launch again."
        )
    return len(gone)


def read_back(store: RowStore, client: InstantlyClient, campaign_name: str, instantly_campaign_id: str) -> int:
    """See for some of the uploaded people that Instantly shows what was sent; how many were looked at.

    Raises:
        ContractError: It shows something else, which is not to be sent to anybody.
    """
    people: list[Json] = store.call("sample_of_people", {"wanted_campaign": campaign_name, "most": _SAMPLE})
    if people:
        found = look_up(client, [person["email"] for person in people])
        for person in people:
            shown = [lead.payload for lead in found[person["email"]] if lead.campaign_id == instantly_campaign_id]
            if not shown or not _shows(shown[0], person["payload"]):
                raise ContractError(
                    "Instantly: POST /leads/add accepted people, and shows other values for them than were sent, or "
                    f"holds them no more. {campaign_name} is not set sending; compare some of its leads there with "
                    f"`outreach campaigns preview {campaign_name}`."
                )
    return len(people)


def activate_campaign(
    store: RowStore,
    client: InstantlyClient,
    campaign: Campaign,
    instantly_campaign_id: str,
    *,
    now: datetime,
    check_pause: Callable[[], None],
) -> None:
    """Set the campaign sending, after a last preflight; one that sends already is left as it is.

    Raises:
        Refused: The preflight, the pause switch or the campaign's status stands against it.
        OutcomeUnknown: It may be active; the next launch reads it first.
    """
    found = preflight(
        store, client, campaign, instantly_campaign={"id": instantly_campaign_id}, now=now, people_to_upload=0
    )
    found.raise_if_refused()
    activate(client, instantly_campaign_id, check_pause=check_pause)


def confirm_sending(
    store: RowStore, client: InstantlyClient, campaign_name: str, instantly_campaign_id: str, watch: Watch
) -> SendingStatus:
    """Watch until the campaign sends, or it is known why not; note its people as active.

    Raises:
        PermanentError: It will not send until a person acts.
    """
    status = watch_sending(client, instantly_campaign_id, for_s=watch.for_s, every_s=watch.every_s)
    campaign = read_campaign(client, instantly_campaign_id)
    if status.verdict == "failed" or campaign.get("status") not in {ACTIVE, RUNNING_SUBSEQUENCES}:
        raise PermanentError(
            f"{campaign_name} was set sending and does not send. {status.message} Its people stay reserved for it; "
            "mend it at Instantly, then launch again."
        )
    store.call("activate_people", {"wanted_campaign": campaign_name})
    return status


def _shows(shown: Json, sent: Json) -> bool:
    """Whether a lead has the values that were sent."""
    custom = sent.get("custom_variables", {})
    payload = shown.get("payload")
    variables = payload if isinstance(payload, dict) else {}
    standard = {name: value for name, value in sent.items() if name not in {"email", "custom_variables"}}
    return all(shown.get(name) == value for name, value in standard.items()) and all(
        variables.get(name) == value for name, value in custom.items()
    )
