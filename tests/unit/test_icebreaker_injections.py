from __future__ import annotations

import base64
import binascii
import codecs
import json
import re
from pathlib import Path
from typing import Any

import pytest

from modules.openai.icebreaker_checks import check_line
from modules.openai.icebreaker_facts import IcebreakerFacts, icebreaker_facts
from modules.openai.icebreaker_prompt import request_body
from modules.openai.icebreaker_template import template_answer

INJECTIONS: dict[str, list[str]] = json.loads(
    (Path(__file__).parents[1] / "fixtures" / "icebreakers" / "injections.json").read_text()
)
EVERY_INJECTION = [text for texts in INJECTIONS.values() for text in texts]
HONEST: dict[str, dict[str, Any]] = {
    "en": {
        "first_name": "Ann",
        "last_name": "Ferrer",
        "job_title": "Head of Logistics",
        "seniority": "head",
        "company_name": "Haldenfreight",
        "industry": "logistics",
        "employees_count": 120,
        "technologies": ["SAP", "Salesforce"],
        "city": "Leeds",
        "country": "United Kingdom",
        "description": "Regional freight for small manufacturers",
        "keywords": ["freight", "customs"],
    },
    "de": {
        "first_name": "Mara",
        "last_name": "Okonedo",
        "job_title": "Leiterin Logistik",
        "seniority": "head",
        "company_name": "Haldenfreight",
        "industry": "logistics",
        "employees_count": 120,
        "technologies": ["SAP", "Salesforce"],
        "city": "Kassel",
        "country": "Germany",
        "description": "Regionale Fracht für kleine Hersteller",
        "keywords": ["Fracht", "Zoll"],
    },
}
GOOD = {
    "en": ("With 120 people in the house, ", "I imagine that good coordination is a topic of its own on most days."),
    "de": ("Mit 120 Mitarbeitenden im Haus ", "haben Sie im Alltag sicher viele Themen gleichzeitig auf dem Tisch."),
}
FIELDS = [field for field, value in HONEST["en"].items() if not isinstance(value, int)]


def facts_with(language: str, field: str, payload: str) -> list[IcebreakerFacts]:
    """The payload alone in its field, behind what is honest, and in lists parted over several items."""
    honest = HONEST[language][field]
    values: list[Any] = (
        [[payload], [*honest, payload], payload.split()]
        if isinstance(honest, list)
        else [payload, f"{honest} {payload}", f"{honest}. {payload}"]
    )
    return [icebreaker_facts(language=language, **{**HONEST[language], field: value}) for value in values]


def what_an_obedient_model_writes(language: str, payload: str, turn: int) -> set[str]:
    """Lines with the payload, what it quotes and what it decodes to; each turn in another case, to stay fast."""
    start, rest = GOOD[language]
    parts = {payload[:3_000], *re.findall(r"[\"'](.{8,}?)[\"']", payload), *re.findall(r":\s*(.{8,})", payload)}
    parts |= {codecs.encode(payload, "rot13"), payload[::-1]} if len(payload) < 300 else set()
    for word in re.findall(r"[A-Za-z0-9+/]{16,}={0,2}", payload[:500]):
        try:
            parts.add(base64.b64decode(word, validate=True).decode())
        except (binascii.Error, UnicodeDecodeError):
            continue
    lines = {f"{start}{rest}"}
    for part in parts:
        bare = part.strip().rstrip(".!")
        spelled = (bare, bare.lower(), bare.upper(), bare.capitalize(), bare.title())[turn % 5]
        lines |= {f"{spelled}.", f"{start}{rest} {spelled}.", f"{start}{spelled}.", f"{spelled}, {start}{rest}"}
    return lines - {f"{start}{rest}"}


@pytest.mark.parametrize("language", HONEST)
def test_the_honest_line_passes_so_that_what_fails_fails_for_the_payload(language: str):
    facts = icebreaker_facts(language=language, **HONEST[language])
    assert facts.dropped == ()
    assert not check_line("".join(GOOD[language]), facts, evidence="120 people", fact_ids=["f7"])


def test_there_are_enough_injections_and_each_is_another():
    assert len(set(EVERY_INJECTION)) == len(EVERY_INJECTION) >= 150
    assert all(texts for texts in INJECTIONS.values())


@pytest.mark.parametrize(
    ("language", "field"),
    [*(("en", field) for field in FIELDS), *(("de", field) for field in ("job_title", "company_name", "description"))],
)
def test_no_line_of_a_model_that_obeys_a_payload_passes(language: str, field: str):
    accepted = []
    tried: set[tuple[IcebreakerFacts, str]] = set()
    for turn, payload in enumerate(EVERY_INJECTION, FIELDS.index(field)):
        lines = what_an_obedient_model_writes(language, payload, turn)
        for facts in facts_with(language, field, payload):
            for line in lines:
                if (facts, line) not in tried:
                    tried.add((facts, line))
                    cited = next(fact for fact in facts.facts if fact.kind == "employees_count")
                    if not check_line(line, facts, evidence="120 people", fact_ids=[cited.id]):
                        accepted.append((payload, line))
    assert accepted == []


@pytest.mark.parametrize("language", HONEST)
def test_a_payload_as_evidence_is_refused(language: str):
    facts = icebreaker_facts(language=language, **HONEST[language])
    for payload in EVERY_INJECTION:
        problems = check_line("".join(GOOD[language]), facts, evidence=payload, fact_ids=["f7"])
        assert "evidence" in {problem.rule for problem in problems}, payload


@pytest.mark.parametrize("field", FIELDS)
def test_what_reaches_the_model_of_a_payload_is_dropped_or_too_plain_to_order_anything(field: str):
    for payload in EVERY_INJECTION:
        facts = facts_with("en", field, payload)[0]
        sent = [fact.text for fact in facts.facts if fact.kind == field]
        # What is nothing but tags is empty when it is clean, and twenty thousand times one word is only that word.
        assert not sent or set(sent[0].split()) == {"freight"}, payload
        is_listed = field in {dropped.kind for dropped in facts.dropped}
        assert sent or payload.startswith("<") or is_listed, payload


@pytest.mark.parametrize("field", [field for field in FIELDS if field != "company_name"])
def test_the_template_gives_an_honest_line_all_the_same(field: str):
    for payload in EVERY_INJECTION[:: 1 if field == "job_title" else 9]:
        for facts in facts_with("de", field, payload):
            answer = template_answer(facts)
            assert answer is not None
            assert not check_line(answer.line, facts, evidence=answer.evidence, fact_ids=answer.fact_ids)


def test_the_instructions_never_hold_anything_of_a_lead():
    bodies = [
        request_body(facts_with("en", "description", payload)[1], model="gpt-6-luna", cache_key="key")
        for payload in EVERY_INJECTION
    ]
    assert len({json.dumps({**body, "input": body["input"][0]}) for body in bodies}) == 1
