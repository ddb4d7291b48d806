"""The facts in a user's message, and what of each one can stand in a sentence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, NamedTuple

import orjson

from sandbox.vendor.repeatable import mix

_OTHER_NAMES = {
    "company": "company_name",
    "title": "job_title",
    "employees": "employees_count",
    "employee_count": "employees_count",
    "headcount": "employees_count",
    "growth": "headcount_growth_pct",
    "headcount_growth": "headcount_growth_pct",
    "technology": "technologies",
    "founded": "founded_year",
    "keyword": "keywords",
}
CONTENT_KINDS = (
    "job_title",
    "industry",
    "employees_count",
    "headcount_growth_pct",
    "technologies",
    "founded_year",
    "city",
    "keywords",
    "country",
)
"""What a sentence can be about."""
_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)*")
_YEAR = re.compile(r"\b(?:1[5-9]|20)\d\d\b")
_LONGEST_WORDS = 60


class Fact(NamedTuple):
    """One fact as it was asked with."""

    id: str
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class AskedFacts:
    """What a line is wanted of.

    Attributes:
        problems: Rules that the line before broke; empty at the first try.
        noise: A number that depends on all of this alone.
    """

    language: str
    facts: tuple[Fact, ...]
    problems: tuple[str, ...]
    noise: int

    def usable(self) -> dict[str, tuple[Fact, str]]:
        """Give back, by kind, the fact and the part of it that fits into a sentence."""
        found: dict[str, tuple[Fact, str]] = {}
        for fact in self.facts:
            kind = _OTHER_NAMES.get(fact.kind, fact.kind)
            if kind not in found and (words := _words_of(kind, fact.text, self.noise)):
                found[kind] = (fact, words)
        return found


def read_facts(user_text: str, seed: int) -> AskedFacts | None:
    """Give back the facts of a message; `None` for a message of another kind."""
    try:
        asked: Any = orjson.loads(user_text)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(asked, dict) or not isinstance(asked.get("facts"), list):
        return None
    facts = tuple(
        Fact(str(each.get("id")), str(each.get("kind")), str(each.get("text")))
        for each in asked["facts"]
        if isinstance(each, dict)
    )
    problems = asked.get("problems")
    digest = blake2b(user_text.encode(), digest_size=8).digest()
    return AskedFacts(
        language=str(asked.get("language") or "en")[:2].lower(),
        facts=facts,
        problems=tuple(str(each) for each in problems) if isinstance(problems, list) else (),
        noise=mix(seed, int.from_bytes(digest)),
    )


def _words_of(kind: str, text: str, noise: int) -> str:
    """Give back the part of a fact that a sentence can take, or an empty text."""
    if kind == "employees_count":
        return number[0] if (number := _NUMBER.search(text)) and not number[0].startswith("-") else ""
    if kind == "headcount_growth_pct":
        number = _NUMBER.search(text)
        # A team that shrinks is nothing to open a letter with.
        return number[0] if number and not number[0].startswith("-") and number[0].strip("0.,") else ""
    if kind == "founded_year":
        return year[0] if (year := _YEAR.search(text)) else ""
    if kind in {"technologies", "keywords"}:
        entries = [entry.strip() for entry in re.split(r"[,;|]", text) if 1 < len(entry.strip()) <= _LONGEST_WORDS]
        return entries[noise % len(entries)] if entries else ""
    words = " ".join(text.split())
    return words if len(words) <= _LONGEST_WORDS else ""
