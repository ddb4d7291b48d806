"""Tables made of raw ones inside the database, and the note in `sync_runs` of how old what they say is."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from modules.supabase.table_sync import WHOLE_TABLE, noted_read

if TYPE_CHECKING:
    from modules.supabase.row_store import RowStore

_LATE_COMMITS = timedelta(minutes=10)
"""A row's `updated_at` is when its statement began; others see it when that has ended."""
_NEVER = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Database:
    """The source of a table that is made of another one: its data is as old as that one's."""

    as_of: datetime
    name: str = "database"
    requests_made: int = 0
    pages_read: int = 0
    workspace_id: str | None = None
    lists_are_whole: bool = True


def refresh_campaigns(store: RowStore, orchestrator_run_id: str | None = None) -> dict[str, int]:
    """Bring `campaigns` up to its raw table; how many rows were inserted, updated, unchanged."""
    return _refresh(store, "campaigns", {}, made_of="instantly_campaigns_raw", orchestrator_run_id=orchestrator_run_id)


def refresh_leads(store: RowStore, orchestrator_run_id: str | None = None) -> dict[str, int]:
    """Bring `leads` up to its raw table, looking only at addresses that changed since; counts as above."""
    runs = store.select(
        "sync_runs",
        lambda query: (
            query.match({"table_name": "leads", "status": "complete"}).order("started_at", desc=True).limit(1)
        ),
    )
    since = datetime.fromisoformat(runs[0]["started_at"]) - _LATE_COMMITS if runs else None
    parameters = {"changed_since": since.isoformat() if since else None}
    return _refresh(store, "leads", parameters, made_of="instantly_leads_raw", orchestrator_run_id=orchestrator_run_id)


def _refresh(
    store: RowStore,
    table_name: str,
    parameters: dict[str, str | None],
    *,
    made_of: str,
    orchestrator_run_id: str | None,
) -> dict[str, int]:
    status = store.select("sync_status", lambda query: query.eq("table_name", made_of))
    complete_as_of = status[0]["complete_as_of"] if status else None
    source = _Database(as_of=datetime.fromisoformat(complete_as_of) if complete_as_of else _NEVER)
    with noted_read(
        store,
        table_name,
        WHOLE_TABLE,
        source=source,
        sync_run_id=str(uuid.uuid4()),
        orchestrator_run_id=orchestrator_run_id,
    ) as note:
        counts: dict[str, int] = store.call(f"refresh_{table_name}", parameters)[0]
        note |= {"rows_read": sum(counts.values()), **{f"rows_{name}": value for name, value in counts.items()}}
    return counts
