"""Campaign analytics (reference §5.1-5.4)."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sandbox.instantly.data.statistics import daily_row, event_fields, total_fields
from sandbox.instantly.endpoint import Call, Endpoint
from sandbox.instantly.endpoints.campaigns import STATUS
from sandbox.instantly.endpoints.date_ranges import asked_days
from sandbox.instantly.validation import BOOLEAN, TEXT, UUID

if TYPE_CHECKING:
    from sandbox.instantly.data.history import Counts

Payload = dict[str, Any]
_DEFAULT_VALUE = 500


def _chosen(call: Call) -> list[Payload]:
    """Give back the campaigns asked for: by id, by ids, or all."""
    campaigns = call.workspace.campaigns
    ids = [call.query["id"]] if "id" in call.query else call.query.get("ids")
    rows = map(campaigns.find, ids) if ids else campaigns.after(None)
    found = [row for row in rows if row is not None]
    status = call.query.get("campaign_status")
    return found if status is None else [row for row in found if row["status"] == status]


def _value(campaign: Payload) -> float:
    value: float = campaign.get("pl_value") or _DEFAULT_VALUE
    return value


def _totals(call: Call) -> list[Payload]:
    """Give back one row a campaign; a campaign that sent nothing in the range has none."""
    days = asked_days(call)
    rows = []
    for campaign in _chosen(call):
        counts = call.workspace.statistics.total(campaign["id"], days)
        if not counts["sent"]:
            continue
        leads = 0 if call.query.get("exclude_total_leads_count") else call.workspace.leads.count_in(campaign["id"])
        row = {"campaign_name": campaign["name"], "campaign_id": campaign["id"], "campaign_status": campaign["status"]}
        row |= {"campaign_is_evergreen": bool(campaign.get("is_evergreen")), "leads_count": leads}
        rows.append(row | total_fields(counts, _value(campaign)) | {"completed_count": counts["completed"]})
    return rows


def _overview(call: Call) -> Payload:
    days, statistics = asked_days(call), call.workspace.statistics
    counts: Counts = defaultdict(int)
    value: float = 0
    for campaign in _chosen(call):
        of_one = statistics.total(campaign["id"], days)
        value += of_one["opportunities"] * _value(campaign)
        for name, amount in of_one.items():
            counts[name] += amount
    booked = counts["meetings_booked"]
    interest = {"total_interested": counts["opportunities"] - booked, "total_meeting_booked": booked}
    interest |= {"total_meeting_completed": 0, "total_closed": 0}
    return total_fields(counts, 0) | {"total_opportunity_value": value} | interest


def _daily(call: Call) -> list[Payload]:
    """Give back one row a day, of one campaign or of the whole workspace; a day without any event has none."""
    asked = call.query.get("campaign_id")
    call.query |= {"id": asked} if asked else {}
    ids = [campaign["id"] for campaign in _chosen(call)]
    rows = (daily_row(day, counts) for day, counts in call.workspace.statistics.by_day(ids, asked_days(call)).items())
    return [row for row in rows if any(value for name, value in row.items() if name != "date")]


def _steps(call: Call) -> list[Payload]:
    """Give back one row a step and variant, in no order, and one without a step when there is something to say."""
    asked = call.query.get("campaign_id")
    call.query |= {"id": asked} if asked else {}
    ids = [campaign["id"] for campaign in _chosen(call)]
    sums = call.workspace.statistics.by_step(ids, asked_days(call))
    rows = []
    # Sorted for repeatable bytes, but highest first, since nobody may rely on an order.
    for step, counts in sorted(sums.items(), key=lambda pair: pair[0] or (-1, -1), reverse=True):
        names: Payload = (
            {"step": None, "variant": None} if step is None else {"step": str(step[0]), "variant": str(step[1])}
        )
        row = names | event_fields(counts)
        if call.query.get("include_opportunities_count"):
            row |= {"opportunities": counts["opportunities"], "unique_opportunities": counts["opportunities"]}
            row |= {"meetings_booked": counts["meetings_booked"], "won": 0}
        rows.append(row)
    return rows


_DATES = {"start_date": TEXT, "end_date": TEXT}
_CHOICE = _DATES | {"id": UUID, "ids": {"type": "array", "items": UUID}}
ENDPOINTS = [
    # The vendor's document states no scope for analytics; reading campaigns is what others found to be enough.
    Endpoint(
        "GET",
        "/campaigns/analytics",
        "campaigns:read",
        _totals,
        query=_CHOICE | {"exclude_total_leads_count": BOOLEAN},
    ),
    Endpoint(
        "GET",
        "/campaigns/analytics/overview",
        "campaigns:read",
        _overview,
        query=_CHOICE | {"campaign_status": STATUS, "expand_crm_events": BOOLEAN},
    ),
    Endpoint(
        "GET",
        "/campaigns/analytics/daily",
        "campaigns:read",
        _daily,
        query=_DATES | {"campaign_id": UUID, "campaign_status": STATUS},
    ),
    Endpoint(
        "GET",
        "/campaigns/analytics/steps",
        "campaigns:read",
        _steps,
        query=_DATES | {"campaign_id": UUID, "include_opportunities_count": BOOLEAN},
    ),
]
