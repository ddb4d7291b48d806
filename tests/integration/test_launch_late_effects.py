"""Uploads whose effect comes when nobody waits for it any more: given up, suppressed, or on a plan that is full."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from modules.outreach.launch_steps import abandon
from modules.outreach.suppression import Reason, Suppression, suppressed_value
from modules.outreach.suppression_table import note
from modules.shared.errors import Refused
from tests.fakes.launch_trials import BLOCKED, ELSEWHERE, LEADS_PER_UPLOAD, PEOPLE, trials_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes.launch_trials import Trials


@pytest.fixture
def trials(launch_world, supabase) -> Iterator[Trials]:
    with trials_in(launch_world, supabase) as trials:
        trials.begin()
        yield trials


@pytest.fixture
def late(trials) -> Trials:
    """A launch whose uploads all got no answer, and may still have their effect."""
    late = {"kind": "late", "requests": 1_000}
    trials.world.server.order_fault(method="POST", path="/leads/add", times=3, action=late)
    assert trials.launch("first") == "OutcomeUnknown"
    assert trials.world.ledger() == {"reserved": PEOPLE - 1, "released": 1}
    return trials


def state_of(trials: Trials, place: int) -> tuple[str, str]:
    email = trials.world.people[place]
    [row] = trials.world.rows("select state, reason from campaign_leads where email = %s", [email])
    return row["state"], row["reason"]


def suppress_the_first(trials: Trials) -> None:
    kind, value = suppressed_value(trials.world.people[0])
    fact = Suppression(kind=kind, value=value, reason=Reason.by_hand, source="hand", created_by="tests")
    note(trials.world.store, [fact])


def wait_ten_minutes(trials: Trials) -> None:
    trials.world.connection.execute("update campaign_leads set state_since = state_since - interval '10 minutes'")


def test_who_may_still_be_on_the_way_is_not_given_up_and_who_came_is_found(late):
    with pytest.raises(Refused, match="not sure yet"):
        abandon(late.tools, "plans")
    late.world.server.stand_in.catch_up()
    wait_ten_minutes(late)
    # The place of the one who is elsewhere was the next one's at the second try.
    came = [late.world.people[place] for place in (0, LEADS_PER_UPLOAD)]
    assert abandon(late.tools, "plans") == PEOPLE - 1 - len(came)
    assert state_of(late, 0) == ("uploaded", "")
    assert state_of(late, ELSEWHERE) == ("released", "in_another_campaign")
    assert state_of(late, BLOCKED) == state_of(late, PEOPLE - 1) == ("released", "abandoned")
    assert [people for people in late.world.at_instantly().values() if people] == [came]


def test_who_is_suppressed_while_on_the_way_is_kept_in_sight_and_taken_out_again(late):
    suppress_the_first(late)
    assert late.launch("first") == "Refused"
    assert state_of(late, 0) == ("reserved", "")
    late.world.server.stand_in.catch_up()
    assert late.launch("first") == "done"
    assert state_of(late, 0) == ("finished", "suppressed")
    assert late.world.people[0] not in [each for people in late.world.at_instantly().values() for each in people]


def test_who_is_suppressed_and_never_came_is_released_in_the_end(late):
    late.world.server.stand_in.late.clear()
    suppress_the_first(late)
    assert late.launch("first") == "Refused"
    wait_ten_minutes(late)
    assert late.launch("first") == "done"
    assert state_of(late, 0) == ("released", "suppressed")


def test_a_plan_that_its_own_people_filled_does_not_stop_the_rest_of_a_launch(trials):
    trials.world.server.order_fault(method="POST", path="*/activate", action={"kind": "cut"})
    assert trials.launch("first") == "OutcomeUnknown"
    workspace = trials.world.server.workspace
    workspace.lead_limit = len(workspace.leads)
    assert trials.launch("first") == "done"
