"""The `outreach` and `dg` commands as processes, the way a person runs them on a machine with nothing else."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from modules.instantly.instantly_tables import RAW_TABLES

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
TABLES = {table.name for table in RAW_TABLES}


def run(*command, environment, status=0):
    done = subprocess.run(
        [str(BIN / command[0]), *command[1:]], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """The environment of a fresh machine: no variable of ours but a home of its own."""
    home = tmp_path_factory.mktemp("outreach")
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "OUTREACH_ENV_FILE")}
    return kept | {"OUTREACH_HOME": str(home), "COLUMNS": "200", "INSTANTLY_REQUESTS_PER_SECOND": "90"}


@pytest.fixture(scope="module")
def started(bare):
    """The same after `outreach local up`, `eval "$(outreach local env)"` and `outreach migrate`."""
    try:
        run("outreach", "local", "up", environment=bare)
        exports = run("outreach", "local", "env", environment=bare).stdout
        environment = {**bare, **dict(shlex.split(line)[1].split("=", 1) for line in exports.splitlines())}
        run("outreach", "migrate", environment=environment)
        yield environment
    finally:
        run("outreach", "local", "down", environment=bare)


@pytest.fixture(scope="module")
def synced(started):
    """What the first sync printed."""
    return json.loads(run("outreach", "sync", "--json", environment=started).stdout)


def test_the_local_servers_come_up_twice_without_harm_and_keep_their_place(bare, started):
    run("outreach", "local", "up", environment=bare)
    exports = run("outreach", "local", "env", environment=bare).stdout
    assert f"SUPABASE_URL={started['SUPABASE_URL']}" in exports


def test_migrations_are_planned_and_applied_once(started):
    rows = json.loads(run("outreach", "migrate", "--plan", "--json", environment=started).stdout)
    assert len(rows) >= 3
    assert {row["state"] for row in rows} == {"applied"}


def test_a_sync_prints_each_table_and_its_requests(started, synced):
    assert {row["table"] for row in synced} == TABLES
    assert all(row["rows_in_table"] > 0 for row in synced)
    second = json.loads(run("outreach", "sync", "--json", environment=started).stdout)
    for row in second:
        assert row["unchanged"] == row["read"]
    shown = run("outreach", "status", environment=started).stdout
    assert all(table in shown for table in TABLES)
    status = {row["table"]: row for row in json.loads(run("outreach", "status", "--json", environment=started).stdout)}
    assert {row["last_read"] for row in status.values()} == {"complete"}


@pytest.mark.usefixtures("synced")
def test_one_dg_command_backfills_thirty_days_of_daily_analytics(started):
    last = datetime.now(UTC).date() - timedelta(days=20)
    days = f"{last - timedelta(days=29)}...{last}"
    command = ("dg", "launch", "--assets", "instantly_daily_analytics_raw", "--partition-range", days)
    run(*command, environment=started)
    status = json.loads(run("outreach", "status", "--json", environment=started).stdout)
    assert {row["last_read"] for row in status} == {"complete"}


def test_the_definitions_pass_dagsters_own_check(started):
    run("dg", "check", "defs", environment=started)


@pytest.mark.parametrize(
    "arguments",
    [
        ["no-such-command"],
        ["sync", "--source", "csv"],
        ["sync", "--source", "json"],
        ["sync", "--file", "export.json"],
        ["migrate", "--no-such-option"],
    ],
    ids=" ".join,
)
def test_wrong_use_exits_with_2(bare, arguments):
    run("outreach", *arguments, environment=bare, status=2)


@pytest.mark.parametrize("arguments", [["status"], ["migrate"], ["sync"], ["local", "env"]], ids=" ".join)
def test_a_missing_setting_exits_with_1_and_one_message_that_says_what_to_do(bare, arguments, tmp_path):
    environment = bare | {"OUTREACH_HOME": str(tmp_path)}
    done = run("outreach", *arguments, environment=environment, status=1)
    assert "outreach local" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_that_is_no_export_exits_with_1_and_names_the_file(started, tmp_path):
    file = tmp_path / "notes.json"
    file.write_text('{"notes": []}')
    done = run("outreach", "sync", "--source", "json", "--file", str(file), environment=started, status=1)
    assert str(file) in done.stderr
    assert "Traceback" not in done.stderr


def test_an_edited_migration_exits_with_3(started, tmp_path):
    import psycopg

    with psycopg.connect(started["SUPABASE_DB_URL"], autocommit=True) as connection:
        edit = "update supabase_migrations.schema_migrations set statements = %s where version = '001'"
        (original,) = connection.execute(
            "select statements from supabase_migrations.schema_migrations where version = '001'"
        ).fetchone()
        connection.execute(edit, (["select 1"],))
        try:
            done = run("outreach", "migrate", environment=started, status=3)
        finally:
            connection.execute(edit, (original,))
    assert "001_users_table.sql was edited" in done.stderr
