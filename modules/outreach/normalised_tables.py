"""Tables made of raw ones inside the database, and the note in `sync_runs` of how old what they say is."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from modules.supabase.table_sync import WHOLE_TABLE, complete_as_of, noted_read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from modules.supabase.row_store import RowStore

_LATE_COMMITS = timedelta(minutes=10)
"""A row's `updated_at` is when its statement began; others see it when that has ended."""
NEVER = datetime(2000, 1, 1, tzinfo=UTC)
"""How old a table is that is made of one that was never read completely."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """The source of a table that is made of another one: its data is as old as that one's."""

    as_of: datetime
    name: str = "database"
    requests_made: int = 0
    pages_read: int = 0
    workspace_id: str | None = None
    lists_are_whole: bool = True


def refresh_campaigns(store: RowStore, orchestrator_run_id: str | None = None) -> dict[str, int]:
    """Bring `campaigns` up to its raw table; how many rows were inserted, updated, unchanged."""
    made_of = "instantly_campaigns_raw"
    with noted_refresh(store, "campaigns", made_of=made_of, orchestrator_run_id=orchestrator_run_id) as counts:
        counts.update(store.call("refresh_campaigns", {})[0])
    return counts


def refresh_campaign_leads(store: RowStore, orchestrator_run_id: str | None = None) -> dict[str, int]:
    """Bring the contact ledger up to what was read from Instantly; how many people moved on, and how many did not."""
    made_of = "instantly_leads_raw"
    with noted_refresh(store, "campaign_leads", made_of=made_of, orchestrator_run_id=orchestrator_run_id) as counts:
        counts.update(store.call("refresh_campaign_leads", {})[0])
    return counts


def last_refresh(store: RowStore, table_name: str, scope: str = WHOLE_TABLE.name) -> str | None:
    """From when on rows must be looked at again: shortly before the last complete refresh began; `None`: all."""
    runs = store.select(
        "sync_runs",
        lambda query: (
            query.match({"table_name": table_name, "scope": scope, "status": "complete"})
            .order("started_at", desc=True)
            .limit(1)
        ),
    )
    return (datetime.fromisoformat(runs[0]["started_at"]) - _LATE_COMMITS).isoformat() if runs else None


@contextmanager
def noted_refresh(
    store: RowStore, table_name: str, *, made_of: str, orchestrator_run_id: str | None
) -> Iterator[dict[str, int]]:
    """A refresh between its two notes. Yields the counts that the block fills in, by what became of the rows."""
    source = Database(as_of=complete_as_of(store, made_of) or NEVER)
    with noted_read(
        store,
        table_name,
        WHOLE_TABLE,
        source=source,
        sync_run_id=str(uuid.uuid4()),
        orchestrator_run_id=orchestrator_run_id,
    ) as note:
        counts: dict[str, int] = {}
        yield counts
        note |= {"rows_read": sum(counts.values()), **{f"rows_{name}": value for name, value in counts.items()}}
