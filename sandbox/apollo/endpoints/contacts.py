"""The team's saved contacts (reference §4.1)."""

from __future__ import annotations

from typing import Any

from sandbox.apollo.endpoint import PAGE, Call, Endpoint
from sandbox.apollo.endpoints.company_search import envelope
from sandbox.apollo.errors import invalid_search
from sandbox.apollo.parameters import boolean, text, texts

Payload = dict[str, Any]
_SORTS = {
    "contact_last_activity_date": "last_activity_date",
    "contact_email_last_opened_at": "email_last_opened_at",
    "contact_email_last_clicked_at": "email_last_clicked_at",
    "contact_created_at": "created_at",
    "contact_updated_at": "updated_at",
}
_SEARCHED = ("name", "title", "organization_name", "email")


def _search(call: Call) -> Payload:
    """Answer a page, the newest first unless another order is asked for."""
    values = call.values
    rows = [row for row in call.database.contacts.rows.values() if _is_wanted(values, row)]
    field = _SORTS.get(values.get("sort_by_field", "contact_created_at"))
    if field is None:
        raise invalid_search("sort_by_field")
    is_rising = values.get("sort_ascending", False) and "sort_by_field" in values
    rows.sort(key=lambda row: (row.get(field) or "", row["id"]), reverse=not is_rising)
    shown = {name: values[name] for name in ("q_keywords",) if name in values}
    return envelope(call, len(rows), shown) | {"contacts": rows[call.wanted_rows]}


def _is_wanted(values: dict[str, Any], row: Payload) -> bool:
    searched = " ".join(row[name] or "" for name in _SEARCHED).lower()
    stages, labels = values.get("contact_stage_ids"), values.get("contact_label_ids")
    return (
        all(word in searched for word in values.get("q_keywords", "").lower().split())
        and (not stages or row["contact_stage_id"] in stages)
        and (not labels or bool(set(labels) & set(row["label_ids"])))
    )


_PARAMETERS = PAGE | {
    "q_keywords": text,
    "contact_stage_ids": texts,
    "contact_label_ids": texts,
    "sort_by_field": text,
    "sort_ascending": boolean,
}
ENDPOINTS = [
    Endpoint("POST", "/contacts/search", "api/v1/contacts/search", "other", _search, _PARAMETERS),
]
