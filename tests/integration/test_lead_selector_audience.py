"""Whom the audience of a campaign's file lets in, in a real database, however a value is written."""

from __future__ import annotations

import pytest

from modules.outreach.lead_selector import funnel_rows, select_leads
from tests.fakes.campaigns import campaign
from tests.fakes.lead_selection import OPEN, funnel, told


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
