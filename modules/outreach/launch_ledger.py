"""Launches and the people they reserve: the contact ledger in the database, and what its refusals mean.

A person is reserved in one transaction before the first call that could reach them. Starting a campaign again continues
its open launch; whoever was reserved stays so until a look-up at Instantly says what became of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from modules.outreach.launch_gate import MOST_AGE_S, stale_message
from modules.outreach.lead_selector import criteria
from modules.shared.errors import PermanentError, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from modules.outreach.campaign_spec import Campaign
    from modules.supabase.row_store import RowStore

Json = dict[str, Any]

_PAUSED = "Paused: nothing is sent to anybody. `outreach resume` goes on."


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """One launch of a campaign, over as many runs as it takes.

    Attributes:
        launch_id: Its key.
        campaign_name: The campaign file's.
        state: `open`, `done` or `abandoned`.
        activates: Whether any run of it was asked to set the campaign sending; each goes by what it was asked itself.
        people_limit: Most people that it reserves; `None`: as many as the campaign has room for.
        funnel: How the people were chosen; empty until they are.
        outcome: How it stands, in a sentence.
    """

    launch_id: str
    campaign_name: str
    state: str
    activates: bool
    people_limit: int | None
    funnel: list[Json]
    outcome: str


def begin_launch(
    store: RowStore,
    campaign: Campaign,
    *,
    launch_key: str,
    limit: int | None,
    activates: bool,
    run_id: str | None = None,
) -> Launch:
    """The launch of this key, or the campaign's open one, or a new one.

    Raises:
        Refused: The open one has other copy, or the key belongs to another campaign.
        PermanentError: The campaign was never applied.
    """
    answer = store.call(
        "begin_launch",
        {
            "request": {
                "campaign_name": campaign.name,
                "launch_key": launch_key,
                "spec_digest": campaign.digest(),
                "copy_digest": campaign.copy_digest(),
                "people_limit": limit,
                "activates": activates,
                "run_id": run_id,
            }
        },
    )
    match answer.get("refused"):
        case None:
            return _launch(answer)
        case "other_copy":
            raise Refused(_other_copy(campaign, answer["started_at"]))
        case "key_of_another_campaign":
            raise Refused(f"The key of this launch was used for {answer['campaign_name']} before. Use another one.")
        case refusal:
            raise PermanentError(
                f"The database knows no campaign {campaign.name} ({refusal}). `outreach campaigns apply`."
            )


def launch_of_key(store: RowStore, launch_key: str) -> Launch:
    """The launch that was begun under a key.

    Raises:
        PermanentError: None was.
    """
    keys = store.select("launch_keys", lambda query: query.eq("launch_key", launch_key))
    rows = store.select("launches", lambda query: query.eq("launch_id", keys[0]["launch_id"])) if keys else []
    if not rows:
        raise PermanentError(f"No launch was begun under the key {launch_key}. Run the launch from its first step.")
    return _launch(rows[0])


def open_launch(store: RowStore, campaign_name: str) -> Launch | None:
    """The launch of a campaign that has not ended; `None`: there is none."""
    rows = _open_rows(store, campaign_name)
    return _launch(rows[0]) if rows else None


def check_copy(store: RowStore, campaign: Campaign) -> None:
    """Return only if a launch would not go on with an open one whose mails say something else; nothing is begun.

    Raises:
        Refused: It would.
    """
    for row in _open_rows(store, campaign.name):
        if row["copy_digest"] != campaign.copy_digest():
            raise Refused(_other_copy(campaign, row["started_at"]))


def reserve_people(
    store: RowStore,
    launch: Launch,
    campaign: Campaign,
    most_age_s: Mapping[str, int] = MOST_AGE_S,
    *,
    limit: int | None = None,
) -> int:
    """Choose the people of a launch and write them into the ledger, in one transaction, once; how many are new.

    At most `limit` and no more than the launch was begun for: whoever continues it may ask for fewer.

    Raises:
        Refused: Data is stale, the switch is on pause, the launch has ended, or what the mails say has changed.
    """
    answer = store.call(
        "reserve_people",
        {
            "request": {
                "launch_id": launch.launch_id,
                "copy_digest": campaign.copy_digest(),
                "criteria": criteria(store, campaign),
                "people_limit": limit,
                "most_age_s": dict(most_age_s),
            }
        },
    )
    match answer.get("refused"):
        case None:
            return int(answer["reserved"])
        case "stale":
            raise Refused(stale_message(answer["stale"]))
        case "paused":
            raise Refused(_PAUSED)
        case "other_copy":
            raise Refused(f"What the mails of {campaign.name} say has changed since the launch began. Launch again.")
        case _:
            raise Refused(f"This launch of {campaign.name} has ended. Launch again to add people.")


def take_people(store: RowStore, launch: Launch, upload_id: str, most: int) -> list[Json]:
    """The next people to upload, noted as uploading: `campaign_lead_id`, `email` and the `payload` to send.

    Raises:
        Refused: The switch is on pause, or the launch has ended.
    """
    answer = store.call(
        "take_people_to_upload", {"wanted_launch": launch.launch_id, "this_upload": upload_id, "most": most}
    )
    if "refused" in answer:
        raise Refused(
            _PAUSED if answer["refused"] == "paused" else "This launch has ended; launch again to add people."
        )
    people: list[Json] = answer["people"]
    return people


def settle_people(store: RowStore, rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Note what became of people: `campaign_lead_id`, `state`, `reason`, `instantly_lead_id`; counts by new state."""
    return dict(store.call("settle_people", {"rows": list(rows)})) if rows else {}


def people_by_state(store: RowStore, launch: Launch) -> dict[str, int]:
    """How many people of a launch are in each state."""
    return dict(store.call("people_of_launch", {"wanted_launch": launch.launch_id}))


def end_launch(store: RowStore, launch: Launch, state: str, outcome: str) -> None:
    """Note how an open launch stands: `done`, or still `open` and why."""
    store.call("end_launch", {"wanted_launch": launch.launch_id, "end_state": state, "end_outcome": outcome})


def _open_rows(store: RowStore, campaign_name: str) -> list[Json]:
    return store.select("launches", lambda query: query.match({"campaign_name": campaign_name, "state": "open"}))


def _other_copy(campaign: Campaign, started_at: str) -> str:
    return (
        f"The launch of {campaign.name} that began at {started_at} is still open, and what the mails say has changed "
        f"since. Put the file back as it was and launch again to finish it, or give it up with "
        f"`outreach launch {campaign.name} --abandon`: whoever is not at Instantly yet is released then."
    )


def _launch(row: Mapping[str, Any]) -> Launch:
    return Launch(
        launch_id=row["launch_id"],
        campaign_name=row["campaign_name"],
        state=row["state"],
        activates=row["activates"],
        people_limit=row["people_limit"],
        funnel=row["funnel"],
        outcome=row["outcome"],
    )
