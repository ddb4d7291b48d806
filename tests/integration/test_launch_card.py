"""The launch card: what a launch would do and what stands against it, all at once, and nothing is done."""

from __future__ import annotations

import json

import pytest

from modules.outreach import launch_steps
from modules.outreach.launch_card import MAILS_SHOWN, launch_card
from modules.outreach.launch_steps import LaunchRequest
from modules.shared.errors import PermanentError, Refused, RetryableError
from tests.fakes.campaigns import BODY
from tests.fakes.launch_world import LEDGER


@pytest.fixture
def world(launch_world):
    launch_world.apply()
    launch_world.add_people(5)
    launch_world.server.stand_in.log.clear()
    return launch_world


def card_of(world, **request):
    request = {"campaign_name": "plans", "launch_key": "card", "activate": True} | request
    with world.tools() as tools:
        return launch_card(tools, LaunchRequest(**request))


def told(card):
    return {row["fact"]: row["value"] for row in card.facts()}


def test_a_card_counts_the_people_and_what_their_senders_can_do(world):
    card = card_of(world)
    assert (card.campaign_name, card.people, card.refusals, card.senders) == ("plans", 5, [], "2 of 2")
    assert card.funnel == [
        {"rule": "everybody we know", "people": 5, "left": 5},
        {"rule": "chosen", "people": 5, "left": 5},
    ]
    assert 0 < card.new_people_today <= card.mails_today
    assert card.next_sending_day == world.now.date().isoformat()
    assert (card.lines_to_write, card.dollars) == (0, 0.0)
    assert told(card)["people to add"] == "5"
    assert told(card)["opening lines to write"] == "0 (0.0000 dollars)"


def test_looking_changes_nothing_on_either_side(world):
    before = [world.rows(f"select * from {table}") for table in (*LEDGER, "suppressions", "leads", "sync_runs")]
    card_of(world)
    card_of(world, limit=2, activate=False)
    after = [world.rows(f"select * from {table}") for table in (*LEDGER, "suppressions", "leads", "sync_runs")]
    assert after == before
    assert world.server.changing_requests == []


def test_who_is_left_out_is_counted_under_the_first_rule_that_applies(world):
    world.add_person("info@kontorhaus.example", is_role_address=True)
    world.add_person("gone@kontorhaus.example", email_status="invalid")
    funnel = card_of(world).funnel
    assert [(row["rule"], row["people"], row["left"]) for row in funnel] == [
        ("everybody we know", 7, 7),
        ("the address is not verified", -1, 6),
        ("the address is of a function, not of a person", -1, 5),
        ("chosen", 5, 5),
    ]


def test_a_limit_holds_and_the_first_are_the_best_in_their_order(world):
    ids = {row["email"]: str(row["lead_id"]) for row in world.rows("select email, lead_id from leads")}
    best_first = [ids[email] for email in world.people]
    assert card_of(world).first_leads == best_first[:MAILS_SHOWN]
    card = card_of(world, limit=2)
    assert (card.people, card.first_leads) == (2, best_first[:2])
    assert card.funnel[-2:] == [
        {"rule": "comes after the last one there was room for", "people": -3, "left": 2},
        {"rule": "chosen", "people": 2, "left": 2},
    ]
    assert world.launch(limit=2).state == "done"
    assert sorted(*world.at_instantly().values()) == sorted(world.people[:2])
    assert card_of(world).first_leads == best_first[2:]


def test_everything_that_stands_against_a_launch_is_told_at_once(world):
    world.apply(activate=False)
    world.connection.execute("select public.set_pause('the site moves')")
    world.connection.execute("update sync_runs set data_as_of = now() - interval '3 hours' where table_name = 'leads'")
    world.server.workspace.accounts.change(world.emails[0], {"status": 2})
    paused, stale, activation, sender = card_of(world).refusals
    assert "the site moves" in paused
    assert "- leads has no complete data newer than 3.0 hours" in stale
    assert "says activate: false" in activation
    assert "may not send" in sender
    assert card_of(world).senders == "1 of 2"
    # The launch itself meets the first of them.
    with pytest.raises(Refused, match="the site moves"):
        world.launch()


def test_what_would_be_refused_by_the_open_launch_is_told(world):
    begin_and_stop(world)
    world.apply(sequence__0__variants__0__body=BODY + "\nPS: by the way.")
    [refusal] = card_of(world).refusals
    assert "is still open, and what the mails say has changed since" in refusal
    with pytest.raises(Refused) as raised:
        world.launch("second")
    assert str(raised.value) == refusal


def test_an_open_launch_is_told_with_its_people(world):
    begin_and_stop(world, limit=2)
    card = card_of(world)
    assert card.refusals == []
    assert card.warnings[0].startswith("A launch of plans is open: launching again goes on with its 2 people")
    world.launch("second")
    assert world.ledger() == {"active": 2}
    assert not [text for text in card_of(world).warnings if "is open" in text]


def begin_and_stop(world, **request):
    with world.tools() as tools:
        asked = LaunchRequest(**{"campaign_name": "plans", "launch_key": "first", "activate": True, **request})
        for step in (launch_steps.gate, launch_steps.candidates, launch_steps.reserve, launch_steps.prepare):
            step(tools, asked)


def test_a_campaign_that_sends_is_told_where_nobody_asks_to_activate(world):
    world.launch(limit=1)
    [refusal] = card_of(world, activate=False).refusals
    assert "is sending at Instantly" in refusal
    assert card_of(world).refusals == []


def cost_of(world, *costs, source="model"):
    """Lines that were written for people of no campaign, and what each cost."""
    for number, cost in enumerate(costs):
        lead_id = world.add_person(f"paid{len(world.people)}@abroad{number}.example", region="us", line=None)
        world.connection.execute(
            "insert into icebreakers (lead_id, source, line, language, evidence, facts, facts_digest, prompt_version, "
            "model, cost_usd) values (%s, %s, 'A line.', 'en', 'e', '{}', 'd', 'p', 'm', %s)",
            (lead_id, source, cost),
        )


def test_lines_that_are_missing_cost_what_lines_cost_so_far(world):
    world.connection.execute("delete from icebreakers")
    card = card_of(world)
    assert (card.lines_to_write, card.dollars) == (5, None)
    assert told(card)["opening lines to write"] == "5 (unknown)"
    cost_of(world, 0.004, 0.002)
    # A pattern that took the place of a line that was paid for.
    cost_of(world, 0.003, source="template")
    card = card_of(world, limit=4)
    assert card.lines_to_write == 4
    assert card.dollars == pytest.approx(4 * 0.003)
    assert told(card)["opening lines to write"] == "4 (0.0120 dollars)"


def test_the_average_is_over_all_lines_and_not_over_models(world):
    world.connection.execute("delete from icebreakers")
    cost_of(world, 0.001, 0.001, 0.001)
    world.connection.execute("update icebreakers set model = 'another'")
    cost_of(world, 0.009)
    assert card_of(world).dollars == pytest.approx(5 * 0.003)


def test_a_card_names_no_person(world):
    card = json.dumps(card_of(world).as_json()).lower()
    named = [(email, email.partition("@")[0]) for email in world.people]
    assert [who for who in named if who[0] in card or who[1] in card] == []
    assert "weber" not in card


def test_what_cannot_be_looked_at_is_an_error_and_no_card(world):
    with pytest.raises(PermanentError, match="did you mean plans"):
        card_of(world, campaign_name="plan")
    world.server.order_fault(path="/accounts", action={"kind": "status", "status": 503}, times=None)
    with pytest.raises(RetryableError):
        card_of(world)
