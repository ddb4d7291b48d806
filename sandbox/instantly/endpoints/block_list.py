"""The block list (reference §7.2)."""

from __future__ import annotations

import re
from typing import Any

from sandbox.instantly.endpoint import Call, Endpoint
from sandbox.instantly.endpoints.lead_upload import is_address
from sandbox.instantly.errors import not_found
from sandbox.instantly.paging import page
from sandbox.instantly.validation import BOOLEAN, PAGE, TEXT, record

Payload = dict[str, Any]
_DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+", re.IGNORECASE)


def _list(call: Call) -> Payload:
    query = call.query
    rows = (
        row
        for row in call.workspace.block_list.after(query.get("starting_after"))
        if query.get("search", "").lower() in row["bl_value"] and (row["is_domain"] or not query.get("domains_only"))
    )
    return page(rows, query.get("limit"))


def _found(row: Payload | None) -> Payload:
    if row is None:
        raise not_found()
    return row


def _get(call: Call) -> Payload:
    return _found(call.workspace.block_list.find(call.path["id"]))


def _create(call: Call) -> Payload:
    return call.workspace.block_list.add(call.body["bl_value"])


def _create_many(call: Call) -> Payload:
    values = [value.strip() for value in call.body["bl_values"]]
    valid = [value for value in values if is_address(value) or _DOMAIN.fullmatch(value)]
    items = [call.workspace.block_list.add(value) for value in valid]
    return {"items": items, "valid_count": len(valid), "invalid_count": len(values) - len(valid)}


def _delete(call: Call) -> Payload:
    return _found(call.workspace.block_list.delete(call.path["id"]))


_MANY = {"type": "array", "items": TEXT, "minItems": 1, "maxItems": 1000}
_PATH, _SCOPE = "/block-lists-entries", "block_list_entries"
ENDPOINTS = [
    Endpoint("GET", _PATH, f"{_SCOPE}:read", _list, query=PAGE | {"domains_only": BOOLEAN, "search": TEXT}),
    Endpoint("POST", _PATH, f"{_SCOPE}:create", _create, body=record({"bl_value": TEXT}, "bl_value"), changes=True),
    Endpoint(
        "POST",
        f"{_PATH}/bulk-create",
        f"{_SCOPE}:create",
        _create_many,
        body=record({"bl_values": _MANY}, "bl_values"),
        changes=True,
    ),
    Endpoint("GET", f"{_PATH}/{{id}}", f"{_SCOPE}:read", _get),
    Endpoint("DELETE", f"{_PATH}/{{id}}", f"{_SCOPE}:delete", _delete, changes=True),
]
