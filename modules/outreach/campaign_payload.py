"""A campaign as Instantly takes it: the body of POST /campaigns, and what has to be read back of it. Pure.

Source: Instantly API v2, "Create campaign". Three traits of it shape the code: a step's delay is the wait before the
next mail, where ours is the wait since the one before; day "0" is Sunday; a time zone is one of a closed list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from modules.instantly.instantly_timezones import instantly_timezone
from modules.outreach.campaign_mail import instantly_body, with_constants
from modules.outreach.campaign_variables import sender_variables
from modules.shared.errors import PermanentError

if TYPE_CHECKING:
    from modules.outreach.campaign_spec import Campaign

Json = dict[str, Any]
_SUNDAY_FIRST = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


def campaign_payload(campaign: Campaign, *, marker: str, tag_ids: list[str] | None) -> Json:
    """The body of POST /campaigns.

    Args:
        campaign: What the file says.
        marker: Ours, put behind the title, because Instantly lets two campaigns have one name and a search by it is
            the only way to find one whose creation was not answered.
        tag_ids: Instantly's ids of the tag that `senders.tag` names; `None` where the file lists accounts.

    Raises:
        PermanentError: The tag has no id, or Instantly has no such time zone.
        CopyError: A text cannot be read.
    """
    if campaign.senders.tag is not None and not tag_ids:
        raise PermanentError(
            f"{campaign.name}: Instantly has no tag {campaign.senders.tag!r} that we have read. Create it there and "
            "put it on the mailboxes, or list accounts in the file; then run `outreach sync`."
        )
    return {
        "name": f"{campaign.title} [{marker}]",
        "campaign_schedule": _schedule(campaign),
        "sequences": [{"steps": _steps(campaign)}],
        "email_list": list(campaign.senders.accounts or ()),
        "email_tag_list": [] if campaign.senders.tag is None else list(tag_ids or ()),
        **_settings(campaign),
    }


def required_settings(campaign: Campaign) -> Json:
    """The part of the payload that a campaign at Instantly has to show before it may be set sending.

    Plain values only: Instantly writes lists and dates in more than one way. What differs here could send more than was
    allowed, from elsewhere, or go on after a reply.
    """
    senders = {"email_list": list(campaign.senders.accounts)} if campaign.senders.accounts else {}
    return _settings(campaign) | senders


def _settings(campaign: Campaign) -> Json:
    return {
        "daily_limit": campaign.caps.mails_per_day,
        "daily_max_leads": campaign.caps.new_people_per_day,
        "stop_on_reply": True,
        # An absence note is no answer of a person.
        "stop_on_auto_reply": False,
        "stop_for_company": campaign.stop_company_on_reply,
        "insert_unsubscribe_header": True,
        # Both need a pixel or rewritten links, which people did not agree to and filters look for.
        "open_tracking": False,
        "link_tracking": False,
        "text_only": True,
        "allow_risky_contacts": False,
        "disable_bounce_protect": False,
    }


def _schedule(campaign: Campaign) -> Json:
    schedule = campaign.schedule
    year = schedule.start_date.year if schedule.start_date else None
    return {
        "start_date": schedule.start_date.isoformat() if schedule.start_date else None,
        "end_date": schedule.end_date.isoformat() if schedule.end_date else None,
        "schedules": [
            {
                "name": "Sending hours",
                "timing": {"from": schedule.from_time, "to": schedule.until_time},
                "days": {str(number): day in schedule.days for number, day in enumerate(_SUNDAY_FIRST)},
                "timezone": instantly_timezone(schedule.timezone, year),
            }
        ],
    }


def _steps(campaign: Campaign) -> list[Json]:
    constants = sender_variables(campaign.sender)
    # The last wait leads nowhere.
    waits = [*(step.delay_days for step in campaign.sequence[1:]), 0]
    return [
        {
            "type": "email",
            "delay": wait,
            "delay_unit": "days",
            "variants": [
                {
                    "subject": with_constants(variant.subject, constants),
                    "body": instantly_body(with_constants(variant.body, constants)),
                    "v_disabled": not variant.is_active,
                }
                for variant in step.variants
            ],
        }
        for step, wait in zip(campaign.sequence, waits, strict=True)
    ]
