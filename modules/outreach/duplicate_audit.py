"""`duplicate_audit`: which live campaigns at Instantly hold the same people, whoever put them there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modules.outreach.normalised_tables import noted_refresh

if TYPE_CHECKING:
    from modules.supabase.row_store import RowStore

DUPLICATE_AUDIT = "duplicate_audit"


def refresh_duplicate_audit(store: RowStore, orchestrator_run_id: str | None = None) -> dict[str, int]:
    """Bring the table up to what Instantly holds, as last read.

    Returns:
        How many combinations of campaigns were inserted, updated and unchanged, and how many ended: they share nobody
        any more, and their rows are gone.
    """
    with noted_refresh(
        store, DUPLICATE_AUDIT, made_of="instantly_leads_raw", orchestrator_run_id=orchestrator_run_id
    ) as counts:
        found: dict[str, int] = store.call("refresh_duplicate_audit", {})[0]
        # What ended was not read, and the note counts what was.
        counts.update({name: found[name] for name in ("inserted", "updated", "unchanged")})
    return found
