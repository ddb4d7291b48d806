"""A campaign as a file says it, for tests of what happens to it at a launch; and a mailbox that may send for it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from modules.outreach.campaign_spec import Campaign

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
"""A Friday; ten o'clock in the campaign's zone."""
MARA = "mara@try-haldenfreight.example"
JONAS = "jonas@try-haldenfreight.example"
_FILE: dict[str, Any] = {
    "name": "dock-times",
    "title": "Dock times",
    "offer": "We plan dock times for freight forwarders.",
    "sender": {"name": "Mara Lindqvist", "company": "Halden Freight", "postal_address": "Quay 4, 1234 Halden"},
    "audience": {"regions": {"eu": "legitimate_interest"}},
    "sequence": [
        {"delay_days": 0, "variants": [{"subject": "Dock times", "body": "Hi {{first_name}},\n\n{{icebreaker}}"}]},
        {"delay_days": 3, "variants": [{"subject": "", "body": "Profit & loss: worth ten minutes?"}]},
    ],
    "schedule": {
        "timezone": "Europe/Berlin",
        "days": ["mon", "tue", "wed", "thu", "fri"],
        "from": "08:30",
        "until": "16:30",
    },
    "senders": {"accounts": [MARA, JONAS]},
    "caps": {"new_people_per_day": 25, "mails_per_day": 60},
}
ACCOUNT: dict[str, Any] = {
    "email": MARA,
    "status": 1,
    "setup_pending": False,
    "warmup_status": 1,
    "stat_warmup_score": 97,
    "timestamp_warmup_start": "2026-10-01T08:00:00.000Z",
    "daily_limit": 30,
    "enable_slow_ramp": False,
}


def campaign(**changes: Any) -> Campaign:
    """The campaign, with some parts of its file replaced; a part that is an object is merged."""
    merged = {
        name: {**_FILE.get(name, {}), **value} if isinstance(value, dict) and name != "senders" else value
        for name, value in changes.items()
    }
    return Campaign.model_validate({**_FILE, **merged})


def account(**changes: Any) -> dict[str, Any]:
    """A fit mailbox as Instantly lists it; `None` leaves a field out."""
    return {name: value for name, value in (ACCOUNT | changes).items() if value is not None}
