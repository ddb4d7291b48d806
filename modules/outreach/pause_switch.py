"""The pause switch: while it is on, nothing that could reach a person is done. It is read before each such effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modules.shared.errors import Refused
from modules.shared.settings import Settings

if TYPE_CHECKING:
    from modules.supabase.row_store import RowStore

_TABLE = "pause_switch"


def check_pause(store: RowStore) -> None:
    """Return only while effects are allowed.

    Raises:
        Refused: OUTREACH_PAUSED is set here, or the row in the database says so.
        RetryableError: Whether it is on cannot be read, which is as good as on.
    """
    if Settings().outreach_paused:
        raise Refused("OUTREACH_PAUSED is set: nothing is sent to anybody. Unset it to go on.")
    rows = store.select(_TABLE)
    if not rows:
        raise Refused("The table pause_switch has lost its row, so nothing is sent. `outreach resume` puts it back.")
    if rows[0]["is_paused"]:
        raise Refused(
            f"Paused since {rows[0]['changed_at']}: {rows[0]['reason']}. Nothing is sent to anybody; "
            "`outreach resume` goes on."
        )


def set_pause(store: RowStore, *, reason: str | None) -> None:
    """Turn the switch on, for a reason, or with `None` off. Safe to run twice."""
    store.call("set_pause", {"why": reason})
