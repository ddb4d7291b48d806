"""How many new people a campaign can write to today. Pure: what was read, in; numbers, out.

Instantly keeps these limits itself; the point is to say beforehand what today will bring, and why it is not more. Where
something is not known the smaller number is told.

- Of each account: what Instantly lets it send a UTC day over all campaigns (`daily_limit`), or what the campaign's file
  lets it send if that is less, without what it sent today.
- On slow ramp Instantly lets it send two mails more each day (help.instantly.ai, "Account and Campaign Limits") and
  shows neither where it stands nor since when. So it is taken to be two above its busiest day of the last two weeks. An
  account of which Instantly does not say whether it is on slow ramp counts as one that is.
- A follow-up goes out from the account that wrote last, and before new people: those of any campaign that are due
  before midnight UTC are taken off.
- The campaign's own limits begin anew at midnight by its own clock. Instantly counts in UTC days, so all that it counts
  on a UTC day which has an hour in common with the campaign's day so far is taken off. Whether `daily_limit` counts
  follow-ups is not documented; here it does.
- New people whom other campaigns would like to write to by the same accounts are not taken off: who of them is first
  is Instantly's choice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from modules.outreach.launch_reasons import shown_sender
from modules.outreach.sender_health_rules import NOT_READ
from modules.outreach.sending_time import local_day, next_sending_day

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime

    from modules.instantly.instantly_sending_accounts import SendingAccount
    from modules.outreach.campaign_limits import SenderRules
    from modules.outreach.campaign_spec import Campaign
    from modules.outreach.sender_health_rules import SenderStatistics

MORE_EACH_DAY_ON_SLOW_RAMP = 2

Limit = Literal["accounts", "ramp", "other_follow_ups", "campaign", "own_follow_ups", "new_people", "schedule"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUps:
    """Follow-ups that are due today.

    Attributes:
        email: The account that will send them; `None`: not known, some account of the campaign.
    """

    instantly_campaign_id: str
    email: str | None
    mails: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignDay:
    """What a campaign sent on its day so far. `None`: not read.

    Attributes:
        new_people: First mails, of `sent`.
    """

    sent: int | None
    new_people: int | None


NOTHING_SENT = CampaignDay(sent=0, new_people=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderCapacity:
    """One account's mails today. The last three never go below 0, and each is at most the one before.

    Attributes:
        left: Of its daily limit.
        left_on_ramp: Of that, what slow ramp lets through; the same where there is none.
        left_for_campaign: Of that, without follow-ups of other campaigns.
    """

    email: str
    sent_today: int | None
    left: int
    left_on_ramp: int
    left_for_campaign: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """What a campaign can send today.

    Attributes:
        mails_today: First mails and its own follow-ups.
        new_people_today: First mails.
        binding: The limit that makes `new_people_today` as small as it is; of several, the first one in `Limit`.
        next_sending_day: By the campaign's clock; today if it has sending time left, `None` if there is none ever.
        senders: In the order of their addresses.
        reasons: What was not known and therefore counts as 0.
    """

    mails_today: int
    new_people_today: int
    binding: Limit
    next_sending_day: date | None
    senders: tuple[SenderCapacity, ...]
    reasons: tuple[str, ...]


def capacity_today(
    campaign: Campaign,
    *,
    accounts: Iterable[SendingAccount],
    statistics: Mapping[str, SenderStatistics],
    follow_ups: Sequence[FollowUps],
    sent: CampaignDay,
    instantly_campaign_id: str | None,
    now: datetime,
) -> Capacity:
    """What the campaign can send today by these accounts.

    Args:
        campaign: With its limits and its schedule.
        accounts: Those that are eligible; others send nothing.
        statistics: By address; an account without sends nothing.
        follow_ups: Due before midnight UTC, of all campaigns, this one's as well.
        sent: By the campaign itself; `NOTHING_SENT` for one that is new.
        instantly_campaign_id: Which follow-ups are its own; `None`: none are.
        now: With a zone.
    """
    others = [each for each in follow_ups if each.instantly_campaign_id != instantly_campaign_id]
    own = sum(each.mails for each in follow_ups) - sum(each.mails for each in others)
    senders = tuple(
        _of_sender(account, statistics.get(account.email, NOT_READ), campaign.sender_rules, others)
        for account in sorted(accounts, key=lambda account: account.email)
    )
    by_nobody_known = sum(each.mails for each in others if each.email is None)
    next_day = next_sending_day(campaign.schedule, now)
    steps: list[tuple[Limit, int]] = [
        ("accounts", sum(each.left for each in senders)),
        ("ramp", sum(each.left_on_ramp for each in senders)),
        ("other_follow_ups", sum(each.left_for_campaign for each in senders) - by_nobody_known),
        ("campaign", _rest(campaign.caps.mails_per_day, sent.sent)),
    ]
    mails = max(0, min(left for _, left in steps))
    steps += [
        ("own_follow_ups", mails - own),
        ("new_people", _rest(campaign.caps.new_people_per_day, sent.new_people)),
    ]
    if next_day != local_day(campaign.schedule, now):
        mails = 0
        steps.append(("schedule", 0))
    # Without this, two limits that both leave nothing would be told apart by how far below nothing they are.
    steps = [(name, max(0, left)) for name, left in steps]
    binding, new_people = min(steps, key=lambda step: step[1])
    return Capacity(
        mails_today=mails,
        new_people_today=new_people,
        binding=binding,
        next_sending_day=next_day,
        senders=senders,
        reasons=tuple(_not_known(senders, sent)),
    )


def _of_sender(
    account: SendingAccount, statistics: SenderStatistics, rules: SenderRules, others: Iterable[FollowUps]
) -> SenderCapacity:
    limit = min(account.daily_limit or 0, rules.max_mails_per_account_per_day)
    left = _rest(limit, statistics.sent_today)
    left_on_ramp = left
    # `None` is not `False`: what Instantly does not say is taken to be on.
    if account.is_slowly_ramped is not False:
        ramp_limit = (statistics.most_sent_a_day or 0) + MORE_EACH_DAY_ON_SLOW_RAMP
        left_on_ramp = min(left, _rest(ramp_limit, statistics.sent_today))
    due = sum(each.mails for each in others if each.email == account.email)
    return SenderCapacity(
        email=account.email,
        sent_today=statistics.sent_today,
        left=left,
        left_on_ramp=left_on_ramp,
        left_for_campaign=max(0, left_on_ramp - due),
    )


def _rest(limit: int, used: int | None) -> int:
    return 0 if used is None else max(0, limit - used)


def _not_known(senders: Iterable[SenderCapacity], sent: CampaignDay) -> Iterable[str]:
    for sender in senders:
        if sender.sent_today is None:
            yield f"what {shown_sender(sender.email)} sent today was not read yet"
    if sent.sent is None or sent.new_people is None:
        yield "what the campaign sent today was not read yet"
