from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modules.openai.icebreaker_facts import icebreaker_facts
from modules.openai.icebreaker_outcomes import Answer, Kind, Usage, classify

FACTS = icebreaker_facts(language="en", company_name="Haldenfreight", city="Leeds")
ANSWER = {"fact_ids": ["f1"], "evidence": "Haldenfreight", "skip_reason": None, "line": "A line."}

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6)
KEYS = st.sampled_from(
    [
        "status",
        "output",
        "type",
        "content",
        "text",
        "phase",
        "usage",
        "input_tokens",
        "input_tokens_details",
        "output_tokens",
        "cached_tokens",
        "error",
        "code",
        "incomplete_details",
        "reason",
        "model",
        "service_tier",
        "id",
        "line",
        "fact_ids",
    ]
)
WORDS = st.sampled_from(
    [
        "completed",
        "incomplete",
        "failed",
        "message",
        "output_text",
        "refusal",
        json.dumps(ANSWER),
        '{"line":"x"',
        "[" * 9_999,
    ]
)
anything = st.recursive(
    scalars | WORDS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=25
)


def completed(text: str, **more: Any) -> dict[str, Any]:
    content = [{"type": "output_text", "text": text, "annotations": []}]
    return {"status": "completed", "output": [{"type": "message", "role": "assistant", "content": content}], **more}


def kind_and_code(response: Any) -> tuple[Kind, str | None]:
    answer = classify(response, facts=FACTS)
    assert answer.line is None
    return answer.kind, answer.code


@settings(max_examples=400)
@given(anything)
def test_nothing_that_json_can_hold_raises(response: Any):
    answer = classify(response, facts=FACTS)
    assert isinstance(answer, Answer)
    assert (answer.line is not None) == (answer.kind is Kind.OK)
    assert all(isinstance(count, int) and count >= 0 for count in answer.usage)


@settings(max_examples=200)
@given(anything.map(json.dumps) | st.text(max_size=20))
def test_no_text_of_a_model_raises(text: str):
    assert classify(completed(text), facts=FACTS).kind in {Kind.OK, Kind.DECLINED, Kind.MALFORMED}


def test_a_good_answer_gives_line_evidence_and_what_is_billed():
    response = completed(
        json.dumps({**ANSWER, "fact_ids": ["F1 ", "f1", "f9"], "line": " A line. "}),
        id="resp_1",
        model="gpt-6-luna-2026-09-01",
        service_tier="flex",
        error=None,
        usage={
            "input_tokens": 1_700,
            "input_tokens_details": {"cached_tokens": 1_400, "cache_write_tokens": 100},
            "output_tokens": 90,
            "output_tokens_details": {"reasoning_tokens": 5},
        },
    )
    assert classify(response, facts=FACTS) == Answer(
        kind=Kind.OK,
        line="A line.",
        evidence="Haldenfreight",
        fact_ids=("f1", "f9"),
        usage=Usage(1_700, 1_400, 100, 90, 5),
        model="gpt-6-luna-2026-09-01",
        service_tier="flex",
        response_id="resp_1",
    )


def test_a_remark_on_the_way_is_not_the_answer():
    response = completed(json.dumps(ANSWER))
    remark = {"type": "message", "phase": "commentary", "content": [{"type": "output_text", "text": "Let me see."}]}
    response["output"] = [
        {"type": "reasoning", "summary": []},
        remark,
        {**response["output"][0], "phase": "final_answer"},
    ]
    assert classify(response, facts=FACTS).line == "A line."


def test_a_declined_line_says_why():
    text = json.dumps({"fact_ids": [], "evidence": "", "skip_reason": "unsafe_facts", "line": None})
    assert kind_and_code(completed(text)) == (Kind.DECLINED, "unsafe_facts")


def test_a_refusal_is_told_from_a_line():
    response = completed("")
    response["output"][0]["content"] = [{"type": "refusal", "refusal": "No."}]
    assert kind_and_code(response) == (Kind.REFUSAL, None)


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (None, (Kind.FAILED, "no_response")),
        ({}, (Kind.FAILED, "no_response")),
        (
            {"error": {"message": "x", "code": None, "type": "invalid_request_error"}},
            (Kind.FAILED, "invalid_request_error"),
        ),
        ({"status": "failed", "error": {"code": "server_error"}}, (Kind.FAILED, "server_error")),
        ({"status": "cancelled"}, (Kind.FAILED, "cancelled")),
        ({"status": "in_progress"}, (Kind.INCOMPLETE, "in_progress")),
        (
            {
                **completed('{"fact_ids": ["f1"], "evi'),
                "status": "incomplete",
                "incomplete_details": {"reason": "max_output_tokens"},
            },
            (Kind.INCOMPLETE, "max_output_tokens"),
        ),
        (
            {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}},
            (Kind.FILTERED, "content_filter"),
        ),
        (completed(""), (Kind.MALFORMED, "empty")),
        (completed("A line."), (Kind.MALFORMED, "not_json")),
        (completed('{"line": "A line."}'), (Kind.MALFORMED, "shape")),
        (completed(json.dumps({**ANSWER, "fact_ids": [1]})), (Kind.MALFORMED, "shape")),
        (completed(json.dumps({**ANSWER, "line": None})), (Kind.MALFORMED, "line_and_skip_reason")),
        (completed(json.dumps({**ANSWER, "skip_reason": "unsafe_facts"})), (Kind.MALFORMED, "line_and_skip_reason")),
        (
            completed(json.dumps({**ANSWER, "line": None, "skip_reason": "bored"})),
            (Kind.MALFORMED, "line_and_skip_reason"),
        ),
    ],
)
def test_an_answer_without_a_line_is_told_by_its_kind(response: Any, expected: tuple[Kind, str | None]):
    assert kind_and_code(response) == expected


def test_a_count_that_is_no_count_is_nought():
    usage = {"input_tokens": True, "output_tokens": -1, "input_tokens_details": {"cached_tokens": "7"}}
    answer = classify({"status": "failed", "usage": usage}, facts=FACTS)
    assert [type(count) for count in answer.usage] == [int] * 5
    assert answer.usage == Usage()


def test_what_was_billed_counts_in_every_case():
    usage = {"input_tokens": 10, "output_tokens": 400, "input_tokens_details": None}
    for response in ({"status": "incomplete", "usage": usage}, {"status": "failed", "usage": usage}):
        assert classify(response, facts=FACTS).usage == Usage(10, 0, 0, 400, 0)
