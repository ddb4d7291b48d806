"""Whom a campaign may write to, in a real database, held to a model of all the rules."""

from __future__ import annotations

import uuid
from collections import Counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from modules.outreach.lead_selector import criteria, explain_leads, select_leads
from tests.fakes.campaigns import campaign
from tests.fakes.people import OTHER

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
    companies, domains = ([entry[key] for entry in counted] for key in ("company_key", "mail_domain"))
    rules = [
        ("other_spelling", lambda lead: lead["match_key"], 1, []),
        ("company_has_enough", company_of, wanted.caps.people_per_company, companies),
        ("domain_has_enough", lambda lead: lead["email_domain"], wanted.caps.people_per_domain, domains),
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


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
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
        counts = Counter(rule or "chosen" for rule, _ in expected.values())
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
