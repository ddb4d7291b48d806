"""A launch, step by step: gate, candidates, reservations, opening lines, upload, activation, confirmation.

Each step finds what it needs in the database and at Instantly, by the key that the launch was begun under; nothing is
handed from one to the next that a crash would lose. Each may be run again: what is done already is not done twice.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from modules.instantly.instantly_uploader import MOST_LEADS
from modules.outreach import launch_activation, launch_ledger
from modules.outreach.campaign_payload import campaign_payload
from modules.outreach.campaign_table import stored_campaign
from modules.outreach.launch_activation import Watch
from modules.outreach.launch_campaign import (
    SETTLE_S,
    ensure_campaign,
    forget_deleted_campaign,
    known_campaign,
    marker_of,
)
from modules.outreach.launch_gate import MOST_AGE_S, check_fresh
from modules.outreach.launch_people import prepare_people
from modules.outreach.launch_preflight import preflight, sender_tag_ids
from modules.outreach.launch_upload import Uploader
from modules.outreach.pause_switch import check_pause
from modules.shared.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from modules.instantly.instantly_client import InstantlyClient
    from modules.outreach.campaign_spec import Campaign
    from modules.outreach.launch_ledger import Launch
    from modules.outreach.launch_preflight import Preflight
    from modules.supabase.row_store import RowStore


_TO_BE_UPLOADED = ("reserved", "uploading")
_NOT_THERE_YET = (*_TO_BE_UPLOADED, "unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchRequest:
    """What somebody asked for.

    Attributes:
        campaign_name: Of a campaign file that was applied.
        launch_key: The same key is the same launch: of a run and its re-executions, or of a request.
        limit: People to add, at most; `None`: as many as the campaign has room for.
        activate: Set the campaign sending; else it is left as it is.
        recreate: Make the campaign anew, if somebody deleted it at Instantly; else that stops the launch.
        run_id: The orchestrator's, for the record.
    """

    campaign_name: str
    launch_key: str
    limit: int | None = None
    activate: bool = False
    recreate: bool = False
    run_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchTools:
    """What a launch works with. The defaults are for the real world; tests wait for less.

    Attributes:
        most_age_s: How old the data may be, by table.
        settle_s: How long a request without an answer may still take effect.
        leads_per_upload: People in one request that adds them, at most.
    """

    store: RowStore
    client: InstantlyClient
    most_age_s: Mapping[str, int] = field(default_factory=lambda: MOST_AGE_S)
    settle_s: float = SETTLE_S
    leads_per_upload: int = MOST_LEADS
    watch: Watch = field(default_factory=Watch)
    sleep: Callable[[float], object] = time.sleep

    def check_pause(self) -> None:
        """Return only while effects are allowed."""
        check_pause(self.store)


def gate(tools: LaunchTools, request: LaunchRequest) -> Launch:
    """The launch, begun or found again, if the data is fresh and nothing is paused.

    Raises:
        Refused: It is not, or the campaign may not be launched like this.
    """
    campaign = stored_campaign(tools.store, request.campaign_name)
    tools.check_pause()
    check_fresh(tools.store, tools.most_age_s)
    if request.recreate:
        forget_deleted_campaign(tools.store, tools.client, campaign.name)
    check_activation(tools, campaign, activate=request.activate)
    return launch_ledger.begin_launch(
        tools.store,
        campaign,
        launch_key=request.launch_key,
        limit=request.limit,
        activates=request.activate,
        run_id=request.run_id,
    )


def check_activation(tools: LaunchTools, campaign: Campaign, *, activate: bool) -> None:
    """Return only if the campaign may be set sending, where that is asked for, and is not sending, where it is not.

    Raises:
        Refused: It may not, or whoever is added now would be written to at once.
    """
    if activate and not campaign.activate:
        raise Refused(
            f"The file of {campaign.name} says activate: false, so a launch leaves a draft. Look at the draft, then "
            "set activate: true in the file, run `outreach campaigns apply`, and launch again."
        )
    instantly_id = known_campaign(tools.store, campaign.name)
    if not activate and instantly_id is not None and launch_activation.is_sending(tools.client, instantly_id):
        raise Refused(
            f"{campaign.name} is sending at Instantly: whoever is added is written to at once. Launch with --activate "
            "if that is meant, or pause the campaign there."
        )


def candidates(tools: LaunchTools, request: LaunchRequest) -> Preflight | None:
    """What was found of senders, plan and campaign before anybody is reserved; `None`: the launch has ended.

    Raises:
        Refused: Something stands against it.
    """
    campaign, launch = _found(tools, request)
    if launch.state != "open":
        return None
    return _look(tools, campaign, launch)


def reserve(tools: LaunchTools, request: LaunchRequest) -> int:
    """Choose people and reserve them; how many were reserved now.

    Raises:
        Refused: The data is stale by now, or effects are paused.
    """
    campaign, launch = _found(tools, request)
    if not _is_open(launch):
        return 0
    return launch_ledger.reserve_people(tools.store, launch, campaign, tools.most_age_s, limit=request.limit)


def prepare(tools: LaunchTools, request: LaunchRequest) -> Counter[str]:
    """Store what is to be sent for everybody who is reserved; how many, by what became of them."""
    campaign, launch = _found(tools, request)
    return prepare_people(tools.store, launch, campaign) if _is_open(launch) else Counter()


def upload(tools: LaunchTools, request: LaunchRequest) -> Counter[str]:
    """Make the campaign if it is not there, and upload whoever is prepared; how many, by what became of them.

    Raises:
        Refused: Effects are paused, or the campaign may not be added to.
        OutcomeUnknown: Answers were lost; the next launch looks up what became of them.
    """
    campaign, launch = _found(tools, request)
    if not _is_open(launch) or not tools.store.call("has_people_to_upload", {"wanted_campaign": campaign.name}):
        return Counter()
    instantly_id = ensure_campaign(
        tools.store,
        tools.client,
        campaign.name,
        partial(_payload, tools, campaign),
        check_pause=tools.check_pause,
        settle_s=tools.settle_s,
        sleep=tools.sleep,
    )
    check_activation(tools, campaign, activate=request.activate)
    # Instantly may show other mails than were sent, or somebody made a campaign with our marker, which sends already.
    _look(tools, campaign, launch)
    uploader = Uploader(
        store=tools.store,
        client=tools.client,
        launch=launch,
        instantly_campaign_id=instantly_id,
        check_pause=tools.check_pause,
        leads_per_upload=tools.leads_per_upload,
    )
    counts = uploader.run()
    counts["removed"] += launch_activation.remove_suppressed(tools.store, tools.client, campaign.name)
    return counts


def activate(tools: LaunchTools, request: LaunchRequest) -> bool:
    """Set the campaign sending, if that was asked for; whether it was.

    Raises:
        Refused: Preflight, pause switch or the campaign's status stands against it.
        ContractError: Instantly shows other people than were sent.
    """
    campaign, launch = _found(tools, request)
    instantly_id = known_campaign(tools.store, campaign.name)
    if not _is_open(launch) or instantly_id is None or not _holds_people(tools, campaign):
        return False
    # First, because a sweep may have taken them out already, and they are not to be read back.
    launch_activation.remove_suppressed(tools.store, tools.client, campaign.name)
    launch_activation.read_back(tools.store, tools.client, campaign.name, instantly_id)
    # By what this run was asked for: the open launch that it continues may have been begun to be set sending.
    if not request.activate or not _holds_people(tools, campaign):
        return False
    launch_activation.activate_campaign(
        tools.store,
        tools.client,
        campaign,
        instantly_id,
        now=datetime.now(UTC),
        check_pause=tools.check_pause,
    )
    return True


def confirm(tools: LaunchTools, request: LaunchRequest) -> Launch:
    """The launch as it stands at its end, after watching whether its campaign sends.

    Raises:
        PermanentError: It was set sending and does not send.
        Refused: Some of its people are not at Instantly yet.
    """
    campaign, launch = _found(tools, request)
    if not _is_open(launch):
        return launch
    instantly_id = known_campaign(tools.store, campaign.name)
    if instantly_id is None or not _holds_people(tools, campaign):
        outcome = "nobody was uploaded"
    elif request.activate:
        status = launch_activation.confirm_sending(tools.store, tools.client, campaign.name, instantly_id, tools.watch)
        outcome = status.message
    else:
        outcome = "the campaign is left as it is at Instantly, for a person to look at"
    waiting = _count_in(tools, campaign, _TO_BE_UPLOADED)
    if waiting:
        raise Refused(
            f"{waiting} people of {campaign.name} are not at Instantly yet: another run is at it, or a request without "
            "an answer may still take effect. Launch again in ten minutes; it goes on with them."
        )
    launch_ledger.end_launch(tools.store, launch, "done", outcome)
    return launch_ledger.launch_of_key(tools.store, request.launch_key)


def abandon(tools: LaunchTools, campaign_name: str) -> int:
    """Give the open launch of a campaign up; how many people were released, of whom Instantly was never told.

    Raises:
        Refused: There is none, or somebody is still in doubt.
    """
    launch = launch_ledger.open_launch(tools.store, campaign_name)
    if launch is None:
        raise Refused(f"No launch of {campaign_name} is open. `outreach status` shows how it stands.")
    instantly_id = known_campaign(tools.store, campaign_name)
    if instantly_id is not None:
        Uploader(
            store=tools.store,
            client=tools.client,
            launch=launch,
            instantly_campaign_id=instantly_id,
            check_pause=tools.check_pause,
        ).settle_doubtful()
    answer = tools.store.call("abandon_launch", {"wanted_launch": launch.launch_id})
    if answer["doubtful"]:
        raise Refused(
            f"Of {answer['doubtful']} people it is not sure yet that Instantly does not hold them: a request without "
            "an answer may still take effect. Ask again in ten minutes."
        )
    return int(answer["released"])


def _found(tools: LaunchTools, request: LaunchRequest) -> tuple[Campaign, Launch]:
    launch = launch_ledger.launch_of_key(tools.store, request.launch_key)
    return stored_campaign(tools.store, launch.campaign_name), launch


def _payload(tools: LaunchTools, campaign: Campaign) -> dict[str, Any]:
    tag_ids = sender_tag_ids(tools.client, campaign)
    return campaign_payload(campaign, marker=marker_of(campaign.name), tag_ids=tag_ids)


def _look(tools: LaunchTools, campaign: Campaign, launch: Launch) -> Preflight:
    instantly_id = known_campaign(tools.store, campaign.name)
    found = preflight(
        tools.store,
        tools.client,
        campaign,
        instantly_campaign=None if instantly_id is None else {"id": instantly_id},
        now=datetime.now(UTC),
        # A plan that its own people have filled does not stand against the rest of a launch.
        people_to_upload=None if not launch.funnel or _count_in(tools, campaign, _NOT_THERE_YET) else 0,
    )
    found.raise_if_refused()
    return found


def _holds_people(tools: LaunchTools, campaign: Campaign) -> bool:
    """Whether Instantly holds anybody of the campaign who may be written to: an empty one is not set sending."""
    return _count_in(tools, campaign, ("uploaded", "active")) > 0


def _count_in(tools: LaunchTools, campaign: Campaign, states: Sequence[str]) -> int:
    """How many people of a campaign are in one of these states."""
    return tools.store.count(
        "campaign_leads", lambda query: query.eq("campaign_name", campaign.name).in_("state", states)
    )


def _is_open(launch: Launch) -> bool:
    return launch.state == "open"
