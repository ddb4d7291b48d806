"""The state of the world in a form that two stand-ins can be compared by: no ids, no moments, everything in order."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from sandbox.instantly.data.workspace import Workspace
    from sandbox.instantly.world import World

Json = dict[str, Any]
_OF_A_LEAD = (
    "email",
    "first_name",
    "last_name",
    "company_name",
    "job_title",
    "phone",
    "website",
    "personalization",
    "status",
    "lt_interest_status",
    "payload",
)
_NO_STATE_OF_A_CAMPAIGN = frozenset({"id", "organization", "owned_by", "timestamp_created", "timestamp_updated"})


def world_snapshot(world: World) -> Json:
    """Give back every workspace: its campaigns with their leads, the other leads, and the block list.

    Equal snapshots mean that nobody who uses Instantly could tell the two worlds apart, save by ids and moments.
    """
    return {"workspaces": [_workspace(each) for each in world.workspaces]}


def _workspace(workspace: Workspace) -> Json:
    leads = defaultdict(list)
    for row in workspace.leads.after(None):
        leads[row.get("campaign")].append({name: row[name] for name in _OF_A_LEAD if name in row})
    campaigns = [
        {name: value for name, value in row.items() if name not in _NO_STATE_OF_A_CAMPAIGN}
        | {"leads": _in_order(leads.pop(row["id"], []))}
        for row in workspace.campaigns.after(None)
    ]
    return {
        "campaigns": _in_order(campaigns),
        "leads_outside_campaigns": _in_order([lead for rest in leads.values() for lead in rest]),
        "block_list": sorted(row["bl_value"] for row in workspace.block_list.after(None)),
    }


def _in_order(rows: list[Json]) -> list[Json]:
    return sorted(rows, key=lambda row: orjson.dumps(row, option=orjson.OPT_SORT_KEYS))
