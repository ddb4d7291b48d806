"""How well a lead fits the rules of a salesperson, and why. Pure and deterministic."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from modules.outreach.regions import Region, country_code, region_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from modules.outreach.score_rules import AnyOf, Band, Place, ScoreRules

_Fact = TypeVar("_Fact")
_Rule = TypeVar("_Rule", "AnyOf", "Band", "Place")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreFacts:
    """What is known of a lead and its employer; `None`, and a number that is not finite: not known.

    Attributes:
        revenue_usd: Of a year.
        headcount_growth: Over twelve months, in the `growth_unit` of the rules.
        technologies: Names or uids; case, and what stands between their words, make no difference.
        country: In whatever spelling `country_code` reads.
        region: Asked only where the country is not known.
        seniority: Apollo's word: owner, founder, c_suite, ...
    """

    revenue_usd: float | None = None
    employees: int | None = None
    headcount_growth: float | None = None
    technologies: frozenset[str] | None = None
    country: str | None = None
    region: Region | None = None
    seniority: str | None = None
    job_title: str | None = None


@dataclass(frozen=True, slots=True)
class LeadScore:
    """How well a lead fits.

    Attributes:
        score: From 0 to 100: the share of the points that could be reached.
        reasons: One for each kind of rule, always in the same order.
    """

    score: int
    reasons: list[str]


class _Part(NamedTuple):
    reached: int
    possible: int
    reason: str


def score_lead(facts: ScoreFacts, rules: ScoreRules) -> LeadScore:
    """The score of one lead, and why. What is not known reaches no points, and is said.

    >>> from modules.outreach.score_rules import AnyOf, Band, ScoreRules
    >>> rules = ScoreRules(
    ...     employees=(Band(at_least=50, points=10),), title_words=(AnyOf(any_of=("sales",), points=30),)
    ... )
    >>> score_lead(ScoreFacts(employees=120), rules)
    LeadScore(score=25, reasons=['120 employees: 10 of 10 points', 'not known: job title'])
    """
    growth_pct = facts.headcount_growth
    if growth_pct is not None and rules.growth_unit == "fraction":
        growth_pct *= 100
    place = facts.country if country_code(facts.country) else _known_region(facts.region)
    parts = [
        _part("revenue", _finite(facts.revenue_usd), rules.revenue_usd, _in_band, _revenue),
        _part("employees", _finite(facts.employees), rules.employees, _in_band, "{:,.0f} employees".format),
        _part("headcount growth", _finite(growth_pct), rules.headcount_growth_pct, _in_band, _growth),
        _part("technologies", _wanted(facts.technologies, rules), rules.technologies, _is_used, _technologies),
        _part("country", place, rules.places, _is_in, "in {}".format),
        _part("seniority", facts.seniority or None, rules.seniorities, _is_one_of, "seniority {}".format),
        _part("job title", facts.job_title or None, rules.title_words, _has_word, "job title {}".format),
    ]
    asked = [part for part in parts if part.possible]
    possible = sum(part.possible for part in asked)
    score = round(100 * sum(part.reached for part in asked) / possible) if possible else 0
    return LeadScore(score, [part.reason for part in asked])


def _part(
    name: str,
    fact: _Fact | None,
    rules: Sequence[_Rule],
    fits: Callable[[_Fact, _Rule], bool],
    said: Callable[[_Fact], str],
) -> _Part:
    """What one kind of rule gives: the points of the best rule that fits, of those of the best one there is."""
    possible = max((rule.points for rule in rules), default=0)
    if fact is None:
        return _Part(0, possible, f"not known: {name}")
    reached = max((rule.points for rule in rules if fits(fact, rule)), default=0)
    return _Part(reached, possible, f"{said(fact)}: {reached} of {possible} points")


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None


def _in_band(number: float, band: Band) -> bool:
    return (band.at_least is None or number >= band.at_least) and (band.below is None or number < band.below)


def _wanted(technologies: frozenset[str] | None, rules: ScoreRules) -> list[str] | None:
    """Those that a rule asks about, as the rules spell them; `None`: none are known at all."""
    if technologies is None:
        return None
    used = {_folded(technology) for technology in technologies}
    return sorted({asked for rule in rules.technologies for asked in rule.any_of if _folded(asked) in used})


def _is_used(technologies: list[str], rule: AnyOf) -> bool:
    return not set(technologies).isdisjoint(rule.any_of)


def _known_region(region: Region | None) -> str | None:
    return None if region is None or region is Region.UNKNOWN else region.value


def _is_in(country_or_region: str, place: Place) -> bool:
    # Some regions are one country, and are read as it.
    code = country_code(country_or_region)
    region = region_of(country_or_region) if code else country_or_region
    return any(asked == region or (code is not None and country_code(asked) == code) for asked in place.any_of)


def _is_one_of(seniority: str, rule: AnyOf) -> bool:
    return _folded(seniority) in map(_folded, rule.any_of)


def _has_word(title: str, rule: AnyOf) -> bool:
    return _words(rule.any_of).search(title) is not None


@lru_cache(maxsize=1_000)
def _words(words: tuple[str, ...]) -> re.Pattern[str]:
    """Finds any of them as whole words: "head" is not in "ahead"."""
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, words))})(?!\w)", re.IGNORECASE)


def _folded(word: str) -> str:
    """`Google Analytics` as `google_analytics`, the way Apollo makes a uid of a name."""
    return re.sub(r"[\s._-]+", "_", word.strip().casefold())


def _revenue(usd: float) -> str:
    for unit, name in ((1e9, " billion"), (1e6, " million")):
        if usd >= unit:
            return f"revenue of {usd / unit:,.3g}{name} US dollars"
    return f"revenue of {usd:,.0f} US dollars"


def _growth(pct: float) -> str:
    return f"headcount {pct:+,.1f} % in twelve months"


def _technologies(technologies: list[str]) -> str:
    return f"uses {', '.join(technologies) or 'none of the technologies asked about'}"
