"""The Unibox (reference §7.1)."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING, Any

from sandbox.instantly.endpoint import Call, Endpoint
from sandbox.instantly.errors import not_found
from sandbox.instantly.paging import page
from sandbox.instantly.validation import BOOLEAN, NUMBER, PAGE, TEXT, UUID

if TYPE_CHECKING:
    from collections.abc import Mapping

Payload = dict[str, Any]
_TYPES = {"received": 2, "sent": 1, "manual": 3}


def _list(call: Call) -> Payload:
    """Give back mails between the two timestamps, the bounds left out ("created after this timestamp")."""
    query = call.query
    is_ascending = query.get("sort_order") == "asc"
    rows = call.workspace.emails.after(query.get("starting_after"), ascending=is_ascending)
    first, last = query.get("min_timestamp_created"), query.get("max_timestamp_created")
    # The order is that of creation, so the far bound ends the reading.
    if is_ascending and last:
        rows = takewhile(lambda row: row["timestamp_created"] < last, rows)
    elif first and not is_ascending:
        rows = takewhile(lambda row: row["timestamp_created"] > first, rows)
    if first:
        rows = (row for row in rows if row["timestamp_created"] > first)
    if last:
        rows = (row for row in rows if row["timestamp_created"] < last)
    return page((row for row in rows if _is_wanted(row, query)), query.get("limit"))


def _is_wanted(row: Payload, query: Mapping[str, Any]) -> bool:
    search = query.get("search", "")
    found = row["thread_id"] == search[7:] if search.startswith("thread:") else search in row["lead"]
    return (
        found
        and ("campaign_id" not in query or row["campaign_id"] == query["campaign_id"])
        and ("lead" not in query or row["lead"] == query["lead"])
        and ("eaccount" not in query or row["eaccount"] in query["eaccount"].split(","))
        and ("i_status" not in query or row.get("i_status") == query["i_status"])
        and ("is_unread" not in query or bool(row["is_unread"]) == query["is_unread"])
        and ("email_type" not in query or row["ue_type"] == _TYPES[query["email_type"]])
        and (query.get("mode") != "emode_focused" or row.get("is_focused") == 1)
        and ("company_domain" not in query or row["lead"].endswith("@" + query["company_domain"]))
        and "list_id" not in query
    )


def _get(call: Call) -> Payload:
    row = call.workspace.emails.find(call.path["id"])
    if row is None:
        raise not_found()
    return row


_LIST_QUERY = PAGE | {
    "campaign_id": UUID,
    "list_id": UUID,
    "i_status": NUMBER,
    "mode": {"type": "string", "enum": ("emode_focused", "emode_others", "emode_all")},
    "sort_order": {"type": "string", "enum": ("asc", "desc")},
    "email_type": {"type": "string", "enum": tuple(_TYPES)},
    **dict.fromkeys(("search", "eaccount", "assigned_to", "lead", "company_domain"), TEXT),
    **dict.fromkeys(("min_timestamp_created", "max_timestamp_created"), TEXT),
    **dict.fromkeys(("is_unread", "has_reminder", "preview_only", "scheduled_only", "marked_as_done"), BOOLEAN),
    "latest_of_thread": BOOLEAN,
}
ENDPOINTS = [
    Endpoint("GET", "/emails", "emails:read", _list, query=_LIST_QUERY),
    Endpoint("GET", "/emails/{id}", "emails:read", _get),
]
