from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modules.openai.icebreaker_checks import check_line
from modules.openai.icebreaker_facts import icebreaker_facts
from modules.openai.icebreaker_languages import LANGUAGES
from modules.openai.icebreaker_template import _PATTERNS, _filled, template_answer, template_line

odd_names = st.text(max_size=40) | st.sampled_from(
    [
        "Haldenfreight GmbH & Co. KG",
        "Müller",
        "Young & Sons",
        "NORDLICHT AG",
        "The Next",
        "Brandt A.P.",
        "O'Brien",
        "3D Works",
    ]
)
TYPICAL = {
    "job_title": "Head of Logistics",
    "company_name": "Haldenfreight GmbH",
    "employees_count": 1_200,
    "technologies": ["SAP", "HubSpot"],
    "city": "Köln",
    "founded_year": 1987,
}


@settings(max_examples=150)
@given(
    st.sampled_from(LANGUAGES),
    st.fixed_dictionaries(
        {"company_name": odd_names, "job_title": odd_names | st.just("Buyer"), "city": odd_names},
        optional={
            "employees_count": st.integers(0, 10**7),
            "founded_year": st.integers(1400, 2200),
            "technologies": st.lists(odd_names, max_size=2),
        },
    ),
)
def test_a_template_is_always_a_line_that_passes_or_none(language: str, values: dict[str, Any]):
    facts = icebreaker_facts(language=language, **values)
    answer = template_answer(facts)
    assert template_line(facts) == (answer.line if answer else None)
    if answer:
        assert check_line(answer.line, facts, evidence=answer.evidence, fact_ids=answer.fact_ids) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_pattern_passes_with_typical_facts(language: str):
    facts = icebreaker_facts(language=language, **TYPICAL)
    answers = list(_filled(_PATTERNS[language], facts))
    assert len(answers) == len(_PATTERNS[language]) >= 4
    for answer in answers:
        assert check_line(answer.line, facts, evidence=answer.evidence, fact_ids=answer.fact_ids) == [], answer.line


@pytest.mark.parametrize("language", LANGUAGES)
def test_different_firms_get_different_patterns_and_one_firm_always_the_same(language: str):
    lines = []
    for number in range(40):
        name = f"Firma{'abcdefghij'[number % 10]}{'klmn'[number // 10]}"
        facts = icebreaker_facts(language=language, **{**TYPICAL, "company_name": name})
        line = template_line(facts)
        assert line is not None
        assert line == template_line(facts)
        lines.append(line.replace(name, "X"))
    assert len(set(lines)) == len(_PATTERNS[language])


def test_without_a_company_or_anything_besides_there_is_none():
    assert template_line(icebreaker_facts(language="en")) is None
    assert template_line(icebreaker_facts(language="en", first_name="Ann", company_name="Haldenfreight")) is None


def test_the_legal_form_is_left_out_and_the_name_kept():
    line = template_line(icebreaker_facts(language="de", company_name="Haldenfreight GmbH", job_title="Einkäuferin"))
    assert line is not None
    assert "Haldenfreight" in line
    assert "GmbH" not in line
