"""What we make of a campaign file, held to Instantly's document and to the stand-in."""

from __future__ import annotations

import re
from datetime import date

import pytest

from modules.outreach.campaign_mail import instantly_body, render
from modules.outreach.campaign_payload import campaign_payload, required_settings
from modules.outreach.campaign_variables import lead_variables, sender_variables
from modules.shared.errors import PermanentError
from tests.contract.vendor_documents import assert_request_conforms
from tests.fakes.campaigns import BODY, campaign

TAG = "019ffad2-5c00-7000-8000-000000000001"
VARIANTS = (
    {},
    {"senders": {"tag": "outreach"}},
    {"schedule__start_date": "2026-12-01", "schedule__end_date": "2027-01-31"},
    {"sequence__1__variants__0__is_active": False},
    {"stop_company_on_reply": False},
)


def payload(**changes):
    read = campaign(**changes)
    return campaign_payload(read, marker="k7", tag_ids=[TAG] if read.senders.tag else None)


@pytest.mark.parametrize("changes", VARIANTS, ids=str)
def test_instantlys_document_allows_what_is_sent(changes):
    assert_request_conforms("instantly", "POST", "/api/v2/campaigns", {}, payload(**changes))


def test_a_wait_stands_on_the_mail_that_it_follows():
    plain = campaign().as_json()["sequence"]
    steps = [plain[0], plain[1] | {"delay_days": 4}, plain[1] | {"delay_days": 9}]
    sent = payload(sequence=steps)["sequences"][0]["steps"]
    assert [(step["delay"], step["delay_unit"], step["type"]) for step in sent] == [
        (4, "days", "email"),
        (9, "days", "email"),
        (0, "days", "email"),
    ]


def test_days_are_counted_from_sunday_and_the_time_zone_is_one_that_instantly_knows():
    schedule = payload(schedule__start_date="2026-12-01")["campaign_schedule"]
    assert (schedule["start_date"], schedule["end_date"]) == ("2026-12-01", None)
    (hours,) = schedule["schedules"]
    assert [int(day) for day, is_on in hours["days"].items() if is_on] == [
        (date(2026, 12, day).weekday() + 1) % 7 for day in (7, 8, 9)
    ]
    assert hours["timing"] == {"from": "08:30", "to": "16:30"}
    assert hours["timezone"] == "Europe/Belgrade"


def test_senders_are_addresses_or_a_tag_and_a_tag_without_an_id_is_an_error():
    assert payload()["email_list"] == ["lena@try-nordlicht.example", "jan@try-nordlicht.example"]
    assert payload()["email_tag_list"] == []
    tagged = payload(senders={"tag": "outreach"})
    assert (tagged["email_list"], tagged["email_tag_list"]) == ([], [TAG])
    with pytest.raises(PermanentError, match="no tag 'outreach'"):
        campaign_payload(campaign(senders={"tag": "outreach"}), marker="k7", tag_ids=None)


def test_nobody_is_tracked_and_a_reply_ends_it():
    sent = payload()
    assert sent["name"] == "Plans by hand [k7]"
    settings = required_settings(campaign())
    assert settings.items() <= sent.items()
    assert settings == {
        "daily_limit": 60,
        "daily_max_leads": 20,
        "stop_on_reply": True,
        "stop_on_auto_reply": False,
        "stop_for_company": True,
        "insert_unsubscribe_header": True,
        "open_tracking": False,
        "link_tracking": False,
        "text_only": True,
        "allow_risky_contacts": False,
        "disable_bounce_protect": False,
        "email_list": ["lena@try-nordlicht.example", "jan@try-nordlicht.example"],
    }
    assert payload(stop_company_on_reply=False)["stop_for_company"] is False


def test_what_instantly_fills_in_reads_as_the_preview():
    read = campaign(sender__company="Nord & Licht <GmbH>")
    (variant,) = payload(sender__company="Nord & Licht <GmbH>")["sequences"][0]["steps"][0]["variants"]
    assert "{{signature}}" not in variant["body"]
    assert "Nord &amp; Licht &lt;GmbH&gt;<br/>" in variant["body"]
    lead = {"first_name": "Mara", "company_name": "Halden", "icebreaker_line": "A line."}
    values = lead_variables(lead)
    filled_in = re.sub(r"{{(\w+)}}", lambda match: values[match[1]], variant["body"])
    mail = render(read.sequence[0].variants[0], values | sender_variables(read.sender), "1")
    assert filled_in == instantly_body(mail.body)
    assert variant["subject"] == "Plans at {{companyName}}"
    assert BODY.count("\n") - 1 + 2 == variant["body"].count("<br/>")
