"""Somebody wants to be left alone, or somebody stops everything, in the middle of a launch on the stand-in."""

from __future__ import annotations

import httpx
import pytest

from modules.outreach import launch_steps
from modules.outreach.launch_steps import LaunchRequest
from modules.outreach.suppression import Reason, Suppression, suppressed_value
from modules.outreach.suppression_sweep import suppressed_at_instantly, sweep
from modules.outreach.suppression_table import note, refresh_suppressions
from modules.shared.errors import Refused
from tests.fakes.instantly_server import instantly_server
from tests.fakes.launch_world import LaunchWorld, run_launch

STEPS = ("gate", "candidates", "reserve", "prepare", "upload", "activate", "confirm")
REQUEST = LaunchRequest(campaign_name="plans", launch_key="first", activate=True)
MARA = "person1@firm1.example"
BEFORE_UPLOAD = STEPS[1:5]
AFTER_UPLOAD = STEPS[5:]


class World(LaunchWorld):
    """A launch that is watched, and stopped where a test says so."""

    def run(self, steps, request=REQUEST):
        with self.tools() as tools:
            for step in steps:
                getattr(launch_steps, step)(tools, request)

    def suppress(self, text, reason=Reason.by_hand):
        kind, value = suppressed_value(text)
        note(self.store, [Suppression(kind=kind, value=value, reason=reason, source="hand", created_by="tests")])

    def told_instantly_of(self, email):
        """Whether any request that adds people had the address in it."""
        return any(email in str(each.body) for each in self.server.requests if each.operation == "POST /leads/add")

    def holds(self):
        """Addresses in our campaign at Instantly."""
        return sorted(email for people in self.at_instantly().values() for email in people)

    def campaign_id(self):
        return self.rows("select instantly_campaign_id from campaign_creations")[0]["instantly_campaign_id"]

    def read_from_instantly(self):
        """Leads of our campaign as the next sync finds them."""
        campaign_id = self.campaign_id()
        campaign = self.server.ask("GET", f"/campaigns/{campaign_id}").json()
        raw = {"row_digest": "d", "synced_at": self.now, "raw_json": {}}
        row = {"instantly_campaign_id": campaign_id, "campaign_status": campaign["status"]}
        self.insert("instantly_campaigns_raw", row | raw, conflict="do nothing")
        self.connection.execute("select refresh_campaigns()")
        for lead in self.server.workspace.leads.after(None, campaign_id):
            row = {"instantly_lead_id": lead["id"], "instantly_campaign_id": campaign_id, "email": lead["email"]}
            row |= {"lead_status": lead["status"], "email_reply_count": lead["email_reply_count"]}
            self.insert("instantly_leads_raw", row | raw, conflict="do nothing")

    def reply(self, email, campaign_id):
        """A mail of that person arrives, and is read by the next sync."""
        row = {"instantly_email_id": f"mail of {email}", "lead_email": email, "instantly_campaign_id": campaign_id}
        row |= {"email_type": 2, "is_auto_reply": False, "raw_json": {}}
        self.insert("instantly_emails_raw", row | {"row_digest": "d", "synced_at": self.now})
        refresh_suppressions(self.store)
        self.refresh()

    def sweep(self):
        with self.tools() as tools:
            return sweep(self.store, tools.client, suppressed_at_instantly(self.store))

    def state_of(self, email):
        (row,) = self.rows("select state, reason from campaign_leads where email = %s", [email])
        return row["state"], row["reason"]

    def others(self):
        return sorted(set(self.people) - {MARA})

    def operations(self):
        return [each.operation for each in self.server.changing_requests]


@pytest.fixture(scope="module")
def running():
    with instantly_server(seed=3, campaigns=2, accounts=3, leads=10, days=5) as server:
        server.stand_in.world.settles_after_s = 0.0
        yield server


@pytest.fixture
def world(running, database, store, instant_retries):
    running.reset()
    world = World(running, database, store)
    world.apply()
    world.add_people(4)
    return world


def split(step):
    """The steps before it, and it with those that follow."""
    place = STEPS.index(step)
    return STEPS[:place], STEPS[place:]


@pytest.mark.parametrize("value", [MARA, "firm1.example"])
@pytest.mark.parametrize("step", BEFORE_UPLOAD)
def test_who_is_suppressed_before_the_upload_is_never_told_to_instantly(world, step, value):
    before, after = split(step)
    world.run(before)
    world.suppress(value)
    world.run(after)
    assert not world.told_instantly_of(MARA)
    assert world.holds() == world.others()
    ledger = world.rows("select state, reason from campaign_leads where email = %s", [MARA])
    is_reserved_before = step not in {"candidates", "reserve"}
    assert ledger == ([{"state": "released", "reason": "suppressed"}] if is_reserved_before else [])
    assert world.ledger().get("active") == 3


@pytest.mark.parametrize("value", [MARA, "firm1.example"])
def test_who_is_suppressed_after_the_upload_is_taken_out_before_anything_is_sent(world, value):
    before, after = split("activate")
    world.run(before)
    assert MARA in world.holds()
    world.suppress(value)
    world.server.stand_in.log.clear()
    world.run(after)
    assert world.operations() == [
        "DELETE /leads/{id}",
        "POST /block-lists-entries/bulk-create",
        "POST /campaigns/{id}/activate",
    ]
    assert world.holds() == world.others()
    assert world.state_of(MARA) == ("finished", "suppressed")


def test_a_sweep_between_upload_and_activation_is_no_reason_to_stop(world):
    before, after = split("activate")
    world.run(before)
    world.suppress(MARA)
    world.read_from_instantly()
    assert world.sweep().removed == 1
    world.run(after)
    assert world.holds() == world.others()
    assert world.state_of(MARA) == ("finished", "suppressed")
    assert world.ledger() == {"active": 3, "finished": 1}


def test_when_everybody_is_suppressed_after_the_upload_nothing_is_set_sending(world):
    before, after = split("activate")
    world.run(before)
    for email in world.people:
        world.suppress(email)
    world.run(after)
    assert world.holds() == []
    assert "POST /campaigns/{id}/activate" not in world.operations()
    assert world.server.ask("GET", f"/campaigns/{world.campaign_id()}").json()["status"] == 0


@pytest.mark.parametrize("value", [MARA, "firm1.example"])
@pytest.mark.parametrize("step", ["confirm", None])
def test_who_is_suppressed_after_the_activation_is_removed_by_the_next_sweep(world, step, value):
    before, after = split(step) if step else (STEPS, ())
    world.run(before)
    world.suppress(value)
    world.run(after)
    assert MARA in world.holds()
    world.read_from_instantly()
    result = world.sweep()
    assert (result.removed, result.is_complete) == (1, True)
    assert world.holds() == world.others()
    world.connection.execute("select * from refresh_campaign_leads()")
    assert world.state_of(MARA) == ("finished", "removed_at_instantly")


def test_the_next_launch_of_a_running_campaign_takes_out_who_was_suppressed_since(world):
    world.run(STEPS)
    world.suppress(MARA)
    world.add_people(1)
    assert world.launch("second").state == "done"
    assert world.holds() == world.others()
    assert world.state_of(MARA) == ("finished", "suppressed")


@pytest.mark.parametrize("step", BEFORE_UPLOAD)
def test_who_answered_elsewhere_before_the_upload_is_not_written_to(world, step):
    before, after = split(step)
    world.run(before)
    world.reply(MARA, "another campaign")
    world.run(after)
    assert not world.told_instantly_of(MARA)
    assert world.holds() == world.others()


def test_who_answered_elsewhere_after_the_upload_is_taken_out(world):
    before, after = split("activate")
    world.run(before)
    world.reply(MARA, "another campaign")
    world.run(after)
    assert world.holds() == world.others()


def test_a_conversation_in_the_campaign_itself_is_left_there_by_the_next_launch(world):
    world.run(STEPS)
    world.reply(MARA, world.campaign_id())
    world.add_people(1)
    world.launch("second")
    assert MARA in world.holds()
    assert len(world.holds()) == 5


# --- the pause switch -----------------------------------------------------------------------------------------------


@pytest.fixture(params=["switch", "environment"])
def pause(request, world, monkeypatch):
    """Turns the pause switch, or what does the same for one machine, on or off."""

    def turn(*, is_on):
        if request.param == "switch":
            world.connection.execute("select set_pause(%s)", ["a look first" if is_on else None])
        elif is_on:
            monkeypatch.setenv("OUTREACH_PAUSED", "true")
        else:
            monkeypatch.delenv("OUTREACH_PAUSED")

    return turn


@pytest.mark.parametrize("step", STEPS)
def test_after_a_pause_between_two_steps_nothing_changes_at_instantly_and_the_launch_finishes_later(world, pause, step):
    before, after = split(step)
    world.run(before)
    pause(is_on=True)
    world.server.stand_in.log.clear()
    if step == "confirm":
        # It sends already; looking at it is all that is left.
        world.run(after)
    else:
        with pytest.raises(Refused, match=r"(?i)paused"):
            world.run(after)
    assert world.server.changing_requests == []
    if step != "confirm":
        # Asked for anew it stops at the gate, and whoever was reserved stays so.
        with pytest.raises(Refused, match=r"(?i)paused"):
            world.launch()
    assert world.server.changing_requests == []
    if step not in {"gate", "candidates", "reserve"}:
        assert sum(world.ledger().values()) == 4
    pause(is_on=False)
    assert world.launch().state == "done"
    assert world.ledger() == {"active": 4}
    assert world.holds() == sorted(world.people)
    assert len(world.at_instantly()) == 1


class PausesAfter(httpx.HTTPTransport):
    """Turns the switch on as soon as one request is answered."""

    def __init__(self, world, method, path):
        super().__init__()
        self.world, self.method, self.path = world, method, path

    def handle_request(self, request):
        answer = super().handle_request(request)
        if request.method == self.method and request.url.path.endswith(self.path):
            self.world.connection.execute("select set_pause('a look first')")
        return answer


@pytest.mark.parametrize(
    ("method", "path", "done"),
    [("POST", "/campaigns", ["POST /campaigns"]), ("POST", "/leads/add", ["POST /campaigns", "POST /leads/add"])],
)
def test_a_pause_in_the_middle_of_a_step_stops_the_next_effect(world, method, path, done):
    with world.tools(transport=PausesAfter(world, method, path)) as tools, pytest.raises(Refused, match=r"(?i)paused"):
        run_launch(tools, REQUEST)
    assert world.operations() == done
    world.connection.execute("select set_pause(null)")
    world.launch()
    assert world.operations() == ["POST /campaigns", "POST /leads/add", "POST /campaigns/{id}/activate"]
    assert world.ledger() == {"active": 4}


def test_a_switch_that_cannot_be_read_is_as_good_as_on(world):
    world.run(STEPS[:4])
    world.connection.execute("delete from pause_switch")
    with pytest.raises(Refused, match="lost its row"):
        world.launch()
    assert world.server.changing_requests == []
    world.connection.execute("select set_pause(null)")
    assert world.launch().state == "done"


def test_removing_who_must_not_be_contacted_goes_on_while_paused(world):
    before, after = split("activate")
    world.run(before)
    world.suppress(MARA)
    world.connection.execute("select set_pause('a look first')")
    world.server.stand_in.log.clear()
    with pytest.raises(Refused, match="Paused"):
        world.run(after)
    assert world.holds() == world.others()
    assert "POST /campaigns/{id}/activate" not in world.operations()
