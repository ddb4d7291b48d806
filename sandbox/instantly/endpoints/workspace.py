"""The workspace and its plan, and the small lists that are only read (reference §6.9-6.12, §7.5, §7.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.instantly.endpoint import Call, Endpoint
from sandbox.instantly.errors import not_found
from sandbox.instantly.paging import behind, id_of, page
from sandbox.instantly.validation import BOOLEAN, PAGE, TEXT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Payload = dict[str, Any]


def _current(call: Call) -> Payload:
    return call.workspace.row()


def _plan(call: Call) -> Payload:
    workspace = call.workspace
    used = len(workspace.leads)
    outreach = {"plan_name": "Hypergrowth", "addons_qty": 0, "total_lead_limit": workspace.lead_limit}
    outreach |= {"current_lead_count": used, "base_lead_limit": workspace.lead_limit, "interval": "month"}
    credits_left = {"plan_name": "Growth", "total_credits": 5000, "available_credits": workspace.verification_credits}
    subscriptions = {"outreach": outreach, "credits": credits_left}
    return {"organization_id": workspace.id, "organization_name": workspace.name, "subscriptions": subscriptions}


def _listed(
    call: Call, rows: Iterable[Payload], cursor_of: Callable[[Payload], str], searched: str | None = None
) -> Payload:
    if searched is not None:
        rows = [row for row in rows if call.query.get("search", "").lower() in row[searched].lower()]
    return page(behind(rows, call.query.get("starting_after"), cursor_of), call.query.get("limit"), cursor_of)


def _made(row: Payload) -> str:
    return str(row["timestamp_created"])


def _tags(call: Call) -> Payload:
    small, query = call.workspace.small, call.query
    rows = small.tags
    if "tag_ids" in query:
        rows = [row for row in rows if row["id"] in query["tag_ids"].split(",")]
    if "resource_ids" in query:
        wanted = query["resource_ids"].split(",")
        used = {each["tag_id"] for each in small.tag_mappings if each["resource_id"] in wanted}
        rows = [row for row in rows if row["id"] in used]
    return _listed(call, rows, id_of, "label")


def _tag_mappings(call: Call) -> Payload:
    wanted = call.query.get("resource_ids")
    rows = [
        row for row in call.workspace.small.tag_mappings if wanted is None or row["resource_id"] in wanted.split(",")
    ]
    # The cursor is documented as an id and is a timestamp in practice.
    return _listed(call, rows, _made)


def _labels(call: Call) -> Payload:
    wanted = call.query.get("interest_status")
    rows = [row for row in call.workspace.small.labels if wanted in {None, row["interest_status_label"]}]
    return _listed(call, rows, _made, "label")


def _lists(call: Call) -> Payload:
    return _listed(call, call.workspace.small.lists, _made, "name")


def _jobs(call: Call) -> Payload:
    query = call.query

    def is_wanted(row: Payload) -> bool:
        ids = query.get("ids") or query.get("included_ids")
        return (
            (ids is None or row["id"] in ids.split(","))
            and row["id"] not in query.get("excluded_ids", "").split(",")
            and query.get("type") in {None, row["type"]}
            and query.get("entity_id") in {None, row["entity_id"]}
            and ("status" not in query or row["status"] in query["status"].split(","))
        )

    rows = [row for row in call.workspace.small.jobs if is_wanted(row)]
    if "sort_column" in query or "sort_order" in query:
        column = query.get("sort_column", "created_at")
        rows.sort(key=lambda row: str(row[column]), reverse=query.get("sort_order", "desc") == "desc")
    return _listed(call, rows, id_of)


def _job(call: Call) -> Payload:
    for row in call.workspace.small.jobs:
        if row["id"] == call.path["id"]:
            shown = call.query.get("data_fields")
            if shown is None:
                return row
            return row | {"data": {name: each for name, each in row["data"].items() if name in shown.split(",")}}
    raise not_found()


_SEARCHED = PAGE | {"search": TEXT}
_JOB_QUERY = PAGE | dict.fromkeys(("ids", "included_ids", "excluded_ids", "type", "entity_type", "entity_id"), TEXT)
_JOB_QUERY |= dict.fromkeys(("status", "sort_column", "sort_order"), TEXT)
ENDPOINTS = [
    Endpoint("GET", "/workspaces/current", "workspaces:read", _current),
    Endpoint("GET", "/workspace-billing/plan-details", "workspace_billing:read", _plan),
    Endpoint(
        "GET", "/custom-tags", "custom_tags:read", _tags, query=_SEARCHED | {"resource_ids": TEXT, "tag_ids": TEXT}
    ),
    Endpoint(
        "GET",
        "/custom-tag-mappings",
        "custom_tag_mappings:read",
        _tag_mappings,
        query=PAGE | {"resource_ids": TEXT},
    ),
    Endpoint("GET", "/lead-labels", "lead-labels:read", _labels, query=_SEARCHED | {"interest_status": TEXT}),
    Endpoint("GET", "/lead-lists", "lead_lists:read", _lists, query=_SEARCHED | {"has_enrichment_task": BOOLEAN}),
    Endpoint("GET", "/background-jobs", "background-jobs:read", _jobs, query=_JOB_QUERY),
    Endpoint("GET", "/background-jobs/{id}", "background-jobs:read", _job, query={"data_fields": TEXT}),
]
