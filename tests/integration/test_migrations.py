"""The migration runner against a real, empty PostgreSQL database."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
import pytest

from modules.shared.errors import PermanentError, Refused, RetryableError
from modules.supabase.migrations import Migration, apply_migrations, plan_migrations, read_migrations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.local_supabase import SupabaseEnvironment

FIRST = Migration("001", "first", "create table public.first (id int);\n")
SECOND = Migration("002", "second", "create table public.second (id int);\n")


@pytest.fixture
def empty_database_url(supabase: SupabaseEnvironment) -> Iterator[str]:
    name = f"migrations_{uuid4().hex}"
    with psycopg.connect(supabase.database_url, autocommit=True) as connection:
        connection.execute(f"create database {name}")
        yield urlunsplit(urlsplit(supabase.database_url)._replace(path=f"/{name}"))
        connection.execute(f"drop database {name} with (force)")


def tables(database_url: str) -> set[str]:
    with psycopg.connect(database_url) as connection:
        return {row[0] for row in connection.execute("select tablename from pg_tables where schemaname = 'public'")}


def test_each_file_is_applied_once_and_recorded_where_the_supabase_cli_looks(empty_database_url):
    assert apply_migrations(empty_database_url, [FIRST]) == [FIRST]
    assert apply_migrations(empty_database_url, [FIRST, SECOND]) == [SECOND]
    assert apply_migrations(empty_database_url, [FIRST, SECOND]) == []
    with psycopg.connect(empty_database_url) as connection:
        rows = connection.execute(
            "select version, name, statements from supabase_migrations.schema_migrations order by version"
        ).fetchall()
    assert rows == [("001", "first", [FIRST.statements]), ("002", "second", [SECOND.statements])]


def test_a_plan_names_what_is_missing_and_changes_nothing(empty_database_url):
    assert plan_migrations(empty_database_url, [FIRST, SECOND]) == [FIRST, SECOND]
    assert tables(empty_database_url) == set()
    apply_migrations(empty_database_url, [FIRST])
    assert plan_migrations(empty_database_url, [FIRST, SECOND]) == [SECOND]


def test_an_edited_file_is_refused_and_nothing_else_is_applied(empty_database_url):
    apply_migrations(empty_database_url, [FIRST])
    edited = Migration("001", "first", "create table public.first (id bigint);\n")
    with pytest.raises(Refused, match=r"001_first\.sql was edited"):
        apply_migrations(empty_database_url, [edited, SECOND])
    with pytest.raises(Refused, match=r"001_first\.sql was edited"):
        plan_migrations(empty_database_url, [edited, SECOND])
    assert tables(empty_database_url) == {"first"}


def test_a_file_that_the_supabase_cli_applied_counts_as_applied(empty_database_url):
    apply_migrations(empty_database_url, [FIRST])
    with psycopg.connect(empty_database_url) as connection:
        # The CLI cuts files into statements and drops the semicolons.
        connection.execute(
            "update supabase_migrations.schema_migrations set statements = %s",
            (["create table public.first\n  (id int)"],),
        )
    assert apply_migrations(empty_database_url, [FIRST]) == []


def test_a_new_file_before_an_applied_one_is_refused(empty_database_url):
    apply_migrations(empty_database_url, [SECOND])
    with pytest.raises(Refused, match=r"001_first\.sql comes before 002"):
        apply_migrations(empty_database_url, [FIRST, SECOND])


def test_a_failing_file_leaves_nothing_behind_and_names_its_line(empty_database_url):
    broken = Migration("002", "broken", "create table public.half (id int);\nselect 1/;\n")
    with pytest.raises(PermanentError, match=r"002_broken\.sql \(line 2\)"):
        apply_migrations(empty_database_url, [FIRST, broken])
    assert tables(empty_database_url) == {"first"}
    assert plan_migrations(empty_database_url, [FIRST, broken]) == [broken]


def test_ten_runs_at_once_apply_every_file_exactly_once(empty_database_url):
    migrations = [Migration(f"{n:03}", "table", f"create table public.t{n} (id int);") for n in range(1, 6)]
    applied: list[str] = []

    def run() -> None:
        applied.extend(migration.version for migration in apply_migrations(empty_database_url, migrations))

    threads = [threading.Thread(target=run) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(applied) == ["001", "002", "003", "004", "005"]


def test_an_unreachable_database_is_named_with_what_to_do_and_without_the_password():
    url = "postgresql://postgres:hunter2secret@127.0.0.1:1/postgres"
    with pytest.raises(RetryableError, match="SUPABASE_DB_URL") as raised:
        apply_migrations(url, read_migrations())
    assert "hunter2secret" not in str(raised.value)
    assert "outreach local up" in str(raised.value)


def test_a_database_url_that_is_none_is_refused_without_showing_it():
    with pytest.raises(PermanentError, match="SUPABASE_DB_URL") as raised:
        apply_migrations("mysql://root:hunter2secret@db", read_migrations())
    assert "hunter2secret" not in str(raised.value)
