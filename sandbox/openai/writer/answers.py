"""What the model says to one prompt, without any regard to tokens and money."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from sandbox.openai.writer.asked_facts import read_facts
from sandbox.openai.writer.bad_lines import mishap, spoilt
from sandbox.openai.writer.filled_schema import filled
from sandbox.openai.writer.good_lines import good_line
from sandbox.openai.writer.obedience import injected, obeyed
from sandbox.openai.writer.phrases import phrases_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.openai.prompt import Prompt
    from sandbox.openai.writer.asked_facts import AskedFacts, Fact
    from sandbox.openai.writer.good_lines import Line

Json = dict[str, Any]
ANSWER, REFUSAL, TRUNCATED, CONTENT_FILTER, FAILED = "answer", "refusal", "truncated", "content_filter", "failed"
_OUTCOMES = frozenset({REFUSAL, TRUNCATED, CONTENT_FILTER, FAILED})
_REFUSED = "I'm sorry, but I can't help with that request."
_UNKNOWN_FACT = "f999"


class Said(NamedTuple):
    """What the model says, and how it ends.

    Attributes:
        outcome: `answer`, `refusal`, `truncated`, `content_filter` or `failed`.
    """

    outcome: str
    text: str


def said(prompt: Prompt, *, seed: int, bad_rates_pct: Mapping[str, float], is_obedient: bool) -> Said:
    """Give back what the model says; the same for the same prompt and settings."""
    asked = read_facts(prompt.user_text, seed)
    if asked is None:
        return Said(ANSWER, "Understood." if prompt.schema is None else orjson.dumps(filled(prompt.schema)).decode())
    kind = mishap(bad_rates_pct, asked.noise, is_second_try=bool(asked.problems))
    line = good_line(asked, phrases_of(asked.language))
    fact = injected(asked) if is_obedient else None
    if fact is not None:
        told = obeyed(asked, fact, prompt.developer_text, line.text if line else None)
        return Said(ANSWER, _as_json(prompt.schema, (fact.id,), fact.text, told))
    if kind == REFUSAL:
        return Said(REFUSAL, _REFUSED)
    outcome = kind if kind in _OUTCOMES else ANSWER
    if line is None:
        return Said(outcome, _as_json(prompt.schema, (), "", None))
    text = _told(asked, line, kind, prompt.schema)
    return Said(outcome, text[: len(text) * 2 // 3] if kind == "malformed" else text)


def _told(asked: AskedFacts, line: Line, kind: str | None, schema: Json | None) -> str:
    """Give back the answer's text with the mishap in it."""
    words = line.text
    if kind == "wrong_language":
        other = good_line(asked, phrases_of("fr" if asked.language != "fr" else "en"))
        words = other.text if other else words
    elif kind is not None:
        words = spoilt(kind, words, asked.language, asked.noise)
    ids = (_UNKNOWN_FACT,) if kind == "unknown_fact" else _ids(line.facts)
    return _as_json(schema, ids, "; ".join(fact.text for fact in line.facts), words)


def _ids(facts: tuple[Fact, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(fact.id for fact in facts))


def _as_json(schema: Json | None, fact_ids: tuple[str, ...], evidence: str, line: str | None) -> str:
    """Give back the answer with the properties and in the order of the schema; without one, the line alone."""
    if schema is None:
        return line or ""
    known: Json = {"fact_ids": list(fact_ids), "evidence": evidence, "line": line}
    answer: Json = {}
    for name, each in schema.get("properties", {}).items():
        if name == "skip_reason":
            answer[name] = _skip_reason(each) if line is None else None
        else:
            answer[name] = known[name] if name in known else filled(each, schema.get("$defs"))
    return orjson.dumps(answer).decode()


def _skip_reason(schema: Json) -> str:
    """Give back the reason that speaks of the facts, or the first one there is."""
    parts = [schema, *schema.get("anyOf", [])]
    reasons = [each for part in parts for each in part.get("enum", []) if isinstance(each, str)]
    told = [reason for reason in reasons if "fact" in reason or "thin" in reason or "few" in reason]
    return (told or reasons or ["too_few_facts"])[0]
