"""The vendor's error answers (reference: "Error bodies")."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from sandbox.vendor.refusal import Refusal

# Python's own name for it changed with 3.13; the vendor's is fixed.
_PHRASES = {413: "Payload Too Large"}


class ApiError(Refusal):
    """An answer other than 200, in the standard shape: `statusCode`, `error`, `message`."""

    def __init__(self, status: int, message: str, **extra: Any) -> None:
        """Put the shape together."""
        phrase = _PHRASES.get(status) or HTTPStatus(status).phrase
        super().__init__(status, {"statusCode": status, "error": phrase, "message": message} | extra)


class BareError(ApiError):
    """An answer in the shape of the analytics endpoints, which is a message alone."""

    def __init__(self, status: int, message: str) -> None:
        """Keep only the message."""
        super().__init__(status, message)
        self.body = {"message": message}


def invalid(message: str) -> ApiError:
    """Give back what the vendor's schema check answers; the extra `code` was seen in live traffic."""
    return ApiError(400, message, code="FST_ERR_VALIDATION")


def not_found() -> ApiError:
    """Give back what an unknown id is answered with."""
    return ApiError(404, "Resource not found")
