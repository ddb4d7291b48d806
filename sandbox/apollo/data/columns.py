"""Everything a search can ask for, as one small code a person or company: made once, twelve bytes a person."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sandbox.apollo.data.arrays import Codes, Mask, Numbers, happens, mix_each, weighted
from sandbox.apollo.data.fates import WEIGHTS as FATE_WEIGHTS
from sandbox.apollo.data.fates import Fate
from sandbox.apollo.data.tables import INDUSTRY_WEIGHTS, PLACE_WEIGHTS, SIZES, TECHNOLOGIES, TITLE_WEIGHTS, TITLES
from sandbox.vendor.people import PLACES as NAME_PLACES
from sandbox.vendor.people import TRADES

PEOPLE_PER_COMPANY = 5
NAMES = tuple(f"{place} {trade}" for place in NAME_PLACES for trade in TRADES)
KNOWN_TO_INSTANTLY_EVERY = 10
OTHER_SEED = 1000
"""Added to the seed for the companies that Instantly's stand-in does not know."""

SPECIAL_EVERY = 80
FORMULA_COMPANY = 47
"""Of every 80 companies, the place of the one whose people's titles look like a formula; see `companies.py`."""

_ABROAD_PCT, _MOVED_PCT, _JOBLESS_PCT, _NO_REVENUE_PCT, _PHONE_PCT = 8, 55, 1, 20, 50
_NOBODY = -1


class CompanyColumns(NamedTuple):
    """One entry a company.

    Attributes:
        name: A place in `NAMES`.
        place: Of the headquarters; a place in `PLACES`.
        employees: 0: unknown.
        revenue: A year, in dollars; 0: unknown.
        technologies: One bit for each of `TECHNOLOGIES`.
    """

    name: Codes
    place: Codes
    industry: Codes
    employees: Codes
    revenue: Codes
    technologies: Codes


class PersonColumns(NamedTuple):
    """One entry a person.

    Attributes:
        company: The employer; -1: none.
        previous_company: The employer before; -1: none known.
        fate: How asking for this person ends; may be changed.
    """

    company: Codes
    previous_company: Codes
    title: Codes
    place: Codes
    fate: Codes
    has_phone: Mask


def company_columns(seed: int, count: int) -> CompanyColumns:
    """Make the columns of the companies."""
    numbers = np.arange(count, dtype=np.uint64)
    noise = mix_each(numbers, seed, 720)
    sizes = weighted(noise, [weight for _, _, weight in SIZES])
    fewest = np.array([least for least, _, _ in SIZES], dtype=np.int64)[sizes]
    spans = np.array([most - least + 1 for least, most, _ in SIZES], dtype=np.uint64)[sizes]
    employees = fewest + ((noise >> np.uint64(20)) % spans).astype(np.int64)
    yearly = mix_each(numbers, seed, 721)
    of_each = 6 + (yearly % np.uint64(24)).astype(np.int64)
    revenue = np.maximum(employees, 1) * of_each * 10_000
    revenue[happens(yearly >> np.uint64(30), _NO_REVENUE_PCT)] = 0
    uses = mix_each(numbers, seed, 722)
    technologies = (uses & (uses >> np.uint64(16)) & np.uint64((1 << len(TECHNOLOGIES)) - 1)).astype(np.uint32)
    return CompanyColumns(
        name=_names(seed, numbers),
        place=weighted(mix_each(numbers, seed, 723), PLACE_WEIGHTS),
        industry=weighted(mix_each(numbers, seed, 724), INDUSTRY_WEIGHTS),
        employees=employees.astype(np.int32),
        revenue=revenue,
        technologies=technologies,
    )


def _names(seed: int, numbers: Numbers) -> Codes:
    """Give back the names, as `colleague` makes them from the same noise."""
    is_known = numbers % np.uint64(KNOWN_TO_INSTANTLY_EVERY) == 0
    noise = np.where(is_known, mix_each(numbers, seed, 101), mix_each(numbers, seed + OTHER_SEED, 101))
    trade = (noise >> np.uint64(8)) % np.uint64(len(TRADES))
    return (noise % np.uint64(len(NAME_PLACES)) * np.uint64(len(TRADES)) + trade).astype(np.uint8)


def person_columns(seed: int, count: int, companies: CompanyColumns) -> PersonColumns:
    """Make the columns of the people; five in a row work for one company."""
    numbers = np.arange(count, dtype=np.uint64)
    company = (numbers // np.uint64(PEOPLE_PER_COMPANY)).astype(np.int32)
    noise = mix_each(numbers, seed, 730)
    title = weighted(noise, TITLE_WEIGHTS)
    title[company % SPECIAL_EVERY == FORMULA_COMPANY] = len(TITLES) - 1
    place = np.where(
        happens(noise >> np.uint64(20), _ABROAD_PCT),
        weighted(noise >> np.uint64(40), PLACE_WEIGHTS),
        companies.place[company],
    )
    past = mix_each(numbers, seed, 731)
    previous = (past % np.uint64(max(len(companies.place), 1))).astype(np.int32)
    previous[~happens(past >> np.uint64(40), _MOVED_PCT) | (previous == company)] = _NOBODY
    ends = mix_each(numbers, seed, 732)
    company[happens(ends >> np.uint64(40), _JOBLESS_PCT)] = _NOBODY
    return PersonColumns(
        company=company,
        previous_company=previous,
        title=title,
        place=place.astype(np.uint8),
        fate=weighted(ends, FATE_WEIGHTS),
        has_phone=happens(ends >> np.uint64(20), _PHONE_PCT),
    )


def gone(people: PersonColumns) -> Mask:
    """Say for each person whether they were removed at their own wish."""
    mask: Mask = people.fate == Fate.GONE
    return mask
