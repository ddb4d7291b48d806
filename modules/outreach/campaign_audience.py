"""Whom a campaign is for, and on which legal basis: a part of a campaign file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from modules.outreach.regions import country_code, region_of
from modules.outreach.search_files import LawfulBasis, Region, Slug  # noqa: TC001 - pydantic reads them
from modules.shared.file_problems import KnownKeys

if TYPE_CHECKING:
    from collections.abc import Mapping

Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Employees = Annotated[int, Field(strict=True, ge=0)]


def _two_letters(country: Any) -> Any:
    if not isinstance(country, str):
        return country
    code = country_code(country)
    if code is None:
        raise ValueError(f"{country} is no country; write its English or German name, or its two letters (ISO 3166-1)")
    return code


def _once_each(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


Countries = tuple[Annotated[str, BeforeValidator(_two_letters)], ...]


class Audience(KnownKeys):
    """Leads that all of these let in. `None` asks nothing; a lead of whom the asked is not known is left out."""

    searches: Annotated[tuple[Slug, ...], Field(min_length=1), AfterValidator(_once_each)] | None = None
    """Whose leads; `None`: those of any search or file."""
    min_score: Annotated[int, Field(strict=True, ge=0, le=100)] = 0
    """A lead without a score counts as one of 0."""
    countries: Annotated[Countries, Field(min_length=1), AfterValidator(_once_each)] | None = None
    """Where the person is, in two letters (ISO 3166-1)."""
    min_employees: Employees | None = None
    max_employees: Employees | None = None
    title_words: Annotated[tuple[Word, ...], Field(min_length=1)] | None = None
    """Any of these as whole words in the job title, in any case."""
    regions: Annotated[dict[Region, LawfulBasis], Field(min_length=1)]
    """Laws of data protection under which people may be written to, and why; of any other region nobody is."""

    def lets_in(self, lead: Mapping[str, Any]) -> bool:
        """Whether a lead is of this audience; whether they may be written to now is asked elsewhere.

        Args:
            lead: `search_name`, `score`, `country`, `region`, `lawful_basis`, `employees_count` and `job_title`, as in
                the tables of these columns; `None` is unknown.
        """
        return (
            (self.searches is None or lead["search_name"] in self.searches)
            and (lead["score"] or 0) >= self.min_score
            and (self.countries is None or country_code(lead["country"]) in self.countries)
            and self._fits_size(lead["employees_count"])
            and self._fits_title(lead["job_title"])
            and self._has_basis(lead)
        )

    def _fits_size(self, employees: int | None) -> bool:
        if self.min_employees is None and self.max_employees is None:
            return True
        return (
            employees is not None
            and (self.min_employees is None or employees >= self.min_employees)
            and (self.max_employees is None or employees <= self.max_employees)
        )

    def _fits_title(self, title: str | None) -> bool:
        if self.title_words is None:
            return True
        pattern = "|".join(re.escape(word.casefold()) for word in self.title_words)
        return re.search(rf"(?<!\w)(?:{pattern})(?!\w)", (title or "").casefold()) is not None

    def _has_basis(self, lead: Mapping[str, Any]) -> bool:
        """The person's own basis has to be the one that the campaign stands on: nobody changes it behind their back."""
        region = lead["region"] or region_of(lead["country"]).value
        bases: Mapping[str, str] = {str(name): basis for name, basis in self.regions.items()}
        return lead["lawful_basis"] is not None and bases.get(region) == lead["lawful_basis"]
