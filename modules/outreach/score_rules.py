"""The rules of a lead score, as a salesperson writes them in a YAML file (`campaigns/scoring.yaml` is an example)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, ValidationError, model_validator

from modules.outreach.regions import Region, country_code
from modules.shared.errors import PermanentError
from modules.shared.file_problems import KnownKeys, Problem, problems
from modules.shared.yaml_files import read_yaml

if TYPE_CHECKING:
    from pathlib import Path

Points = Annotated[int, Field(ge=0, le=1_000)]
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Bound = Annotated[float, Field(allow_inf_nan=False)]
_EXAMPLE = "as in campaigns/scoring.yaml"
_REGIONS = [region.value for region in Region if region is not Region.UNKNOWN]


def _country_or_region(place: str) -> str:
    if place not in _REGIONS and country_code(place) is None:
        raise ValueError(f"neither a country nor one of {', '.join(_REGIONS)}")
    return place


class Band(KnownKeys):
    """Points for a number from `at_least` up to, but not including, `below`; one of the two may be left out."""

    at_least: Bound | None = None
    below: Bound | None = None
    points: Points

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if self.at_least is None and self.below is None:
            raise ValueError("it needs at_least, below or both")
        if self.at_least is not None and self.below is not None and self.at_least >= self.below:
            raise ValueError("at_least has to be smaller than below")
        return self


class AnyOf(KnownKeys):
    """Points for any of some words."""

    any_of: Annotated[tuple[Word, ...], Field(min_length=1)]
    points: Points


class Place(KnownKeys):
    """Points for any of some countries (names or codes) and regions (`Region`)."""

    any_of: Annotated[tuple[Annotated[Word, AfterValidator(_country_or_region)], ...], Field(min_length=1)]
    points: Points


class ScoreRules(KnownKeys):
    """The rules of one file, by what they ask about. Of each kind the best rule that fits counts, and no other."""

    growth_unit: Literal["percent", "fraction"] = "percent"
    """How the source writes growth. Apollo's documents say percent (12.5); answers with fractions (0.125) were seen."""
    revenue_usd: tuple[Band, ...] = ()
    employees: tuple[Band, ...] = ()
    headcount_growth_pct: tuple[Band, ...] = ()
    technologies: tuple[AnyOf, ...] = ()
    places: tuple[Place, ...] = ()
    seniorities: tuple[AnyOf, ...] = ()
    title_words: tuple[AnyOf, ...] = ()


def load_score_rules(path: Path) -> ScoreRules:
    """The rules in a file.

    Raises:
        PermanentError: The file cannot be read, or something in it is no rule; names every such key and its line.
    """
    file = read_yaml(path)
    if not isinstance(file.data, dict):
        raise PermanentError(file.told(Problem((), f"rules are wanted at the top, {_EXAMPLE}")))
    try:
        rules = ScoreRules.model_validate(file.data)
    except ValidationError as error:
        raise PermanentError("\n".join(map(file.told, problems(error)))) from None
    if not any(rule.points for kind in ScoreRules.model_fields for rule in _rules_of(rules, kind)):
        raise PermanentError(file.told(Problem((), f"no rule gives points; give some, {_EXAMPLE}")))
    return rules


def _rules_of(rules: ScoreRules, kind: str) -> tuple[Band | AnyOf | Place, ...]:
    found = getattr(rules, kind)
    return found if isinstance(found, tuple) else ()
