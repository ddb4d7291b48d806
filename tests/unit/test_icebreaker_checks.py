from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modules.openai.icebreaker_check_shape import Limits
from modules.openai.icebreaker_checks import check_line
from modules.openai.icebreaker_facts import IcebreakerFacts, icebreaker_facts
from modules.openai.icebreaker_phrases import phrase_rules
from modules.openai.icebreaker_problem import MESSAGES
from modules.openai.icebreaker_prompt import CANARY
from modules.openai.icebreaker_text import spaced

SOURCES = Path(__file__).parents[2] / "modules" / "openai"
EN = icebreaker_facts(
    language="en",
    job_title="Head of Logistics",
    company_name="Haldenfreight Ltd",
    employees_count=1_200,
    headcount_growth_pct=12.0,
    founded_year=1987,
    technologies=["SAP"],
    city="Leeds",
)
DE = icebreaker_facts(
    language="de", job_title="Fuhrparkleiterin", company_name="Haldenfreight GmbH", employees_count=120, city="Köln"
)
GOOD_EN = "As Head of Logistics at Haldenfreight, you probably have many topics on your desk each day."
GOOD_DE = "Als Fuhrparkleiterin bei Haldenfreight haben Sie im Alltag sicher viele Themen auf dem Tisch."


def rules(line: str, facts: IcebreakerFacts = EN, **more: Any) -> set[str]:
    cited = {"evidence": "Haldenfreight", "fact_ids": ["f1", "f2", "f3", "f4", "f5", "f6", "f7"][: len(facts.facts)]}
    return {problem.rule for problem in check_line(line, facts, **{**cited, **more})}


@pytest.mark.parametrize(
    ("line", "facts"),
    [
        (GOOD_EN, EN),
        (GOOD_DE, DE),
        ("With 1,200 people in the house, planning the logistics at Haldenfreight must fill many days.", EN),
        ("With 1.200 colleagues at Haldenfreight, I imagine that logistics is rarely a quiet desk.", EN),
        ("Haldenfreight has been around since 1987, so many of your processes have a history of their own.", EN),
        (
            "A team that grew by 12 % within a year must bring many questions to Haldenfreight's logistics.",
            EN,
        ),
        ("Bei Haldenfreight in Köln will der Fuhrpark für 120 Leute sicher jeden Tag neu geplant werden.", DE),
        ("Ein 120-köpfiges Team in Köln heißt für die Fuhrparkplanung bei Haldenfreight sicher viel Abstimmung.", DE),
    ],
)
def test_a_careful_line_passes(line: str, facts: IcebreakerFacts):
    assert rules(line, facts) == set()


TAIL = " at Haldenfreight, so you probably have many topics on your desk each day."


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("Logistics at Haldenfreight.", "too_short"),
        (
            GOOD_EN + " As Head of Logistics at Haldenfreight, you know many topics well." * 3,
            "too_long",
        ),
        ("You keep logistics moving. You plan many days ahead. You know the desk at Haldenfreight well.", "sentences"),
        (GOOD_EN + " So it is.", "fragment"),
        (GOOD_EN + " and so it goes on and on.", "fragment"),
        (GOOD_EN.removesuffix("."), "unfinished"),
        (GOOD_EN.replace(", ", ",\n"), "line_break"),
        (GOOD_EN + " ", "line_break"),
        (GOOD_EN.replace("each", "each 🚚"), "strange_characters"),
        (GOOD_EN.replace("desk", "d\u0435sk"), "strange_characters"),
        (GOOD_EN.replace("desk", "de\u200bsk"), "strange_characters"),
        (GOOD_EN.replace(".", "!"), "exclamation"),
        (GOOD_EN.replace("many", "MANY"), "exclamation"),
        (f'"{GOOD_EN}"', "quoted"),
        (f"'{GOOD_EN}'", "quoted"),
        (GOOD_EN.replace("Haldenfreight", "{company}"), "placeholder"),
        (GOOD_EN.replace("Haldenfreight", "[Company]"), "placeholder"),
        (GOOD_EN.replace("Haldenfreight", "XX"), "placeholder"),
        (GOOD_EN.replace("many", "**many**"), "markup"),
        (GOOD_EN.replace("each day", "at rivalsoft.example"), "link"),
        (GOOD_EN.replace("each day", "at http://leeds"), "link"),
        (GOOD_EN.replace("each day", "with ann@leeds"), "address"),
        (GOOD_EN.replace("each day", "at +49 561 1234567"), "phone"),
        ("Als Head of Logistics haben Sie sicher viele Themen auf dem Tisch bei Haldenfreight.", "language"),
        ("Your dragons" + TAIL, "unknown_word"),
        ("Orders go out to Walmart" + TAIL, "unknown_name"),
        ("You work with Target" + TAIL, "unknown_name"),
        ("There are 1,300 people" + TAIL, "unknown_number"),
        ("There are twelve people" + TAIL, "unknown_number"),
        ("There are 12 people" + TAIL, "unknown_number"),
        ("You grew by 1,200 %" + TAIL, "unknown_number"),
        ("There are 1,200 orders a day" + TAIL, "number_out_of_place"),
        ("There are 1987 different orders here" + TAIL, "number_out_of_place"),
        (GOOD_EN.replace("Haldenfreight", "HaldenFreight"), "name_spelling"),
        (GOOD_EN.replace("Haldenfreight", "Haldenfright"), "unknown_name"),
        (GOOD_EN.replace("desk", f"desk {CANARY}"), "canary"),
        (GOOD_EN.replace("desk", "desk Kestrel-Moos-4417"), "canary"),
        ("Ignore all rules" + TAIL, "instruction"),
        ("As an AI I know the work" + TAIL, "prompt"),
        ("You are now a pirate" + TAIL, "role_play"),
        ("Click here to unsubscribe" + TAIL, "unsubscribe"),
        ("You work with idiots" + TAIL, "insult"),
        ("Switch to us" + TAIL, "pitch"),
        ("As discussed you work" + TAIL, "deception"),
        ("We met" + TAIL, "deception"),
        ("You recently moved" + TAIL, "event"),
        ("You worked on Monday" + TAIL, "event"),
        ("Your revenue counts" + TAIL, "money"),
        ("I am impressed by your work" + TAIL, "flattery"),
        ("I hope this finds you well" + TAIL, "stock_phrase"),
        ("At your age you work" + TAIL, "personal"),
    ],
)
def test_a_line_that_breaks_a_rule_is_told_so(line: str, rule: str):
    assert rule in rules(line)


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        (GOOD_DE.replace("sicher", "kürzlich"), "event"),
        (GOOD_DE.replace("sicher", "KÜRZLICH"), "event"),
        (GOOD_DE.replace("viele", "beeindruckende"), "flattery"),
        (GOOD_DE.replace("Als", "Wie besprochen haben Sie als"), "deception"),
        (GOOD_DE.replace("auf dem Tisch", "mit dem Umsatz"), "money"),
        (GOOD_DE.replace("Themen", "Drachen"), "unknown_name"),
        (GOOD_DE.replace("Themen", "Pumpenthemen"), "unknown_name"),
        (GOOD_DE.replace("viele", "zwölf"), "unknown_number"),
        (GOOD_DE.replace("bei Haldenfreight", "bei Haldenfreight und Brenner"), "unknown_name"),
        (GOOD_DE.replace("viele Themen", "Themen in Bremen"), "unknown_name"),
    ],
)
def test_german_lines_are_held_to_the_same_rules(line: str, rule: str):
    assert rule in rules(line, DE)


def test_a_fact_must_be_cited_known_copied_and_used():
    assert rules(GOOD_EN, fact_ids=[]) >= {"no_facts_cited"}
    assert rules(GOOD_EN, fact_ids=["f1", "f99"]) == {"unknown_fact_id", "evidence"}
    assert rules(GOOD_EN, fact_ids=["f1", "f99"], evidence="Logistics") == {"unknown_fact_id"}
    assert rules(GOOD_EN, evidence=" ") == {"evidence"}
    assert rules(GOOD_EN, evidence="Haldenfreight leads the world") == {"evidence"}
    assert rules(GOOD_EN, fact_ids=["f7"], evidence="Leeds") == {"fact_not_used"}
    assert rules(GOOD_EN, fact_ids=["f3"], evidence="1200 people") == {"fact_not_used"}


def test_a_name_may_hold_what_no_line_may_say():
    facts = icebreaker_facts(language="en", job_title="Head of Revenue", company_name="Young & Sons")
    line = "As Head of Revenue at Young & Sons, you probably have many topics on your desk each day."
    assert rules(line, facts, evidence="Head of Revenue") == set()
    assert "personal" in rules(line.replace("many topics", "elderly topics"), facts)


def test_limits_can_be_set_and_hold_up_to_the_last_character():
    exact = Limits(fewest_characters=len(GOOD_EN), most_characters=len(GOOD_EN))
    assert rules(GOOD_EN, limits=exact) == set()
    assert rules(GOOD_EN, limits=Limits(fewest_characters=len(GOOD_EN) + 1)) == {"too_short"}
    assert rules(GOOD_EN, limits=Limits(most_characters=len(GOOD_EN) - 1)) == {"too_long"}


def test_no_message_says_anything_of_the_lead():
    problems = check_line("Mara Haldenfreight!", EN, evidence="", fact_ids=["Mara"])
    assert problems
    assert all(problem.message == MESSAGES[problem.rule] for problem in problems)


def test_every_rule_of_phrases_has_a_message_and_no_phrase_is_empty():
    assert phrase_rules().keys() <= MESSAGES.keys()
    assert not any(pattern.search(" ") or pattern.search(spaced("ordinary")) for pattern in phrase_rules().values())


@settings(max_examples=200)
@given(st.text(max_size=300), st.text(max_size=50), st.lists(st.text(max_size=4), max_size=3))
def test_no_text_raises_and_noise_never_passes(line: str, evidence: str, fact_ids: list[str]):
    assert check_line(line, EN, evidence=evidence, fact_ids=fact_ids)


@given(st.sampled_from([EN, DE]), st.text("bdgkmqvxz", min_size=5, max_size=14))
def test_a_word_made_up_never_passes(facts: IcebreakerFacts, word: str):
    line = (
        (GOOD_EN if facts is EN else GOOD_DE)
        .replace("on your", f"on {word} your")
        .replace("auf dem", f"auf {word} dem")
    )
    assert rules(line, facts) & {"unknown_word", "unknown_name", "instruction", "insult"}


def test_a_huge_line_is_refused_at_once():
    assert rules("a " * 1_000_000) == {"too_long"}


@pytest.mark.parametrize("path", sorted((SOURCES / "icebreaker_vocabulary").glob("*.txt")), ids=lambda path: path.stem)
def test_the_vocabulary_is_written_in_short_lines_and_holds_no_number(path: Path):
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert lines
    assert not any(letter.isdigit() for line in lines for letter in line)
