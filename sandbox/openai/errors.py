"""OpenAI's error answers: one shape, told apart by `type` and `code`."""

from __future__ import annotations

import math

from sandbox.vendor.refusal import Refusal

INVALID = "invalid_request_error"


def refused(
    status: int,
    message: str,
    *,
    code: str | None = None,
    param: str | None = None,
    kind: str = INVALID,
    headers: dict[str, str] | None = None,
) -> Refusal:
    """Give back an answer with the `error` object; `kind` is what the vendor calls `type`."""
    error = {"message": message, "type": kind, "param": param, "code": code}
    return Refusal(status, {"error": error}, headers=headers)


def invalid_url(method: str, path: str) -> Refusal:
    """Give back the 404 of a path that nothing answers."""
    return refused(404, f"Invalid URL ({method} {path})")


def invalid_key(*, is_missing: bool) -> Refusal:
    """Give back the 401; the key itself is not repeated."""
    told = "No API key was sent; it goes into the header Authorization: Bearer KEY." if is_missing else "Unknown key."
    return refused(401, f"Incorrect API key provided. {told}", code=None if is_missing else "invalid_api_key")


def model_not_found(model: str) -> Refusal:
    """Give back the 404 of a model that is retired, or not open to this key."""
    return refused(404, f"The model '{model}' does not exist or you do not have access to it.", code="model_not_found")


def not_found(kind: str, subject_id: str) -> Refusal:
    """Give back the 404 of a file, batch or response."""
    return refused(404, f"No such {kind} object: {subject_id}", param="id")


def missing(param: str) -> Refusal:
    """Give back the 400 of a parameter that has to be there."""
    return refused(400, f"Missing required parameter: '{param}'.", code="missing_required_parameter", param=param)


def invalid(param: str, told: str, *, code: str = "invalid_value") -> Refusal:
    """Give back the 400 of a parameter that cannot be used."""
    return refused(400, f"Invalid '{param}': {told}", code=code, param=param)


def unsupported(param: str, model: str) -> Refusal:
    """Give back the 400 of a parameter that the model does not take."""
    told = f"Unsupported parameter: '{param}' is not supported with the model '{model}' and these settings."
    return refused(400, told, code="unsupported_parameter", param=param)


def insufficient_quota() -> Refusal:
    """Give back the 429 that waiting does not cure, hence without a time to wait."""
    told = "The quota of this account is used up; check its plan and its billing details."
    return refused(429, told, code="insufficient_quota", kind="insufficient_quota")


def slow_down() -> Refusal:
    """Give back the 429 of traffic that rose too fast, though within the limits."""
    told = "The rate of requests rose too fast. Slow down to the former rate and raise it step by step."
    return refused(429, told, code="slow_down", kind="rate_limit_error", headers=retry_after(1.0))


def flex_unavailable() -> Refusal:
    """Give back the 429 of the flex tier without capacity; nothing is charged."""
    return refused(429, "No capacity for flex processing now.", code="resource_unavailable", kind="rate_limit_error")


def request_too_large(model: str, limit: int, wanted: int) -> Refusal:
    """Give back the 429 of a request that no waiting makes fit."""
    told = f"Request too large for {model} on tokens per min (TPM): Limit {limit}, Requested {wanted}."
    return refused(429, told, code="rate_limit_exceeded", kind="tokens")


def rate_limited(model: str, kind: str, limit: int, wait_s: float) -> Refusal:
    """Give back the 429 of a bucket that is empty now; `kind` is `requests` or `tokens`."""
    told = f"Rate limit reached for {model} on {kind} per min: Limit {limit}. Try again in {wait_s:.3f}s."
    return refused(429, told, code="rate_limit_exceeded", kind=kind, headers=retry_after(wait_s))


def retry_after(wait_s: float) -> dict[str, str]:
    """Give back the headers that say how long to wait."""
    return {"retry-after": str(math.ceil(wait_s)), "retry-after-ms": str(math.ceil(wait_s * 1000))}
