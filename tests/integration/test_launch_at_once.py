"""Many launches at once, in processes of their own: nobody is in two campaigns, and no campaign is there twice."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING

import pytest

from modules.outreach.launch_steps import LaunchRequest
from tests.fakes.killable_launches import Place, launch_at_once

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.local_supabase import SupabaseEnvironment
    from tests.fakes.launch_world import LaunchWorld

PEOPLE = 1_000
CAMPAIGNS = 5
PROCESSES = 50
PEOPLE_A_LAUNCH = 40
LEADS_PER_UPLOAD = 15
CLEAR_REFUSALS = ("are not at Instantly yet: another run is at it", "This launch has ended", "has ended. Launch again")


def names(count: int) -> list[str]:
    return [f"plans-{number}" for number in range(count)]


def place_of(world: LaunchWorld, supabase: SupabaseEnvironment, leads_per_upload: int) -> Place:
    # Every process lives, however slow it is, and none may think that another one is gone.
    return Place.of(supabase, world.server, leads_per_upload)._replace(settle_s=30.0)


def request_for(campaign: str, key: str, limit: int | None = PEOPLE_A_LAUNCH) -> LaunchRequest:
    return LaunchRequest(campaign_name=campaign, launch_key=key, limit=limit, activate=True)


def launched(
    world: LaunchWorld, place: Place, requests: Sequence[LaunchRequest], together_at: str = "reserve_people"
) -> Counter[str]:
    """How the processes ended; then those that were refused are launched again, one after the other."""
    ends = launch_at_once(place, requests, together_at=together_at)
    unclear = [each for each in ends if each != "done" and not any(told in each for told in CLEAR_REFUSALS)]
    assert not unclear, unclear[0]
    for campaign in dict.fromkeys(each.campaign_name for each in requests):
        [(is_open,)] = world.connection.execute(
            "select exists (select from launches where campaign_name = %s and state = 'open')", [campaign]
        ).fetchall()
        if is_open:
            assert launch_at_once(place, [request_for(campaign, f"again-{campaign}")]) == ["done"]
    return Counter("done" if each == "done" else "refused" for each in ends)


def check_nobody_twice(world: LaunchWorld, campaigns: Sequence[str]) -> None:
    rows = world.rows("select match_key, campaign_name, email, state from campaign_leads where state <> 'released'")
    assert len({row["match_key"] for row in rows}) == len(rows)
    assert {row["state"] for row in rows} == {"active"}
    snapshot = world.server.stand_in.snapshot()["workspaces"][0]["campaigns"]
    ours = [each for each in snapshot if "[outreach:" in each["name"]]
    assert sorted(each["name"].partition("[outreach:")[2] for each in ours) == sorted(f"{name}]" for name in campaigns)
    there = list(chain.from_iterable((lead["email"] for lead in each["leads"]) for each in ours))
    assert len(set(there)) == len(there)
    assert sorted(there) == sorted(row["email"] for row in rows)


def test_fifty_launches_at_once_share_a_thousand_people_without_taking_one_twice(launch_world, supabase):
    campaigns = names(CAMPAIGNS)
    for name in campaigns:
        launch_world.apply(name=name)
    launch_world.add_crowd(PEOPLE)
    place = place_of(launch_world, supabase, LEADS_PER_UPLOAD)
    requests = [request_for(name, f"{name}-{number}") for number in range(PROCESSES // CAMPAIGNS) for name in campaigns]
    ends = launched(launch_world, place, requests)
    check_nobody_twice(launch_world, campaigns)
    launches = launch_world.rows("select campaign_name, state from launches")
    assert {row["state"] for row in launches} == {"done"}
    reserved = launch_world.rows("select count(*) as people from campaign_leads")[0]["people"]
    assert reserved == PEOPLE_A_LAUNCH * len(launches)
    assert ends["done"] >= CAMPAIGNS


@pytest.mark.parametrize("keys", [("same", "same"), ("one", "another")], ids=["with one key", "with two keys"])
def test_two_launches_of_one_campaign_at_the_same_moment_are_one(keys, launch_world, supabase):
    launch_world.apply()
    launch_world.add_people(20)
    place = place_of(launch_world, supabase, 5)
    for together_at in ("begin_launch", "claim_campaign_creation", "doubtful_people"):
        launch_world.forget()
        launched(launch_world, place, [request_for("plans", key, None) for key in keys], together_at)
        check_nobody_twice(launch_world, ["plans"])
        assert launch_world.ledger() == {"active": 20}


def test_more_launches_than_there_are_people_leave_nobody_over(launch_world, supabase):
    campaigns = names(4)
    for name in campaigns:
        launch_world.apply(name=name)
    launch_world.add_people(30)
    place = place_of(launch_world, supabase, 4)
    launched(launch_world, place, [request_for(name, f"{name}-{turn}", 12) for turn in range(2) for name in campaigns])
    rows = launch_world.rows("select count(*) as people, count(distinct match_key) as persons from campaign_leads")
    assert rows == [{"people": 30, "persons": 30}]
    holding = [row["campaign_name"] for row in launch_world.rows("select distinct campaign_name from campaign_leads")]
    check_nobody_twice(launch_world, holding)
