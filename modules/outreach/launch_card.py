"""What a launch would do, without doing it: whom it would write to, who is left out and why, how fast, at what cost.

Nothing is written to any vendor and nothing to the database.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from modules.outreach.campaign_table import stored_campaign
from modules.outreach.launch_campaign import is_there, known_campaign
from modules.outreach.launch_gate import check_fresh
from modules.outreach.launch_ledger import check_copy, open_launch, people_by_state
from modules.outreach.launch_preflight import preflight
from modules.outreach.launch_steps import check_activation
from modules.outreach.lead_selector import funnel_rows, select_leads
from modules.shared.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from modules.outreach.campaign_spec import Campaign
    from modules.outreach.launch_preflight import Preflight
    from modules.outreach.launch_steps import LaunchRequest, LaunchTools
    from modules.supabase.row_store import RowStore

Json = dict[str, Any]
MAILS_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchCard:
    """What a launch would do now.

    Attributes:
        campaign_name: The campaign file's.
        people: How many would be added.
        funnel: `rule`, `people` and how many were `left`; from everybody we know to the chosen.
        new_people_today: How many of the campaign can be written to today, and `bound_by` which limit.
        mails_today: With follow-ups.
        next_sending_day: As a date; `None`: never.
        senders: Mailboxes that may send, of all that the campaign names.
        lines_to_write: Opening lines that are still missing.
        dollars: What these cost, by what lines cost so far; `None`: none was paid for yet.
        refusals: What stands against the launch; empty: nothing does.
        warnings: What is worth a look.
        first_leads: Ids of those who would be written to first.
    """

    campaign_name: str
    people: int
    funnel: list[Json]
    new_people_today: int
    mails_today: int
    bound_by: str
    next_sending_day: str | None
    senders: str
    lines_to_write: int
    dollars: float | None
    refusals: list[str]
    warnings: list[str]
    first_leads: list[str]

    def as_json(self) -> Json:
        """Plain values; no person's name or address is among them."""
        return asdict(self) | {"facts": self.facts()}

    def facts(self) -> list[Json]:
        """The card's short facts, for people, each with its name."""
        cost = "unknown" if self.dollars is None else f"{self.dollars:.4f} dollars"
        return [
            {"fact": "people to add", "value": f"{self.people:,}"},
            {"fact": "new people today", "value": f"{self.new_people_today:,}, bound by {_words(self.bound_by)}"},
            {"fact": "mails today", "value": f"{self.mails_today:,}"},
            {"fact": "next sending day", "value": self.next_sending_day or "none"},
            {"fact": "senders that may send", "value": self.senders},
            {"fact": "opening lines to write", "value": f"{self.lines_to_write:,} ({cost})"},
        ]


def launch_card(tools: LaunchTools, request: LaunchRequest) -> LaunchCard:
    """Look at everything a launch looks at; nothing is changed anywhere.

    Raises:
        PermanentError: The campaign was never applied.
        RetryableError: Instantly or Supabase is out of reach.
    """
    campaign = stored_campaign(tools.store, request.campaign_name)
    instantly_id = known_campaign(tools.store, campaign.name)
    if request.recreate and instantly_id is not None and not is_there(tools.client, instantly_id):
        instantly_id = None
    found = preflight(
        tools.store,
        tools.client,
        campaign,
        instantly_campaign=None if instantly_id is None else {"id": instantly_id},
        now=datetime.now(UTC),
    )
    next_day = found.capacity.next_sending_day
    selection = select_leads(tools.store, campaign, limit=request.limit, shown=MAILS_SHOWN)
    refusals = [
        *_refusals(tools.check_pause),
        *_refusals(lambda: check_fresh(tools.store, tools.most_age_s)),
        *_refusals(lambda: check_copy(tools.store, campaign)),
        *_refusals(lambda: check_activation(tools, campaign, activate=request.activate)),
        *(reason.text for reason in found.refusals),
    ]
    return LaunchCard(
        campaign_name=campaign.name,
        people=selection.chosen,
        funnel=funnel_rows(selection.funnel),
        new_people_today=found.capacity.new_people_today,
        mails_today=found.capacity.mails_today,
        bound_by=found.capacity.binding,
        next_sending_day=None if next_day is None else next_day.isoformat(),
        senders=_senders(found),
        lines_to_write=selection.without_line,
        dollars=_dollars(tools.store, selection.without_line),
        refusals=refusals,
        warnings=[*_about_open_launch(tools.store, campaign), *(reason.text for reason in found.warnings)],
        first_leads=selection.first,
    )


def _refusals(check: Callable[[], None]) -> list[str]:
    try:
        check()
    except Refused as refused:
        return [str(refused)]
    return []


def _about_open_launch(store: RowStore, campaign: Campaign) -> list[str]:
    launch = open_launch(store, campaign.name)
    if launch is None or not launch.funnel:
        return []
    people = sum(people_by_state(store, launch).values())
    told = f"A launch of {campaign.name} is open: launching again goes on with its {people:,} people"
    return [f"{told} and chooses nobody else. Whom this card counts is for the launch after it."]


def _senders(found: Preflight) -> str:
    return f"{sum(verdict.is_eligible for verdict in found.senders)} of {len(found.senders)}"


def _words(code: str) -> str:
    return code.replace("_", " ")


def _dollars(store: RowStore, lines: int) -> float | None:
    """By what a written line has cost on average."""
    if lines == 0:
        return 0.0
    paid = [row for row in store.select("icebreaker_costs") if row["by_model"]]
    written = sum(row["by_model"] + row["by_template"] for row in paid)
    return lines * sum(float(row["cost_usd"]) for row in paid) / written if written else None
