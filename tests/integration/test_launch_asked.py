"""What a run was asked for holds, whichever open launch it continues."""

from __future__ import annotations

import pytest

from modules.outreach import launch_steps
from modules.outreach.launch_steps import LaunchRequest
from modules.shared.errors import Refused


@pytest.fixture
def world(launch_world):
    launch_world.apply()
    launch_world.add_people(6)
    return launch_world


def refuse_for_a_sender(world, **request):
    """A launch that is begun, meets a sender who may not send, and stays open; the sender is mended then."""
    world.server.workspace.accounts.change(world.emails[0], {"status": 2})
    with pytest.raises(Refused, match="may not send"):
        world.launch("first", **request)
    world.make_senders_fit()


def was_activated(world):
    return any(entry.path.endswith("/activate") for entry in world.server.requests)


def test_a_run_that_does_not_activate_sets_no_open_launch_sending(world):
    refuse_for_a_sender(world, activate=True)
    launch = world.launch("second", activate=False)
    assert (launch.state, launch.outcome[:27]) == ("done", "the campaign is left as it ")
    assert world.ledger() == {"uploaded": 6}
    assert not was_activated(world)


def test_people_who_wait_for_a_run_that_activates_are_only_uploaded_by_one_that_does_not(world):
    asked = LaunchRequest(campaign_name="plans", launch_key="first", activate=True)
    with world.tools() as tools:
        for step in (launch_steps.gate, launch_steps.candidates, launch_steps.reserve, launch_steps.prepare):
            step(tools, asked)
    world.launch("second", activate=False)
    assert world.ledger() == {"uploaded": 6}
    assert not was_activated(world)
    world.launch("third", activate=True, limit=1)
    assert world.ledger() == {"active": 6}


@pytest.mark.parametrize(
    ("begun_for", "asked_for", "reserved"), [(None, 2, 2), (5, 2, 2), (2, 5, 2), (2, None, 2), (None, None, 6)]
)
def test_a_run_that_continues_a_launch_may_ask_for_fewer_people_and_gets_no_more(world, begun_for, asked_for, reserved):
    refuse_for_a_sender(world, limit=begun_for)
    world.launch("second", limit=asked_for)
    assert world.ledger() == {"active": reserved}
