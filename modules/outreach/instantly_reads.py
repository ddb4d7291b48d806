"""Which part of Instantly to read now, and what a read of it says of the tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from modules.instantly.instantly_lead_rows import LEADS
from modules.instantly.instantly_rows import WORKSPACE_TOTAL, Days, LeadsOf
from modules.supabase.table_sync import Scope, complete_as_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from modules.shared.raw_table import RawTable
    from modules.supabase.row_store import RowStore

LATE_ROWS = timedelta(days=2)
"""How far before the last read a window begins again: rows that came late, clocks that differ, and marks that are set
on a mail after it was stored."""

IDLE_HOURS = 23
"""What stands still is read once a day, at about the same hour."""

WINDOW = Scope(name="window", is_whole=False, is_comparable=False)


def window_start(store: RowStore, table: RawTable) -> datetime | None:
    """Where the next window of a table begins; `None`: it was never read completely."""
    held = complete_as_of(store, table.name)
    return held.astimezone(UTC) - LATE_ROWS if held else None


def days_scope(days: Days, asked: Collection[str] | None) -> Scope:
    """A range of days of those campaigns or accounts, which are the second part of the key; `None`: of all.

    What was not asked about keeps its history: campaigns that are gone, accounts that were removed.
    """
    wanted = None if asked is None else {WORKSPACE_TOTAL, *asked}
    return Scope(
        name=f"{days.first}...{days.last}",
        first_day=days.first,
        last_day=days.last,
        narrow=lambda query: query.gte("analytics_date", str(days.first)).lte("analytics_date", str(days.last)),
        covers=None if wanted is None else lambda key: key[1] in wanted,
    )


def due_leads(store: RowStore, *, idle_hours: int = IDLE_HOURS) -> list[tuple[Scope, LeadsOf]]:
    """The campaigns and lists whose leads are due, the largest first.

    Each hour where mails may be sent; elsewhere when something moved, or nothing was read for `idle_hours`.
    """
    return [
        (_leads_scope(row), LeadsOf(row["instantly_campaign_id"], row["instantly_list_id"]))
        for row in _due(store, LEADS, idle_hours)
    ]


def due_campaigns(store: RowStore, table: RawTable) -> list[str]:
    """Campaigns that sent and whose statistics may have changed since they were last read into that table."""
    return [row["instantly_campaign_id"] for row in _due(store, table, IDLE_HOURS)]


def due_scope(campaign_ids: Collection[str]) -> Scope:
    """Those campaigns' rows of a table whose key begins with the campaign."""
    wanted = set(campaign_ids)
    return Scope(name="due", covers=lambda key: key[0] in wanted, is_comparable=False)


def note_campaigns_read(store: RowStore, sync_run_id: str, campaign_ids: Collection[str]) -> None:
    """Note that one complete read covered these campaigns, so that they are due again only when something moves."""
    scopes = [f"campaign:{campaign_id}" for campaign_id in campaign_ids]
    store.call("note_parts_read", {"parent_id": sync_run_id, "scopes": scopes})


def _due(store: RowStore, table: RawTable, idle_hours: int) -> list[dict[str, Any]]:
    parameters = {"target_table": table.name, "with_active": table is LEADS, "idle_hours": idle_hours}
    rows: list[dict[str, Any]] = store.call("campaigns_to_read", parameters)
    return rows


def _leads_scope(row: dict[str, Any]) -> Scope:
    campaign_id, list_id = row["instantly_campaign_id"], row["instantly_list_id"]

    def narrow(query: Any) -> Any:
        if campaign_id is not None:
            return query.eq("instantly_campaign_id", campaign_id)
        # A lead that is in a campaign as well is the campaign's to judge.
        return query.eq("instantly_list_id", list_id).is_("instantly_campaign_id", "null")

    return Scope(name=row["scope"], narrow=narrow)
