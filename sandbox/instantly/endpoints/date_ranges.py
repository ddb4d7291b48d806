"""The `start_date` and `end_date` of analytics (reference §5)."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from sandbox.instantly.errors import BareError, invalid
from sandbox.vendor.repeatable import day_number

if TYPE_CHECKING:
    from sandbox.instantly.endpoint import Call

_EVER, _NEVER = 0, 100_000
_DATE_LENGTH = len("2026-09-07")


def _day(name: str, text: str) -> int:
    try:
        if len(text) == _DATE_LENGTH:
            return day_number(date.fromisoformat(text))
        return day_number(datetime.fromisoformat(text).date())
    except ValueError:
        raise invalid(f"querystring/{name} must be a date") from None


def asked_days(call: Call) -> range | None:
    """Give back the days asked for; `None` when no date was given.

    The end day counts, unless the `end_day_excluded` quirk is on: the vendor's document leaves it open.
    """
    start, end = call.query.get("start_date"), call.query.get("end_date")
    if not start and not end:
        return None
    first = _day("start_date", start) if start else _EVER
    last = _day("end_date", end) if end else _NEVER
    if first > last:
        raise BareError(400, "Start Date must be earlier than End Date")
    is_excluded = "end_day_excluded" in call.world.settings.quirks and end and len(end) == _DATE_LENGTH
    return range(first, last + (0 if is_excluded else 1))
