from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from modules.shared.errors import PermanentError
from modules.supabase.migrations import MIGRATIONS_FOLDER, Migration, _bare, read_migrations

if TYPE_CHECKING:
    from pathlib import Path

MIGRATIONS = read_migrations()
EACH_FILE = pytest.mark.parametrize("migration", MIGRATIONS, ids=lambda migration: migration.file_name)
ROLES = ("public", "anon", "authenticated")


def statements(migration: Migration) -> list[str]:
    """The file's statements on one line each, lower case, without comments; a function's body is left out."""
    text = re.sub(r"(\$\w*\$).*?\1", "''", migration.statements, flags=re.DOTALL)
    text = re.sub(r"'(?:[^']|'')*'", "'text'", text)
    text = re.sub(r"--[^\n]*", "", text)
    return [" ".join(part.lower().split()) for part in text.split(";") if part.strip()]


def created(migration: Migration, kind: str) -> list[str]:
    found = (re.match(rf"create (?:or replace )?{kind} ([\w.]+)", statement) for statement in statements(migration))
    return [match[1] for match in found if match]


def has(migration: Migration, *words: str) -> bool:
    """Whether one statement holds all of the words."""
    return any(
        all(re.search(rf"\b{re.escape(word)}\b", statement) for word in words) for statement in statements(migration)
    )


def test_the_files_are_numbered_without_a_gap_and_named_for_what_they_add():
    assert [migration.version for migration in MIGRATIONS] == [
        f"{number:03}" for number in range(1, len(MIGRATIONS) + 1)
    ]
    assert all(re.fullmatch(r"[a-z][a-z0-9_]+", migration.name) for migration in MIGRATIONS)
    assert {file.name for file in MIGRATIONS_FOLDER.iterdir()} == {migration.file_name for migration in MIGRATIONS}


@EACH_FILE
def test_everything_a_file_creates_is_in_the_public_schema_but_for_helpers_of_its_own(migration: Migration):
    names = [name for kind in ("table", "view", "function") for name in created(migration, kind)]
    assert names
    assert all(name.startswith("public.") for kind in ("table", "view") for name in created(migration, kind))
    assert all(name.startswith(("public.", "private.")) for name in names)


@EACH_FILE
def test_every_table_is_closed_by_row_level_security_and_opened_to_the_service_role(migration: Migration):
    for table in created(migration, "table"):
        assert f"alter table {table} enable row level security" in statements(migration)
        assert has(migration, "grant", "select", "insert", "update", "delete", table, "to service_role")


@EACH_FILE
def test_every_function_is_taken_from_everyone_and_given_to_the_service_role(migration: Migration):
    for function in created(migration, "function"):
        assert has(migration, "revoke execute on function", function, *ROLES), function
        assert has(migration, "grant execute on function", function, "to service_role"), function
        assert has(migration, "create", "function", function, "security invoker", "set search_path"), function


@EACH_FILE
def test_every_view_asks_for_the_rights_of_its_reader(migration: Migration):
    for view in created(migration, "view"):
        assert has(migration, "create", "view", view, "security_invoker = true"), view
        assert has(migration, "grant select on", view, "to service_role"), view


@EACH_FILE
def test_nothing_is_granted_to_people_who_are_not_signed_in(migration: Migration):
    grants = [statement for statement in statements(migration) if statement.startswith("grant")]
    assert not [grant for grant in grants if re.search(r"\b(anon|public)$|\bto (anon|public)\b", grant)]


@EACH_FILE
def test_every_table_view_and_function_is_commented(migration: Migration):
    for kind in ("table", "view", "function"):
        for name in created(migration, kind):
            assert has(migration, f"comment on {kind} {name}", "is 'text"), name


@EACH_FILE
def test_every_file_ends_by_telling_the_api_to_read_the_schema_again(migration: Migration):
    assert migration.statements.endswith("\nnotify pgrst, 'reload schema';\n")


@EACH_FILE
def test_no_file_ends_the_transaction_it_runs_in(migration: Migration):
    assert not [
        statement for statement in statements(migration) if re.match(r"(commit|rollback|begin|vacuum)\b", statement)
    ]


def test_files_are_read_in_the_order_of_their_versions(tmp_path: Path):
    for name in ("010_third.sql", "002_second.sql", "001_first.sql", "notes.txt"):
        (tmp_path / name).write_text(f"-- {name} ü\n", encoding="utf-8")
    read = read_migrations(tmp_path)
    assert [(migration.version, migration.name) for migration in read] == [
        ("001", "first"),
        ("002", "second"),
        ("010", "third"),
    ]
    assert [migration.file_name for migration in read] == ["001_first.sql", "002_second.sql", "010_third.sql"]
    assert read[0].statements == "-- 001_first.sql ü\n"


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        ([], "no migrations there"),
        (["first.sql"], "first.sql: not a migration's name"),
        (["001-first.sql"], "not a migration's name"),
        (["001_first.sql", "001_other.sql"], "two migrations share a version: 001, 001"),
    ],
)
def test_a_folder_that_cannot_be_applied_is_refused_and_says_why(tmp_path: Path, names: list[str], reason: str):
    for name in names:
        (tmp_path / name).write_text("select 1;\n")
    with pytest.raises(PermanentError, match=reason):
        read_migrations(tmp_path)


def test_an_applied_file_counts_as_edited_only_when_more_than_its_layout_changed():
    assert _bare("select 1;\n\nselect 2;\n") == _bare("select 1select 2") == _bare("  select 1;;\tselect 2")
    assert _bare("select 1;") != _bare("select 2;")
