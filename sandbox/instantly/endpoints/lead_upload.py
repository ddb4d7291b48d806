"""`POST /leads/add`: many leads at once, each counted in exactly one counter (reference §6.4)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sandbox.instantly.errors import invalid, not_found
from sandbox.instantly.validation import BOOLEAN, NUMBER, TEXT_OR_NULL, UUID, UUID_OR_NULL, record

if TYPE_CHECKING:
    from sandbox.instantly.data.workspace import Workspace
    from sandbox.instantly.endpoint import Call

Payload = dict[str, Any]
_ADDRESS = re.compile(r"[^@\s,;<>]+@[^@\s,;<>.]+(\.[^@\s,;<>.]+)+")
_NAMES = ("first_name", "last_name", "company_name", "job_title", "phone", "website", "personalization")

LEAD_FIELDS = {
    **dict.fromkeys((*_NAMES, "email", "pl_value_lead"), TEXT_OR_NULL),
    "lt_interest_status": NUMBER,
    "assigned_to": UUID_OR_NULL,
    "custom_variables": {"type": "object", "values": {"type": ["string", "number", "boolean", "null"]}},
}
SKIP_FLAGS = dict.fromkeys(("skip_if_in_workspace", "skip_if_in_campaign", "skip_if_in_list"), BOOLEAN)
ADD_BODY = record(
    {
        "campaign_id": UUID,
        "list_id": UUID,
        "leads": {"type": "array", "minItems": 1, "maxItems": 1000, "items": record(LEAD_FIELDS)},
        "blocklist_id": UUID_OR_NULL,
        "assigned_to": UUID,
        "verify_leads_on_import": BOOLEAN,
        **SKIP_FLAGS,
    },
    "leads",
)


def is_address(email: object) -> bool:
    """Say whether the text can be an address."""
    return isinstance(email, str) and _ADDRESS.fullmatch(email.strip()) is not None


def is_skipped(workspace: Workspace, email: str, flags: Payload) -> bool:
    """Say whether a `skip_if_*` flag keeps the address out; `skip_if_in_workspace` overrides the other two."""
    known = workspace.leads.with_email(email)
    if flags.get("skip_if_in_workspace"):
        return bool(known)
    in_campaign = flags.get("skip_if_in_campaign") and any("campaign" in row for row in known)
    in_list = flags.get("skip_if_in_list") and any("list_id" in row for row in known)
    return bool(in_campaign or in_list)


def check_container(workspace: Workspace, campaign_id: str | None, list_id: str | None) -> None:
    """Raise the vendor's 404 when leads shall go where nothing is."""
    lists = {row["id"] for row in workspace.small.lists}
    if campaign_id and workspace.campaigns.find(campaign_id) is None:
        raise not_found()
    if list_id and list_id not in lists:
        raise not_found()


def add_leads(call: Call) -> Payload:
    """Create what may be created; say how many fell to each reason, though not which."""
    body, workspace = call.body, call.workspace
    campaign_id, list_id = body.get("campaign_id"), body.get("list_id")
    if bool(campaign_id) == bool(list_id):
        raise invalid("body must have exactly one of campaign_id, list_id")
    check_container(workspace, campaign_id, list_id)
    counters = dict.fromkeys(
        (
            "leads_uploaded",
            "in_blocklist",
            "duplicated_leads",
            "skipped_count",
            "invalid_email_count",
            "incomplete_count",
            "duplicate_email_count",
        ),
        0,
    )
    created: list[Payload] = []
    seen: set[str] = set()
    owner = body.get("assigned_to") or workspace.owner_id
    for index, lead in enumerate(body["leads"]):
        reason = _reason_against(workspace, lead, body, seen)
        if reason is None and campaign_id and len(workspace.leads) >= workspace.lead_limit:
            # What happens above the plan's limit is not documented; here the rest is skipped.
            reason = "skipped_count"
        counters[reason or "leads_uploaded"] += 1
        if reason is None:
            row = workspace.leads.add(lead, campaign_id=campaign_id, list_id=list_id, owner_id=owner)
            shown = {name: row[name] for name in ("email", "first_name", "last_name", "phone") if name in row}
            created.append({"index": index, "id": row["id"]} | shown)
    used = workspace.block_list.id if counters["in_blocklist"] else None
    room = max(0, workspace.lead_limit - len(workspace.leads)) if campaign_id else None
    answer: Payload = {"status": "success", "total_sent": len(body["leads"])} | counters
    return answer | {"blocklist_used": used, "remaining_in_plan": room, "created_leads": created}


def _reason_against(workspace: Workspace, lead: Payload, body: Payload, seen: set[str]) -> str | None:
    """Give back the counter of a lead that must not be created, or `None`."""
    email = (lead.get("email") or "").strip().lower()
    if not email and "list_id" in body:
        return None if lead.get("first_name") or lead.get("last_name") else "incomplete_count"
    if not is_address(email):
        return "invalid_email_count"
    if email in seen:
        return "duplicate_email_count"
    seen.add(email)
    if workspace.block_list.blocks(email):
        return "in_blocklist"
    container = (body.get("campaign_id"), body.get("list_id"))
    if any((row.get("campaign"), row.get("list_id")) == container for row in workspace.leads.with_email(email)):
        return "duplicated_leads"
    return "skipped_count" if is_skipped(workspace, email, body) else None
