"""One page of a people search, and whether what it says can be true.

Source: docs.apollo.io/reference, "People API Search".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from modules.apollo.apollo_slices import PAGE_SIZE
from modules.shared.errors import ContractError, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from modules.apollo.apollo_filters import PeopleFilters

IMPLAUSIBLE_TOTAL = 10_000_000
"""More than this is no market that anybody writes to, but Apollo's database with a filter ignored."""
IMPLAUSIBLE_GROWTH = 20
"""So many times the hits of the last time."""

_SEARCH = "/mixed_people/api_search"


class Reader(Protocol):
    """What is needed of `ApolloClient`; several threads call it at once."""

    def read(
        self, method: str, path: str, *, params: Mapping[str, Any] | None = None, body: object = None
    ) -> dict[str, Any]:
        """The decoded answer of a call that costs nothing."""
        ...


class PeoplePage(NamedTuple):
    """One answer.

    Attributes:
        total: Hits of the whole search, by Apollo's count.
        people: Up to a hundred of them, as Apollo shows them.
    """

    total: int
    people: list[Any]


def read_page(client: Reader, filters: PeopleFilters, number: int) -> PeoplePage:
    """The page of that number, from 1.

    Raises:
        ContractError: The answer is no page.
        RetryableError, PermanentError: As with `ApolloClient.read`.
    """
    answer = client.read("POST", _SEARCH, params={**filters.query(), "page": number, "per_page": PAGE_SIZE})
    total, people = answer.get("total_entries"), answer.get("people")
    if type(total) is not int or total < 0:
        raise ContractError(f"Apollo: POST {_SEARCH} answered without a whole number total_entries.")
    if not isinstance(people, list):
        raise ContractError(f"Apollo: POST {_SEARCH} answered without a list people.")
    return PeoplePage(total, people)


def refuse_implausible_total(
    total: int, *, previous_total: int | None = None, implausible_total: int = IMPLAUSIBLE_TOTAL
) -> None:
    """Refuse a number of hits that is likelier a filter ignored than a market.

    Args:
        total: Hits.
        previous_total: Hits when the search was last read; `None`: never. Fewer than a hundred count as a hundred,
            because a market of three may well grow to sixty.
        implausible_total: The most that is plausible.

    Raises:
        Refused: Too many.
    """
    most, why = implausible_total, ""
    if previous_total is not None:
        grown = IMPLAUSIBLE_GROWTH * max(previous_total, PAGE_SIZE)
        if grown < most:
            most, why = grown, f" after {previous_total:,} the last time"
    if total > most:
        raise Refused(
            f"Apollo: a people search finds {total:,} people, and at most {most:,} are plausible{why}. A filter was "
            "probably ignored: try its filters one by one in searches of their own. If the number is right, narrow the "
            "search, or raise implausible_total (and leave previous_total out)."
        )
