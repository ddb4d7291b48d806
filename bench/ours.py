"""This pipeline: one entity of Instantly into its table, with the very bricks that the assets use.

    python -m bench.ours accounts|campaigns|leads

Reads the servers' places from the environment; prints one JSON object: rows, seconds, requests, peak memory. The
limiter is off unless BENCH_REQUESTS_PER_SECOND is set: elsewhere it is the vendor's limit that is left out, for every
competitor alike.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from typing import TYPE_CHECKING

from modules.instantly.instantly_api import READERS, InstantlyApi
from modules.instantly.instantly_client import InstantlyClient
from modules.instantly.instantly_lead_rows import LEAD_LISTS, LEADS
from modules.instantly.instantly_rows import ACCOUNTS, CAMPAIGNS, CampaignPayload
from modules.instantly.instantly_transform import transform_campaigns
from modules.outreach.instantly_reads import due_leads
from modules.shared.row_transform import transform_rows
from modules.shared.settings import Settings
from modules.supabase.part_sync import sync_parts
from modules.supabase.row_store import RowStore
from modules.supabase.supabase_client import supabase_client
from modules.supabase.table_sync import SyncReport, sync_table

if TYPE_CHECKING:
    from modules.supabase.table_sync import Scope


def main() -> None:
    """One sync of one entity."""
    settings = Settings()
    entity = sys.argv[1]
    limit = os.environ.get("BENCH_REQUESTS_PER_SECOND")
    with supabase_client(settings.require("SUPABASE_URL"), settings.require("SUPABASE_KEY")) as client:
        store = RowStore(client)
        instantly = InstantlyClient(
            settings.require("INSTANTLY_API_KEY"),
            base_url=settings.instantly_base_url,
            requests_per_second=float(limit) if limit else None,
        )
        with InstantlyApi(instantly) as source:
            if entity == "leads":
                # Leads are asked for by campaign and by list; what there is to ask for is not what is measured.
                sync_table(store, CAMPAIGNS, transform_campaigns(source.campaigns()), source=source)
                lists = transform_rows(LEAD_LISTS, source.listed("lead_lists"))
                sync_table(store, LEAD_LISTS, lists, source=source)
            began_s = time.perf_counter()
            report = _READS[entity](store, source)
            seconds = time.perf_counter() - began_s
    counts = report.counts
    print(
        json.dumps(
            {
                "rows": counts.read,
                "written": counts.inserted + counts.updated,
                "seconds": seconds,
                "requests": report.requests_made,
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }
        )
    )


def _accounts(store: RowStore, source: InstantlyApi) -> SyncReport:
    return sync_table(store, ACCOUNTS, transform_rows(ACCOUNTS, source.listed("accounts")), source=source)


def _campaigns(store: RowStore, source: InstantlyApi) -> SyncReport:
    # The asset reads the totals as well; the peer has no use for them, so both read the same pages here.
    listed = (CampaignPayload(campaign=each, analytics=None) for each in source.client.get_items("/campaigns"))
    return sync_table(store, CAMPAIGNS, transform_campaigns(listed), source=source)


def _leads(store: RowStore, source: InstantlyApi) -> SyncReport:
    due = dict(due_leads(store, idle_hours=0))

    def read(own: InstantlyApi, part: Scope) -> object:
        return transform_rows(LEADS, own.leads(due[part]))

    return sync_parts(store, LEADS, list(due), source=source, read=read, readers=READERS)  # type: ignore[arg-type]


_READS = {"accounts": _accounts, "campaigns": _campaigns, "leads": _leads}

if __name__ == "__main__":
    main()
