"""Leads (reference §6)."""

from __future__ import annotations

from itertools import islice
from typing import Any

from sandbox.instantly.endpoint import Call, Endpoint
from sandbox.instantly.endpoints.lead_filters import LIST_BODY, selected
from sandbox.instantly.endpoints.lead_upload import (
    ADD_BODY,
    LEAD_FIELDS,
    SKIP_FLAGS,
    add_leads,
    check_container,
    is_address,
    is_skipped,
)
from sandbox.instantly.errors import ApiError, invalid, not_found
from sandbox.instantly.paging import id_of, page
from sandbox.instantly.validation import BOOLEAN, UUID, UUID_OR_NULL, record

Payload = dict[str, Any]
_MOST_DELETED = 10_000


def _list(call: Call) -> Payload:
    cursor_of = (lambda row: str(row["email"])) if call.body.get("distinct_contacts") else id_of
    body = {name: value for name, value in call.body.items() if name != "contacts" or not call.world.ignores_filters}
    return page(selected(call.workspace.leads, body), body.get("limit"), cursor_of)


def _found(row: Payload | None) -> Payload:
    if row is None:
        raise not_found()
    return row


def _get(call: Call) -> Payload:
    return _found(call.workspace.leads.find(call.path["id"]))


def _create(call: Call) -> Payload:
    """Add one lead; an address already in that campaign or list is given back as it is, unchanged."""
    body, workspace = call.body, call.workspace
    campaign_id, list_id = body.get("campaign"), body.get("list_id")
    check_container(workspace, campaign_id, list_id)
    email = (body.get("email") or "").strip().lower()
    if campaign_id and not is_address(email):
        raise invalid('body/email must match format "email"')
    known = workspace.leads.with_email(email) if email else []
    for row in known:
        if (campaign_id or list_id) and (row.get("campaign"), row.get("list_id")) == (campaign_id, list_id):
            return row
    if known and is_skipped(workspace, email, body):
        # The vendor does not say what comes back here; the lead that caused the skip is the least harmful answer.
        return known[0]
    if email and workspace.block_list.blocks(email):
        raise ApiError(400, "Email is in the blocklist")
    owner = body.get("assigned_to") or workspace.owner_id
    return workspace.leads.add(body, campaign_id=campaign_id, list_id=list_id, owner_id=owner)


def _change(call: Call) -> Payload:
    fields = dict(call.body)
    custom_variables = fields.pop("custom_variables", None)
    return _found(call.workspace.leads.change(call.path["id"], fields, custom_variables))


def _delete(call: Call) -> Payload:
    return _found(call.workspace.leads.delete(call.path["id"]))


def _delete_many(call: Call) -> Payload:
    """Delete what was chosen; without `ids` and `status` that is everything in the campaign or list."""
    body, leads = call.body, call.workspace.leads
    container = body.get("campaign_id") or body.get("list_id")
    if not container:
        raise invalid("body must have required property 'campaign_id'")
    chosen = (
        row["id"]
        for row in leads.after(None, container)
        if ("ids" not in body or row["id"] in body["ids"]) and ("status" not in body or row["status"] == body["status"])
    )
    ids = list(islice(chosen, body.get("limit", _MOST_DELETED)))
    return {"count": sum(leads.delete(lead_id) is not None for lead_id in ids)}


_CHANGEABLE = {name: schema for name, schema in LEAD_FIELDS.items() if name != "email"}
_CREATE_BODY = record(
    LEAD_FIELDS
    | SKIP_FLAGS
    | {
        "campaign": UUID_OR_NULL,
        "list_id": UUID_OR_NULL,
        "blocklist_id": UUID,
        "verify_leads_for_lead_finder": BOOLEAN,
        "verify_leads_on_import": BOOLEAN,
    }
)
_DELETE_BODY = record(
    {
        "campaign_id": UUID,
        "list_id": UUID,
        "status": {"type": "number", "enum": (1, 2, 3, -1, -2, -3)},
        "ids": {"type": "array", "items": UUID},
        "limit": {"type": "integer", "minimum": 1, "maximum": _MOST_DELETED},
    }
)
ENDPOINTS = [
    Endpoint("POST", "/leads/list", "leads:read", _list, body=LIST_BODY),
    Endpoint("POST", "/leads", "leads:create", _create, body=_CREATE_BODY, changes=True),
    Endpoint("POST", "/leads/add", "leads:create", add_leads, body=ADD_BODY, changes=True),
    Endpoint("DELETE", "/leads", "leads:delete", _delete_many, body=_DELETE_BODY, changes=True),
    Endpoint("GET", "/leads/{id}", "leads:read", _get),
    Endpoint("PATCH", "/leads/{id}", "leads:update", _change, body=record(_CHANGEABLE), changes=True),
    Endpoint("DELETE", "/leads/{id}", "leads:delete", _delete, changes=True),
]
