"""Fixtures that more than one folder of tests uses: a real local Supabase, one a worker, migrated."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import psycopg
import pytest
import stamina

from modules.instantly.instantly_tables import RAW_TABLES
from modules.supabase.migrations import apply_migrations, read_migrations
from modules.supabase.row_store import RowStore
from modules.supabase.supabase_client import supabase_client
from sandbox.local_supabase import LocalSupabase
from tests.fakes.empty_tables import empty_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.local_supabase import SupabaseEnvironment

# A developer's own .env names real projects and real keys. No test may ever reach them.
os.environ["OUTREACH_ENV_FILE"] = os.devnull

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


@pytest.fixture
def instant_retries() -> Iterator[None]:
    """Retries without their pauses, three tries at most."""
    with stamina.set_testing(True, attempts=3):
        yield
