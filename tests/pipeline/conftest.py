"""The pipeline pointed at a real local Supabase and a stand-in for Instantly, with a Dagster home of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outreach_pipeline.dagster_home import prepare_dagster_home
from tests.fakes.apollo_server import apollo_server
from tests.fakes.instantly_server import instantly_server
from tests.fakes.launch_runs import begin_launches, launch_environment, workspace_for_launches
from tests.fakes.launch_world import LaunchWorld

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import psycopg

    from modules.supabase.row_store import RowStore
    from sandbox.local_supabase import SupabaseEnvironment
    from tests.fakes.apollo_server import ApolloServer
    from tests.fakes.instantly_server import InstantlyServer
    from tests.fakes.launch_runs import LaunchRuns


@pytest.fixture
def pipeline(
    supabase: SupabaseEnvironment,
    database: psycopg.Connection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    instant_retries: None,
) -> Iterator[InstantlyServer]:
    """A small world at Instantly, an empty Supabase, and the environment variables that point there."""
    assert database
    assert instant_retries is None
    with instantly_server(seed=5, campaigns=6, accounts=130, leads=60, days=40) as server:
        monkeypatch.setenv("SUPABASE_URL", supabase.url)
        monkeypatch.setenv("SUPABASE_KEY", supabase.secret_key)
        monkeypatch.setenv("INSTANTLY_BASE_URL", server.base_url)
        monkeypatch.setenv("INSTANTLY_API_KEY", server.api_key)
        monkeypatch.setenv("INSTANTLY_REQUESTS_PER_SECOND", "1000")
        monkeypatch.setenv("OUTREACH_HOME", str(tmp_path))
        monkeypatch.setenv("DAGSTER_HOME", "")
        monkeypatch.setenv("DAGSTER_HOME", str(prepare_dagster_home()))
        yield server


@pytest.fixture(scope="module")
def apollo_world() -> Iterator[ApolloServer]:
    """Six hundred people at Apollo."""
    with apollo_server(people=600) as server:
        yield server


@pytest.fixture
def empty_supabase(supabase: SupabaseEnvironment, store: RowStore, instant_retries: None) -> SupabaseEnvironment:
    """Nothing in it, and nothing waits before it is tried again."""
    assert store
    assert instant_retries is None
    return supabase


@pytest.fixture
def apollo(
    apollo_world: ApolloServer,
    empty_supabase: SupabaseEnvironment,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> ApolloServer:
    """They at the start, and the environment variables that point there and to an empty Supabase."""
    apollo_world.reset()
    monkeypatch.setenv("SUPABASE_URL", empty_supabase.url)
    monkeypatch.setenv("SUPABASE_KEY", empty_supabase.secret_key)
    monkeypatch.setenv("APOLLO_BASE_URL", apollo_world.base_url)
    monkeypatch.setenv("APOLLO_API_KEY", apollo_world.api_key)
    monkeypatch.setenv("APOLLO_SEARCHES_PER_MINUTE", "100000")
    monkeypatch.setenv("OUTREACH_HOME", str(tmp_path))
    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.setenv("DAGSTER_HOME", str(prepare_dagster_home()))
    return apollo_world


@pytest.fixture(scope="module")
def two_senders() -> Iterator[InstantlyServer]:
    """A workspace with two mailboxes and nobody in it, where a campaign that is set sending sends at once."""
    with workspace_for_launches() as server:
        yield server


@pytest.fixture
def launch_world(
    two_senders: InstantlyServer, database: psycopg.Connection, store: RowStore, instant_retries: None
) -> LaunchWorld:
    """What a launch meets, in an otherwise empty database."""
    assert instant_retries is None
    return LaunchWorld(two_senders, database, store)


@pytest.fixture
def launching(
    launch_world: LaunchWorld, supabase: SupabaseEnvironment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> LaunchRuns:
    """The campaign `plans` and four people for it, on fresh data that this Dagster made; nothing was launched yet."""
    environment = launch_environment(launch_world.server, supabase.url, supabase.secret_key, tmp_path)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DAGSTER_HOME", str(prepare_dagster_home()))
    return begin_launches(launch_world, tmp_path)
