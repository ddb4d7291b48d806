"""Campaigns (reference §3)."""

from __future__ import annotations

from typing import Any

from sandbox.instantly.data.campaign_plans import ACTIVE, PAUSED
from sandbox.instantly.data.sending import CODES, WAITING_FOR_LEADS
from sandbox.instantly.data.timezones import TIMEZONES
from sandbox.instantly.endpoint import Call, Endpoint
from sandbox.instantly.errors import not_found
from sandbox.instantly.paging import page
from sandbox.instantly.validation import BOOLEAN, NUMBER, PAGE, TEXT, UUID, UUID_OR_NULL, Schema, record
from sandbox.vendor.repeatable import timestamp

Payload = dict[str, Any]
STATUSES = (-99, -1, -2, 0, 1, 2, 3, 4)
STATUS: Schema = {"type": "number", "enum": STATUSES}

_CLOCK = {"type": "string", "pattern": "^([01][0-9]|2[0-3]):([0-5][0-9])$"}
_DATE = {"type": ["string", "null"], "format": "date"}
_MAYBE_BOOLEAN = {"type": ["boolean", "null"]}
_MAYBE_NUMBER = {"type": ["number", "null"]}
_SCHEDULE = record(
    {
        "name": TEXT,
        "timing": record({"from": _CLOCK, "to": _CLOCK}, "from", "to"),
        "days": record({str(day): BOOLEAN for day in range(7)}),
        "timezone": {"type": "string", "enum": TIMEZONES},
    },
    "name",
    "timing",
    "days",
    "timezone",
)
_UNIT = {"type": "string", "enum": ("minutes", "hours", "days")}
_STEP = record(
    {
        "type": {"type": "string", "enum": ("email",)},
        "delay": NUMBER,
        "delay_unit": _UNIT,
        "pre_delay": NUMBER,
        "pre_delay_unit": _UNIT,
        "variants": {
            "type": "array",
            "items": record({"subject": TEXT, "body": TEXT, "v_disabled": BOOLEAN}, "subject", "body"),
        },
    },
    "type",
    "delay",
    "variants",
)
_FIELDS: dict[str, Schema] = {
    "name": TEXT,
    "campaign_schedule": record(
        {"start_date": _DATE, "end_date": _DATE, "schedules": {"type": "array", "minItems": 1, "items": _SCHEDULE}},
        "schedules",
    ),
    "sequences": {"type": "array", "items": record({"steps": {"type": "array", "items": _STEP}}, "steps")},
    "email_list": {"type": "array", "items": TEXT},
    "email_tag_list": {"type": "array", "items": UUID},
    "daily_max_leads": {"type": ["integer", "null"], "minimum": 0},
    "owned_by": UUID_OR_NULL,
    "open_tracking": BOOLEAN,
    "auto_variant_select": {"type": ["object", "null"]},
    "limit_emails_per_company_override": {"type": ["object", "null"]},
    "cc_list": {"type": "array", "items": TEXT},
    "bcc_list": {"type": "array", "items": TEXT},
    "provider_routing_rules": {"type": "array"},
    **dict.fromkeys(("pl_value", "email_gap", "random_wait_max", "daily_limit"), _MAYBE_NUMBER),
    **dict.fromkeys(("text_only", "first_email_text_only", "link_tracking", "stop_on_reply"), _MAYBE_BOOLEAN),
    **dict.fromkeys(("stop_on_auto_reply", "stop_for_company", "prioritize_new_leads"), _MAYBE_BOOLEAN),
    **dict.fromkeys(("match_lead_esp", "insert_unsubscribe_header", "allow_risky_contacts"), _MAYBE_BOOLEAN),
    **dict.fromkeys(("disable_bounce_protect", "is_evergreen"), _MAYBE_BOOLEAN),
}

_LIST_QUERY = PAGE | {"search": TEXT, "tag_ids": TEXT, "ai_sales_agent_id": UUID}
_LIST_QUERY |= {"status": STATUS, "exclude_status": STATUS}


def _list(call: Call) -> Payload:
    query = call.query
    search = "" if call.world.ignores_filters else query.get("search", "").lower()
    tags = {each for each in query.get("tag_ids", "").split(",") if each}

    def is_wanted(row: Payload) -> bool:
        return (
            search in row["name"].lower()
            and ("status" not in query or row["status"] == query["status"])
            and ("exclude_status" not in query or row["status"] != query["exclude_status"])
            and (not tags or bool(tags & set(row["email_tag_list"])))
            and "ai_sales_agent_id" not in query
        )

    rows = call.workspace.campaigns.after(query.get("starting_after"))
    return page(filter(is_wanted, rows), query.get("limit"))


def _found(row: Payload | None) -> Payload:
    if row is None:
        raise not_found()
    return row


def _get(call: Call) -> Payload:
    return _found(call.workspace.campaigns.find(call.path["id"]))


def _create(call: Call) -> Payload:
    return call.workspace.campaigns.create(call.body)


def _change(call: Call) -> Payload:
    return _found(call.workspace.campaigns.change(call.path["id"], call.body))


def _delete(call: Call) -> Payload:
    row = _found(call.workspace.campaigns.delete(call.path["id"]))
    for lead in list(call.workspace.leads.after(None, row["id"])):
        call.workspace.leads.delete(lead["id"])
    return row


def _activate(call: Call) -> Payload:
    """Answer 200 in any case; whether the campaign can send shows a moment later, and if not it turns to -1."""
    fields = {"status": ACTIVE, "not_sending_status": WAITING_FOR_LEADS}
    campaign = _found(call.workspace.campaigns.change(call.path["id"], fields))
    call.workspace.launched.discard(campaign["id"])
    call.workspace.settles_at[campaign["id"]] = call.now_s + call.world.settles_after_s
    return campaign


def _pause(call: Call) -> Payload:
    call.workspace.settles_at.pop(call.path["id"], None)
    return _found(call.workspace.campaigns.change(call.path["id"], {"status": PAUSED, "not_sending_status": None}))


_STATUS_CODES = {
    -99: "campaign_account_suspended",
    -2: "campaign_bounce_protect",
    -1: "campaign_accounts_unhealthy",
    0: "campaign_draft",
    2: "campaign_paused",
    3: "campaign_completed",
    4: "campaign_running_subsequences",
}


def _sending_status(call: Call) -> Payload:
    campaign = _get(call)
    code = _STATUS_CODES.get(campaign["status"])
    if code is not None:
        return {"diagnostics": None, "summary": _summary(code)}
    code = CODES[call.workspace.not_sending_status(campaign)]
    now = timestamp(call.world.clock.today * 86_400_000 + 43_200_000)
    is_healthy = code == "healthy"
    tracking: Payload = {"current_status_code": code, "consecutive_loops_with_issue": 0 if is_healthy else 4}
    tracking |= {
        "issue_first_seen_at": None if is_healthy else now,
        "last_healthy_send_at": now if is_healthy else None,
    }
    diagnostics = {"campaign_id": campaign["id"], "last_updated": now, "status": code, "issue_tracking": tracking}
    return {"diagnostics": diagnostics, "summary": _summary(code)}


def _summary(code: str) -> Payload:
    message = code.replace("_", " ").capitalize()
    nothing = dict.fromkeys(("issue_started_at", "last_healthy_send_at", "ai_summary"))
    return {"status": code, "status_message": message} | nothing


def _search_by_contact(call: Call) -> Payload:
    leads = call.workspace.leads.with_email(call.query.get("search", ""))
    ids = dict.fromkeys(lead["campaign"] for lead in leads if "campaign" in lead)
    campaigns = (call.workspace.campaigns.find(each) for each in ids)
    return {"items": [each for each in campaigns if each is not None]}


_CREATE_BODY = record(_FIELDS | {"ai_sdr_id": UUID_OR_NULL}, "name", "campaign_schedule")
_SEARCH_QUERY = {"search": TEXT, "sort_column": TEXT, "sort_order": TEXT}
_READ, _UPDATE = "campaigns:read", "campaigns:update"
ENDPOINTS = [
    Endpoint("GET", "/campaigns", _READ, _list, query=_LIST_QUERY),
    Endpoint("POST", "/campaigns", "campaigns:create", _create, body=_CREATE_BODY, changes=True),
    Endpoint("GET", "/campaigns/search-by-contact", _READ, _search_by_contact, query=_SEARCH_QUERY),
    Endpoint("GET", "/campaigns/{id}", _READ, _get),
    Endpoint("PATCH", "/campaigns/{id}", _UPDATE, _change, body=record(_FIELDS), changes=True),
    Endpoint("DELETE", "/campaigns/{id}", "campaigns:delete", _delete, changes=True),
    Endpoint("POST", "/campaigns/{id}/activate", _UPDATE, _activate, changes=True),
    Endpoint("POST", "/campaigns/{id}/pause", _UPDATE, _pause, changes=True),
    Endpoint("GET", "/campaigns/{id}/sending-status", _READ, _sending_status, query={"with_ai_summary": BOOLEAN}),
]
