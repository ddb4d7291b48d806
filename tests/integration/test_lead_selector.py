"""Whom a campaign may write to, in a real database: every rule alone, their order, and a model of all of them."""

from __future__ import annotations

import itertools
import uuid
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from modules.outreach.lead_selector import RULES, criteria, explain_leads, funnel_rows, select_leads
from tests.fakes.campaigns import campaign
from tests.fakes.people import People

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
OPEN = campaign(audience={"regions": {"eu": "legitimate_interest"}})
OTHER = campaign(name="other", title="Another one")


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


@pytest.fixture
def people(database):
    return People(database)


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


def told(people, wanted=OPEN, leads=None):
    """What is said of each lead: the rule against it, or its place."""
    rows = explain_leads(people.store, wanted, leads)
    return {row["lead_id"]: row["rule"] or row["rank"] for row in rows}


def funnel(people, wanted=OPEN, **asked):
    return {row["rule"]: row["people"] for row in select_leads(people.store, wanted, **asked).funnel}


def chosen(people, wanted=OPEN, **asked):
    """Addresses, in order."""
    first = select_leads(people.store, wanted, shown=1_000, **asked).first
    email_of = {str(row["lead_id"]): row["email"] for row in people.rows("select lead_id, email from leads")}
    return [email_of[each] for each in first]


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


@pytest.mark.parametrize(
    ("word", "title", "fits"),
    [
        ("head", "Head of Operations", True),
        ("head", "HEAD", True),
        ("head", "Forehead", False),
        ("head", "Header", False),
        ("head", "Head-of-Operations", True),
        ("head", "Head_of", False),
        ("head", "Head2", False),
        ("head", "Dept.Head", True),
        ("geschäftsführer", "GESCHÄFTSFÜHRER", True),
        ("geschäftsführer", "Geschäftsführerin", False),
        ("geschäftsführer", "Co-Geschäftsführer (Vertrieb)", True),
        ("führer", "Geschäftsführer", False),
        ("leiter", "Einkaufßleiter", False),
        ("c++", "Senior C++ Developer", True),
        ("c++", "C+ Developer", False),
        ("c++", "cc", False),
        (".net", "Head of .NET", True),
        (".net", "Head of anet", False),
        ("r&d", "VP R&D", True),
        ("(head)", "Deputy (Head)", True),
        ("a|b", "a", False),
        ("a|b", "a|b testing", True),
        ("head of", "Head of Operations", True),
        ("head  of", "Head of Operations", False),
        ("^head$", "head", False),
        ("[a-z]", "b", False),
        ("\\w", "x", False),
        ("\\", "a \\ b", True),
        ("ceo #1", "CEO #1", True),
        ("ceo", "C.E.O.", False),
        ("директор", "Генеральный ДИРЕКТОР", True),
        ("директор", "Директора", False),
        ("職", "職", True),
        ("職", "職員", False),
    ],
)
def test_title_words_are_whole_words_whatever_is_in_them(people, word, title, fits):
    lead_id = people.add("person@firm.example", job_title=title)
    wanted = campaign(audience__title_words=["something else", word])
    assert told(people, wanted) == {lead_id: 1 if fits else "other_title"}
    (lead,) = people.rows("select *, 90 as score, 100 as employees_count from leads")
    assert wanted.audience.lets_in(lead) is fits


def test_a_country_is_the_same_however_it_is_written(people):
    spelled = ["Germany", "DE", "Deutschland", "germany", " DEU ", "Federal Republic of Germany"]
    others = ["Austria", "AT", "Denmark", "Bavaria", "-", None]
    leads = {people.add(f"person@a{n}.example", country=each): None for n, each in enumerate(spelled)}
    left_out = {people.add(f"person@b{n}.example", country=each): "other_country" for n, each in enumerate(others)}
    found = told(people, campaign(audience__countries=["Deutschland"]))
    assert {lead_id: found[lead_id] for lead_id in left_out} == left_out
    assert {found[lead_id] for lead_id in leads} == set(range(1, 7))
    nobody = told(people, campaign(audience__countries=["JP"]))
    assert set(nobody.values()) == {"other_country"}


def test_each_region_has_its_own_basis_and_people_keep_theirs(people):
    bases = ["legitimate_interest", "consent", "contract", None]
    leads = {
        people.add(f"person@{region}{n}.example", region=region, lawful_basis=basis): (region, basis)
        for region in ("eu", "uk", "us")
        for n, basis in enumerate(bases)
    }
    found = told(people, campaign(audience__regions={"eu": "legitimate_interest", "uk": "consent"}))
    fitting = {leads[lead_id] for lead_id, rule in found.items() if isinstance(rule, int)}
    assert fitting == {("eu", "legitimate_interest"), ("uk", "consent")}
    assert {leads[each][0] for each, rule in found.items() if rule == "region_without_basis"} == {"us"}


def test_a_campaign_that_asks_for_little_takes_whom_nothing_is_known_of(people):
    people.add("a@firm.example", score=None, employees=None, job_title=None, country=None, search_name=None)
    assert funnel(people) == {"chosen": 1}


def test_nobody_at_all_is_an_empty_funnel(people):
    assert select_leads(people.store, OPEN).funnel == []
    assert funnel_rows([])[-1] == {"rule": "chosen", "people": 0, "left": 0}


# --- a model of all the rules ---------------------------------------------------------------------------------------

COUNTRY_CODES = {"Germany": "DE", "DE": "DE", "Deutschland": "DE", "France": "FR", "Narnia": None, None: None}
TITLES = ["Head of Operations", "Geschäftsführer", "C++ Lead", "Forehead", None]
DOMAINS = ["one.example", "two.example"]


def mostly(values):
    """The first one four times as often as all others together."""
    return st.sampled_from([values[0]] * 4 * (len(values) - 1) + values[1:])


leads_of_a_world = st.lists(
    st.fixed_dictionaries(
        {
            "person": st.sampled_from("abcdef"),
            "email_domain": mostly(["one.example", "two.example", None]),
            "company_domain": st.sampled_from([*DOMAINS, "three.example", None]),
            "is_free_mail": mostly([False, True, None]),
            "is_described": mostly([True, False]),
            "score": st.sampled_from([None, 0, 40, 40, 60, 90]),
            "status": mostly(["new", "listed", "unknown", "replied", "active"]),
            "is_in_campaign": mostly([False, True]),
            "last_contacted_at": mostly([None, "2020-02-01T09:00:00Z"]),
            "email_status": mostly(["verified", "guessed", None]),
            "is_role_address": mostly([False, True, None]),
            "is_disposable": mostly([False, True, None]),
            "region": mostly(["eu", "us", "uk"]),
            "lawful_basis": mostly(["legitimate_interest", "consent", None]),
            "search_name": mostly(["operations", "finance", None]),
            "country": st.sampled_from([*COUNTRY_CODES]),
            "job_title": st.sampled_from(TITLES),
        }
    ),
    min_size=1,
    max_size=12,
)
entries_of_a_world = st.lists(
    st.fixed_dictionaries(
        {
            "match_key": st.sampled_from([f"{person}@one.example" for person in "aghi"]),
            "company_key": st.sampled_from(DOMAINS),
            "mail_domain": st.sampled_from(DOMAINS),
            "is_ours": st.booleans(),
            "state": st.sampled_from(
                ["reserved", "uploading", "uploaded", "active", "finished", "unknown", "released"]
            ),
            "reason": st.sampled_from(["completed", "in_block_list", "value_missing"]),
        }
    ),
    max_size=4,
    unique_by=lambda entry: entry["match_key"],
)
campaigns_of_a_world = st.fixed_dictionaries(
    {
        "audience__regions": st.sampled_from([{"eu": "legitimate_interest"}, {"eu": "consent", "us": "consent"}]),
        "caps__people": st.sampled_from([None, None, 1, 2, 5]),
        "caps__people_per_company": st.integers(1, 3),
        "caps__people_per_domain": st.integers(1, 4),
        "audience__min_score": st.sampled_from([0, 0, 41]),
    },
    optional={
        "audience__searches": st.just(["operations"]),
        "audience__countries": st.just(["DE"]),
        "audience__min_employees": st.sampled_from([0, 50]),
        "audience__max_employees": st.sampled_from([10, 500]),
        "audience__title_words": st.sampled_from([["head"], ["c++", "GESCHÄFTSFÜHRER"]]),
    },
)
worlds = st.fixed_dictionaries(
    {
        "leads": leads_of_a_world,
        "entries": entries_of_a_world,
        "suppressed": st.sets(st.sampled_from(["b@one.example", "two.example", "three.example"]), max_size=1),
        "sizes": st.fixed_dictionaries({domain: st.sampled_from([None, 5, 100]) for domain in DOMAINS}),
        "campaign": campaigns_of_a_world,
        "limit": st.sampled_from([None, None, 0, 1, 2, 3, 20]),
    }
)


def built(people, world):
    """The world in the database; its leads as the model sees them."""
    leads = []
    for number, drawn in enumerate(world["leads"]):
        said = dict(drawn)
        person, domain = said.pop("person"), said["email_domain"]
        key = f"{person}@{domain or 'one.example'}" if said.pop("is_described") else None
        employees = world["sizes"].get(said["company_domain"])
        columns = {"match_key": key, "registrable_domain": domain, **said}
        email = f"{person}+{number}@{domain or 'one.example'}"
        lead_id = people.add(email, employees=employees, **columns)
        leads.append({"lead_id": lead_id, **columns, "employees_count": employees})
    wanted = campaign(**world["campaign"])
    launches = {True: people.launch(wanted), False: people.launch(OTHER)}
    for entry in world["entries"]:
        row = {name: entry[name] for name in ("match_key", "company_key", "mail_domain", "state")}
        reason = entry["reason"] if entry["state"] in {"released", "finished", "unknown"} else ""
        people.enter(launches[entry["is_ours"]], leads[0]["lead_id"], reason=reason, **row)
    for value in world["suppressed"]:
        people.suppress(value)
    return wanted, leads


def has_word(title, words):
    """Whether a word stands in the title with no letter, digit or underscore on either side."""
    text = f" {(title or '').casefold()} "
    for word in (each.casefold() for each in words):
        for start in range(len(text)):
            if text.startswith(word, start):
                around = text[start - 1] + text[start + len(word)]
                if not any(letter.isalnum() or letter == "_" for letter in around):
                    return True
    return False


def against(lead, everybody, world, wanted):
    """The first rule that speaks against a lead alone."""
    same = [each for each in everybody if each["match_key"] is not None and each["match_key"] == lead["match_key"]]
    mine = [each for each in world["entries"] if each["match_key"] == lead["match_key"]]
    reached_by = {lead["company_domain"], lead["registrable_domain"], lead["match_key"]}
    rules = {
        "not_described": lead["match_key"] is None or lead["email_domain"] is None,
        "suppressed": world["suppressed"] & reached_by,
        "reserved_here": any(each["state"] != "released" for each in mine),
        "in_campaign_at_instantly": any(each["is_in_campaign"] for each in same),
        "contacted_before": any(each["last_contacted_at"] for each in same),
        "stopped": any(each["status"] == "replied" for each in same),
        "status_unknown": any(each["status"] in {"unknown", "active"} for each in same),
        "refused_at_instantly": any((each["state"], each["reason"]) == ("released", "in_block_list") for each in mine),
        "address_not_verified": lead["email_status"] != "verified",
        "address_of_a_role": lead["is_role_address"] is not False,
        "address_for_minutes": lead["is_disposable"] is not False,
    }
    return first_of(rules) or against_by_audience(lead, wanted.audience)


def against_by_audience(lead, audience):
    """The first rule of the file's audience that speaks against a lead."""
    bases = {str(region): str(basis) for region, basis in audience.regions.items()}
    size, smallest, largest = lead["employees_count"], audience.min_employees, audience.max_employees
    rules = {
        "region_without_basis": lead["region"] not in bases,
        "other_lawful_basis": lead["lawful_basis"] != bases.get(lead["region"]),
        "other_search": audience.searches is not None and lead["search_name"] not in audience.searches,
        "other_country": audience.countries is not None and COUNTRY_CODES[lead["country"]] not in audience.countries,
        "other_size": (smallest is not None and (size is None or size < smallest))
        or (largest is not None and (size is None or size > largest)),
        "other_title": audience.title_words is not None and not has_word(lead["job_title"], audience.title_words),
        "score_too_low": (lead["score"] or 0) < audience.min_score,
    }
    return first_of(rules)


def first_of(rules):
    return next((rule for rule, applies in rules.items() if applies), None)


def company_of(lead):
    own = lead["registrable_domain"] if lead["is_free_mail"] is False else None
    return lead["company_domain"] or own or lead["match_key"]


def model(leads, world, wanted, limit):
    """What becomes of each lead, rule after rule, each over those whom the ones before it left."""
    live = [entry for entry in world["entries"] if entry["state"] != "released"]
    counted = [entry for entry in live if entry["state"] != "finished" or entry["is_ours"]]
    ours = sum(entry["is_ours"] for entry in live)
    rooms = [] if limit is None else [limit]
    if wanted.caps.people is not None:
        rooms.append(max(0, wanted.caps.people - ours))
    verdicts = {lead["lead_id"]: against(lead, leads, world, wanted) for lead in leads}
    fitting = [lead for lead in leads if verdicts[lead["lead_id"]] is None]
    fitting.sort(key=lambda lead: (lead["score"] is None, -(lead["score"] or 0), uuid.UUID(lead["lead_id"])))
    rules = [
        ("other_spelling", lambda lead: lead["match_key"], 1, {}),
        (
            "company_has_enough",
            company_of,
            wanted.caps.people_per_company,
            [entry["company_key"] for entry in counted],
        ),
        (
            "domain_has_enough",
            lambda lead: lead["email_domain"],
            wanted.caps.people_per_domain,
            [entry["mail_domain"] for entry in counted],
        ),
    ]
    left = fitting
    for rule, key_of, most, known in rules:
        kept, seen = [], list(known)
        for lead in left:
            if seen.count(key_of(lead)) < most:
                kept.append(lead)
            else:
                verdicts[lead["lead_id"]] = rule
            seen.append(key_of(lead))
        left = kept
    if rooms and len(left) >= min(rooms):
        taken = left[: min(rooms)]
        last = fitting.index(taken[-1]) if taken else -1
        for lead in fitting[last + 1 :]:
            verdicts[lead["lead_id"]] = "no_room"
        left = taken
    ranks = {lead["lead_id"]: rank for rank, lead in enumerate(left, start=1)}
    return {lead_id: (rule, ranks.get(lead_id)) for lead_id, rule in verdicts.items()}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(world=worlds)
def test_everybody_is_judged_as_a_model_of_the_rules_judges_them(people, world):
    with people.connection.transaction(force_rollback=True):
        wanted, leads = built(people, world)
        limit = world["limit"]
        expected = model(leads, world, wanted, limit)
        found = select_leads(people.store, wanted, limit=limit, shown=100)
        chosen_by_model = sorted((rank, lead_id) for lead_id, (_, rank) in expected.items() if rank)
        assert found.first == [lead_id for _, lead_id in chosen_by_model]
        assert found.chosen == len(found.first)
        counts = {}
        for rule, _ in expected.values():
            counts[rule or "chosen"] = counts.get(rule or "chosen", 0) + 1
        assert {row["rule"]: row["people"] for row in found.funnel} == counts

        without_limit = model(leads, world, wanted, None)
        explained = explain_leads(people.store, wanted, None)
        assert {row["lead_id"]: (row["rule"], row["rank"]) for row in explained} == without_limit

        # The part that the file's own class answers, for the preview.
        for lead in leads:
            assert wanted.audience.lets_in(lead) is (against_by_audience(lead, wanted.audience) is None)

        # A look at the best few never says anything else of a lead than a look at all.
        asked = criteria(people.store, wanted) | {"room": limit}
        by_limit = model(leads, world, campaign(**(world["campaign"] | {"caps__people": None})), limit)
        for horizon in range(1, len(leads) + 2):
            near = people.rows("select * from private.look_at_leads(%s, %s)", [Jsonb(asked), horizon])
            said = {str(row["lead_id"]): (row["verdict"], row["rank"]) for row in near}
            assert said.keys() == by_limit.keys()
            within = {each: told for each, told in said.items() if told[0] != "behind_the_horizon"}
            assert within == {each: by_limit[each] for each in within}
            if horizon >= len(leads):
                assert within == said


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
