"""Rules of the plan: whether the parts of a campaign fit together, so that it can send at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modules.instantly.instantly_timezones import instantly_timezone
from modules.openai.icebreaker_languages import language_of, languages_of_line
from modules.outreach.campaign_copy import CopyError, parse_copy, variables_of
from modules.outreach.campaign_finding import Finding, active_variants
from modules.outreach.regions import region_of
from modules.shared.errors import PermanentError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from modules.outreach.campaign_spec import Campaign

_SHORTEST_DELAY_DAYS = 2


def no_active_variant(campaign: Campaign) -> Iterator[Finding]:
    """Every step has a wording that is sent."""
    for number, step in enumerate(campaign.sequence):
        if not any(variant.is_active for variant in step.variants):
            path = ("sequence", number, "variants")
            yield Finding(
                "no_active_variant", "error", path, "no variant is active; switch one on, or take the step out"
            )


def short_delay(campaign: Campaign) -> Iterator[Finding]:
    """People have a working day to answer."""
    for number, step in enumerate(campaign.sequence[1:], start=1):
        if step.delay_days < _SHORTEST_DELAY_DAYS:
            path = ("sequence", number, "delay_days")
            message = "a follow-up on the next day presses people; wait two days or more"
            yield Finding("short_delay", "warning", path, message)


def unused_icebreaker(campaign: Campaign) -> Iterator[Finding]:
    """A line that is required is also sent."""
    uses = any("personalization" in _variables(text) for each in active_variants(campaign) for _, text in each.texts)
    if campaign.icebreaker.is_required and not uses:
        message = "a written line is required of each lead, and no mail says {{personalization}}"
        yield Finding("unused_icebreaker", "error", ("icebreaker", "is_required"), message)


def other_language(campaign: Campaign) -> Iterator[Finding]:
    """The opening line, which is in the language of the lead's country, is in that of the mail."""
    for placed in active_variants(campaign):
        path, body = placed.texts[1]
        spoken = languages_of_line(body)
        if "personalization" not in _variables(body) or not spoken:
            continue
        others = [each for each in campaign.audience.countries or () if language_of(each) not in spoken]
        if others:
            message = f"the opening lines of leads in {', '.join(others)} are in another language than this mail"
            yield Finding("other_language", "warning", path, message)


def empty_audience(campaign: Campaign) -> Iterator[Finding]:
    """Some company has a size that is asked for."""
    smallest, largest = campaign.audience.min_employees, campaign.audience.max_employees
    if smallest is not None and largest is not None and smallest > largest:
        message = f"no company has at least {smallest} and at most {largest} employees"
        yield Finding("empty_audience", "error", ("audience", "min_employees"), message)


def country_without_basis(campaign: Campaign) -> Iterator[Finding]:
    """Every country that is asked for has a legal basis in `regions`."""
    for number, country in enumerate(campaign.audience.countries or ()):
        region = region_of(country).value
        if region not in campaign.audience.regions:
            path = ("audience", "countries", number)
            message = f"{country} is in the region {region}, for which audience.regions gives no basis"
            yield Finding("country_without_basis", "error", path, message)


def dates_in_order(campaign: Campaign, today: date) -> Iterator[Finding]:
    """The last day is not over, and not before the first."""
    first, last = campaign.schedule.start_date, campaign.schedule.end_date
    if last is None:
        return
    path = ("schedule", "end_date")
    if last < today:
        yield Finding("dates_in_order", "error", path, f"{last} is over")
    elif first is not None and last < first:
        yield Finding("dates_in_order", "error", path, f"{last} is before the first day, {first}")
    else:
        begin = max(today, first or today)
        days = sum(step.delay_days for step in campaign.sequence)
        if (last - begin).days < days:
            message = f"the sequence takes {days} days, and only {(last - begin).days} are left until {last}"
            yield Finding("dates_in_order", "warning", path, message)


def empty_window(campaign: Campaign) -> Iterator[Finding]:
    """There is some time of the day to send in."""
    schedule = campaign.schedule
    if schedule.from_time >= schedule.until_time:
        message = f"from {schedule.from_time} until {schedule.until_time} is no time; a window cannot go past midnight"
        yield Finding("empty_window", "error", ("schedule", "until"), message)


def unknown_timezone(campaign: Campaign, today: date) -> Iterator[Finding]:
    """Instantly has a time zone with the same clocks, in the year of the first mail."""
    year = (campaign.schedule.start_date or today).year
    try:
        instantly_timezone(campaign.schedule.timezone, year)
    except PermanentError as error:
        yield Finding("unknown_timezone", "error", ("schedule", "timezone"), str(error))


def caps_contradict(campaign: Campaign) -> Iterator[Finding]:
    """What may be sent a day is no more than mailboxes may send, and no less than new people need."""
    caps = campaign.caps
    if caps.new_people_per_day > caps.mails_per_day:
        message = f"{caps.new_people_per_day} first mails a day do not fit into {caps.mails_per_day} mails a day"
        yield Finding("caps_contradict", "error", ("caps", "new_people_per_day"), message)
    if campaign.senders.accounts is not None:
        accounts, most = len(campaign.senders.accounts), campaign.sender_rules.max_mails_per_account_per_day
        if caps.mails_per_day > accounts * most:
            message = f"{accounts} mailboxes of at most {most} mails a day cannot send {caps.mails_per_day}"
            yield Finding("caps_contradict", "error", ("caps", "mails_per_day"), message)
    if caps.people is not None and caps.people < max(caps.people_per_company, caps.people_per_domain):
        message = f"{caps.people} people in all are fewer than may be of one company or domain"
        yield Finding("caps_contradict", "warning", ("caps", "people"), message)


def _variables(text: str) -> set[str]:
    try:
        return set(variables_of(parse_copy(text)))
    except CopyError:
        return set()
