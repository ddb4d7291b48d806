"""Asking for what comes later (reference §3.6)."""

from __future__ import annotations

import re
from typing import Any

from sandbox.apollo.endpoint import Call, Endpoint
from sandbox.apollo.webhook_results import KEPT_DAYS, Result
from sandbox.vendor.refusal import Refusal

_REQUEST_ID = re.compile(r"-?\d{1,19}")
_RETRY_AFTER_S = 10


def _poll(call: Call) -> dict[str, Any]:
    """Answer with the result, or say why there is none. The result is made, and charged, when it is first due."""
    text = call.path["request_id"]
    if _REQUEST_ID.fullmatch(text) is None:
        raise Refusal(400, {"error_code": "invalid_request_id"})
    result = call.world.results.by_request.get(int(text))
    if result is None:
        raise Refusal(404, {"error_code": "request_id_unknown"})
    if call.world.clock.today - result.asked_on > KEPT_DAYS:
        raise Refusal(410, {"error_code": "request_id_expired"})
    if not result.is_done:
        result.polls += 1
        if result.polls <= call.world.settings.result_after_polls:
            raise Refusal(404, {"error_code": "result_pending", "retry_after_seconds": _RETRY_AFTER_S})
        _finish(call, result)
    return {
        "request_id": text,
        "webhook_status": "failed" if result.failure else "success",
        "request_type": result.kind,
        "last_dispatched_at": result.dispatched_at,
        "failure_reason": result.failure,
        "webhook_result": result.payload,
    }


def _finish(call: Call, result: Result) -> None:
    result.is_done = True
    result.dispatched_at = call.world.clock.tick()
    try:
        result.payload = result.make()
    except Refusal as refusal:
        result.failure = refusal.body["error"]


ENDPOINTS = [
    Endpoint("GET", "/webhook_result/{request_id}", "api/v1/webhook_result/show", "other", _poll, changes=True),
]
