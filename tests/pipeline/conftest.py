"""The pipeline pointed at a real local Supabase and a stand-in for Instantly, with a Dagster home of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fakes.apollo_server import apollo_server
from tests.fakes.instantly_server import instantly_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    import dagster as dg
    import psycopg

    from modules.supabase.row_store import RowStore
    from sandbox.local_supabase import SupabaseEnvironment
    from tests.fakes.apollo_server import ApolloServer
    from tests.fakes.instantly_server import InstantlyServer


@pytest.fixture
def pipeline(
    supabase: SupabaseEnvironment,
    database: psycopg.Connection,
    dagster: dg.DagsterInstance,
    monkeypatch: pytest.MonkeyPatch,
    instant_retries: None,
) -> Iterator[InstantlyServer]:
    """A small world at Instantly, an empty Supabase, and the environment variables that point there."""
    assert database
    assert instant_retries is None
    assert dagster
    with instantly_server(seed=5, campaigns=6, accounts=130, leads=60, days=40) as server:
        monkeypatch.setenv("SUPABASE_URL", supabase.url)
        monkeypatch.setenv("SUPABASE_KEY", supabase.secret_key)
        monkeypatch.setenv("INSTANTLY_BASE_URL", server.base_url)
        monkeypatch.setenv("INSTANTLY_API_KEY", server.api_key)
        monkeypatch.setenv("INSTANTLY_REQUESTS_PER_SECOND", "1000")
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
    dagster: dg.DagsterInstance,
    monkeypatch: pytest.MonkeyPatch,
) -> ApolloServer:
    """They at the start, and the environment variables that point there and to an empty Supabase."""
    assert dagster
    apollo_world.reset()
    monkeypatch.setenv("SUPABASE_URL", empty_supabase.url)
    monkeypatch.setenv("SUPABASE_KEY", empty_supabase.secret_key)
    monkeypatch.setenv("APOLLO_BASE_URL", apollo_world.base_url)
    monkeypatch.setenv("APOLLO_API_KEY", apollo_world.api_key)
    monkeypatch.setenv("APOLLO_SEARCHES_PER_MINUTE", "100000")
    return apollo_world
