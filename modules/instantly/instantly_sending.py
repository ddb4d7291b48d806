"""What Instantly's sending status means for a campaign that was launched; pure.

Source: developer.instantly.ai, API v2, "Get campaign sending status".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["sending", "waiting", "failed", "unknown"]

_CODES: dict[str, tuple[Verdict, str]] = {
    "healthy": ("sending", "mails go out"),
    "campaign_running_subsequences": ("sending", "the main sequence is through, subsequences go on"),
    "out_of_schedule": ("waiting", "it is outside its schedule and sends when that opens"),
    "waiting_for_leads": ("waiting", "it waits for a lead to process"),
    "daily_limit_met": ("waiting", "the campaign's daily limit is reached"),
    "account_daily_limit_met": ("waiting", "all sending accounts have reached their daily limits"),
    "new_lead_limit_met": ("waiting", "the daily limit for new leads is reached"),
    "waiting_for_esp_match": ("waiting", "no sending account matches the leads' mail providers now"),
    "domain_limit_reached": ("waiting", "the limit of mails to one company is reached"),
    "follow_up_delay_not_met": ("waiting", "the next follow-ups are not due yet"),
    "campaign_draft": ("waiting", "it is a draft; nothing is sent before it is activated"),
    "campaign_paused": ("waiting", "it is paused; nothing is sent before somebody resumes it"),
    "campaign_completed": ("waiting", "it is completed; there is nobody left to write to"),
    "campaign_accounts_unhealthy": ("failed", "its sending accounts are unhealthy; repair them at Instantly"),
    "all_accounts_unhealthy": ("failed", "all its sending accounts are unhealthy; repair them at Instantly"),
    "no_accounts_available": ("failed", "it has no sending account; give it some"),
    "campaign_bounce_protect": ("failed", "the bounce protection stopped it; check the leads' addresses"),
    "campaign_account_suspended": ("failed", "the account is suspended; ask Instantly's support"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingStatus:
    """Whether a campaign sends.

    Attributes:
        code: Instantly's own; `unknown` when it gives none.
        verdict: `failed`: it will not send until a person acts. `unknown`: the code is not in the documents.
        message: A sentence for people.
    """

    code: str
    verdict: Verdict
    message: str


def sending_status_of(answer: object) -> SendingStatus:
    """Whether the campaign sends: by the diagnostics, and where these are missing by the summary."""
    parts = answer if isinstance(answer, dict) else {}
    found = [part.get("status") for part in map(parts.get, ("diagnostics", "summary")) if isinstance(part, dict)]
    code = next((each for each in found if isinstance(each, str) and each), "unknown")
    verdict, words = _CODES.get(code, ("unknown", "what that means is not documented; look at the campaign there"))
    return SendingStatus(code=code, verdict=verdict, message=f"Instantly says {code}: {words}.")
