"""One project holds one workspace: whatever comes from another one is refused before a row is written."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from modules.shared.errors import ContractError, Refused

if TYPE_CHECKING:
    from modules.instantly.instantly_client import InstantlyClient
    from modules.supabase.row_store import RowStore

_KEYS = "instantly_api_keys"


def workspace_of_key(store: RowStore, client: InstantlyClient, api_key: str) -> str:
    """The workspace that a key opens. A key that was never used here costs one request; later ones none.

    Raises:
        Refused: This project holds another workspace.
        ContractError: Instantly answered a workspace without an id.
    """
    key_digest = hashlib.blake2b(api_key.strip().encode(), digest_size=16, person=b"instantly key").hexdigest()
    known = store.select(_KEYS, lambda query: query.eq("key_digest", key_digest))
    if known:
        return str(known[0]["workspace_id"])
    workspace = client.get("/workspaces/current")
    workspace_id = workspace.get("id") if isinstance(workspace, dict) else None
    if not isinstance(workspace_id, str) or not workspace_id:
        raise ContractError("Instantly: GET /workspaces/current answered a workspace without an id.")
    refuse_other_workspace(store, workspace_id, "INSTANTLY_API_KEY opens")
    store.insert(_KEYS, [{"key_digest": key_digest, "workspace_id": workspace_id}], unique=("key_digest",))
    return workspace_id


def refuse_other_workspace(store: RowStore, workspace_id: str | None, what: str) -> None:
    """Refuse data of a workspace other than the one this project holds; the first one that comes is taken in.

    Raises:
        Refused: It is another one.
    """
    held = _held_workspace(store)
    if workspace_id is not None and held not in {None, workspace_id}:
        raise Refused(
            f"{what} workspace {workspace_id}, and this Supabase project holds workspace {held}. "
            "Use a project of its own for each workspace, or the key that belongs to this one."
        )


def refuse_pseudonymised(store: RowStore, file_name: str) -> None:
    """Refuse an export without real addresses where anything else was read.

    Raises:
        Refused: This project holds data of another source.
    """
    others = store.select(
        "sync_runs",
        lambda query: query.eq("status", "complete").not_.in_("source", [file_name, "database"]).limit(1),
    )
    if others:
        raise Refused(
            f"{file_name} is pseudonymised, and this Supabase project holds data from {others[0]['source']}. "
            "Load it into an empty project (`outreach local up` with another OUTREACH_HOME)."
        )


def _held_workspace(store: RowStore) -> str | None:
    for table in (_KEYS, "instantly_workspaces_raw"):
        rows = store.select(table, lambda query: query.limit(1))
        if rows:
            return str(rows[0]["workspace_id"])
    return None
