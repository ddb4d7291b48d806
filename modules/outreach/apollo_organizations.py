"""`apollo_organizations_raw`: which company searches to read, and the companies that were paid for."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from modules.apollo.apollo_rows import ORGANIZATIONS, transform_organizations
from modules.outreach.apollo_ledger import purchases_since
from modules.outreach.apollo_purchases import PurchaseReport, buy_company_pages
from modules.outreach.apollo_reads import ApolloSource, searches_to_read
from modules.outreach.normalised_tables import Database, last_refresh
from modules.supabase.table_sync import History, Scope, SyncReport, noted_read, sync_table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from modules.apollo.apollo_client import ApolloClient
    from modules.apollo.apollo_enrichment import Json
    from modules.outreach.apollo_ledger import Ledger
    from modules.supabase.row_store import RowStore

_ENRICHED = Scope(name="enriched", is_whole=False, is_comparable=False)
_FOUND = Scope(name="found", is_whole=False, is_comparable=False)


def buy_due_company_searches(ledger: Ledger, client: ApolloClient) -> list[PurchaseReport]:
    """Read the company searches that are due; one that a budget cuts short goes on the next time."""
    reports = []
    for search in searches_to_read(ledger.store, "companies"):
        scope = Scope(name=f"search:{search['search_name']}", is_whole=False, is_comparable=False)
        with noted_read(
            ledger.store,
            ORGANIZATIONS.name,
            scope,
            source=ApolloSource(client=client),
            sync_run_id=str(uuid.uuid4()),
            orchestrator_run_id=ledger.run_id,
        ) as note:
            report = buy_company_pages(ledger, client, search)
            note |= {"requests_made": report.calls, "pages_read": report.calls}
            if report.stopped_because:
                note |= {"status": "incomplete", "reason": f"stopped: {report.stopped_because}"}
        reports.append(report)
    return reports


def fill_organizations(store: RowStore, orchestrator_run_id: str | None = None) -> SyncReport:
    """Bring `apollo_organizations_raw` up to what was paid for since the last time.

    A search shows less of a company than its enrichment, so what a search found only fills gaps.
    """
    since = last_refresh(store, ORGANIZATIONS.name, scope=_FOUND.name)
    source = Database(as_of=datetime.now(UTC))

    def fill(scope: Scope, payloads: Iterable[Json], *, only_gaps: bool) -> SyncReport:
        return sync_table(
            store,
            ORGANIZATIONS,
            transform_organizations(payloads),
            source=source,
            scope=scope,
            orchestrator_run_id=orchestrator_run_id,
            history=History(is_newer=only_gaps, rows_read=None),
        )

    enriched = fill(
        _ENRICHED, (row["payload"] for row in purchases_since(store, "organization", since)), only_gaps=False
    )
    pages = purchases_since(store, "page", since)
    fill(_FOUND, (company for row in pages for company in row["payload"]["organizations"]), only_gaps=True)
    return enriched
