"""Supabase for assets and checks."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from modules.shared.settings import Settings
from modules.supabase.row_store import RowStore
from modules.supabase.supabase_client import supabase_client
from outreach_pipeline.failures import dagster_failures


class SupabaseResource(dg.ConfigurableResource[RowStore]):
    """Opens one client a run and closes it after; SUPABASE_URL and SUPABASE_KEY say where."""

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[RowStore]:
        """An open store. The keys never pass through Dagster's configuration, so its pages cannot show them."""
        del context
        settings = Settings()
        with dagster_failures():
            url, key = settings.require("SUPABASE_URL"), settings.require("SUPABASE_KEY")
        with supabase_client(url, key) as client:
            yield RowStore(client)
