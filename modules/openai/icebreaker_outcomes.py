"""What came back from a model, told apart before anything is done with it. Pure.

Source: OpenAI API, "The response object" and "Structured outputs": refusals and answers cut short look
different.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from modules.openai.icebreaker_prompt import SKIP_REASONS

if TYPE_CHECKING:
    from modules.openai.icebreaker_facts import IcebreakerFacts

_LARGEST_COUNT = 2**53


class Kind(StrEnum):
    """How an answer ended."""

    OK = "ok"
    """There is a line; `check_line` has yet to judge it."""
    DECLINED = "declined"
    """The model says why it writes none."""
    REFUSAL = "refusal"
    INCOMPLETE = "incomplete"
    """Cut short, or not ready."""
    FILTERED = "filtered"
    FAILED = "failed"
    """An error in place of an answer, or no answer at all."""
    MALFORMED = "malformed"
    """Complete, and not of the shape that was asked for."""


class Usage(NamedTuple):
    """Tokens that are billed; nought where nothing was said.

    Attributes:
        input_tokens: With those read from and written to the cache.
        cached_tokens: Read from the cache.
        cache_write_tokens: Written to it.
        output_tokens: With those of reasoning.
        reasoning_tokens: Thought, not shown.
    """

    input_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0


NOTHING_USED = Usage()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer.

    Attributes:
        kind: How it ended; only with `ok` there is a line.
        line: Without blanks around it.
        evidence: The words it rests on; empty where there is no line.
        fact_ids: In the given spelling where they were given, else as the model wrote them.
        code: Why there is no line: a skip reason, a reason for an answer cut short, an error code; else `None`.
        usage: Counted in every case.
        model: As the service says; `None` where it does not.
        service_tier: See model. It may be another one than was asked for.
        response_id: The service's; `None` where it gave none.
    """

    kind: Kind
    line: str | None = None
    evidence: str = ""
    fact_ids: tuple[str, ...] = ()
    code: str | None = None
    usage: Usage = NOTHING_USED
    model: str | None = None
    service_tier: str | None = None
    response_id: str | None = None


def classify(response: Mapping[str, Any] | None, *, facts: IcebreakerFacts) -> Answer:
    """What an answer is, of a call or of a line of a batch's output (its `response.body`). It raises for no JSON.

    Args:
        response: The decoded body; `None` where none came.
        facts: Those that were sent.
    """
    body = _mapping(response)
    ended = _ended(body, facts)
    return Answer(
        **ended,
        usage=_usage(body),
        model=_text(body.get("model")),
        service_tier=_text(body.get("service_tier")),
        response_id=_text(body.get("id")),
    )


def _ended(body: Mapping[str, Any], facts: IcebreakerFacts) -> dict[str, Any]:
    error, status = body.get("error"), _text(body.get("status"))
    if not body or error or status in {"failed", "cancelled"}:
        code = _text(_mapping(error).get("code")) or _text(_mapping(error).get("type")) or status
        return {"kind": Kind.FAILED, "code": code or "no_response"}
    if status == "incomplete":
        reason = _text(_mapping(body.get("incomplete_details")).get("reason"))
        return {"kind": Kind.FILTERED if reason == "content_filter" else Kind.INCOMPLETE, "code": reason}
    if status in {"queued", "in_progress"}:
        return {"kind": Kind.INCOMPLETE, "code": status}
    blocks = list(_blocks(body))
    if any(block.get("type") == "refusal" for block in blocks):
        return {"kind": Kind.REFUSAL}
    texts = [block.get("text") for block in blocks if block.get("type") == "output_text"]
    return _answered("".join(text for text in texts if isinstance(text, str)), facts)


def _answered(text: str, facts: IcebreakerFacts) -> dict[str, Any]:
    if not text:
        return {"kind": Kind.MALFORMED, "code": "empty"}
    try:
        answer = _mapping(orjson.loads(text))
    except orjson.JSONDecodeError:
        return {"kind": Kind.MALFORMED, "code": "not_json"}
    ids, evidence, skip_reason, line = (answer.get(key) for key in ("fact_ids", "evidence", "skip_reason", "line"))
    if not isinstance(ids, list) or not all(isinstance(each, str) for each in ids) or not isinstance(evidence, str):
        return {"kind": Kind.MALFORMED, "code": "shape"}
    if isinstance(line, str) and line.strip() and skip_reason is None:
        return {
            "kind": Kind.OK,
            "line": line.strip(),
            "evidence": evidence.strip(),
            "fact_ids": _as_given(ids, facts),
        }
    if skip_reason in SKIP_REASONS and not (isinstance(line, str) and line.strip()):
        return {"kind": Kind.DECLINED, "code": skip_reason}
    return {"kind": Kind.MALFORMED, "code": "line_and_skip_reason"}


def _as_given(ids: list[str], facts: IcebreakerFacts) -> tuple[str, ...]:
    """Each id once, in the spelling of the facts: `F1 ` is f1."""
    given = {fact.id.casefold(): fact.id for fact in facts.facts}
    return tuple(dict.fromkeys(given.get(each.strip().casefold(), each) for each in ids))


def _blocks(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The content of what is the answer; remarks on the way to it are none."""
    messages = [
        item
        for item in map(_mapping, _list(body.get("output")))
        if item.get("type") == "message" and item.get("phase") in (None, "final_answer")
    ]
    return [_mapping(block) for message in messages for block in _list(message.get("content"))]


def _usage(body: Mapping[str, Any]) -> Usage:
    usage = _mapping(body.get("usage"))
    read = _mapping(usage.get("input_tokens_details"))
    written = _mapping(usage.get("output_tokens_details"))
    return Usage(
        input_tokens=_count(usage.get("input_tokens")),
        cached_tokens=_count(read.get("cached_tokens")),
        cache_write_tokens=_count(read.get("cache_write_tokens")),
        output_tokens=_count(usage.get("output_tokens")),
        reasoning_tokens=_count(written.get("reasoning_tokens")),
    )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _count(value: object) -> int:
    is_count = isinstance(value, int) and not isinstance(value, bool)
    return value if is_count and isinstance(value, int) and 0 <= value <= _LARGEST_COUNT else 0
