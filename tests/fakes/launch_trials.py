"""One launch, disturbed in every way, and what an undisturbed one makes of the same world."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from modules.outreach.campaign_payload import campaign_payload
from modules.outreach.launch_campaign import marker_of
from modules.outreach.launch_steps import LaunchRequest
from modules.shared.errors import OutreachError
from tests.fakes.killable_launches import Kill, Place, Watch, connected, launch_until
from tests.fakes.launch_world import run_launch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from modules.outreach.campaign_spec import Campaign
    from modules.outreach.launch_steps import LaunchTools
    from sandbox.local_supabase import SupabaseEnvironment
    from tests.fakes.launch_world import LaunchWorld

Json = dict[str, Any]

PEOPLE = 8
ELSEWHERE, BLOCKED, ADDED_BY_HAND = 1, 2, 6
"""Of the people: in another campaign, on Instantly's block list, and, where ours is there already, in it."""
LEADS_PER_UPLOAD = 3
MOST_RUNS = 3


@contextmanager
def trials_in(world: LaunchWorld, supabase: SupabaseEnvironment, *, over_rest: bool = False) -> Iterator[Trials]:
    """Those of one campaign, in a world that has nobody yet."""
    campaign = world.apply()
    world.add_people(PEOPLE)
    place, watch = Place.of(supabase, world.server, LEADS_PER_UPLOAD), Watch()
    with connected(place, watch, over_rest=over_rest) as tools:
        yield Trials(world, campaign, place, tools, watch)


@dataclass
class Trials:
    """A world that is made anew for each case.

    Attributes:
        tools: Of launches in this process, watched by `watch`.
        is_there: Whether somebody made the campaign by hand, marker and all, and put a person in.
        asked: What the undisturbed launch asked for, and of whom.
        snapshot: Of Instantly, at its end; `people`: state and reason of each person in the ledger.
    """

    world: LaunchWorld
    campaign: Campaign
    place: Place
    tools: LaunchTools
    watch: Watch
    is_there: bool = False
    asked: list[tuple[str, str]] = field(default_factory=list)
    snapshot: Json = field(default_factory=dict)
    people: list[Json] = field(default_factory=list)
    _by_hand: Json = field(default_factory=dict)

    def prepare(self, *, is_there: bool = False) -> None:
        """Launch once without any disturbance, and note what came of it."""
        if is_there:
            # What is sent for a person is what stands there already, else it would be refused as somebody else's.
            self.prepare()
            wanted = [self.world.people[ADDED_BY_HAND]]
            [row] = self.world.rows("select payload from campaign_leads where email = any (%s)", [wanted])
            self._by_hand = row["payload"]
        self.is_there = is_there
        self.begin()
        assert self.launch("first") == "done"
        self.asked = list(self.watch.asked)
        self.snapshot, self.people = self.server_snapshot(), self.standing()
        states = Counter((row["state"], row["reason"]) for row in self.people)
        assert states == {("active", ""): 6, ("released", "in_another_campaign"): 1, ("released", "in_block_list"): 1}

    def begin(self) -> None:
        """The world before the launch."""
        self.world.forget()
        self.watch.asked.clear()
        self.watch.meets = lambda *_: None
        workspace = self.world.server.workspace
        [other] = [row["id"] for row in workspace.campaigns.after(None)]
        owner = {"list_id": None, "owner_id": workspace.owner_id}
        workspace.leads.add({"email": self.world.people[ELSEWHERE]}, campaign_id=other, **owner)
        workspace.block_list.add(self.world.people[BLOCKED])
        if self.is_there:
            payload = campaign_payload(self.campaign, marker=marker_of(self.campaign.name), tag_ids=None)
            ours = workspace.campaigns.create(payload)["id"]
            workspace.leads.add(self._by_hand, campaign_id=ours, **owner)

    def requests_to(self, side: str) -> list[int]:
        """Numbers of the undisturbed launch's requests to one side, from 1."""
        return [number for number, (asked, _) in enumerate(self.asked, start=1) if asked == side]

    def launch(self, key: str) -> str:
        """Launch in this process; the launch's state, or the name of the error."""
        request = LaunchRequest(campaign_name=self.campaign.name, launch_key=key, activate=True)
        try:
            return run_launch(self.tools, request).state
        except OutreachError as error:
            return type(error).__name__

    def launch_killed(self, kill: Kill, key: str) -> int | None:
        """Launch in a process that is killed."""
        request = LaunchRequest(campaign_name=self.campaign.name, launch_key=key, activate=True)
        return launch_until(kill, self.place, request)

    def finish(self, key: str, case: str) -> None:
        """Launch again until it is done, and compare."""
        ends = []
        while len(ends) < MOST_RUNS and ends[-1:] != ["done"]:
            ends.append(self.launch(key))
        assert ends[-1] == "done", f"{case}: {ends}"
        self.check_whole(case)

    def check_whole(self, case: str) -> None:
        """Everything is as if nothing had happened, and nothing more is to come."""
        self.world.server.stand_in.catch_up()
        self.world.server.workspace.settle(time.monotonic())
        snapshot = self.server_snapshot()
        ours = [each["name"] for each in snapshot["campaigns"] if "[outreach:" in each["name"]]
        assert len(ours) == 1, f"{case}: {ours}"
        times = Counter(lead["email"] for each in snapshot["campaigns"] for lead in each["leads"])
        assert set(times.values()) <= {1}, f"{case}: {times}"
        assert self.standing() == self.people, case
        assert snapshot == self.snapshot, case
        assert self.world.rows("select state, count(*) from launches group by state") == [{"state": "done", "count": 1}]

    def standing(self) -> list[Json]:
        """How each person stands in the ledger."""
        return self.world.rows("select email, rank, state, reason, payload from campaign_leads order by rank, email")

    def server_snapshot(self) -> Json:
        """The workspace, without ids and moments."""
        workspace: Json = self.world.server.stand_in.snapshot()["workspaces"][0]
        return workspace
