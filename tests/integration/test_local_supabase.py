from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import httpx
import psutil
import psycopg
import pytest

from sandbox.local_supabase import LocalSupabase
from sandbox.postgres_account import account_for_postgres
from sandbox.processes import SandboxError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def supabase(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSupabase]:
    local = LocalSupabase(tmp_path_factory.mktemp("supabase"), durable=False)
    try:
        local.up()
        yield local
    finally:
        local.down()


@pytest.fixture
def another(tmp_path: Path) -> Iterator[LocalSupabase]:
    local = LocalSupabase(tmp_path / "another", durable=False)
    yield local
    local.down()


def is_healthy(url: str) -> bool:
    return httpx.get(f"{url}/health").status_code == 200


def write_note(database_url: str, text: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("create table if not exists notes (note text not null)")
        connection.execute("insert into notes values (%s)", [text])


def read_notes(database_url: str) -> list[str]:
    with psycopg.connect(database_url) as connection:
        return [str(row[0]) for row in connection.execute("select note from notes order by 1")]


def process_id(local: LocalSupabase, name: str) -> int:
    return int(json.loads((local.folder / f"{name}.json").read_text())["pid"])


def test_data_address_and_keys_survive_a_stop_and_a_second_start(supabase: LocalSupabase) -> None:
    first = supabase.up()
    write_note(first.database_url, "kept")
    supabase.down()
    assert supabase.environment() is None
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(first.database_url)
    supabase.down()

    second = supabase.up()
    assert second == first
    assert supabase.environment() == second
    assert "kept" in read_notes(second.database_url)


def test_up_on_a_running_one_restarts_nothing(supabase: LocalSupabase) -> None:
    first = supabase.up()
    before = [process_id(supabase, name) for name in ("postgres", "postgrest", "gateway")]
    assert LocalSupabase(supabase.folder).up() == first
    assert [process_id(supabase, name) for name in ("postgres", "postgrest", "gateway")] == before


def test_two_run_side_by_side_and_know_nothing_of_each_other(supabase: LocalSupabase, another: LocalSupabase) -> None:
    one, two = supabase.up(), another.up()
    write_note(two.database_url, "of the second")
    assert is_healthy(one.url)
    assert is_healthy(two.url)
    assert one.secret_key != two.secret_key
    assert read_notes(two.database_url) == ["of the second"]


@pytest.mark.parametrize("part", ["postgres", "postgrest", "gateway"])
def test_a_killed_part_is_started_again_by_the_next_up(supabase: LocalSupabase, part: str) -> None:
    before = supabase.up()
    write_note(before.database_url, f"before {part} was killed")
    psutil.Process(process_id(supabase, part)).kill()
    while supabase.environment() is not None:
        pass
    after = supabase.up()
    assert is_healthy(after.url)
    assert f"before {part} was killed" in read_notes(after.database_url)


def test_process_files_naming_strangers_are_seen_through(supabase: LocalSupabase) -> None:
    supabase.up()
    supabase.down()
    account = account_for_postgres()
    # The stranger belongs to the server's own user: PostgreSQL alone would take it for a running server.
    groups: list[int] | None = None if account.user_id is None else []
    stranger = subprocess.Popen(["sleep", "60"], user=account.user_id, group=account.group_id, extra_groups=groups)
    try:
        lock_lines = [str(stranger.pid), str(supabase.folder / "data"), "1", "5432", "", "127.0.0.1", "1 1", "ready"]
        (supabase.folder / "data" / "postmaster.pid").write_text("\n".join(lock_lines) + "\n")
        for part in ("postgres", "postgrest", "gateway"):
            file = supabase.folder / f"{part}.json"
            file.write_text(json.dumps(json.loads(file.read_text()) | {"pid": stranger.pid, "created_at_s": 1.0}))
        assert supabase.environment() is None
        assert is_healthy(supabase.up().url)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_server_whose_record_was_lost_is_stopped_before_a_second_one_opens_its_data(supabase: LocalSupabase) -> None:
    supabase.up()
    forgotten = process_id(supabase, "postgres")
    (supabase.folder / "postgres.json").unlink()
    assert is_healthy(supabase.up().url)
    assert not psutil.pid_exists(forgotten)


def test_a_half_finished_first_start_is_begun_anew(another: LocalSupabase) -> None:
    partial = another.folder / "data.partial"
    partial.mkdir(parents=True)
    (partial / "PG_VERSION").write_text("18")
    (another.folder / "secrets.json.1.partial").write_text("{")
    environment = another.up()
    assert is_healthy(environment.url)
    assert not partial.exists()


def test_two_starters_at_once_share_one_start(another: LocalSupabase) -> None:
    code = (
        "import sys, pathlib; from sandbox.local_supabase import LocalSupabase;"
        "print(LocalSupabase(pathlib.Path(sys.argv[1]), durable=False).up().url)"
    )
    command = [sys.executable, "-c", code, str(another.folder)]
    starters = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    printed = [starter.communicate(timeout=60)[0] for starter in starters]
    assert [starter.returncode for starter in starters] == [0, 0]
    assert printed[0] == printed[1]
    # Both starters are gone; what they started is not.
    assert is_healthy(printed[0].strip())


def test_a_port_taken_in_the_meantime_is_replaced_and_a_wanted_one_is_used_when_free(supabase: LocalSupabase) -> None:
    before = supabase.up()
    port = int(before.url.rsplit(":", 1)[1])
    supabase.down()
    with socket.create_server(("127.0.0.1", port)):
        assert LocalSupabase(supabase.folder, api_port=port, durable=False).up().url != before.url
        supabase.down()
    assert LocalSupabase(supabase.folder, api_port=port, durable=False).up().url == before.url


def test_a_failed_start_shows_the_last_lines_of_the_right_log(
    another: LocalSupabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "postgrest"
    program.write_text("#!/bin/sh\necho 'this program is made of paper' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("POSTGREST_BIN", str(program))
    with pytest.raises(SandboxError, match=r"postgrest ended while starting(.|\n)*postgrest\.log(.|\n)*made of paper"):
        another.up()


def test_data_without_its_passwords_is_refused_by_name(another: LocalSupabase) -> None:
    (another.folder / "data").mkdir(parents=True)
    with pytest.raises(SandboxError, match=r"secrets\.json"):
        another.up()


def test_secrets_are_in_private_files_and_neither_in_logs_nor_in_command_lines(supabase: LocalSupabase) -> None:
    environment = supabase.up()
    secrets = set(json.loads((supabase.folder / "secrets.json").read_text()).values())
    for file in supabase.folder.iterdir():
        if file.is_file() and any(secret in file.read_text() for secret in secrets):
            assert file.suffix != ".log"
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for part in ("postgres", "postgrest", "gateway"):
        command_line = " ".join(psutil.Process(process_id(supabase, part)).cmdline())
        assert not any(secret in command_line for secret in secrets)
    assert not any(secret in repr(environment) for secret in secrets)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the data to another account")
def test_as_root_the_folders_above_the_data_are_opened_for_passing_and_nothing_more(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    local = LocalSupabase(closed / "supabase", durable=False)
    try:
        local.up()
        assert stat.S_IMODE(closed.stat().st_mode) == 0o701
        assert stat.S_IMODE((local.folder / "data").stat().st_mode) == 0o700
        assert psutil.Process(process_id(local, "postgres")).uids().real != 0
    finally:
        local.down()


def test_the_owner_of_the_database_is_no_superuser_but_may_change_the_api_roles(supabase: LocalSupabase) -> None:
    with psycopg.connect(supabase.up().database_url) as connection:
        row = connection.execute("select rolsuper, rolbypassrls from pg_roles where rolname = current_user").fetchone()
        assert row == (False, True)
        connection.execute("alter role service_role set statement_timeout = '60s'")
        connection.execute("create schema if not exists private")
        connection.execute("create extension if not exists citext schema extensions")
        connection.execute("set role service_role")
        connection.rollback()


def test_the_api_roles_have_the_timeouts_of_a_hosted_project(supabase: LocalSupabase) -> None:
    with psycopg.connect(supabase.up().database_url) as connection:
        settings = list(
            connection.execute(
                "select rolname, rolconfig from pg_roles where rolname in ('anon', 'authenticated', 'authenticator')"
                " order by rolname"
            ).fetchall()
        )
    assert settings == [
        ("anon", ["statement_timeout=3s"]),
        ("authenticated", ["statement_timeout=8s"]),
        ("authenticator", ["statement_timeout=8s"]),
    ]
