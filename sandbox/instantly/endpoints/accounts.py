"""Sending accounts (reference §4, §5.5)."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from sandbox.instantly.data.account_statistics import daily_rows, nameless_row, warmup_days, warmup_total
from sandbox.instantly.endpoint import Call, Endpoint
from sandbox.instantly.endpoints.date_ranges import asked_days
from sandbox.instantly.errors import ApiError, BareError, invalid, not_found
from sandbox.instantly.paging import DEFAULT_LIMIT, page
from sandbox.instantly.validation import BOOLEAN, PAGE, TEXT, record

if TYPE_CHECKING:
    from collections.abc import Callable

Payload = dict[str, Any]
_MOST_DAYS = 31
_DEFAULT_DAYS = 30
_MOST_EMAILS = 200

_FILTERS: dict[str, Callable[[Payload], bool]] = {
    "ACC_FILTER_PAUSED": lambda row: row["status"] == 2,
    "ACC_FILTER_ERROR": lambda row: row["status"] < 0,
    "ACC_FILTER_NO_CTD": lambda row: not row.get("tracking_domain_name"),
    "ACC_FILTER_PW_ACCOUNTS": lambda row: row["is_managed_account"],
    "ACC_FILTER_DFY": lambda row: row["is_managed_account"],
    "ACC_FILTER_DFY_SETUP_PENDING": lambda row: row["setup_pending"],
    "ACC_FILTER_W_ACTIVE": lambda row: row["warmup_status"] == 1,
    "ACC_FILTER_W_PAUSED": lambda row: row["warmup_status"] == 0,
    "ACC_FILTER_W_ERROR": lambda row: row["warmup_status"] < 0,
}
_SORTS = ("timestamp_created", "email", "stat_warmup_score", "status")
_LIST_QUERY = PAGE | {
    "search": TEXT,
    "status": {"type": "number", "enum": (1, 2, 3, -1, -2, -3)},
    "provider_code": {"type": "number", "enum": (1, 2, 3, 4, 8, 11)},
    "tag_ids": TEXT,
    "tag_ids_all": TEXT,
    "include_tags": BOOLEAN,
    "filter": {"type": "string", "enum": tuple(_FILTERS)},
    "sort_by": {"type": "string", "enum": _SORTS},
    "sort_order": {"type": "string", "enum": ("asc", "desc")},
    "skip": {"type": "integer", "minimum": 0},
}
_NARROWING = ("search", "status", "provider_code", "tag_ids", "tag_ids_all", "filter")


def _cursor(row: Payload) -> str:
    return f"{row['timestamp_created']}&{row['email']}"


def _tags(call: Call, row: Payload) -> list[Payload]:
    number = call.workspace.accounts.number_of(row["email"])
    return [] if number is None else call.workspace.accounts.tags(number)


def _list(call: Call) -> Payload:
    query = call.query
    rows = call.workspace.accounts.after(query.get("starting_after"))
    if any(name in query for name in _NARROWING):
        rows = (row for row in rows if _is_wanted(call, row))
    if "sort_by" in query or "sort_order" in query or "skip" in query:
        # Sorted lists are read by offset; the cursor is that of the last row, as everywhere.
        key = query.get("sort_by", "timestamp_created")
        is_falling = query.get("sort_order", "desc") == "desc"
        ordered = sorted(rows, key=lambda row: row[key], reverse=is_falling)
        rows = islice(ordered, query.get("skip", 0), None)
    answer = page(rows, query.get("limit", DEFAULT_LIMIT), _cursor)
    if query.get("include_tags"):
        answer["items"] = [row | {"tags": _tags(call, row)} for row in answer["items"]]
    return answer


def _is_wanted(call: Call, row: Payload) -> bool:
    query = call.query
    if "tag_ids" in query or "tag_ids_all" in query:
        has = {tag["id"] for tag in _tags(call, row)}
        if "tag_ids" in query and not has & set(query["tag_ids"].split(",")):
            return False
        if "tag_ids_all" in query and not has >= set(query["tag_ids_all"].split(",")):
            return False
    named = f"{row['email']} {row['first_name']} {row['last_name']}".lower()
    return (
        query.get("search", "").lower() in named
        and ("status" not in query or row["status"] == query["status"])
        and ("provider_code" not in query or row["provider_code"] == query["provider_code"])
        and ("filter" not in query or _FILTERS[query["filter"]](row))
    )


def _get(call: Call) -> Payload:
    row = call.workspace.accounts.find(call.path["email"])
    if row is None:
        raise not_found()
    return row


def _daily(call: Call) -> list[Payload]:
    emails = call.query.get("emails", [])
    if not emails:
        raise BareError(400, "At least one email is required")
    if len(emails) > _MOST_EMAILS:
        raise invalid(f"querystring/emails must NOT have more than {_MOST_EMAILS} items")
    today = call.world.clock.today
    asked = asked_days(call) or range(today + 1)
    last = min(asked.stop, today + 1)
    days = range(asked.start or last - _DEFAULT_DAYS, last)
    if len(range(days.start, asked.stop if call.query.get("end_date") else last)) > _MOST_DAYS:
        raise ApiError(413, "Analytics request is too large for this workspace. Ask for at most 31 days.")
    workspace = call.workspace
    rows: list[Payload] = []
    for email in dict.fromkeys(emails):
        number = workspace.accounts.number_of(email)
        if number is not None:
            rows += daily_rows(number, email, days, plans=workspace.plans, statistics=workspace.statistics)
    return [*rows, nameless_row(days[-1])] if rows else []


def _warmup(call: Call) -> Payload:
    accounts = call.workspace.accounts
    by_email = {}
    for email in call.body["emails"]:
        number = accounts.number_of(email)
        if number is not None and accounts.row(number)["warmup_status"] == 1:
            by_email[email] = warmup_days(call.workspace.seed, number, call.world.clock.today)
    totals = {email: warmup_total(days) for email, days in by_email.items()}
    return {"email_date_data": by_email, "aggregate_data": totals}


_EMAILS = {"type": "array", "items": TEXT, "minItems": 1, "maxItems": 100}
_DAILY_QUERY = {"emails": {"type": "array", "items": TEXT}, "start_date": TEXT, "end_date": TEXT}
_READ = "accounts:read"
ENDPOINTS = [
    Endpoint("GET", "/accounts", _READ, _list, query=_LIST_QUERY),
    Endpoint("GET", "/accounts/analytics/daily", _READ, _daily, query=_DAILY_QUERY),
    Endpoint("POST", "/accounts/warmup-analytics", _READ, _warmup, body=record({"emails": _EMAILS}, "emails")),
    Endpoint("GET", "/accounts/{email}", _READ, _get),
]
