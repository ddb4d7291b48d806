"""Which leads a `POST /leads/list` body asks for (reference §6.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.instantly.validation import BOOLEAN, LIMIT, NUMBER, TEXT, UUID, record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sandbox.instantly.data.leads import Leads

Payload = dict[str, Any]
_IDS = {"type": "array", "items": UUID}
LIST_BODY = record(
    {
        "search": TEXT,
        "filter": TEXT,
        "campaign": UUID,
        "list_id": UUID,
        "in_campaign": BOOLEAN,
        "in_list": BOOLEAN,
        "ids": _IDS,
        "excluded_ids": _IDS,
        "contacts": {"type": "array", "items": TEXT},
        "queries": {"type": "array"},
        "limit": LIMIT,
        "starting_after": TEXT,
        "organization_user_ids": _IDS,
        "smart_view_id": UUID,
        "is_website_visitor": BOOLEAN,
        "distinct_contacts": BOOLEAN,
        "enrichment_status": NUMBER,
        "esg_code": TEXT,
    }
)

# Values outside this table are ignored, as is reported of the vendor.
_FILTERS: dict[str, Callable[[Payload], bool]] = {
    "FILTER_VAL_CONTACTED": lambda row: "timestamp_last_contact" in row,
    "FILTER_VAL_NOT_CONTACTED": lambda row: "timestamp_last_contact" not in row,
    "FILTER_VAL_COMPLETED": lambda row: row["status"] == 3,
    "FILTER_VAL_UNSUBSCRIBED": lambda row: row["status"] == -2,
    "FILTER_VAL_ACTIVE": lambda row: row["status"] == 1,
    "FILTER_VAL_BOUNCED": lambda row: row["status"] == -1,
    "FILTER_VAL_SKIPPED": lambda row: row["status"] == -3,
    "FILTER_VAL_REPLIED": lambda row: row["email_reply_count"] > 0,
    "FILTER_VAL_NO_OPENS": lambda row: row["email_open_count"] == 0,
    "FILTER_VAL_OPENED_NO_REPLY": lambda row: row["email_open_count"] > 0 and row["email_reply_count"] == 0,
    "FILTER_VAL_COMPLETED_NO_REPLY": lambda row: row["status"] == 3 and row["email_reply_count"] == 0,
    "FILTER_VAL_LINK_CLICKED": lambda row: row["email_click_count"] > 0,
    "FILTER_VAL_VALID": lambda row: row.get("verification_status") == 1,
    "FILTER_VAL_INVALID": lambda row: row.get("verification_status") == -1,
    "FILTER_VAL_RISKY": lambda row: row.get("verification_status") == -2,
    "FILTER_VAL_IN_SUBSEQUENCE": lambda row: "subsequence_id" in row,
    "FILTER_LEAD_OUT_OF_OFFICE": lambda row: row.get("lt_interest_status") == 0,
    "FILTER_LEAD_INTERESTED": lambda row: row.get("lt_interest_status") == 1,
    "FILTER_LEAD_MEETING_BOOKED": lambda row: row.get("lt_interest_status") == 2,
    "FILTER_LEAD_MEETING_COMPLETED": lambda row: row.get("lt_interest_status") == 3,
    "FILTER_LEAD_CLOSED": lambda row: row.get("lt_interest_status") == 4,
    "FILTER_LEAD_LOST": lambda row: row.get("lt_interest_status") == -3,
    "FILTER_LEAD_NO_SHOW": lambda row: row.get("lt_interest_status") == -4,
    "FILTER_LEAD_NOT_INTERESTED": lambda row: row.get("lt_interest_status") == -1,
    "FILTER_LEAD_WRONG_PERSON": lambda row: row.get("lt_interest_status") == -2,
}


def selected(leads: Leads, body: Mapping[str, Any]) -> Iterator[Payload]:
    """Yield the leads asked for, from behind the cursor on, by rising id."""
    cursor = body.get("starting_after")
    is_distinct = body.get("distinct_contacts", False)
    # With `distinct_contacts` the cursor is an address, which says nothing about ids.
    rows = _candidates(leads, body, None if is_distinct else cursor)
    rows = (row for row in rows if _is_wanted(row, body))
    return _first_of_each_contact(rows, cursor) if is_distinct else rows


def _candidates(leads: Leads, body: Mapping[str, Any], cursor: str | None) -> Iterator[Payload]:
    if "contacts" in body:
        found = {row["id"]: row for email in body["contacts"] for row in leads.with_email(email)}
    elif "ids" in body:
        by_id = ((each, leads.find(each)) for each in body["ids"])
        found = {lead_id: row for lead_id, row in by_id if row is not None}
    else:
        return leads.after(cursor, body.get("campaign") or body.get("list_id"))
    return (row for lead_id, row in sorted(found.items()) if cursor is None or lead_id > cursor)


def _is_wanted(row: Payload, body: Mapping[str, Any]) -> bool:
    if "search" in body:
        words = " ".join(str(row.get(name, "")) for name in ("first_name", "last_name", "email"))
        if body["search"].lower() not in words.lower():
            return False
    is_kept = _FILTERS.get(body.get("filter", ""))
    return (
        (is_kept is None or is_kept(row))
        and ("campaign" not in body or row.get("campaign") == body["campaign"])
        and ("list_id" not in body or row.get("list_id") == body["list_id"])
        and ("in_campaign" not in body or ("campaign" in row) == body["in_campaign"])
        and ("in_list" not in body or ("list_id" in row) == body["in_list"])
        and row["id"] not in body.get("excluded_ids", ())
    )


def _first_of_each_contact(rows: Iterator[Payload], cursor: str | None) -> Iterator[Payload]:
    seen: set[str] = set()
    is_behind = cursor is None
    for row in rows:
        email = row.get("email", "")
        if email in seen:
            continue
        seen.add(email)
        if is_behind:
            yield row
        is_behind = is_behind or email == cursor
