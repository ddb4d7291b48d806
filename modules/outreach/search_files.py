"""The searches that people write down in `campaigns/`: which people and companies are collected, how often, and why.

A file holds a list `searches`; see `campaigns/searches.yaml`. It may hold a campaign beside it, which
`campaign_spec` reads. Everything wrong in any file is said at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from pydantic import Field, StringConstraints, TypeAdapter, ValidationError

from modules.apollo.apollo_filters import CompanyFilters, PeopleFilters  # noqa: TC001 - pydantic reads it
from modules.shared.errors import PermanentError
from modules.shared.file_problems import KnownKeys, Problem, problems, unknown_key
from modules.shared.logger import get_logger
from modules.shared.yaml_files import read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from modules.shared.file_problems import KeyPath
    from modules.shared.yaml_files import YamlFile

_log = get_logger(__name__)

Region = Literal["eu", "uk", "ch", "us", "ca", "other"]
LawfulBasis = Literal["legitimate_interest", "consent", "contract"]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,59}$")]
"""The database holds it to the same."""


class _Search(KnownKeys):
    name: Slug
    """Small letters, digits, hyphens and underscores; no other search has it."""
    lawful_basis: LawfulBasis
    """Why people may be written to; kept with each of them."""
    is_active: Annotated[bool, Field(strict=True)] = True
    people_per_day: Annotated[int, Field(strict=True, ge=0)] = 50
    """The most people of this search that are enriched on one day; each may cost credits."""
    interval_hours: Annotated[int, Field(strict=True, ge=1, le=8_760)] = 24
    """Hours from one collection to the next."""
    region: Region | None = None
    """`None`: by each person's country."""


class PeopleSearch(_Search):
    """A search for people."""

    kind: Literal["people"]
    filters: PeopleFilters


class CompanySearch(_Search):
    """A search for companies."""

    kind: Literal["companies"]
    filters: CompanyFilters


Search: TypeAlias = PeopleSearch | CompanySearch

KEYS = ("searches", "campaign")
"""What a file may hold at its top."""

_SEARCH: TypeAdapter[Search] = TypeAdapter(Annotated[Search, Field(discriminator="kind")])


def read_search_files(paths: Iterable[Path]) -> list[Search]:
    """Every search of the files, in their order. A file without one gives none, and the log says so.

    Raises:
        PermanentError: A file cannot be read, or something in it is not right; names each file, line and key.
    """
    searches: list[Search] = []
    wrong: list[str] = []
    places: dict[str, str] = {}
    for path in paths:
        try:
            file = read_yaml(path)
        except PermanentError as error:
            wrong.append(str(error))
            continue
        wrong += map(file.told, problems_at_top(file))
        found, complaints = searches_in(file, places)
        searches += found
        wrong += complaints
    if wrong:
        raise PermanentError("\n".join(wrong))
    return searches


def problems_at_top(file: YamlFile) -> list[Problem]:
    """What is wrong with the keys at the top of a file; one that holds nothing is right, and the log says so."""
    if file.data is None:
        _log.warning("%s is empty: it holds no searches and no campaign", file.path)
        return []
    if not isinstance(file.data, dict):
        message = "a list searches or a campaign is wanted at the top, as in campaigns/searches.yaml"
        return [Problem((), message)]
    wrong = [Problem((str(key),), unknown_key(key, KEYS)) for key in file.data if key not in KEYS]
    if not wrong and "campaign" not in file.data and file.data.get("searches") in (None, []):
        _log.warning("%s holds no searches", file.path)
    return wrong


def searches_in(file: YamlFile, places: dict[str, str]) -> tuple[list[Search], list[str]]:
    """The searches of one file, and what is wrong with the others, each with its place.

    Args:
        file: Whatever it holds besides is left alone.
        places: Where the names of other files' searches stand; those of this one are added.
    """
    searches: list[Search] = []
    wrong: list[str] = []
    entries = file.data.get("searches") if isinstance(file.data, dict) else None
    if not isinstance(entries, list | None):
        return [], [file.told(Problem(("searches",), "a list is wanted here: each search begins with a hyphen"))]
    for number, entry in enumerate(entries or []):
        at: KeyPath = ("searches", number)
        try:
            search = _SEARCH.validate_python(entry)
        except ValidationError as error:
            wrong += [file.told(_placed(at, problem)) for problem in problems(error)]
            continue
        place = file.place((*at, "name"))
        if search.name in places:
            wrong.append(f"{place}: {search.name} is the name of another search, at {places[search.name]}")
        places.setdefault(search.name, place)
        searches.append(search)
    return searches, wrong


def _placed(at: KeyPath, problem: Problem) -> Problem:
    """Within the file, and without the kind, which is no key on the way."""
    inner = problem.path[1:] if problem.path[:1] in {("people",), ("companies",)} else problem.path
    return Problem((*at, *inner), problem.message)
