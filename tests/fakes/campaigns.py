"""A campaign that no rule speaks against, in parts that tests replace."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from modules.outreach.campaign_spec import Campaign

Json = dict[str, Any]

BODY = """\
Hello {{firstName}},

{{personalization}}

Would you like to see it on one of your own plans?

{{signature}}

I found your address at Apollo.io. Reply no, and I will not write to you again.
"""
_SPEC: Json = {
    "name": "plans",
    "title": "Plans by hand",
    "offer": "We take over plans that live in spreadsheets.",
    "sender": {"name": "Lena Brandt", "company": "Nordlicht GmbH", "postal_address": "Musterweg 12, 20095 Hamburg"},
    "audience": {"regions": {"eu": "legitimate_interest"}},
    "sequence": [
        {"delay_days": 0, "variants": [{"subject": "Plans at {{companyName}}", "body": BODY}]},
        {"delay_days": 4, "variants": [{"subject": "", "body": BODY}]},
    ],
    "schedule": {"timezone": "Europe/Berlin", "days": ["mon", "tue", "wed"], "from": "08:30", "until": "16:30"},
    "senders": {"accounts": ["lena@try-nordlicht.example", "jan@try-nordlicht.example"]},
    "caps": {"new_people_per_day": 20, "mails_per_day": 60},
}


def campaign_spec(**changes: Any) -> Json:
    """What a file says; a change has the place of what it changes, with two underscores for each step inwards.

    Numbers are positions: `sequence__0__variants__0__subject="Hello"`.
    """
    spec = deepcopy(_SPEC)
    for place, value in changes.items():
        *steps, last = [int(step) if step.isdigit() else step for step in place.split("__")]
        inner: Any = spec
        for step in steps:
            inner = inner[step] if isinstance(step, int) else inner.setdefault(step, {})
        inner[last] = value
    return spec


def campaign(**changes: Any) -> Campaign:
    """The same, read."""
    return Campaign.model_validate(campaign_spec(**changes))
