"""The pipeline pointed at a real local Supabase and a stand-in for Instantly, with a Dagster home of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outreach_pipeline.dagster_home import prepare_dagster_home
from tests.fakes.instantly_server import instantly_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import psycopg

    from sandbox.local_supabase import SupabaseEnvironment
    from tests.fakes.instantly_server import InstantlyServer


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
