"""Rows in and out of Supabase: functions called, rows read back and written. The one data path of the pipeline."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import httpx
import orjson
from postgrest.base_request_builder import RequestConfig
from postgrest.types import CountMethod, ReturnMethod

from modules.shared.errors import PermanentError, RetryableError
from modules.shared.retries import attempts
from modules.supabase.supabase_client import STALE_SCHEMA_CODES, supabase_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from supabase import Client

    from modules.shared.raw_table import RawTable

_SCHEMA_RELOAD_S = 5.0
"""How long PostgREST may take to learn what a migration added."""

ROWS_A_PAGE = 1_000
"""What a hosted project answers at most, whatever is asked for."""


class _EncodedRequest(RequestConfig[httpx.Client]):
    """A request whose body is JSON already.

    The client's own encoder takes as long as all the rest, and holds up the thread that reads meanwhile.
    """

    content: bytes = b""

    def send(self, additional_headers: httpx.Headers) -> httpx.Response:
        """Send, as the class above does with a body that it encodes."""
        additional_headers.update(self.headers)
        additional_headers["Content-Type"] = "application/json"
        return self.session.request(
            self.http_method, str(self.path), content=self.content, params=self.params, headers=additional_headers
        )


def _whole_table(query: Any) -> Any:
    return query


class RowStore:
    """Tables and functions of one Supabase project, over its REST API."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def count_listed(self, table: RawTable, narrow: Callable[[Any], Any] = _whole_table) -> int:
        """How many rows the vendor still lists. `narrow` adds filters to the query."""
        return self.count(table.name, lambda query: narrow(query).is_("deleted_at", "null"))

    def count(self, relation: str, narrow: Callable[[Any], Any] = _whole_table) -> int:
        """How many rows a table or view has. `narrow` adds filters to the query."""

        def build(client: Client) -> Any:
            return narrow(client.table(relation).select("", count=CountMethod.exact, head=True))

        answer = self.execute(f"count {relation}", build)
        return int(answer.count or 0)

    def listed_keys(
        self, table: RawTable, narrow: Callable[[Any], Any] = _whole_table
    ) -> Iterator[list[tuple[str, ...]]]:
        """Keys of the rows that the vendor still lists, in key order, a page at a time."""
        last: tuple[str, ...] | None = None
        while page := self._page_of_keys(table, narrow, last):
            yield page
            last = page[-1]

    def listed_texts(self, table: RawTable) -> list[str]:
        """All keys, of a table whose key is one column."""
        return [key for page in self.listed_keys(table) for (key,) in page]

    def _page_of_keys(
        self, table: RawTable, narrow: Callable[[Any], Any], last: tuple[str, ...] | None
    ) -> list[tuple[str, ...]]:
        def build(client: Client) -> Any:
            query = narrow(client.table(table.name).select(*table.key)).is_("deleted_at", "null")
            if last is not None:
                query = query.or_(_after(table.key, last))
            for column in table.key:
                query = query.order(column)
            return query.limit(ROWS_A_PAGE)

        rows = self.execute(f"read keys of {table.name}", build).data
        return [tuple(str(row[column]) for column in table.key) for row in rows]

    def mark_deleted(self, table: RawTable, keys: Sequence[tuple[str, ...]]) -> int:
        """Note that the vendor no longer lists these rows; answers how many were newly marked."""
        marked = 0
        for start in range(0, len(keys), ROWS_A_PAGE):
            objects = [dict(zip(table.key, key, strict=True)) for key in keys[start : start + ROWS_A_PAGE]]
            marked += self.call("mark_deleted", {"target_table": table.name, "keys": objects})
        return marked

    def select(self, relation: str, build: Callable[[Any], Any] = _whole_table) -> list[dict[str, Any]]:
        """Rows of a table or view, at most `ROWS_A_PAGE` of them. `build` adds filters, order and limit."""
        return list(self.execute(f"read {relation}", lambda client: build(client.table(relation).select("*"))).data)

    def insert(
        self, table_name: str, records: Sequence[Mapping[str, Any]], *, unique: tuple[str, ...] = ("id",)
    ) -> None:
        """New rows; one that is there already, by its `unique` columns, is left alone, so asking twice is harmless."""
        self.execute(
            f"insert into {table_name}",
            lambda client: client.table(table_name).upsert(
                list(records), on_conflict=",".join(unique), ignore_duplicates=True, returning=ReturnMethod.minimal
            ),
        )

    def update(self, table_name: str, row_id: str, changes: Mapping[str, Any]) -> None:
        """Change one row by its `id`."""
        self.execute(
            f"update {table_name}",
            lambda client: client.table(table_name).update(changes, returning=ReturnMethod.minimal).eq("id", row_id),
        )

    def call(self, function: str, params: Mapping[str, Any]) -> Any:
        """What a database function answers. Only functions that are safe to run twice: a lost answer is asked again.

        Args:
            function: In schema `public`.
            params: Its parameters by name; `orjson.Fragment` marks what is JSON already.
        """
        body = orjson.dumps(params)

        def build(client: Client) -> Any:
            query = client.rpc(function, {})
            request = query.request
            # Naming what is in the body spares PostgREST a reading of its own to find out.
            columns = request.params.add("columns", ",".join(params)) if params else request.params
            query.request = _EncodedRequest(
                request.session, request.path, "POST", request.headers, columns, request.auth, None
            )
            query.request.content = body
            return query

        return self.execute(function, build).data

    def execute(self, asked: str, build: Callable[[Client], Any]) -> Any:
        """The answer of the request that `build` makes of the client; repeated while Supabase is out of reach.

        Raises:
            RetryableError: Still out of reach after two minutes.
            PermanentError: Key, right, schema or data is wrong; `code` says which.
        """
        began_s = time.monotonic()

        def may_pass(error: Exception) -> bool:
            # Right after a migration the API does not know the new names yet; later they are really missing.
            is_new = isinstance(error, PermanentError) and error.code in STALE_SCHEMA_CODES
            return isinstance(error, RetryableError) or (is_new and time.monotonic() - began_s < _SCHEMA_RELOAD_S)

        for attempt in attempts(may_pass=may_pass, most=8, total_s=120):
            with attempt, supabase_errors(asked):
                return build(self._client).execute()
        raise AssertionError("an attempt either returns or raises")  # pragma: no cover


def _after(columns: tuple[str, ...], last: tuple[str, ...]) -> str:
    """PostgREST's spelling of `(columns) > (last)`.

    >>> _after(("day", "id"), ("2026-11-01", "a"))
    'and(day.gt."2026-11-01"),and(day.eq."2026-11-01",id.gt."a")'
    """
    quoted = ['"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for value in last]
    terms = []
    for position, column in enumerate(columns):
        equal = [f"{columns[index]}.eq.{quoted[index]}" for index in range(position)]
        terms.append(f"and({','.join([*equal, f'{column}.gt.{quoted[position]}'])})")
    return ",".join(terms)
