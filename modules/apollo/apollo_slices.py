"""Cutting a people search that finds more than Apollo shows into slices that each show everything. Pure.

The fewest requests come of few slices: filters whose values part the people are cut first, then what everybody has one
of, last the lists whose values overlap, which only cost people that come twice.

Source: docs.apollo.io/reference, "People API Search": 500 pages of 100 people, whatever the total.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from modules.apollo.apollo_filter_fields import SENIORITIES, IntegerRange, employees
from modules.apollo.apollo_filters import CompanyFilters, PeopleFilters
from modules.shared.errors import ContractError, Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

PAGE_SIZE = 100
MOST_HITS = 50_000
"""Rows that one search shows, at 500 pages."""
LONGEST_QUERY = 5_000
"""Characters; 1,000 more are left to what a slice adds, and to the page."""

_EMPLOYEES = (1, 11, 21, 51, 101, 201, 501, 1_001, 2_001, 5_001, 10_001)
_MOST_EMPLOYEES = 10_000_000
_REVENUES = (0, 10**6, 10**7, 5 * 10**7, 10**8, 5 * 10**8, 10**9, 10**10)
_MOST_REVENUE = 10**13
"""Where the bands of Apollo's own pages begin, and what no company exceeds."""
_ALTERNATIVES = (
    "q_organization_domains_list",
    "organization_ids",
    "person_locations",
    "organization_locations",
    "person_titles",
    "person_seniorities",
    "organization_num_employees_ranges",
    "contact_email_status",
    "currently_using_any_of_technology_uids",
    "q_organization_job_titles",
    "organization_job_locations",
    "q_organization_keyword_tags",
)
"""Lists of which one value is enough, so that parts of the list find together what the list finds."""

AnyFilters = TypeVar("AnyFilters", PeopleFilters, CompanyFilters)
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A search cut into slices.

    Attributes:
        by: The filter in which they differ.
        slices: They find together what the search finds, but for what is lost.
        overlaps: Whether somebody may be in two.
        loses: Who is in no slice; `None`: nobody.
    """

    by: str
    slices: tuple[PeopleFilters, ...]
    overlaps: bool
    loses: str | None


class _Way(NamedTuple):
    """One way to cut: a filter, and its smallest pieces."""

    by: str
    pieces: Sequence[Any]
    overlaps: bool = False
    loses: str | None = None


def parts_that_fit(filters: AnyFilters) -> list[AnyFilters]:
    """The search itself, or parts whose queries are at most `LONGEST_QUERY` long and which find the same together.

    Raises:
        Refused: It is too long, and no list in it can be parted.
    """
    if filters.query_length <= LONGEST_QUERY:
        return [filters]
    lists = {name: values for name in _ALTERNATIVES if len(values := getattr(filters, name, None) or ()) > 1}
    if not lists:
        raise Refused(
            f"This search is {filters.query_length:,} characters long, and at most {LONGEST_QUERY:,} are sent. "
            "Shorten its longest filter, or make several searches of it."
        )
    longest = max(lists, key=lambda name: sum(len(name) + len(value) for value in lists[name]))
    for number in range(ceil(filters.query_length / LONGEST_QUERY), len(lists[longest])):
        parts = [_with(filters, longest, group) for group in groups(lists[longest], number)]
        if all(part.query_length <= LONGEST_QUERY for part in parts):
            return parts
    singles = (_with(filters, longest, (value,)) for value in lists[longest])
    return [part for single in singles for part in parts_that_fit(single)]


def cut(filters: PeopleFilters, total: int) -> Cut | None:
    """A search of too many hits cut into slices that are likely to be small enough; `None`: it cannot be cut.

    Twice as many slices as would do if they were equal: one that is still too large costs a request and a second cut.

    Args:
        filters: The search.
        total: Its hits.
    """
    number = 2 * ceil(total / MOST_HITS)
    for ways in (_whole_ways(filters, number), _losing_ways(filters, number), _overlapping_ways(filters)):
        way = max(ways, key=lambda each: min(len(each.pieces), number), default=None)
        if way is not None:
            slices = [_with(filters, way.by, group) for group in groups(way.pieces, number)]
            return Cut(by=way.by, slices=tuple(slices), overlaps=way.overlaps, loses=way.loses)
    return None


def refuse_ignored_filter(made: Cut, total: int, totals: Sequence[int]) -> None:
    """Refuse slices that cannot be what they were asked for.

    Args:
        made: The cut.
        total: Hits of the whole.
        totals: Hits of the slices. One may be as large as the whole, if all the others find next to nobody.

    Raises:
        ContractError: Apollo did not heed the filter by which the search was cut.
    """
    # Totals move a little between two requests.
    crowded = [each >= total and (sum(totals) - each) * 100 > total for each in totals]
    if crowded and (all(crowded) if made.overlaps else any(crowded)):
        raise ContractError(
            f"Apollo: a people search of {total:,} hits was cut by {made.by}, and a slice of it has {max(totals):,}. "
            f"Apollo ignores that filter, or its values mean the same; compare its documents of {made.by}, "
            "and narrow the search by another filter."
        )


def groups(items: Sequence[Item], number: int) -> list[tuple[Item, ...]]:
    """The items in at most that many groups of neighbours, nearly equal in length; none is empty."""
    number = min(number, len(items))
    borders = [len(items) * n // number for n in range(number + 1)] if items else []
    return [tuple(items[start:end]) for start, end in pairwise(borders)]


def ranges(low: int, high: int, number: int) -> list[tuple[int, int]]:
    """All whole numbers from `low` to `high` in at most that many ranges, each of which ends a like factor higher."""
    first = max(low, 1)
    starts = {low, *(min(high, ceil(first * (high / first) ** (n / number))) for n in range(1, number))}
    return _from(sorted(start for start in starts if start >= low), high)


def _from(starts: Sequence[int], high: int) -> list[tuple[int, int]]:
    return [(start, following - 1) for start, following in pairwise((*starts, high + 1))]


def _banded(low: int, high: int, bands: Sequence[int], number: int) -> list[tuple[int, int]]:
    """Cut where bands begin, or within the band where there is only one."""
    pieces = _from([low, *(band for band in bands if low < band <= high)], high)
    return pieces if len(pieces) > 1 else ranges(low, high, number)


def _whole_ways(filters: PeopleFilters, number: int) -> list[_Way]:
    """Ways in which nobody is lost: the filter is there already, so everybody found has a value."""
    ways = []
    if filters.organization_num_employees_ranges:
        ways.append(_Way("organization_num_employees_ranges", _employee_pieces(filters, number)))
    ways.append(_Way("person_seniorities", filters.person_seniorities or ()))
    ways += [
        # A place may lie in another, and a company of a domain may be a former one.
        _Way(name, getattr(filters, name) or (), overlaps=True)
        for name in ("person_locations", "organization_locations", "organization_ids", "q_organization_domains_list")
    ]
    if filters.revenue_range:
        ways.append(_Way("revenue_range", _revenue_pieces(filters.revenue_range, number)))
    return [way for way in ways if len(way.pieces) > 1]


def _losing_ways(filters: PeopleFilters, number: int) -> list[_Way]:
    ways = []
    if not filters.organization_num_employees_ranges:
        loses = "people whose employer's size is unknown"
        ways.append(_Way("organization_num_employees_ranges", _employee_pieces(filters, number), loses=loses))
    if not filters.person_seniorities:
        ways.append(_Way("person_seniorities", SENIORITIES, loses="people whose seniority is unknown"))
    if not filters.revenue_range:
        loses = "people whose employer's revenue is unknown"
        ways.append(_Way("revenue_range", _revenue_pieces(IntegerRange(min=0), number), loses=loses))
    return ways


def _overlapping_ways(filters: PeopleFilters) -> list[_Way]:
    lists = ((name, getattr(filters, name, None) or ()) for name in _ALTERNATIVES)
    return [_Way(name, values, overlaps=True) for name, values in lists if len(values) > 1]


def _employee_pieces(filters: PeopleFilters, number: int) -> list[str]:
    given = filters.organization_num_employees_ranges or (f"{_EMPLOYEES[0]},{_MOST_EMPLOYEES}",)
    of_each = 1 if len(given) > 1 else number
    pieces = [piece for each in given for piece in _banded(*employees(each), _EMPLOYEES, of_each)]
    return [f"{low},{high}" for low, high in pieces]


def _revenue_pieces(given: IntegerRange, number: int) -> list[IntegerRange]:
    low = given.min or 0
    high = max(low, _MOST_REVENUE) if given.max is None else given.max
    pieces = [IntegerRange(min=first, max=last) for first, last in _banded(low, high, _REVENUES, number)]
    return [*pieces[:-1], IntegerRange(min=pieces[-1].min, max=given.max)]


def _with(filters: AnyFilters, name: str, pieces: Sequence[Any]) -> AnyFilters:
    """The same search with only those pieces of one filter."""
    value = IntegerRange(min=pieces[0].min, max=pieces[-1].max) if name == "revenue_range" else pieces
    return filters.__class__.model_validate({**filters.as_json(), name: value})
