"""The pipeline's rows without PostgREST between: the same functions and tables, for tests that launch many times."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self, TypeVar

import psycopg
from psycopg.types.json import Jsonb

from modules.supabase.row_store import RowStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


def _unchanged(query: Any) -> Any:
    return query


class _Query:
    """Filters of a table, as the Supabase client takes them; those that a launch needs."""

    def __init__(self) -> None:
        self.conditions = ["true"]
        self.values: list[Any] = []

    def eq(self, column: str, value: Any) -> Self:
        return self._add(f"{column} = %s", value)

    def match(self, values: Mapping[str, Any]) -> Self:
        for column, value in values.items():
            self.eq(column, value)
        return self

    def in_(self, column: str, values: Any) -> Self:
        return self._add(f"{column} = any (%s)", list(values))

    def neq(self, column: str, value: Any) -> Self:
        return self._add(f"{column} <> %s", value)

    def _add(self, condition: str, value: Any) -> Self:
        self.conditions.append(condition)
        self.values.append(value)
        return self


class DirectStore(RowStore):
    """Calls over a connection, whose open transaction they see. Reading only takes the filters of `_Query`."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        """Look up what functions there are."""
        self._connection = connection
        routines = connection.execute(
            """
            select routine.proname, routine.proretset, routine.prorettype = 'void'::regtype,
                   routine.proargnames, routine.proargtypes::regtype[]::text[]
              from pg_proc as routine where routine.pronamespace = 'public'::regnamespace
            """
        ).fetchall()
        self._functions = {name: rest for name, *rest in routines}

    def call(self, function: str, params: Mapping[str, Any]) -> Any:
        """What a database function answers."""
        gives_rows, gives_nothing, names, types = self._functions[function]
        type_of = dict(zip((names or [])[: len(types)], types, strict=True))
        places = ", ".join(f"{name} => %s::{type_of[name]}" for name in params)
        values = [
            Jsonb(value) if type_of[name] == "jsonb" and value is not None else value for name, value in params.items()
        ]
        if gives_rows:
            statement = f"select coalesce(jsonb_agg(to_jsonb(answer)), '[]') from public.{function}({places}) as answer"
        else:
            statement = f"select to_jsonb(public.{function}({places}))"
        if gives_nothing:
            statement = f"select public.{function}({places})"
        found = self._connection.execute(statement, values).fetchone()
        return None if found is None or gives_nothing else found[0]

    def select(self, relation: str, build: Callable[[Any], Any] = _unchanged) -> list[dict[str, Any]]:
        """Rows of a table or view."""
        return [row for (row,) in self._read(relation, "to_jsonb(entry)", build)]

    def count(self, relation: str, narrow: Callable[[Any], Any] = _unchanged) -> int:
        """How many rows a table or view has."""
        [(count,)] = self._read(relation, "count(*)", narrow)
        return int(count)

    def _read(self, relation: str, what: str, build: Callable[[Any], Any]) -> list[Any]:
        query = build(_Query())
        conditions = " and ".join(query.conditions)
        return self._connection.execute(
            f"select {what} from public.{relation} as entry where {conditions}", query.values
        ).fetchall()


Store = TypeVar("Store", bound=DirectStore)


@contextmanager
def direct_store(database_url: str, kind: type[Store]) -> Iterator[Store]:
    """One of a kind over a connection of its own, as the role that PostgREST would take; closed on the way out."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("set role service_role")
        yield kind(connection)
