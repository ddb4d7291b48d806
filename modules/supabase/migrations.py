"""The numbered SQL files of `sql/`, applied once each and in order, over a direct Postgres connection.

What was applied stands in `supabase_migrations.schema_migrations`, where the Supabase CLI keeps it too, with the text
of each file: an edited file is noticed and refused.

Source: supabase.com/docs, "Database migrations"; the table is the CLI's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path  # noqa: TC003 - a default value is one
from typing import TYPE_CHECKING

import psycopg

from modules.shared.errors import PermanentError, Refused, RetryableError
from modules.shared.logger import redact
from modules.shared.settings import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Sequence

MIGRATIONS_FOLDER = REPOSITORY / "sql"

_FILE_NAME = re.compile(r"^(\d+)_(\w+)\.sql$")
_LOCK_ID = 7_305_516_042
"""Any number, the same in every copy of this program: two runs at once take turns."""

_HISTORY = """
create schema if not exists supabase_migrations;
create table if not exists supabase_migrations.schema_migrations (
  version text not null primary key,
  statements text[],
  name text
);
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file.

    Attributes:
        version: The digits its name begins with.
        name: The rest of its name.
        statements: Its text.
    """

    version: str
    name: str
    statements: str = field(repr=False)

    @property
    def file_name(self) -> str:
        """As it stands in the folder."""
        return f"{self.version}_{self.name}.sql"


def read_migrations(folder: Path = MIGRATIONS_FOLDER) -> list[Migration]:
    """The files of the folder in the order of their versions.

    Raises:
        PermanentError: A name does not fit, two files share a version, or there is none.
    """
    migrations = []
    for path in sorted(folder.glob("*.sql")):
        match = _FILE_NAME.match(path.name)
        if match is None:
            raise PermanentError(f"{path}: not a migration's name. Call it like 004_what_it_adds.sql.")
        migrations.append(Migration(match[1], match[2], path.read_text(encoding="utf-8")))
    versions = [migration.version for migration in migrations]
    if not versions:
        raise PermanentError(f"{folder}: no migrations there. Run this from a complete checkout.")
    if len(set(versions)) < len(versions):
        raise PermanentError(
            f"{folder}: two migrations share a version: {', '.join(versions)}. Renumber the newer one."
        )
    return migrations


def plan_migrations(database_url: str, migrations: Sequence[Migration]) -> list[Migration]:
    """The migrations that are not applied yet, in order. Changes nothing.

    Raises:
        Refused: An applied file was edited, or a new one would come before an applied one.
        RetryableError: The database is out of reach.
    """
    with _connect(database_url) as connection:
        exists = connection.execute(
            "select to_regclass('supabase_migrations.schema_migrations') is not null"
        ).fetchone()
        return _pending(connection, migrations) if exists and exists[0] else list(migrations)


def apply_migrations(database_url: str, migrations: Sequence[Migration]) -> list[Migration]:
    """Apply what is not applied yet, each file in a transaction of its own, and answer what was applied now.

    Two runs at once take turns: the second finds nothing left to do.

    Raises:
        Refused: An applied file was edited, or a new one would come before an applied one.
        PermanentError: A file failed; the ones before it stay applied, and nothing of it is left behind.
        RetryableError: The database is out of reach.
    """
    applied: list[Migration] = []
    with _connect(database_url) as connection:
        while True:
            with connection.transaction():
                connection.execute("select pg_advisory_xact_lock(%s)", (_LOCK_ID,))
                connection.execute(_HISTORY)
                pending = _pending(connection, migrations)
                if not pending:
                    return applied
                _apply(connection, pending[0])
            applied.append(pending[0])


def _apply(connection: psycopg.Connection, migration: Migration) -> None:
    try:
        connection.execute(migration.statements.encode())
    except psycopg.Error as error:
        place = f" (line {line})" if (line := _line(error, migration)) else ""
        raise PermanentError(
            f"{migration.file_name}{place}: {redact(error.diag.message_primary or str(error))}. "
            "Nothing of this file was kept; mend it and run `outreach migrate` again."
        ) from error
    connection.execute(
        "insert into supabase_migrations.schema_migrations (version, name, statements) values (%s, %s, %s)",
        (migration.version, migration.name, [migration.statements]),
    )


def _pending(connection: psycopg.Connection, migrations: Sequence[Migration]) -> list[Migration]:
    rows = connection.execute("select version, statements from supabase_migrations.schema_migrations").fetchall()
    applied: dict[str, list[str] | None] = dict(rows)
    for migration in migrations:
        text = applied.get(migration.version)
        if text and _bare("".join(text)) != _bare(migration.statements):
            raise Refused(
                f"{migration.file_name} was edited after it was applied. Put the old text back (git log -p), "
                "and write the change as a new migration."
            )
    pending = [migration for migration in migrations if migration.version not in applied]
    ours = [migration.version for migration in migrations if migration.version in applied]
    if pending and ours and pending[0].version < ours[-1]:
        raise Refused(
            f"{pending[0].file_name} comes before {ours[-1]}, which is applied already. Give it the next free number."
        )
    return pending


def _connect(database_url: str) -> psycopg.Connection:
    try:
        # Transaction-mode poolers know no prepared statements.
        return psycopg.connect(database_url, autocommit=True, connect_timeout=10, prepare_threshold=None)
    except psycopg.OperationalError as error:
        raise RetryableError(
            f"Postgres: connecting to SUPABASE_DB_URL failed: {redact(str(error).strip())[:300]}. Check the "
            "password and the host; a project's direct host needs IPv6, its session pooler (port 5432) does not. "
            "For the local one: `outreach local up`."
        ) from error
    except psycopg.ProgrammingError as error:
        raise PermanentError(
            "Postgres: SUPABASE_DB_URL is not a postgresql:// address. Copy it from Connect."
        ) from error


def _line(error: psycopg.Error, migration: Migration) -> int | None:
    position = error.diag.statement_position
    return migration.statements[: int(position)].count("\n") + 1 if position else None


def _bare(text: str) -> str:
    """Without white space and semicolons: the Supabase CLI drops them where it cuts a file into statements."""
    return re.sub(r"[\s;]+", "", text)
