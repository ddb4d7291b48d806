"""`outreach status`: what each table holds, how fresh and how complete."""

from datetime import UTC, datetime
from typing import Any

from modules.outreach.normalised_tables import NEVER
from outreach_pipeline.commands.output import AsJson, print_rows
from outreach_pipeline.commands.stores import open_store

_HEADS = {
    "table": "table",
    "last_read": "last read",
    "source": "source",
    "age_in_minutes": "age",
    "rows_read": "rows",
    "requests": "asked",
    "reason": "reason",
}


def status(as_json: AsJson = False) -> None:
    """Show each table's last read, and how old its newest complete data is."""
    with open_store() as store:
        rows = store.select("sync_status", lambda query: query.order("table_name"))
    now = datetime.now(UTC)
    print_rows(
        "Tables: age in minutes, requests asked", [_row(row, now) for row in rows], as_json=as_json, heads=_HEADS
    )


def _row(row: dict[str, Any], now: datetime) -> dict[str, Any]:
    as_of = row["complete_as_of"]
    age = now - datetime.fromisoformat(as_of) if as_of and datetime.fromisoformat(as_of) > NEVER else None
    return {
        "table": row["table_name"],
        "last_read": row["last_status"],
        "source": row["last_source"],
        "age_in_minutes": int(age.total_seconds() // 60) if age is not None else None,
        "rows_read": row["complete_rows_read"],
        "requests": row["complete_requests_made"],
        "reason": row["last_reason"],
    }
