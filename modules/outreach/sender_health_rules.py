"""Whether a mailbox may send for a campaign: one place for the rule, the same before upload and before activation.

The view `sender_health` shows people a verdict too, and is no substitute: it is made of the hourly copy, by fixed
numbers. This one judges the account as Instantly shows it now, by the numbers of the campaign's own file. What only the
view knows (where warm-up mails landed) is brought in as a warning by `launch_preflight`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from modules.instantly.instantly_sending_accounts import STATUS_NAMES, WARMUP_STATUS_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from modules.instantly.instantly_sending_accounts import SendingAccount
    from modules.outreach.campaign_limits import SenderRules

STATISTICS_DAYS = 14
"""How many UTC days, today's included, the bounce rate is made of."""
_ACTIVE = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderStatistics:
    """What an account sent for campaigns in the last `STATISTICS_DAYS`. `None`: these days were not read completely.

    Attributes:
        bounced: Mails that came back, of `sent`.
        sent_today: Of them, since midnight UTC, when Instantly begins to count anew.
        most_sent_a_day: On the busiest day before today.
    """

    sent: int | None
    bounced: int | None
    sent_today: int | None
    most_sent_a_day: int | None


NOT_READ = SenderStatistics(sent=None, bounced=None, sent_today=None, most_sent_a_day=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderVerdict:
    """Whether an account may send.

    Attributes:
        reasons: Everything that stands against it, as half sentences; empty exactly when it is eligible.
    """

    email: str
    is_eligible: bool
    reasons: tuple[str, ...]


def judge_sender(
    email: str, account: SendingAccount | None, statistics: SenderStatistics, rules: SenderRules, *, now: datetime
) -> SenderVerdict:
    """The verdict on one sender. What is not known, or was never seen before, stands against it.

    Args:
        email: As the campaign names it.
        account: `None`: Instantly lists none with this address.
        statistics: Of the same account.
        rules: Of the campaign.
        now: With a zone.
    """
    if account is None:
        reasons = ["Instantly has no account with this address"]
    else:
        reasons = [*_state(account), *_warmup(account, rules, now), *_bounces(statistics, rules)]
    return SenderVerdict(email=email, is_eligible=not reasons, reasons=tuple(reasons))


def _state(account: SendingAccount) -> Iterator[str]:
    if account.status != _ACTIVE:
        yield f"the account is not active: {_named(account.status, STATUS_NAMES)}"
    if account.is_setup_pending is None:
        yield "whether its setup is finished is not known"
    elif account.is_setup_pending:
        yield "its setup is not finished"
    if account.daily_limit is None:
        yield "its daily limit is not known"


def _warmup(account: SendingAccount, rules: SenderRules, now: datetime) -> Iterator[str]:
    if account.warmup_status != _ACTIVE:
        yield f"the warm-up is not active: {_named(account.warmup_status, WARMUP_STATUS_NAMES)}"
    if account.warmup_score is None:
        yield "the warm-up score is not known"
    elif account.warmup_score < rules.min_warmup_score:
        yield f"the warm-up score is {account.warmup_score:g}, and at least {rules.min_warmup_score} is wanted"
    if account.warmup_started_at is None:
        yield "when the warm-up began is not known"
    elif now - account.warmup_started_at < timedelta(days=rules.min_warmup_days):
        days = (now - account.warmup_started_at).days
        yield f"the warm-up began {days} days ago, and at least {rules.min_warmup_days} are wanted"


def _bounces(statistics: SenderStatistics, rules: SenderRules) -> Iterator[str]:
    sent, bounced = statistics.sent, statistics.bounced
    if sent is None or bounced is None:
        yield f"what it sent in the last {STATISTICS_DAYS} days was not read"
    elif sent == 0 and bounced > 0:
        yield f"{bounced} mails bounced in the last {STATISTICS_DAYS} days without any sent"
    elif sent >= rules.min_sent_for_bounce_rate and bounced > rules.max_bounce_rate * sent:
        yield (
            f"{bounced} of {sent} mails bounced in the last {STATISTICS_DAYS} days, "
            f"and at most {rules.max_bounce_rate:.1%} may"
        )


def _named(number: int | None, names: Mapping[int, str]) -> str:
    if number is None:
        return "its status is not known"
    return names.get(number, f"status {number} is not one that is known")
