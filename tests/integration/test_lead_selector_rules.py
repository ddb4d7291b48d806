"""Whom a campaign may write to, in a real database: every rule alone, their order, and one person by many spellings."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import pytest

from modules.outreach.lead_selector import RULES, funnel_rows, select_leads
from tests.fakes.campaigns import campaign
from tests.fakes.lead_selection import OPEN, chosen, funnel, told
from tests.fakes.people import OTHER

AUDIENCE = {
    "regions": {"eu": "legitimate_interest", "uk": "consent"},
    "searches": ["operations", "logistics"],
    "min_score": 50,
    "countries": ["DE", "GB"],
    "min_employees": 20,
    "max_employees": 500,
    "title_words": ["head", "geschäftsführer"],
}
PLANS = campaign(audience=AUDIENCE)


@dataclass
class Fault:
    """What makes one rule leave a lead out: values of the lead, and what is known elsewhere."""

    columns: dict[str, Any]
    enter: dict[str, Any] | None = None
    is_suppressed: bool = False


FAULTS = {
    "not_described": [Fault({"match_key": None}), Fault({"email_domain": None})],
    "suppressed": [Fault({}, is_suppressed=True)],
    "reserved_here": [Fault({}, enter={"state": "reserved"}), Fault({}, enter={"state": "finished"})],
    "in_campaign_at_instantly": [Fault({"is_in_campaign": True})],
    "contacted_before": [Fault({"last_contacted_at": "2020-02-01T09:00:00Z"})],
    "stopped": [
        Fault({"status": status})
        for status in ("unsubscribed", "bounced", "not_interested", "wrong_person", "positive", "replied")
    ],
    "status_unknown": [Fault({"status": status}) for status in ("unknown", "active", "paused", "completed", "skipped")],
    "refused_at_instantly": [
        Fault({}, enter={"state": "released", "reason": reason})
        for reason in ("in_block_list", "invalid_at_instantly", "refused_at_instantly")
    ],
    "address_not_verified": [Fault({"email_status": status}) for status in ("unverified", "Verified", None)],
    "address_of_a_role": [Fault({"is_role_address": value}) for value in (True, None)],
    "address_for_minutes": [Fault({"is_disposable": value}) for value in (True, None)],
    "region_without_basis": [Fault({"region": region}) for region in ("us", "unknown", None)],
    "other_lawful_basis": [Fault({"lawful_basis": basis}) for basis in ("consent", "contract", None)],
    "other_search": [Fault({"search_name": name}) for name in ("finance", None)],
    "other_country": [Fault({"country": country}) for country in ("France", "Bavaria", "", None)],
    "other_size": [Fault({"employees": employees}) for employees in (19, 501, None)]
    + [Fault({"company_domain": None})],
    "other_title": [Fault({"job_title": title}) for title in ("Forehead of Operations", "", None)],
    "score_too_low": [Fault({"score": score}) for score in (49, None)],
}
RULES_OF_ONE_LEAD = list(FAULTS)


def add(people, launch, number, *faults):
    """A lead with these faults; where two say something of the same value, the first one does."""
    columns = {}
    for fault in reversed(faults):
        columns |= fault.columns
    email = f"person{number}@firm{number}.example"
    lead_id = people.add(email, **columns)
    for fault in faults:
        if fault.enter is not None:
            people.enter(launch, lead_id, match_key=email, **fault.enter)
        if fault.is_suppressed:
            people.suppress(email)
    return lead_id


def test_every_rule_leaves_out_whom_nothing_else_would(people):
    launch = people.launch(OTHER)
    numbers = itertools.count()
    expected = {add(people, launch, next(numbers)): 1}
    for rule, faults in FAULTS.items():
        expected |= {add(people, launch, next(numbers), fault): rule for fault in faults}
    assert told(people, PLANS) == expected


def test_of_two_rules_the_first_one_is_told(people):
    launch = people.launch(OTHER)
    expected = {
        add(people, launch, number, FAULTS[first][0], FAULTS[second][0]): first
        for number, (first, second) in enumerate(itertools.combinations(RULES_OF_ONE_LEAD, 2))
    }
    assert told(people, PLANS) == expected


def test_the_rules_in_words_are_those_of_the_database_in_their_order(people):
    ((names,),) = people.connection.execute("select private.selection_rules()").fetchall()
    assert [*names, "chosen"] == list(RULES)
    assert names[: len(RULES_OF_ONE_LEAD)] == RULES_OF_ONE_LEAD


def test_the_funnel_speaks_of_everybody_once_in_the_order_of_the_rules(people):
    launch = people.launch(OTHER)
    numbers = itertools.count()
    for faults in FAULTS.values():
        for fault in faults:
            add(people, launch, next(numbers), fault)
    for place in range(8):
        people.add(f"person{place}@crowd.example", score=60 + place)
    told_by_rule = select_leads(people.store, PLANS, limit=2)
    rules = [row["rule"] for row in told_by_rule.funnel]
    assert rules == [rule for rule in RULES if rule in rules]
    assert set(rules) == {*RULES_OF_ONE_LEAD, "no_room", "chosen"}
    everybody = people.rows("select count(*) as leads from leads")[0]["leads"]
    assert sum(row["people"] for row in told_by_rule.funnel) == everybody
    assert {row["rule"]: row["people"] for row in told_by_rule.funnel}["chosen"] == told_by_rule.chosen == 2
    rows = funnel_rows(told_by_rule.funnel)
    assert (rows[0]["left"], rows[-1]["left"], rows[-1]["people"]) == (everybody, 2, 2)
    assert all(after["left"] == before["left"] + after["people"] for before, after in itertools.pairwise(rows[:-1]))


def test_two_spellings_of_a_mailbox_are_one_person_and_the_better_known_one_is_written_to(people):
    people.add("mara+fair@firm.example", match_key="mara@firm.example", score=60)
    people.add("mara@firm.example", score=80)
    people.add("m.ara@firm.example", match_key="mara@firm.example", score=None)
    assert chosen(people) == ["mara@firm.example"]
    assert funnel(people) == {"other_spelling": 2, "chosen": 1}


@pytest.mark.parametrize(
    ("columns", "rule"),
    [
        ({"is_in_campaign": True, "status": "active"}, "in_campaign_at_instantly"),
        ({"last_contacted_at": "2020-02-01T09:00:00Z", "status": "unknown"}, "contacted_before"),
        ({"status": "unsubscribed"}, "stopped"),
        ({"status": "bounced"}, "stopped"),
        ({"status": "unknown"}, "status_unknown"),
    ],
)
def test_what_any_spelling_says_holds_for_the_person(people, columns, rule):
    people.add("mara+fair@firm.example", match_key="mara@firm.example", **columns)
    lead_id = people.add("mara@firm.example")
    assert told(people, OPEN, [lead_id]) == {lead_id: rule}


def test_who_is_in_the_ledger_or_suppressed_under_one_spelling_is_so_under_every_other(people):
    reserved = people.add("mara+fair@firm.example", match_key="mara@firm.example")
    people.enter(people.launch(OTHER), reserved, "reserved")
    lead_id = people.add("mara@firm.example")
    suppressed = people.add("teo+fair@firm.example", match_key="teo@firm.example")
    people.suppress("teo@firm.example")
    assert told(people, OPEN, [lead_id, suppressed]) == {lead_id: "reserved_here", suppressed: "suppressed"}


def test_a_released_row_lets_a_person_be_chosen_again_unless_instantly_refused_them(people):
    launch = people.launch(OTHER)
    for reason in ("value_missing", "abandoned", "in_another_campaign", "suppressed", "in_block_list"):
        name = reason.replace("_", "-")
        people.enter(launch, people.add(f"person@{name}.example"), "released", reason=reason)
    assert funnel(people) == {"refused_at_instantly": 1, "chosen": 4}
