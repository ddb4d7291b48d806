"""The gate that every line passes before anybody is written to, whoever wrote the line. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modules.openai.icebreaker_check_evidence import evidence_problems
from modules.openai.icebreaker_check_grounding import grounding_problems, words_of_facts
from modules.openai.icebreaker_check_shape import Limits, shape_problems
from modules.openai.icebreaker_languages import languages_of_line
from modules.openai.icebreaker_phrases import broken_rules
from modules.openai.icebreaker_problem import Problem, problem
from modules.openai.icebreaker_prompt import CANARY
from modules.openai.icebreaker_text import folded, spaced, words_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from modules.openai.icebreaker_facts import IcebreakerFacts

_LONGEST_LOOKED_AT = 2_000
_MAY_STAND_IN_NAMES = ("company_name", "job_title", "city", "technologies", "industry")


def check_line(
    line: str, facts: IcebreakerFacts, *, evidence: str, fact_ids: Collection[str], limits: Limits | None = None
) -> list[Problem]:
    """What speaks against a line, each rule once; empty when it may be sent.

    Args:
        line: As it would stand in the mail.
        facts: All that is known of the lead.
        evidence: The words of the facts that the line rests on.
        fact_ids: The facts that it cites.
        limits: `None` for the defaults of `Limits`.
    """
    if len(line) > _LONGEST_LOOKED_AT:
        return [problem("too_long")]
    rules: Iterator[str] = _rules(line, facts, evidence, fact_ids, limits or Limits())
    return [problem(rule) for rule in dict.fromkeys(rules)]


def _rules(
    line: str, facts: IcebreakerFacts, evidence: str, fact_ids: Collection[str], limits: Limits
) -> Iterator[str]:
    yield from shape_problems(line, facts, limits)
    yield from grounding_problems(line, facts)
    yield from evidence_problems(line, facts, evidence, fact_ids)
    yield from _phrase_problems(line, facts)
    if facts.language not in languages_of_line(line, besides=words_of_facts(facts)):
        yield "language"
    if _squeezed(CANARY) in _squeezed(line + evidence):
        yield "canary"


def _phrase_problems(line: str, facts: IcebreakerFacts) -> Iterator[str]:
    """Phrases that no line may hold, except where they are a name: Head of Revenue at Young & Sons."""
    broken = broken_rules(spaced(line))
    if broken:
        names = "".join(map(spaced, facts.texts(*_MAY_STAND_IN_NAMES)))
        for rule, phrases in broken.items():
            if not all(f" {phrase} " in names for phrase in phrases):
                yield rule


def _squeezed(text: str) -> str:
    return "".join(words_of(folded(text)))
