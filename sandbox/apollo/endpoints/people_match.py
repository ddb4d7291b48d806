"""Enriching one person, and up to ten (reference §3.1 to §3.3)."""

from __future__ import annotations

from functools import partial
from typing import Any

from sandbox.apollo import enrichment, later_results
from sandbox.apollo.data.fates import Fate
from sandbox.apollo.data.identify import PERSON_PARAMETERS
from sandbox.apollo.endpoint import Call, Endpoint
from sandbox.apollo.errors import batch_failed, refused
from sandbox.apollo.parameters import anything, boolean, text

Payload = dict[str, Any]
MOST_DETAILS = 10
_FLAGS = {
    "reveal_personal_emails": boolean,
    "reveal_phone_number": boolean,
    "run_waterfall_email": boolean,
    "run_waterfall_phone": boolean,
    "webhook_url": text,
}
_LATER = ("reveal_phone_number", "run_waterfall_email", "run_waterfall_phone")
_ACCEPTED = {"status": "accepted", "message": "Waterfall enrichment request accepted."}


def _match(call: Call) -> Payload:
    """Answer for one person. A miss is a 200, too: a nameless person, an empty one, or none."""
    if _needs_webhook(call):
        raise refused(400, "Please add a valid 'webhook_url' parameter.", error_code="WEBHOOK_URL_REQUIRED")
    detail = {name: value for name, value in call.values.items() if name in PERSON_PARAMETERS}
    asked = enrichment.asked_for(call, [detail])
    if not _is_waterfall(call):
        enrichment.charge(call, asked)
    enrichment.save_as_contacts(call, asked)
    person = _person(call, asked[0])
    return {"person": person, "request_id": later_results.this_request(call)} | _started(call, asked)


def _person(call: Call, asked: enrichment.Asked) -> Payload | None:
    if asked.number is not None and asked.is_match:
        return _without_email(call, enrichment.person_payload(call, asked.number, is_bulk=False))
    if asked.fate == Fate.MISS_STUB:
        return enrichment.stub(call, asked)
    return {} if asked.fate == Fate.MISS_EMPTY else None


def _bulk_match(call: Call) -> Payload:
    """Answer for several people, with the counters of the bill."""
    details = _details(call)
    if _needs_webhook(call):
        raise batch_failed(400, "WEBHOOK_URL_REQUIRED", "Please add a valid 'webhook_url' parameter.")
    asked = enrichment.asked_for(call, details)
    answer: Payload = {"status": "success", "error_code": None, "error_message": None}
    answer["total_requested_enrichments"] = len(details)
    if not _is_waterfall(call):
        credits_consumed = enrichment.charge(call, asked)
        answer["unique_enriched_records"] = credits_consumed
        answer["missing_records"] = sum(not each.is_match for each in asked)
        answer["credits_consumed"] = credits_consumed
    enrichment.save_as_contacts(call, asked)
    rows = enrichment.matches(call, asked)
    answer["matches"] = [row and _without_email(call, row) for row in rows]
    return answer | {"request_id": later_results.this_request(call)} | _started(call, asked)


def _details(call: Call) -> list[Payload]:
    details = call.values.get("details")
    if details is None or details == []:
        raise batch_failed(400, "INVALID_REQUEST", "invalid request, missing details")
    if not isinstance(details, list):
        raise batch_failed(422, "UNKNOWN_ERROR", "undefined method `length' for an instance of Parameters")
    if len(details) > MOST_DETAILS:
        raise batch_failed(400, "RECORD_LIMIT_EXCEEDED", f"cannot enrich more than {MOST_DETAILS} in a single request")
    if not all(_is_detail(each) for each in details):
        raise batch_failed(422, "UNKNOWN_ERROR", "no implicit conversion of Symbol into Integer")
    return [{name: value for name, value in each.items() if name in PERSON_PARAMETERS and value} for each in details]


def _is_detail(detail: Any) -> bool:
    return isinstance(detail, dict) and all(
        isinstance(detail.get(name, ""), str) or detail[name] is None for name in PERSON_PARAMETERS
    )


def _needs_webhook(call: Call) -> bool:
    wants_later = any(call.values.get(flag) for flag in _LATER)
    return wants_later and not call.values.get("webhook_url", "").startswith("https://")


def _is_waterfall(call: Call) -> bool:
    return bool(call.values.get("run_waterfall_email") or call.values.get("run_waterfall_phone"))


def _without_email(call: Call, row: Payload) -> Payload:
    """Leave the address to the waterfall, if that was asked to find it."""
    if not call.values.get("run_waterfall_email"):
        return row
    return {name: value for name, value in row.items() if name not in {"email", "email_status"}}


def _started(call: Call, asked: list[enrichment.Asked]) -> Payload:
    """Start what comes later, and say so."""
    numbers, values = enrichment.matched_numbers(asked), call.values
    if _is_waterfall(call):
        emails, phones = values.get("run_waterfall_email", False), values.get("run_waterfall_phone", False)
        make = partial(later_results.waterfall, call, numbers, len(asked), emails=emails, phone_numbers=phones)
        later_results.remember(call, "waterfall", numbers, make)
        return {"waterfall": _ACCEPTED}
    if not values.get("reveal_phone_number") or not numbers:
        return {}
    if call.world.results.is_running_for(frozenset(numbers)):
        message = "Phone numbers of these people are being looked for already."
        return {"phone_enrichment": {"status": "skipped", "message": message}}
    later_results.remember(call, "phone", numbers, partial(later_results.phones, call, numbers, len(asked)))
    message = "Phone enrichment is processing asynchronously."
    request_id = str(later_results.this_request(call))
    return {"phone_enrichment": {"status": "pending", "request_id": request_id, "message": message}}


ENDPOINTS = [
    Endpoint(
        "POST",
        "/people/match",
        "api/v1/people/match",
        "enrichment",
        _match,
        {**PERSON_PARAMETERS, **_FLAGS},
        changes=True,
    ),
    Endpoint(
        "POST",
        "/people/bulk_match",
        "api/v1/people/bulk_match",
        "enrichment",
        _bulk_match,
        {"details": anything, **_FLAGS},
        changes=True,
    ),
]
