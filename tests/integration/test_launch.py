"""A launch from its first step to its last, in a real database and at the stand-in."""

from __future__ import annotations

import pytest

from modules.outreach import launch_steps
from modules.outreach.launch_steps import LaunchRequest
from modules.shared.errors import ContractError, Refused
from tests.fakes.campaigns import BODY
from tests.fakes.instantly_server import DRAFT, instantly_server
from tests.fakes.launch_world import LaunchWorld

ACTIVATE = "POST /campaigns/{id}/activate"
MADE_AND_FILLED = ["POST /campaigns", "POST /leads/add"]
NAME = "Plans by hand [outreach:plans]"


@pytest.fixture(scope="module")
def running():
    with instantly_server(seed=3, campaigns=4, accounts=6, leads=60, days=40) as server:
        server.stand_in.world.settles_after_s = 0.0
        yield server


@pytest.fixture
def world(running, database, store, instant_retries):
    running.reset()
    world = LaunchWorld(running, database, store)
    world.apply()
    return world


def changes(world):
    return [each.operation for each in world.server.changing_requests]


def campaign_of(world):
    """Our campaign as Instantly shows it."""
    (row,) = world.rows("select instantly_campaign_id from campaign_creations")
    return world.server.ask("GET", f"/campaigns/{row['instantly_campaign_id']}").json()


def leads_of(world):
    """Leads of our campaign as Instantly has them, by address."""
    return {lead["email"]: lead for lead in world.server.workspace.leads.after(None, campaign_of(world)["id"])}


def change_there(world, **fields):
    world.server.workspace.campaigns.change(campaign_of(world)["id"], fields)
    world.server.stand_in.log.clear()


def test_a_launch_uploads_everybody_chosen_and_sets_the_campaign_sending(world):
    world.add_people(30)
    launch = world.launch()
    assert launch.state == "done"
    assert launch.funnel == [{"rule": "chosen", "people": 30}]
    assert "healthy" in launch.outcome
    assert world.ledger() == {"active": 30}
    assert world.at_instantly().keys() == {NAME}
    assert sorted(world.at_instantly()[NAME]) == sorted(world.people)
    assert changes(world) == [*MADE_AND_FILLED, ACTIVATE]
    assert campaign_of(world)["status"] == 1


def test_a_launch_that_is_run_again_under_its_key_does_nothing(world):
    world.add_people(3)
    first = world.launch()
    world.add_people(2)
    world.server.stand_in.log.clear()
    assert world.launch() == first
    assert changes(world) == []
    assert world.ledger() == {"active": 3}


def test_when_nobody_fits_no_campaign_is_made_and_nothing_is_activated(world):
    world.add_people(3, country="France", region="us")
    launch = world.launch()
    assert (launch.state, launch.outcome) == ("done", "nobody was uploaded")
    assert launch.funnel == [{"rule": "region_without_basis", "people": 3}]
    assert changes(world) == []
    assert world.at_instantly() == {}
    assert world.ledger() == {}


def test_when_everybody_chosen_is_released_no_campaign_is_made(world):
    world.add_people(2, first_name=None)
    launch = world.launch()
    assert (launch.state, launch.outcome) == ("done", "nobody was uploaded")
    assert changes(world) == []
    assert world.ledger() == {"released": 2}


def test_a_second_launch_of_a_running_campaign_adds_new_people_and_nobody_again(world):
    world.add_people(3)
    world.launch()
    sent = leads_of(world)
    world.add_people(2)
    world.add_person("person0+again@firm0.example", match_key="person0@firm0.example")
    world.server.stand_in.log.clear()
    assert world.launch("second").state == "done"
    assert changes(world) == ["POST /leads/add"]
    assert world.ledger() == {"active": 5}
    assert leads_of(world).keys() == {f"person{n}@firm{n}.example" for n in range(5)}
    assert leads_of(world).items() >= sent.items()
    assert world.launch("third").funnel == [{"rule": "reserved_here", "people": 6}]
    assert world.ledger() == {"active": 5}


def test_two_campaigns_share_no_person(world):
    world.add_people(4)
    world.launch(limit=2)
    world.apply(name="other", title="Another one")
    world.launch("second", campaign_name="other")
    at = world.at_instantly()
    assert {name: sorted(people) for name, people in at.items()} == {
        NAME: ["person0@firm0.example", "person1@firm1.example"],
        "Another one [outreach:other]": ["person2@firm2.example", "person3@firm3.example"],
    }


def test_a_limit_and_the_cap_of_the_file_hold_over_several_launches(world):
    world.apply(caps__people=5)
    world.add_people(9)
    reserved = []
    for key in ("first", "second", "third", "fourth"):
        world.launch(key, limit=2)
        reserved.append(sum(world.ledger().values()))
    assert reserved == [2, 4, 5, 5]
    assert leads_of(world).keys() == set(world.people[:5])


def test_a_launch_without_activate_leaves_a_draft_that_a_later_one_sets_sending(world):
    world.add_people(3)
    launch = world.launch(activate=False)
    assert (launch.state, launch.outcome) == (
        "done",
        "the campaign is left as it is at Instantly, for a person to look at",
    )
    assert changes(world) == MADE_AND_FILLED
    assert campaign_of(world)["status"] == 0
    assert world.ledger() == {"uploaded": 3}
    world.server.stand_in.log.clear()
    assert world.launch("second").state == "done"
    assert changes(world) == [ACTIVATE]
    assert campaign_of(world)["status"] == 1
    assert world.ledger() == {"active": 3}


def test_an_open_launch_of_a_draft_is_continued_and_set_sending_by_one_that_activates(world):
    world.add_people(3)
    draft = LaunchRequest(campaign_name="plans", launch_key="first")
    with world.tools() as tools:
        for step in (launch_steps.gate, launch_steps.candidates, launch_steps.reserve, launch_steps.prepare):
            step(tools, draft)
    world.launch("second")
    assert changes(world) == [*MADE_AND_FILLED, ACTIVATE]
    assert world.rows("select state, activates from launches") == [{"state": "done", "activates": True}]


def test_a_campaign_that_a_person_paused_goes_on_with_the_next_launch_that_activates(world):
    world.add_people(2)
    world.launch()
    change_there(world, status=2)
    world.add_people(1)
    world.launch("second", activate=False)
    assert (campaign_of(world)["status"], changes(world)) == (2, ["POST /leads/add"])
    world.launch("third")
    assert campaign_of(world)["status"] == 1
    assert world.ledger() == {"active": 3}


@pytest.mark.parametrize(
    ("columns", "changes_of_file", "reason"),
    [
        ({"first_name": None}, {}, "value_missing"),
        ({"first_name": " {}<> "}, {}, "value_missing"),
        ({"company_name": None}, {}, "value_missing"),
        ({"city": None}, {"sequence__1__variants__0__body": "In {{city}}? " + BODY}, "value_missing"),
        ({"line": None}, {"icebreaker": {"is_required": True}}, "no_opening_line"),
    ],
)
def test_who_lacks_a_value_that_the_copy_needs_is_released_with_the_reason(world, columns, changes_of_file, reason):
    world.apply(**changes_of_file)
    world.add_people(1)
    world.add_person("mara@gap.example", score=100, **columns)
    world.launch()
    assert world.rows("select email, state, reason, payload from campaign_leads where state = 'released'") == [
        {"email": "mara@gap.example", "state": "released", "reason": reason, "payload": None}
    ]
    assert leads_of(world).keys() == {"person0@firm0.example"}


def test_everything_lands_at_instantly_as_it_was_written_down(world):
    world.apply(sequence__1__variants__0__body="{{city}}, {{country}}, {{jobTitle}}, {{companyDomain}}: " + BODY)
    odd = {"first_name": "Zoë", "last_name": "O'Brien-Ünal", "company_name": 'Müller & "Söhne" GmbH'}
    world.add_person("zoe@firm.example", line="Größe: 100 % & mehr: “so” 🚚", **odd, city="Bad Säckingen")
    world.add_people(3, last_name=None)
    world.launch()
    shown = leads_of(world)
    stored = {
        row["email"]: row["payload"]
        for row in world.rows("select email, payload from campaign_leads where state = 'active'")
    }
    assert shown.keys() == stored.keys() == set(world.people)
    for email, payload in stored.items():
        standard = {name: value for name, value in payload.items() if name != "custom_variables"}
        assert {name: shown[email].get(name) for name in standard} == standard
        assert shown[email]["payload"].items() >= payload["custom_variables"].items()
    zoe = stored["zoe@firm.example"]
    assert (zoe["first_name"], zoe["last_name"], zoe["company_name"], zoe["personalization"]) == (
        "Zoë",
        "O'Brien-Ünal",
        'Müller & "Söhne"',
        "Größe: 100 % & mehr: “so” 🚚",
    )
    assert zoe["custom_variables"]["city"] == "Bad Säckingen"
    assert "last_name" not in stored["person1@firm1.example"]
    (sent,) = [each.body for each in world.server.requests if each.operation == "POST /leads/add"]
    assert {lead["email"]: lead for lead in sent["leads"]} == stored


def test_what_is_sent_for_a_person_stays_although_their_lead_changes_meanwhile(world):
    world.add_people(1)
    request = LaunchRequest(campaign_name="plans", launch_key="first", activate=True)
    with world.tools() as tools:
        for step in (launch_steps.gate, launch_steps.candidates, launch_steps.reserve, launch_steps.prepare):
            step(tools, request)
    world.connection.execute("update leads set first_name = 'Other', company_name = 'Other'")
    world.launch()
    assert leads_of(world)["person0@firm0.example"]["first_name"] == "Person0"


def test_adding_to_a_campaign_that_sends_without_saying_activate_is_refused(world):
    world.add_people(2)
    world.launch()
    world.add_people(2)
    world.server.stand_in.log.clear()
    with pytest.raises(Refused, match="is sending at Instantly: whoever is added is written to at once"):
        world.launch("second", activate=False)
    assert changes(world) == []
    assert world.ledger() == {"active": 2}


def test_a_campaign_that_somebody_sets_sending_between_the_steps_is_not_added_to(world):
    world.add_people(1)
    world.launch(activate=False)
    world.add_people(1)
    request = LaunchRequest(campaign_name="plans", launch_key="second")
    with world.tools() as tools:
        for step in (launch_steps.gate, launch_steps.candidates, launch_steps.reserve, launch_steps.prepare):
            step(tools, request)
        change_there(world, status=1)
        with pytest.raises(Refused, match="is sending at Instantly"):
            launch_steps.upload(tools, request)
    assert changes(world) == []
    assert world.ledger() == {"uploaded": 1, "reserved": 1}


def test_sending_that_the_file_does_not_allow_is_refused(world):
    world.apply(activate=False)
    world.add_people(1)
    with pytest.raises(Refused, match="says activate: false"):
        world.launch()
    assert changes(world) == []
    assert world.rows("select * from launches") == []


@pytest.mark.parametrize("status", [0, 1])
def test_a_campaign_with_our_mark_that_somebody_made_by_hand_is_not_filled(world, status):
    """What its mails say nobody of us has looked at, and it may be sending already."""
    world.add_people(2)
    made = world.server.ask("POST", "/campaigns", body=DRAFT | {"name": f"Copy of {NAME}"}).json()
    world.server.workspace.campaigns.change(made["id"], {"status": status})
    world.server.stand_in.log.clear()
    for key in ("first", "first", "second"):
        with pytest.raises(Refused, match="has 0 mails, and the file has 2"):
            world.launch(key)
    assert changes(world) == []
    assert not any(world.at_instantly().values())
    assert world.ledger() == {"reserved": 2}


def test_two_campaigns_with_our_mark_are_refused(world):
    world.add_people(2)
    for title in ("One", "Two"):
        world.server.ask("POST", "/campaigns", body=DRAFT | {"name": f"{title} [outreach:plans]"})
    world.server.stand_in.log.clear()
    with pytest.raises(Refused, match="2 campaigns at Instantly carry the marker"):
        world.launch()
    assert changes(world) == []
    assert world.ledger() == {"reserved": 2}


def test_a_campaign_that_was_deleted_at_instantly_is_refused_and_not_made_again(world):
    world.add_people(2)
    world.launch()
    world.server.ask("DELETE", f"/campaigns/{campaign_of(world)['id']}")
    world.add_people(1)
    world.server.stand_in.log.clear()
    with pytest.raises(Refused, match="it was deleted there"):
        world.launch("second")
    assert changes(world) == []
    assert world.at_instantly() == {}
    # Whoever may have been written to by it never comes again.
    assert world.ledger() == {"active": 2}


def test_a_campaign_that_was_deleted_at_instantly_is_made_anew_for_other_people_where_that_is_asked_for(world):
    world.add_people(2)
    world.launch()
    world.server.ask("DELETE", f"/campaigns/{campaign_of(world)['id']}")
    world.add_people(1)
    assert world.launch("second", recreate=True).state == "done"
    assert world.at_instantly() == {"Plans by hand [outreach:plans]": world.people[2:]}
    assert world.ledger() == {"finished": 2, "active": 1}


def test_a_campaign_that_is_there_is_not_made_anew(world):
    world.add_people(2)
    world.launch(limit=1)
    world.launch("second", recreate=True)
    assert world.at_instantly() == {"Plans by hand [outreach:plans]": world.people}


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"daily_limit": 5_000}, "daily_limit is 5000"),
        ({"stop_on_reply": False}, "stop_on_reply is False"),
        ({"open_tracking": True}, "open_tracking is True"),
        ({"email_list": ["somebody@elsewhere.example"]}, "sends by 1 accounts that the file does not name"),
        ({"sequences": [{"steps": []}]}, "has 0 mails"),
        ({"status": 3}, "the campaign is completed"),
        ({"status": -2}, "stopped by bounce protection"),
    ],
)
def test_a_campaign_that_was_changed_by_hand_is_refused_before_anybody_is_added(world, fields, told):
    world.add_people(2)
    world.launch(activate=False)
    world.add_people(2)
    change_there(world, **fields)
    with pytest.raises(Refused, match=told):
        world.launch("second")
    assert changes(world) == []
    assert world.ledger() == {"uploaded": 2}


def test_a_campaign_that_is_changed_between_upload_and_activation_is_not_set_sending(world):
    world.add_people(2)
    request = LaunchRequest(campaign_name="plans", launch_key="first", activate=True)
    with world.tools() as tools:
        for step in ("gate", "candidates", "reserve", "prepare", "upload"):
            getattr(launch_steps, step)(tools, request)
        change_there(world, daily_limit=5_000)
        with pytest.raises(Refused, match="daily_limit is 5000"):
            launch_steps.activate(tools, request)
    assert changes(world) == []
    assert world.ledger() == {"uploaded": 2}


def test_people_whom_instantly_shows_otherwise_than_sent_are_not_written_to(world):
    world.add_people(2)
    world.launch(activate=False)
    lead = leads_of(world)["person0@firm0.example"]
    world.server.workspace.leads.change(lead["id"], {"first_name": "Somebody"})
    world.server.stand_in.log.clear()
    with pytest.raises(ContractError, match="shows other values for them than were sent"):
        world.launch("second")
    assert changes(world) == []


def test_who_is_in_another_campaign_at_instantly_is_released_and_left_alone(world):
    world.add_people(2)
    there = next(row["id"] for row in world.server.workspace.campaigns.after(None))
    world.server.ask("POST", "/leads", body={"email": world.people[0], "campaign": there})
    world.launch()
    rows = world.rows("select email, state, reason from campaign_leads order by rank")
    assert rows == [
        {"email": world.people[0], "state": "released", "reason": "in_another_campaign"},
        {"email": world.people[1], "state": "active", "reason": ""},
    ]
    assert leads_of(world).keys() == {world.people[1]}


def test_who_is_on_the_block_list_there_is_released_and_not_chosen_again(world):
    world.add_people(2)
    world.server.ask("POST", "/block-lists-entries", body={"bl_value": world.people[0]})
    world.launch()
    rows = world.rows("select email, state, reason from campaign_leads order by rank")
    assert rows == [
        {"email": world.people[0], "state": "released", "reason": "in_block_list"},
        {"email": world.people[1], "state": "active", "reason": ""},
    ]
    assert {row["rule"] for row in world.launch("second").funnel} == {"reserved_here", "refused_at_instantly"}


def test_a_sender_that_is_not_fit_stops_the_launch_before_anybody_is_reserved(world):
    world.add_people(2)
    world.server.workspace.accounts.change(world.emails[0], {"status": 2})
    with pytest.raises(Refused, match="may not send"):
        world.launch()
    assert (changes(world), world.ledger()) == ([], {})
    world.make_senders_fit()
    assert world.launch().state == "done"


def test_a_launch_that_is_given_up_frees_only_whom_instantly_was_never_told_of(world):
    world.add_people(3)
    request = LaunchRequest(campaign_name="plans", launch_key="first", activate=True)
    with world.tools() as tools:
        for step in ("gate", "candidates", "reserve", "prepare"):
            getattr(launch_steps, step)(tools, request)
        assert launch_steps.abandon(tools, "plans") == 3
        with pytest.raises(Refused, match="No launch of plans is open"):
            launch_steps.abandon(tools, "plans")
    assert world.ledger() == {"released": 3}
    assert world.launch().state == "abandoned"
    world.launch("second")
    assert world.ledger() == {"released": 3, "active": 3}
