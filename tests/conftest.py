"""Fixtures that more than one folder of tests uses: a real local Supabase, one a worker, migrated."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import dagster as dg
import psycopg
import pytest
import stamina
from hypothesis import settings

from modules.instantly.instantly_tables import RAW_TABLES
from modules.supabase.migrations import apply_migrations, read_migrations
from modules.supabase.row_store import RowStore
from modules.supabase.supabase_client import supabase_client
from outreach_pipeline.dagster_home import prepare_dagster_home
from sandbox.local_supabase import LocalSupabase
from tests.fakes.dagster_in_memory import dagster_in_memory
from tests.fakes.empty_tables import empty_tables
from tests.fakes.instantly_server import instantly_server
from tests.fakes.launch_runs import LaunchRuns, launches_in
from tests.fakes.launch_world import LaunchWorld

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sandbox.local_supabase import SupabaseEnvironment
    from tests.fakes.instantly_server import InstantlyServer

# A developer's own .env names real projects and real keys. No test may ever reach them.
os.environ["OUTREACH_ENV_FILE"] = os.devnull

# How long an example takes says nothing on a busy machine. Where CI is set, the same examples are tried every time, so
# that what lands hangs on the change alone; anywhere else, other ones each time.
settings.register_profile("outreach", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("outreach")

TABLES = (
    "users",
    *(table.name for table in RAW_TABLES),
    "instantly_api_keys",
    "apollo_searches",
    "apollo_people_raw",
    "apollo_search_people",
    "apollo_organizations_raw",
    "apollo_calls",
    "apollo_credit_ledger",
    "apollo_usage",
    "companies",
    "lead_scores",
    "icebreaker_answers",
    "icebreakers",
    "openai_batches",
    "openai_batch_lines",
    "campaigns",
    "campaign_files",
    "leads",
    "instantly_reconciliation",
    "duplicate_audit",
    "sync_runs",
    "rejected_rows",
    "suppressions",
    "lead_erased_keys",
    "launches",
    "launch_keys",
    "campaign_creations",
    "campaign_leads",
    "pause_switch",
    "run_requests",
)


@pytest.fixture(scope="session")
def supabase(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SupabaseEnvironment]:
    """A running Supabase of this worker's own."""
    local = LocalSupabase(tmp_path_factory.mktemp("supabase"), durable=False)
    try:
        environment = local.up()
        apply_migrations(environment.database_url, read_migrations())
        with supabase_client(environment.url, environment.secret_key) as client:
            # Waits until the REST server knows what the migrations added.
            RowStore(client).call("merge_lead_scores", {"rows": []})
        yield environment
    finally:
        local.down()


@pytest.fixture
def database(supabase: SupabaseEnvironment) -> Iterator[psycopg.Connection]:
    """A direct connection to it, with every table empty, and nothing paused."""
    with psycopg.connect(supabase.database_url, autocommit=True) as connection:
        empty_tables(connection, TABLES)
        connection.execute("select public.set_pause(null)")
        yield connection


@pytest.fixture
def store(supabase: SupabaseEnvironment, database: psycopg.Connection) -> Iterator[RowStore]:
    """The pipeline's own way in, with every table empty."""
    assert database
    with supabase_client(supabase.url, supabase.secret_key) as client:
        yield RowStore(client)


@pytest.fixture(scope="session")
def first_dagster_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Dagster home whose databases are made: making them takes a second, copying them next to nothing."""
    with pytest.MonkeyPatch.context() as variables:
        variables.setenv("OUTREACH_HOME", str(tmp_path_factory.mktemp("outreach")))
        variables.setenv("DAGSTER_HOME", "")
        home = prepare_dagster_home()
        with dg.DagsterInstance.get() as instance:
            assert instance.get_latest_materialization_event(dg.AssetKey("leads")) is None
    return home


@pytest.fixture
def dagster_home(first_dagster_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Dagster of this test's own, in files, which the variables name."""
    home = tmp_path / "dagster"
    shutil.copytree(first_dagster_home, home)
    monkeypatch.setenv("OUTREACH_HOME", str(tmp_path))
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    return home


@pytest.fixture(scope="module")
def two_senders() -> Iterator[InstantlyServer]:
    """A workspace with two mailboxes and nobody in it, where a campaign that is set sending sends at once."""
    with instantly_server(seed=3, campaigns=1, accounts=2, leads=0, days=2) as server:
        server.stand_in.world.settles_after_s = 0.0
        yield server


@pytest.fixture
def launch_world(
    two_senders: InstantlyServer, database: psycopg.Connection, store: RowStore, instant_retries: None
) -> LaunchWorld:
    """What a launch meets, in an otherwise empty database."""
    assert instant_retries is None
    two_senders.reset()
    return LaunchWorld(two_senders, database, store)


@pytest.fixture
def dagster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """A Dagster of this test's own, in memory; what looks for one by the variables makes another, in files."""
    monkeypatch.setenv("OUTREACH_HOME", str(tmp_path))
    monkeypatch.setenv("DAGSTER_HOME", "")
    with dagster_in_memory() as instance:
        yield instance


@pytest.fixture
def launch_variables(
    launch_world: LaunchWorld, supabase: SupabaseEnvironment, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """The variables that point a launch there; they are set."""
    variables = {
        "SUPABASE_URL": supabase.url,
        "SUPABASE_KEY": supabase.secret_key,
        "INSTANTLY_BASE_URL": launch_world.server.base_url,
        "INSTANTLY_API_KEY": launch_world.server.api_key,
        "INSTANTLY_REQUESTS_PER_SECOND": "1000",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


@pytest.fixture
def launching(
    launch_world: LaunchWorld, launch_variables: dict[str, str], dagster: dg.DagsterInstance, tmp_path: Path
) -> LaunchRuns:
    """The campaign `plans` and four people for it, on fresh data that this Dagster made; nothing was launched yet."""
    assert launch_variables
    return launches_in(launch_world, dagster, tmp_path)


@pytest.fixture
def launching_on_disk(
    launch_world: LaunchWorld, launch_variables: dict[str, str], dagster_home: Path
) -> Iterator[LaunchRuns]:
    """The same, recorded in files that other processes can read."""
    assert launch_variables
    with dg.DagsterInstance.get() as instance:
        yield launches_in(launch_world, instance, dagster_home)


@pytest.fixture
def instant_retries() -> Iterator[None]:
    """Retries without their pauses, three tries at most."""
    with stamina.set_testing(True, attempts=3):
        yield
