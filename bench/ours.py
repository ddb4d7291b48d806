"""This pipeline: Instantly's accounts into their table, with the very bricks that the asset uses.

    python -m bench.ours

Reads the servers' places from the environment; prints one JSON object: rows, seconds, requests, peak memory.
"""

from __future__ import annotations

import json
import resource
import time

from modules.instantly.instantly_client import InstantlyClient
from modules.instantly.instantly_rows import ACCOUNTS
from modules.instantly.instantly_sources import InstantlyApi
from modules.instantly.instantly_transform import transform_accounts
from modules.shared.settings import Settings
from modules.supabase.row_store import RowStore
from modules.supabase.supabase_client import supabase_client
from modules.supabase.table_sync import sync_table


def main() -> None:
    """One sync. The limiter is off: it is the vendor's limit that is left out here, for every competitor."""
    settings = Settings()
    with supabase_client(settings.require("SUPABASE_URL"), settings.require("SUPABASE_KEY")) as client:
        store = RowStore(client)
        instantly = InstantlyClient(
            settings.require("INSTANTLY_API_KEY"), base_url=settings.instantly_base_url, requests_per_second=None
        )
        began_s = time.perf_counter()
        with InstantlyApi(instantly) as source:
            report = sync_table(store, ACCOUNTS, transform_accounts(source.accounts()), source=source)
        seconds = time.perf_counter() - began_s
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    counts = report.counts
    print(
        json.dumps(
            {
                "rows": counts.read,
                "written": counts.inserted + counts.updated,
                "seconds": seconds,
                "requests": report.requests_made,
                "peak_mb": peak_mb,
            }
        )
    )


if __name__ == "__main__":
    main()
