"""Sending accounts as they are at this moment: what decides whether one may send, and how much.

The hourly copy in `instantly_accounts_raw` is for people to look at. Whoever acts asks here.

Source: developer.instantly.ai, API v2, "List account" (GET /accounts).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from modules.shared.errors import ContractError

if TYPE_CHECKING:
    from modules.instantly.instantly_client import InstantlyClient

STATUS_NAMES = {
    1: "active",
    2: "paused",
    3: "in maintenance",
    -1: "without connection",
    -2: "stopped by soft bounces",
    -3: "unable to send",
}
WARMUP_STATUS_NAMES = {
    0: "paused",
    1: "active",
    -1: "banned",
    -2: "not finding its spam folder",
    -3: "suspended for good",
}
HIGHEST_WARMUP_SCORE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingAccount:
    """One mailbox. Every field but the address may be `None`: Instantly did not say, or what it said is no such value.

    Attributes:
        email: Lower case, trimmed.
        status: Instantly's number; names of those that are documented are in `STATUS_NAMES`.
        warmup_status: Likewise, `WARMUP_STATUS_NAMES`.
        warmup_score: 0 to 100.
        daily_limit: Mails a UTC day over all campaigns.
        is_slowly_ramped: Whether Instantly raises what it may send a day little by little.
        tag_id_of: Ids of its tags by their labels; empty as well where tags were not asked for.
    """

    email: str
    status: int | None
    is_setup_pending: bool | None
    warmup_status: int | None
    warmup_score: float | None
    warmup_started_at: datetime | None
    daily_limit: int | None
    is_slowly_ramped: bool | None
    tag_id_of: dict[str, str]


def read_sending_accounts(client: InstantlyClient, *, with_tags: bool) -> dict[str, SendingAccount]:
    """Every account by its address, one request a page of a hundred.

    An account that comes twice, because the list moved while it was read, is as it came last.

    Raises:
        ContractError: An account has no address.
        RetryableError: Instantly is down; then nothing is known of any account.
    """
    query = {"include_tags": "true"} if with_tags else {}
    accounts = (sending_account(payload) for payload in client.get_items("/accounts", query))
    return {account.email: account for account in accounts}


def sending_account(payload: Any) -> SendingAccount:
    """One account as `GET /accounts` lists it.

    Raises:
        ContractError: It has no address.
    """
    email = payload.get("email") if isinstance(payload, dict) else None
    if not isinstance(email, str) or not email.strip():
        raise ContractError(
            "Instantly: GET /accounts answered an account without an address, so it is not known which senders are fit."
        )
    score = _number(payload.get("stat_warmup_score"))
    return SendingAccount(
        email=email.strip().lower(),
        status=_whole(payload.get("status")),
        is_setup_pending=_flag(payload.get("setup_pending")),
        warmup_status=_whole(payload.get("warmup_status")),
        warmup_score=score if score is not None and 0 <= score <= HIGHEST_WARMUP_SCORE else None,
        warmup_started_at=_moment(payload.get("timestamp_warmup_start")),
        daily_limit=_whole(payload.get("daily_limit")),
        is_slowly_ramped=_flag(payload.get("enable_slow_ramp")),
        tag_id_of=_tags(payload.get("tags")),
    )


def _number(value: object) -> float | None:
    # A boolean is a number to Python, and not to anybody else.
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _whole(value: object) -> int | None:
    number = _number(value)
    return int(number) if number is not None and number.is_integer() else None


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _tags(value: object) -> dict[str, str]:
    tags = value if isinstance(value, list) else []
    return {
        tag["label"]: tag["id"]
        for tag in tags
        if isinstance(tag, dict) and isinstance(tag.get("label"), str) and isinstance(tag.get("id"), str)
    }
