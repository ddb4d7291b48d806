"""Which of Apollo's searches to read now, and who found whom."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from modules.apollo.apollo_filters import PeopleFilters
from modules.apollo.apollo_lead_collector import collect_people
from modules.apollo.apollo_rows import PersonRow, transform_people
from modules.shared.errors import PermanentError, RetryableError
from modules.shared.file_problems import problems, written
from modules.supabase.table_sync import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from modules.apollo.apollo_client import ApolloClient
    from modules.apollo.apollo_enrichment import Json
    from modules.apollo.apollo_people_collection import Collection
    from modules.shared.raw_table import RawRow, RejectedRow
    from modules.supabase.row_store import RowStore

_NOTED_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ApolloSource:
    """Apollo, as a source of rows. What a search does not list is not gone.

    Attributes:
        client: The team's connection.
        as_of: The moment the data speaks of.
    """

    client: ApolloClient
    as_of: datetime = field(default_factory=lambda: datetime.now(UTC))
    name: str = "api"
    workspace_id: str | None = None
    lists_are_whole: bool = False
    _requests_before: int = 0
    _pages_before: int = 0

    @property
    def requests_made(self) -> int:
        """Requests so far, repeats included."""
        return self.client.requests_made - self._requests_before

    @property
    def pages_read(self) -> int:
        """Answers taken in so far."""
        return self.client.pages_read - self._pages_before

    def part(self) -> ApolloSource:
        """The same source, counting from here on; its parts are read one after the other."""
        return replace(self, _requests_before=self.client.requests_made, _pages_before=self.client.pages_read)


def searches_to_read(store: RowStore, kind: str, only_search: str | None = None) -> list[Json]:
    """Searches of a kind that are due, or the one that is named, due or not.

    Raises:
        PermanentError: There is none of that name.
    """
    searches: list[Json] = store.call("searches_to_read", {"wanted_kind": kind, "only_search": only_search})
    if only_search is not None and not searches:
        raise PermanentError(
            f"No search of {kind} is called {only_search}. See `outreach campaigns`, or apply the file that has it: "
            "`outreach campaigns apply`."
        )
    return searches


@dataclass(slots=True)
class PeopleReads:
    """Reads of people searches, each as a part of `apollo_people_raw`.

    Attributes:
        searches: By the name of their scope.
        collections: Those that were begun, by the name of their search.
        people_new: People that a search had not found before.
    """

    store: RowStore
    searches: dict[str, tuple[Json, PeopleFilters]]
    collections: dict[str, Collection] = field(default_factory=dict)
    people_new: int = 0

    @classmethod
    def due(
        cls, store: RowStore, only_search: str | None = None, narrow: Mapping[str, Any] | None = None
    ) -> PeopleReads:
        """Those to read now.

        Args:
            store: Where the searches are.
            only_search: This one, due or not; `None`: all that are due.
            narrow: Filters to add to it or to put in the place of its own, so that another slice is read; such a read
                does not count as one of the search.

        Raises:
            PermanentError: There is no search of that name, or Apollo has no such filter.
        """
        searches = {}
        for search in searches_to_read(store, "people", only_search):
            filters = _filters(search, narrow or {})
            slice_name = f":{filters.filters_digest}" if narrow else ""
            searches[f"search:{search['search_name']}{slice_name}"] = (search, filters)
        return cls(store, searches)

    def scopes(self) -> list[Scope]:
        """The parts to read."""
        return [Scope(name=name, is_whole=False, is_comparable=False) for name in self.searches]

    def read(self, source: ApolloSource, scope: Scope) -> Iterable[RawRow | RejectedRow]:
        """The rows of one part, noting on the way whom the search found."""
        search, filters = self.searches[scope.name]
        previous = search["rows_before"] if scope.name.count(":") == 1 else None
        collection = collect_people(source.client, filters, previous_total=previous)
        self.collections[search["search_name"]] = collection
        yield from self._noting(search["search_name"], transform_people(collection.people()))
        if collection.short_slices:
            raise RetryableError(f"Apollo: search {search['search_name']}: {collection.summary()}. Try again later.")

    def _noting(self, search_name: str, rows: Iterator[RawRow | RejectedRow]) -> Iterator[RawRow | RejectedRow]:
        while chunk := list(islice(rows, _NOTED_AT_ONCE)):
            ids = [row.apollo_person_id for row in chunk if isinstance(row, PersonRow)]
            self.people_new += self.store.call("note_people_found", {"found_by": search_name, "person_ids": ids})
            yield from chunk


def _filters(search: Json, narrow: Mapping[str, Any]) -> PeopleFilters:
    try:
        return PeopleFilters.model_validate(search["filters"] | dict(narrow))
    except ValidationError as error:
        found = "; ".join(f"{written(path) or 'filters'}: {message}" for path, message in problems(error))
        raise PermanentError(
            f"Search {search['search_name']} cannot be read: {found}. Mend its file and apply it, or what narrows it."
        ) from None
