"""Apollo's error answers, of which there is more than one shape (reference: "Error bodies")."""

from __future__ import annotations

from typing import Any

from sandbox.vendor.refusal import Refusal

_READ_MORE = "https://docs.apollo.example/reference"
NOT_ENOUGH_CREDITS = (
    "You have insufficient credits for this request. Please upgrade your plan or wait for the next cycle."
)


def refused(status: int, message: str, **more: Any) -> Refusal:
    """Give back the usual shape: `error`."""
    return Refusal(status, {"error": message, **more})


def batch_failed(status: int, code: str, message: str) -> Refusal:
    """Give back the shape of the calls that take several records."""
    return Refusal(status, {"status": "failed", "error_code": code, "error_message": message})


def structured(status: int, message: str, code: str, *, headers: dict[str, str] | None = None) -> Refusal:
    """Give back the shape of 2026, with a stable code."""
    details = {
        "code": code,
        "message": message,
        "suggestions": [{"label": "Read about it", "url": f"{_READ_MORE}/status-codes"}],
        "context": {},
    }
    return Refusal(status, {"error": message, "error_details": details}, headers=headers)


def invalid_key(*, is_structured: bool) -> Refusal:
    """Give back the 401: text, as documented, or JSON, as since September 2026."""
    message = f"Invalid API key. See {_READ_MORE}/authentication for how to authenticate."
    if is_structured:
        return structured(401, message, "AUTH.AUTHENTICATION.API_KEY_INVALID")
    return Refusal(401, message)


def inaccessible(route: str) -> Refusal:
    """Give back the 403 of a key without the scope."""
    message = f"This API key is not authorized to access {route}. Ask your administrator for a key with this scope."
    return refused(403, message, error_code="API_INACCESSIBLE")


def invalid_search(name: str) -> Refusal:
    """Give back the 422 of a parameter that cannot be read."""
    return refused(422, f"Invalid search parameters provided: {name}.")


def insufficient_credits() -> Refusal:
    """Give back the 422 of a call that the balance does not cover."""
    return refused(422, NOT_ENOUGH_CREDITS)
