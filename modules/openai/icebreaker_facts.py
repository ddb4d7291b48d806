"""What a line may say of a lead: cleaned facts with numbers to cite them by. Pure.

Every value may have been written by a stranger. What reads like an order, a link or code is left out whole, and listed,
so that a person can look at it.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import orjson

from modules.openai.icebreaker_fact_fields import CollectedFacts, DroppedField, Fact
from modules.openai.icebreaker_languages import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["DroppedField", "Fact", "IcebreakerFacts", "icebreaker_facts"]

_MOST_TECHNOLOGIES = 8
_MOST_KEYWORDS = 15
_FEWEST_TELLING = 2
_TELLING = frozenset(
    [
        "job_title",
        "company_name",
        "industry",
        "employees_count",
        "headcount_growth",
        "technologies",
        "founded_year",
        "city",
        "description",
        "keywords",
    ]
)
_SENIORITIES = frozenset(
    ["owner", "founder", "c_suite", "partner", "vp", "head", "director", "manager", "senior", "entry", "intern"]
)
_EARLIEST_YEAR, _LATEST_YEAR = 1500, 2100
_FEWEST_EMPLOYEES, _MOST_EMPLOYEES = 2, 5_000_000
_LEAST_GROWTH_PCT, _MOST_GROWTH_PCT = 1, 500
_MID_SIZED_USD, _LARGE_USD = 10_000_000, 250_000_000


@dataclass(frozen=True)
class IcebreakerFacts:
    """What is known of one lead, and the language to write in.

    Attributes:
        language: One of `LANGUAGES`.
        facts: In a fixed order.
        dropped: What was left out as suspicious or unreadable; a person should look at these leads.
    """

    language: str
    facts: tuple[Fact, ...]
    dropped: tuple[DroppedField, ...] = field(default=(), compare=False)

    @cached_property
    def facts_digest(self) -> str:
        """The same for the same language and facts, in every process: 32 hexadecimal digits."""
        return hashlib.blake2b(self.as_json().encode(), digest_size=16).hexdigest()

    @cached_property
    def is_enough(self) -> bool:
        """Whether there is something to write a line about, besides a name."""
        return sum(fact.kind in _TELLING for fact in self.facts) >= _FEWEST_TELLING

    def as_mapping(self) -> dict[str, Any]:
        """What the model gets: the language, and the facts each with id, kind and text."""
        return {"language": self.language, "facts": [fact._asdict() for fact in self.facts]}

    def as_json(self) -> str:
        """`as_mapping` as JSON with sorted keys."""
        return orjson.dumps(self.as_mapping(), option=orjson.OPT_SORT_KEYS).decode()

    def texts(self, *kinds: str) -> list[str]:
        """The texts of these kinds; of all when none is named."""
        return [fact.text for fact in self.facts if not kinds or fact.kind in kinds]


def icebreaker_facts(
    *,
    language: str,
    first_name: str | None = None,
    last_name: str | None = None,
    job_title: str | None = None,
    seniority: str | None = None,
    company_name: str | None = None,
    industry: str | None = None,
    employees_count: int | None = None,
    annual_revenue: float | None = None,
    headcount_growth_pct: float | None = None,
    technologies: Sequence[str] | None = None,
    founded_year: int | None = None,
    city: str | None = None,
    country: str | None = None,
    description: str | None = None,
    keywords: Sequence[str] | None = None,
) -> IcebreakerFacts:
    """The facts of one lead.

    Args:
        language: One of `LANGUAGES`; `language_of` says which.
        first_name: And the other texts: as they were given; `None` and blank mean unknown.
        last_name: See first_name.
        job_title: See first_name.
        seniority: One of Apollo's words.
        company_name: See first_name.
        industry: See first_name.
        employees_count: People.
        annual_revenue: US dollars. The model learns no amount, only `mid-sized` or `large`; of small firms nothing.
        headcount_growth_pct: Over twelve months. Nobody is told of having shrunk.
        technologies: Names; the first eight that can be used.
        founded_year: As a calendar has it.
        city: See first_name.
        country: See first_name.
        description: Cut after 300 characters.
        keywords: The first fifteen that can be used.

    Raises:
        ValueError: There is no such language.
    """
    if language not in LANGUAGES:
        raise ValueError(f"language {language!r}: lines are written in {', '.join(LANGUAGES)}. Give one of them.")
    collected = CollectedFacts()
    collected.add_name("first_name", first_name)
    collected.add_name("last_name", last_name)
    collected.add_name("job_title", job_title)
    if seniority and seniority.strip():
        known = seniority.strip().lower() if seniority.strip().lower() in _SENIORITIES else None
        collected.add("seniority", known.replace("_", " ") if known else None, reason="unknown_word")
    collected.add_name("company_name", company_name)
    collected.add_name("industry", industry)
    if (people := _within(employees_count, _FEWEST_EMPLOYEES, _MOST_EMPLOYEES)) is not None:
        collected.add("employees_count", f"{people} people")
    if (size := _size(annual_revenue)) is not None:
        collected.add("company_size", size)
    if (growth := _within(headcount_growth_pct, _LEAST_GROWTH_PCT, _MOST_GROWTH_PCT)) is not None:
        collected.add("headcount_growth", f"headcount grew by {growth}% within a year")
    collected.add_items("technologies", technologies, most=_MOST_TECHNOLOGIES)
    if (year := _within(founded_year, _EARLIEST_YEAR, _LATEST_YEAR)) is not None:
        collected.add("founded_year", f"founded in {year}")
    collected.add_name("city", city)
    collected.add_name("country", country)
    collected.add_text("description", description)
    collected.add_items("keywords", keywords, most=_MOST_KEYWORDS)
    return IcebreakerFacts(language, tuple(collected.facts), tuple(collected.dropped))


def _within(value: float | None, least: int, most: int) -> int | None:
    """The whole number; `None` where it is unknown or cannot be true."""
    if value is None or not math.isfinite(value):
        return None
    return round(value) if least <= round(value) <= most else None


def _size(revenue_usd: float | None) -> str | None:
    if revenue_usd is None or not math.isfinite(revenue_usd) or revenue_usd < _MID_SIZED_USD:
        return None
    return "mid-sized company" if revenue_usd < _LARGE_USD else "large company"
