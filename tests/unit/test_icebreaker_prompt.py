from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modules.openai.icebreaker_checks import check_line
from modules.openai.icebreaker_fact_fields import Fact
from modules.openai.icebreaker_facts import IcebreakerFacts, icebreaker_facts
from modules.openai.icebreaker_outcomes import Kind, classify
from modules.openai.icebreaker_problem import problem
from modules.openai.icebreaker_prompt import (
    CANARY,
    PROMPT,
    SCHEMA,
    SKIP_REASONS,
    cache_key,
    estimated_tokens,
    load_prompt,
    request_body,
)

if TYPE_CHECKING:
    from pathlib import Path

FACTS = icebreaker_facts(language="en", first_name="Ann", company_name="Haldenfreight", city="Leeds")
EXAMPLES = [
    (json.loads(user), answer) for user, answer in re.findall(r"^User: (.+)\nAnswer: (.+)$", PROMPT.text, re.MULTILINE)
]


def body_of(facts: IcebreakerFacts = FACTS, **more: Any) -> dict[str, Any]:
    return request_body(facts, model="gpt-6-luna", cache_key="key", **more)


def test_the_fixed_part_is_long_enough_to_be_cached():
    assert len(PROMPT.text) / 4 > 1_024


@pytest.mark.parametrize(("given_facts", "answer"), EXAMPLES)
def test_every_example_obeys_the_rules_it_teaches(given_facts: dict[str, Any], answer: str):
    facts = IcebreakerFacts(given_facts["language"], tuple(Fact(**fact) for fact in given_facts["facts"]))
    blocks = [{"type": "output_text", "text": answer}]
    got = classify({"status": "completed", "output": [{"type": "message", "content": blocks}]}, facts=facts)
    assert list(json.loads(answer)) == SCHEMA["required"]
    assert got.kind in {Kind.OK, Kind.DECLINED}
    if got.line is not None:
        assert check_line(got.line, facts, evidence=got.evidence, fact_ids=got.fact_ids) == []


def test_the_examples_are_in_german_and_english_and_show_how_to_decline():
    assert 8 <= len(EXAMPLES) <= 12
    assert {facts["language"] for facts, _ in EXAMPLES} == {"de", "en"}
    assert sum('"line":null' in answer for _, answer in EXAMPLES) >= 2


def test_the_instructions_name_every_reason_to_skip_and_the_canary_once():
    assert all(reason in PROMPT.text for reason in SKIP_REASONS)
    assert PROMPT.text.count(CANARY) == 1


def test_the_schema_is_strict_and_has_the_evidence_before_the_line():
    assert list(SCHEMA["properties"]) == SCHEMA["required"] == ["fact_ids", "evidence", "skip_reason", "line"]
    assert SCHEMA["additionalProperties"] is False
    assert "default" not in json.dumps(SCHEMA)


def test_the_body_is_what_a_cheap_private_and_cached_request_needs():
    body = body_of()
    assert body["store"] is False
    assert body["reasoning"] == {"effort": "none"}
    assert body["text"]["verbosity"] == "low"
    assert body["text"]["format"] == {"type": "json_schema", "name": "icebreaker", "strict": True, "schema": SCHEMA}
    assert body["prompt_cache_options"] == {"mode": "explicit"}
    assert body["input"][0]["content"][0]["prompt_cache_breakpoint"] == {"mode": "explicit"}
    assert "temperature" not in body
    assert 200 <= body["max_output_tokens"] <= 1_000


def test_a_person_stands_in_the_user_message_only():
    body = body_of()
    assert json.loads(body["input"][1]["content"][0]["text"]) == FACTS.as_mapping()
    body["input"].pop()
    assert "Ann" not in json.dumps(body).replace("Answer", "")
    assert 'Haldenfreight",' not in json.dumps({**body, "input": []})


def test_a_second_try_is_told_what_was_wrong_and_keeps_the_fixed_part():
    again = body_of(problems=[problem("too_short"), problem("flattery")])
    assert json.loads(again["input"][1]["content"][0]["text"])["problems"] == [
        problem("too_short").message,
        problem("flattery").message,
    ]
    assert {**again, "input": again["input"][:1]} == {**body_of(), "input": body_of()["input"][:1]}


def test_the_version_changes_with_the_number_and_with_the_text(tmp_path: Path):
    path = tmp_path / "prompt.md"
    versions = set()
    for text in ("---\nversion: 1\n---\nWrite.", "---\nversion: 2\n---\nWrite.", "---\nversion: 1\n---\nWrite!"):
        path.write_text(text)
        versions.add(load_prompt(path).version)
    assert len(versions) == 3
    assert re.fullmatch(r"\d+-[0-9a-f]{8}", PROMPT.version)


@pytest.mark.parametrize("text", ["", "Write.", "---\nversion: one\n---\nWrite."])
def test_instructions_without_a_version_are_refused(tmp_path: Path, text: str):
    path = tmp_path / "prompt.md"
    path.write_text(text)
    with pytest.raises(ValueError, match="version"):
        load_prompt(path)


def test_the_estimate_counts_the_text_and_what_may_be_answered():
    body = body_of()
    longer = body_of(icebreaker_facts(language="en", description="freight " * 30))
    assert estimated_tokens(body) > len(PROMPT.text) / 4 + body["max_output_tokens"]
    assert estimated_tokens(longer) > estimated_tokens(body)


@given(st.text(max_size=40), st.floats(0, 100_000))
def test_a_lead_has_one_key_of_as_many_as_the_rate_needs(lead: str, rate: float):
    key = cache_key(PROMPT.version, lead, rate)
    assert key == cache_key(PROMPT.version, lead, rate)
    assert int(key.rpartition("-")[2]) < max(1, rate / 15 + 1)


def test_many_leads_spread_over_all_keys():
    assert len({cache_key("1-00000000", str(lead), 150) for lead in range(500)}) == 10
