"""Verification of single addresses, which costs credits (reference §7.3)."""

from __future__ import annotations

from typing import Any
from zlib import crc32

from sandbox.instantly.endpoint import Call, Endpoint
from sandbox.instantly.endpoints.lead_upload import is_address
from sandbox.instantly.errors import invalid, not_found
from sandbox.instantly.validation import TEXT, record

Payload = dict[str, Any]


def _outcome(email: str) -> tuple[str, bool]:
    """Give back (status, catch-all) of an address: about one in twenty is invalid, one in eight a catch-all."""
    number = crc32(email.lower().encode())
    return "invalid" if number % 20 == 0 else "verified", number % 8 == 1


def _start(call: Call) -> Payload:
    """Verify; one address in ten takes too long and is pending at first."""
    email, workspace = call.body["email"], call.workspace
    if not is_address(email):
        raise invalid('body/email must match format "email"')
    workspace.verification_credits -= 1
    status, is_catch_all = _outcome(email)
    row: Payload = {"email": email, "status": "success", "verification_status": status, "catch_all": is_catch_all}
    row |= {"credits": workspace.verification_credits, "credits_used": 1}
    workspace.verifications[email] = row
    is_slow = crc32(email.lower().encode()) % 10 == 2
    return row | {"verification_status": "pending", "catch_all": "pending"} if is_slow else row


def _get(call: Call) -> Payload:
    row = call.workspace.verifications.get(call.path["email"])
    if row is None:
        raise not_found()
    return row


_BODY = record({"email": TEXT, "webhook_url": TEXT}, "email")
ENDPOINTS = [
    Endpoint("POST", "/email-verification", "email_verifications:create", _start, body=_BODY, changes=True),
    Endpoint("GET", "/email-verification/{email}", "email_verifications:read", _get),
]
