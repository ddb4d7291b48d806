"""The servers of a benchmark: a local Supabase for all competitors, and a stand-in of the vendor with a given world."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from modules.instantly.instantly_tables import RAW_TABLES
from modules.supabase.migrations import apply_migrations, read_migrations
from sandbox.files_and_ports import start_on_free_port
from sandbox.http_probe import answers
from sandbox.local_supabase import LocalSupabase
from sandbox.processes import Daemon

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
KEY = "bench-key"
_STATISTICS_DELAY_S = 11.0
OURS = [sys.executable, "-m", "bench.ours"]
BARE = [sys.executable, "-m", "bench.bare"]
DLT = [str(ROOT / ".venv-bench" / "bin" / "python"), str(ROOT / "bench" / "peer_dlt.py")]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the competitors find the servers.

    Attributes:
        environment: Variables that say so.
    """

    environment: dict[str, str]

    def run(self, command: list[str], **more: str) -> dict[str, Any]:
        """What a competitor prints of itself."""
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, **self.environment, **more},
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            sys.exit(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
        result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return result

    def forget(self) -> None:
        """Empty every table, ours and the peer's."""
        tables = ", ".join(table.name for table in RAW_TABLES)
        with psycopg.connect(self.environment["SUPABASE_DB_URL"], autocommit=True) as connection:
            connection.execute(f"truncate {tables}, sync_runs cascade")
            connection.execute("drop schema if exists bench_dlt cascade")
            connection.execute("drop schema if exists bench_dlt_staging cascade")

    def settle(self, table: str) -> None:
        """What the database does by itself within an hour of a large load."""
        with psycopg.connect(self.environment["SUPABASE_DB_URL"], autocommit=True) as connection:
            connection.execute(f"vacuum analyze {table}")

    def row_versions(self, table: str) -> int:
        """A hash of the version of every row: the same as long as none is rewritten."""
        # The table's name is one of ours.
        query = f"select coalesce(sum(hashtextextended(ctid::text || xmin::text, 0)), 0) from {table}"  # noqa: S608
        with psycopg.connect(self.environment["SUPABASE_DB_URL"], autocommit=True) as connection:
            (versions,) = connection.execute(query).fetchone() or (0,)
        return int(versions)

    def database_seconds(self) -> float:
        """Seconds that the database has spent on statements so far; its own housekeeping is left out."""
        # Sessions tell what they spent once they have been idle for ten seconds.
        time.sleep(_STATISTICS_DELAY_S)
        query = "select active_time / 1000 from pg_stat_database where datname = current_database()"
        with psycopg.connect(self.environment["SUPABASE_DB_URL"]) as connection:
            (seconds,) = connection.execute(query).fetchone() or (0.0,)
        return float(seconds)


@contextmanager
def local_supabase(folder: Path) -> Iterator[Place]:
    """A migrated Supabase of its own."""
    supabase = LocalSupabase(folder)
    environment = supabase.up()
    try:
        apply_migrations(environment.database_url, read_migrations())
        variables = {
            "SUPABASE_URL": environment.url,
            "SUPABASE_KEY": environment.secret_key,
            "SUPABASE_DB_URL": environment.database_url,
            "INSTANTLY_API_KEY": KEY,
            "OPENAI_API_KEY": KEY,
            "RUNTIME__DLTHUB_TELEMETRY": "false",
            "OUTREACH_ENV_FILE": os.devnull,
        }
        yield Place(variables)
    finally:
        supabase.down()


@contextmanager
def vendor(
    place: Place, folder: Path, *, latency_ms: float = 0, more: tuple[str, ...] = (), **world: int
) -> Iterator[Place]:
    """A stand-in of Instantly without limits, with so many campaigns, accounts and leads; `more` are options of it."""
    folder.mkdir(parents=True)
    server = Daemon(name="vendors", folder=folder)
    sizes = {"campaigns": 1, "leads": 0, "days": 1, "accounts": 1} | world
    options = [text for name, size in sizes.items() for text in (f"--{name}", str(size))]
    options += ["--api-key", KEY, "--latency-ms", str(latency_ms)]
    options += ["--requests-per-second", "1000000", "--requests-per-minute", "100000000", *more]
    start_on_free_port(
        server,
        lambda port: server.start(
            [sys.executable, "-m", "sandbox", *options, "--port", str(port)], port=port, working_folder=ROOT
        ),
        preferred_ports=(),
        is_ready=lambda: answers(f"http://127.0.0.1:{server.port}/health"),
        timeout_s=60,
    )
    try:
        root = f"http://127.0.0.1:{server.port}"
        addresses = {"INSTANTLY_BASE_URL": f"{root}/instantly/api/v2", "OPENAI_BASE_URL": f"{root}/openai/v1"}
        yield Place(place.environment | addresses)
    finally:
        server.stop()
