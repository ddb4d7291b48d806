"""How many a campaign may write to, in a real database: the best first, up to its limit and each of its caps."""

from __future__ import annotations

import itertools
import uuid

import pytest

from modules.outreach.lead_selector import explain_leads, select_leads
from tests.fakes.campaigns import campaign
from tests.fakes.lead_selection import OPEN, chosen, funnel
from tests.fakes.people import OTHER


def test_the_best_come_first_and_of_two_that_are_equal_always_the_same_one(people):
    scores = [50, None, 100, 50, 0, 100, None, 75]
    added = [(people.add(f"person@firm{n}.example", score=score), score) for n, score in enumerate(scores)]
    order = sorted(added, key=lambda each: (each[1] is None, -(each[1] or 0), uuid.UUID(each[0])))
    assert select_leads(people.store, OPEN, shown=100).first == [lead_id for lead_id, _ in order]
    assert select_leads(people.store, OPEN, shown=3).first == [lead_id for lead_id, _ in order][:3]


def test_the_same_tables_give_the_same_people_however_their_rows_lie(people):
    launch = people.launch(OTHER)
    for number in range(60):
        domain = f"firm{number % 25}.example"
        lead_id = people.add(f"person{number}@{domain}", score=number % 4 * 20)
        if number % 7 == 0:
            people.enter(launch, lead_id, "finished" if number % 2 else "active")
    looks = [select_leads(people.store, OPEN, limit=20, shown=20), explain_leads(people.store, OPEN, None)]
    again = [select_leads(people.store, OPEN, limit=20, shown=20), explain_leads(people.store, OPEN, None)]
    assert again == looks
    people.connection.execute("cluster leads using leads_email_key")
    people.connection.execute("update leads set updated_at = now() where email like '%3%'")
    people.connection.execute("update lead_scores set scored_at = now() where score > 30")
    people.connection.execute("vacuum full analyze leads, lead_scores")
    assert [select_leads(people.store, OPEN, limit=20, shown=20), explain_leads(people.store, OPEN, None)] == looks
    people.connection.execute("create temporary table kept as select * from campaign_leads order by random()")
    people.connection.execute("truncate campaign_leads")
    people.connection.execute("insert into campaign_leads select * from kept")
    people.connection.execute("drop table kept")
    assert [select_leads(people.store, OPEN, limit=20, shown=20), explain_leads(people.store, OPEN, None)] == looks


@pytest.mark.parametrize(
    ("limit", "cap", "before", "expected"),
    [
        (None, None, 0, 6),
        (2, None, 0, 2),
        (None, 4, 0, 4),
        (None, 4, 1, 3),
        (None, 4, 4, 0),
        (None, 2, 4, 0),
        (2, 4, 1, 2),
        (3, 4, 3, 1),
        (5, 4, 4, 0),
        (6, None, 0, 6),
        (7, 100, 0, 6),
        (2_000_000_000, 2_000_000_000, 0, 6),
    ],
)
def test_neither_the_limit_nor_what_the_cap_leaves_is_exceeded(people, limit, cap, before, expected):
    wanted = campaign(**({} if cap is None else {"caps__people": cap}))
    launch = people.launch(wanted)
    # Those whom the campaign has written to fill its cap as well; those who were released do not.
    states = itertools.cycle(["finished", "active", "reserved", "unknown"])
    for number, state in zip(range(before), states, strict=False):
        people.enter(launch, people.add(f"known@old{number}.example"), state)
    people.enter(launch, people.add("gone@old.example", status="replied"), "released")
    for number in range(6):
        people.add(f"person@firm{number}.example")
    counts = funnel(people, wanted, limit=limit)
    assert counts.get("chosen", 0) == expected
    assert counts.get("no_room", 0) == 6 - expected


def test_a_company_is_written_to_as_often_as_its_cap_says_whatever_the_addresses(people):
    for number in range(4):
        people.add(f"person{number}@firm{number}.example", score=90 - number, company_domain="one.example")
    wanted = campaign(caps__people_per_company=3)
    assert chosen(people, wanted) == [f"person{number}@firm{number}.example" for number in range(3)]
    assert funnel(people, wanted) == {"company_has_enough": 1, "chosen": 3}


def test_a_mail_domain_is_written_to_as_often_as_its_cap_says_whatever_the_companies(people):
    for number in range(4):
        company = f"firm{number}.example"
        people.add(f"person{number}@one.example", score=90 - number, company_domain=company)
    wanted = campaign(caps__people_per_domain=2)
    assert chosen(people, wanted) == ["person0@one.example", "person1@one.example"]
    assert funnel(people, wanted) == {"domain_has_enough": 2, "chosen": 2}


@pytest.mark.parametrize(
    ("state", "same_campaign", "counts"),
    [(state, False, True) for state in ("reserved", "uploading", "uploaded", "active", "unknown")]
    + [("finished", False, False), ("finished", True, True), ("active", True, True), ("released", True, False)],
)
def test_caps_count_whom_other_live_campaigns_write_to_and_whom_this_one_ever_did(people, state, same_campaign, counts):
    launch = people.launch(OPEN if same_campaign else OTHER)
    # Somebody at the company with an address elsewhere, and somebody with an address there who works elsewhere.
    for email, company in [("known@elsewhere.example", "firm.example"), ("known@firm.example", "elsewhere.example")]:
        people.enter(launch, people.add(email, company_domain=company, status="replied"), state)
    people.add("colleague@other-mail.example", company_domain="firm.example")
    people.add("neighbour@firm.example", company_domain="third.example")
    rules = funnel(people, campaign(caps__people_per_company=1, caps__people_per_domain=1))
    expected = {"company_has_enough": 1, "domain_has_enough": 1} if counts else {"chosen": 2}
    assert {rule: rules.get(rule) for rule in expected} == expected


def test_people_at_free_mail_domains_are_no_company(people):
    for number in range(3):
        people.add(f"person{number}@free.example", company_domain=None, is_free_mail=True)
    one_each = campaign(caps__people_per_company=1, caps__people_per_domain=5)
    assert funnel(people, one_each) == {"chosen": 3}
    people.connection.execute("update leads set is_free_mail = false")
    assert funnel(people, one_each) == {"company_has_enough": 2, "chosen": 1}


def test_a_look_at_the_best_looks_further_when_caps_leave_too_few_of_them(people):
    # More people of one company than the horizon of a room of one holds, all better than everybody else.
    people.connection.execute(
        "insert into leads (email, match_key, email_domain, registrable_domain, company_domain, status, email_status, "
        "is_role_address, is_disposable, is_free_mail, region, lawful_basis) "
        "select e, e, 'crowd.example', 'crowd.example', 'crowd.example', 'new', 'verified', false, false, false, 'eu', "
        "'legitimate_interest' from generate_series(1, 2100) as n cross join lateral (select 'p' || n || "
        "'@crowd.example') as named (e)"
    )
    people.connection.execute(
        "insert into lead_scores (lead_id, score, reasons, rules_digest) select lead_id, 90, '[]', 'r' from leads"
    )
    people.add("last@firm.example", score=10)
    wanted = campaign(caps__people_per_company=1, caps__people_per_domain=1)
    assert chosen(people, wanted, limit=2)[1:] == ["last@firm.example"]
    assert funnel(people, wanted, limit=2) == {"company_has_enough": 2099, "chosen": 2}
    assert funnel(people, wanted, limit=1) == {"no_room": 2100, "chosen": 1}
