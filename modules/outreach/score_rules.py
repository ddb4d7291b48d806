"""The rules of a lead score, as a salesperson writes them in a YAML file (`campaigns/scoring.yaml` is an example)."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from modules.outreach.regions import Region, country_code
from modules.shared.errors import PermanentError

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic_core import ErrorDetails

Points = Annotated[int, Field(ge=0, le=1_000)]
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Bound = Annotated[float, Field(allow_inf_nan=False)]
_REGIONS = [region.value for region in Region if region is not Region.UNKNOWN]


def _country_or_region(place: str) -> str:
    if place not in _REGIONS and country_code(place) is None:
        raise ValueError(f"neither a country nor one of {', '.join(_REGIONS)}")
    return place


class _Rule(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Band(_Rule):
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


class AnyOf(_Rule):
    """Points for any of some words."""

    any_of: Annotated[tuple[Word, ...], Field(min_length=1)]
    points: Points


class Place(_Rule):
    """Points for any of some countries (names or codes) and regions (`Region`)."""

    any_of: Annotated[tuple[Annotated[Word, AfterValidator(_country_or_region)], ...], Field(min_length=1)]
    points: Points


class ScoreRules(_Rule):
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
        PermanentError: The file cannot be read, or something in it is no rule; the message names every such key.
    """
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PermanentError(f"{path}: cannot be read ({error.strerror}). Give the path of a file of rules.") from None
    except UnicodeDecodeError:
        raise PermanentError(f"{path.name}: it is not written in UTF-8. Save it as UTF-8.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "characters that YAML does not allow"
        raise PermanentError(f"{path.name}: it is no YAML{where}: {problem}.") from None
    try:
        rules = ScoreRules.model_validate(given)
    except ValidationError as error:
        problems = "; ".join(map(_problem, error.errors(include_url=False)))
        raise PermanentError(f"{path.name}: {problems}. Mend it; campaigns/scoring.yaml is an example.") from None
    if not any(rule.points for kind in ScoreRules.model_fields for rule in _rules_of(rules, kind)):
        raise PermanentError(f"{path.name}: no rule gives points. campaigns/scoring.yaml is an example.")
    return rules


def _rules_of(rules: ScoreRules, kind: str) -> tuple[Band | AnyOf | Place, ...]:
    found = getattr(rules, kind)
    return found if isinstance(found, tuple) else ()


def _problem(error: ErrorDetails) -> str:
    where = ".".join(str(part + 1) if isinstance(part, int) else part for part in error["loc"]) or "the file"
    if error["type"] == "extra_forbidden":
        key = str(error["loc"][-1])
        nearest = get_close_matches(key, _known_keys(error["loc"]), n=1)
        return f"{where}: no such key{f', did you mean {nearest[0]}?' if nearest else ''}"
    hint = ' (YAML reads NO, ON and YES as true or false: write "NO")' if isinstance(error["input"], bool) else ""
    return f"{where}: {error['msg'].removeprefix('Value error, ')}{hint}"


def _known_keys(location: tuple[Any, ...]) -> list[str]:
    models: list[type[_Rule]] = [ScoreRules] if len(location) == 1 else [Band, AnyOf, Place]
    return [key for model in models for key in model.model_fields]
