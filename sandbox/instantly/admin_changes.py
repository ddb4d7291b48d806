"""What the admin may see and change of the world: `/instantly/_admin/world`."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.instantly.data.workspace import Workspace
    from sandbox.instantly.world import World

Json = dict[str, Any]
_IDS_SHOWN = 100


def world_facts(world: World) -> Json:
    """Give back counts, and the first ids."""
    return {"workspaces": [_facts(workspace) for workspace in world.workspaces]}


def change_world(world: World, change: Json) -> None:
    """Change the world.

    `{"workspace": 0, "change" | "delete": "campaign" | "account" | "lead", "id": "…", "fields": {…}}`, where an
    account's id is its address; `{"advance_days": 1}`; `{"workspace": 0, "has_paid_plan": false}`;
    `{"workspace": 0, "answer_as": "lead id", "text": "…", "is_automatic": false}`.
    """
    if "advance_days" in change:
        world.clock.advance(change["advance_days"])
        return
    workspace = world.workspaces[change.get("workspace", 0)]
    if "has_paid_plan" in change:
        workspace.has_paid_plan = change["has_paid_plan"]
        return
    if "answer_as" in change:
        options = {"is_automatic": change.get("is_automatic", False)}
        if workspace.answer_as(change["answer_as"], change.get("text", "Sounds good."), **options) is None:
            raise KeyError(change["answer_as"])
        return
    tables: dict[str, Any] = {
        "campaign": workspace.campaigns,
        "account": workspace.accounts,
        "lead": workspace.leads,
    }
    if "delete" in change:
        done = tables[change["delete"]].delete(change["id"])
    else:
        done = tables[change["change"]].change(change["id"], change["fields"])
    if done is None:
        raise KeyError(change["id"])


def _facts(workspace: Workspace) -> Json:
    return {
        "id": workspace.id,
        "campaigns": len(workspace.campaigns),
        "accounts": len(workspace.accounts),
        "campaign_ids": [row["id"] for row in islice(workspace.campaigns.after(None), _IDS_SHOWN)],
        "account_emails": [row["email"] for row in islice(workspace.accounts.after(None), _IDS_SHOWN)],
    }
