"""One reading of a people search: which pages are asked for, what they give, and whether that is everybody."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from modules.apollo.apollo_people_pages import IMPLAUSIBLE_TOTAL, read_page, refuse_implausible_total
from modules.apollo.apollo_slices import MOST_HITS, PAGE_SIZE, cut, parts_that_fit, refuse_ignored_filter
from modules.shared.logger import get_logger
from modules.shared.parallel import in_parallel

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from modules.apollo.apollo_filters import PeopleFilters
    from modules.apollo.apollo_people_pages import PeoplePage, Reader
    from modules.apollo.apollo_slices import Cut

MOST_PEOPLE = 20 * MOST_HITS
READERS = 4

_SHORT_PCT = 5
"""Pages move under the reader, so a few people less than counted are no sign of anything."""

_log = get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class Collection:
    """One reading of a people search. Nothing is asked before `people()` is iterated, and the numbers grow with it.

    Attributes:
        client: Where it is read.
        filters: The search.
        most_people: Reading ends after that many.
        readers: Pages in flight at once; the client's limiter, not this, keeps the pace.
        previous_total: Hits when it was last read; `None`: never.
        implausible_total: More hits than this are refused.
        total_entries: Hits by Apollo's count. A search too long for one request is sent in parts, and somebody whom two
            parts find counts twice.
        unreachable: Hits that no slice holds, at most: Apollo shows 50,000 of a search, and not of everybody it knows
            that in which slices differ.
        slices: Searches that were read to their end.
        short_slices: Of these, those that ended more than 5 % before their own total.
        pages: Answers taken in.
        people_read: People given; whoever came twice counts twice.
        is_finished: Whether the last slice was read.
    """

    client: Reader
    filters: PeopleFilters
    most_people: int = MOST_PEOPLE
    readers: int = READERS
    previous_total: int | None = None
    implausible_total: int = IMPLAUSIBLE_TOTAL
    total_entries: int = 0
    unreachable: int = 0
    slices: int = 0
    short_slices: int = 0
    pages: int = 0
    people_read: int = 0
    is_finished: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether everybody was met whom Apollo counts; only then does it mean anything that somebody is missing."""
        return self.is_finished and not self.unreachable and not self.short_slices

    def people(self) -> Iterator[Any]:
        """Everybody who can be reached, as Apollo shows them, in no order; somebody may come twice.

        A few pages are in memory. Each page is asked for once, and a search that has to be cut costs one request more.

        Raises:
            Refused: The number of hits is implausible, or the search too long to be sent.
            ContractError: An answer is not what Apollo documents, or a filter was ignored.
            RetryableError, PermanentError: As with `ApolloClient.read`.
        """
        self.total_entries = self.unreachable = self.slices = self.short_slices = 0
        self.pages = self.people_read = 0
        self.is_finished = False
        for person in islice(self._read(parts_that_fit(self.filters)), self.most_people):
            self.people_read += 1
            yield person
        self.is_finished = self.people_read < self.most_people

    def summary(self) -> str:
        """How it went, for people."""
        notes = [f"{self.people_read:,} people read of {self.total_entries:,}, in {self.slices:,} slices"]
        if not self.is_finished:
            notes.append(f"not read to the end (at most {self.most_people:,} people)")
        if self.short_slices:
            notes.append(f"{self.short_slices:,} slices held fewer people than Apollo counts, so read it again")
        if self.unreachable:
            notes.append(f"up to {self.unreachable:,} are in no slice, so narrow the search to meet them")
        return "; ".join(notes)

    def _read(self, searches: Sequence[PeopleFilters], parent: tuple[Cut, int] | None = None) -> Iterator[Any]:
        """The first page of each, which counts it; then what follows, or its slices where it is too large."""

        def first(search: PeopleFilters) -> tuple[PeopleFilters, PeoplePage]:
            return search, read_page(self.client, search, 1)

        counted = []
        for search, page in in_parallel(first, searches, readers=self.readers):
            self.pages += 1
            if parent is None:
                self.total_entries += page.total
                refuse_implausible_total(
                    self.total_entries, previous_total=self.previous_total, implausible_total=self.implausible_total
                )
            counted.append((search, page.total, len(page.people)))
            yield from page.people
        if parent is not None:
            totals = [total for _, total, _ in counted]
            refuse_ignored_filter(*parent, totals)
            self.unreachable += max(0, parent[1] - sum(totals))
        for search, total, people_read in counted:
            made = cut(search, total) if total > MOST_HITS else None
            if made is None:
                yield from self._rest(search, total, people_read)
            else:
                _log.info(
                    "Apollo: %s people are read in %s slices by %s, without %s",
                    f"{total:,}",
                    len(made.slices),
                    made.by,
                    made.loses or "losing anybody",
                )
                yield from self._read(made.slices, (made, total))

    def _rest(self, search: PeopleFilters, total: int, people_read: int) -> Iterator[Any]:
        """What follows the first page of a slice, until a page is empty."""
        shown, has_more = min(total, MOST_HITS), people_read > 0

        def numbers() -> Iterator[int]:
            for number in range(2, -(-shown // PAGE_SIZE) + 1):
                if not has_more:
                    return
                yield number

        for page in in_parallel(partial(read_page, self.client, search), numbers(), readers=self.readers):
            self.pages += 1
            has_more = has_more and len(page.people) > 0
            people_read += len(page.people)
            yield from page.people
        self.slices += 1
        self.short_slices += people_read * 100 < shown * (100 - _SHORT_PCT)
        self.unreachable += total - shown
