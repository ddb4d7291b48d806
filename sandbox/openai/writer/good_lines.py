"""One line that says nothing but the facts."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from sandbox.openai.writer.asked_facts import CONTENT_KINDS
from sandbox.vendor.repeatable import mix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.openai.writer.asked_facts import AskedFacts, Fact
    from sandbox.openai.writer.phrases import Phrases

_SHORTEST, _LONGEST = 60, 200
_FEWEST_WORDS, _MOST_WORDS = 10, 35
_RARE_KINDS = frozenset({"country"})
"""What is taken only when there is nothing else."""


class Line(NamedTuple):
    """A line, and the facts it stands on."""

    text: str
    facts: tuple[Fact, ...]


def good_line(asked: AskedFacts, phrases: Phrases) -> Line | None:
    """Give back a line; `None` when the facts do not give one of the right length."""
    usable = asked.usable()
    kinds = [kind for kind in CONTENT_KINDS if kind in usable and kind not in _RARE_KINDS]
    kinds = kinds or [kind for kind in CONTENT_KINDS if kind in usable]
    company = usable.get("company_name")
    at = phrases.at.replace("{company}", company[1]) if company else phrases.at_yours
    for first, second in _pairs(kinds, asked.noise):
        fact, words = usable[first]
        openings = phrases.openings[first]
        # One replacement after the other would fill places inside the facts themselves.
        opening = openings[_chosen(asked, 1, len(openings))].format(x=words, at=at)
        facts = [fact, *([company[0]] if company else [])]
        if second in phrases.additions:
            added, more = usable[second]
            opening = f"{opening}, {phrases.additions[second].format(x=more)}"
            facts.append(added)
        text = _joined(opening, asked, phrases)
        if _SHORTEST <= len(text) <= _LONGEST and _FEWEST_WORDS <= len(text.split()) <= _MOST_WORDS:
            return Line(text, tuple(facts))
    return None


def _pairs(kinds: list[str], noise: int) -> Iterator[tuple[str, str]]:
    """Give back what to begin with and what to add, the pairs first and in an order of their own for each lead."""
    order = sorted(kinds, key=lambda kind: mix(noise, CONTENT_KINDS.index(kind)))
    pairs = [(first, second) for first, second in product(order, order) if first != second]
    if noise % 3 == 0:
        yield from ((first, "") for first in order)
    yield from pairs
    yield from ((first, "") for first in order)


def _joined(opening: str, asked: AskedFacts, phrases: Phrases) -> str:
    question = phrases.questions[_chosen(asked, 2, len(phrases.questions))]
    if _chosen(asked, 3, 8) == 0:
        return f"{_capital(question)}, {opening}{phrases.question_mark}"
    told = _capital(question) if phrases.has_capital_question else question
    return f"{_capital(opening)}{phrases.colon}{told}{phrases.question_mark}"


def _chosen(asked: AskedFacts, purpose: int, count: int) -> int:
    return mix(asked.noise, purpose) % count


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
