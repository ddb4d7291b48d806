from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from modules.outreach.campaign_lint import RULES, lint_campaign, refuse_errors, told_findings
from modules.outreach.campaign_spec import read_campaign_files
from modules.shared.errors import Refused
from tests.fakes.campaigns import BODY, campaign

TODAY = date(2026, 11, 24)
ROOT = Path(__file__).parents[2]
FIRST, SECOND = "sequence__0__variants__0__", "sequence__1__variants__0__"
SIGNED = "\n{{signature}}\nReply no, and I will not write to you again. I found your address at Apollo.io."


def findings(**changes):
    return lint_campaign(campaign(**changes), today=TODAY)


# Of each rule: changes that break it, the severity, and one that comes close and does not.
CASES = {
    "sender_identity": [
        ({SECOND + "body": BODY.replace("{{signature}}", "{{postalAddress}}")}, "error", {SECOND + "body": BODY}),
        (
            {FIRST + "body": BODY.replace("{{signature}}", "Lena Brandt, {{postalAddress}}")},
            "error",
            {FIRST + "body": BODY.replace("{{signature}}", "Lena  BRANDT of {{senderCompany}}\n{{postalAddress}}")},
        ),
    ],
    "postal_address": [
        (
            {SECOND + "body": BODY.replace("{{signature}}", "{{senderName}}, {{senderCompany}}")},
            "error",
            {SECOND + "body": BODY.replace("{{signature}}", "{{senderName}}, {{senderCompany}}, {{postalAddress}}")},
        )
    ],
    "way_out": [
        (
            {SECOND + "body": "Any news?\n{{signature}}"},
            "error",
            {SECOND + "body": "Kein Interesse? Dann werde ich Ihnen nicht mehr schreiben.\n{{signature}}"},
        )
    ],
    "source_of_data": [
        (
            {FIRST + "body": BODY.replace("I found your address at Apollo.io.", "")},
            "warning",
            {
                FIRST + "body": BODY.replace("I found your address at Apollo.io.", ""),
                "audience__regions": {"us": "legitimate_interest"},
            },
        )
    ],
    "deceptive_subject": [
        ({FIRST + "subject": "Re: our call"}, "error", {FIRST + "subject": "Regarding {{companyName}}"}),
        ({SECOND + "subject": "AW: Planung"}, "error", {SECOND + "subject": "Awards"}),
        ({FIRST + "subject": "Your invoice is overdue"}, "error", {FIRST + "subject": "How invoices are planned"}),
    ],
    "empty_body": [({SECOND + "body": "  \n"}, "error", {})],
    "unbalanced_braces": [
        ({FIRST + "subject": "Plans at {{companyName}"}, "error", {FIRST + "subject": "Plans at {{companyName}}"}),
        ({FIRST + "body": "{Hi|Hello}" + SIGNED}, "error", {FIRST + "body": "{{RANDOM | Hi | Hello}}" + SIGNED}),
    ],
    "unknown_variable": [
        ({FIRST + "body": "Hi {{first_name}}" + SIGNED}, "error", {FIRST + "body": "Hi {{firstName}}" + SIGNED})
    ],
    "sender_value_missing": [
        (
            {FIRST + "body": "{{senderPhone}}" + SIGNED},
            "error",
            {FIRST + "body": "{{senderPhone}}" + SIGNED, "sender__phone": "+49 40 1"},
        )
    ],
    "often_unknown_variable": [
        ({FIRST + "body": "In {{city}}" + SIGNED}, "warning", {FIRST + "body": "At {{companyName}}" + SIGNED})
    ],
    "choice_of_one": [
        ({FIRST + "body": "{{RANDOM | Hi}}" + SIGNED}, "error", {FIRST + "body": "{{RANDOM | Hi | Hello}}" + SIGNED}),
        ({FIRST + "subject": "{{RANDOM | a | a}}"}, "error", {FIRST + "subject": "{{RANDOM | a | b}}"}),
    ],
    "too_long": [
        ({FIRST + "subject": "x" * 61}, "warning", {FIRST + "subject": "x" * 60}),
        ({FIRST + "body": "word " * 161 + SIGNED}, "warning", {FIRST + "body": "word " * 120 + SIGNED}),
    ],
    "broken_paragraph": [
        (
            {FIRST + "body": "a line of a paragraph that goes on and on and on until it is broken\nhere" + SIGNED},
            "warning",
            {FIRST + "body": "a line of a paragraph that goes on and on and on until it is whole\n" + SIGNED},
        )
    ],
    "shouting": [
        ({FIRST + "subject": "LAST CHANCE for {{city}}"}, "error", {FIRST + "subject": "DACH for {{companyName}}"}),
        ({FIRST + "subject": "PLANS"}, "error", {FIRST + "subject": "{{RANDOM | ERP | CRM}}"}),
        ({FIRST + "body": "Now!!" + SIGNED}, "error", {FIRST + "body": "Now! Then?" + SIGNED}),
    ],
    "shortened_link": [
        (
            {FIRST + "body": "https://bit.ly/3x" + SIGNED},
            "error",
            {FIRST + "body": "https://nordlicht.example/bit" + SIGNED},
        )
    ],
    "many_links": [
        (
            {FIRST + "body": "https://a.example https://b.example" + SIGNED},
            "warning",
            {FIRST + "body": "https://a.example" + SIGNED, "sender__website": "https://b.example"},
        )
    ],
    "tracked_link": [
        (
            {FIRST + "body": "https://a.example/?utm_source=x" + SIGNED},
            "error",
            {FIRST + "body": "https://a.example/?page=2" + SIGNED},
        ),
        ({"sender__website": "https://a.example/?utm_id=x"}, "error", {"sender__website": "https://a.example"}),
        ({FIRST + "body": "https://a.example/{{firstName}}" + SIGNED}, "error", {}),
    ],
    "markup": [
        ({FIRST + "body": "<b>Hi</b>" + SIGNED}, "error", {FIRST + "body": "5 < 6 > 4" + SIGNED}),
        ({FIRST + "body": "[us](https://a.example)" + SIGNED}, "error", {FIRST + "body": "[us] (here)" + SIGNED}),
    ],
    "promised_attachment": [
        ({FIRST + "body": "See attached." + SIGNED}, "warning", {FIRST + "body": "An attaché called." + SIGNED}),
        ({FIRST + "body": "Anbei mehr." + SIGNED}, "warning", {FIRST + "body": "Nebenbei mehr." + SIGNED}),
    ],
    "no_active_variant": [({SECOND + "is_active": False}, "error", {SECOND + "is_active": True})],
    "short_delay": [({"sequence__1__delay_days": 1}, "warning", {"sequence__1__delay_days": 2})],
    "unused_icebreaker": [
        (
            {"icebreaker__is_required": True} | {each + "body": "Hi" + SIGNED for each in (FIRST, SECOND)},
            "error",
            {"icebreaker__is_required": True},
        )
    ],
    "other_language": [
        ({"audience__countries": ["DE", "IE"]}, "warning", {"audience__countries": ["IE", "DK"]}),
    ],
    "empty_audience": [
        (
            {"audience__min_employees": 50, "audience__max_employees": 49},
            "error",
            {"audience__min_employees": 50, "audience__max_employees": 50},
        )
    ],
    "country_without_basis": [
        (
            {"audience__countries": ["US"]},
            "error",
            {"audience__countries": ["US"], "audience__regions": {"us": "legitimate_interest"}},
        )
    ],
    "empty_window": [
        ({"schedule__from": "16:30"}, "error", {"schedule__from": "16:29"}),
        ({"schedule__from": "22:00", "schedule__until": "02:00"}, "error", {}),
    ],
    "caps_contradict": [
        ({"caps__new_people_per_day": 61}, "error", {"caps__new_people_per_day": 60}),
        ({"caps__mails_per_day": 101}, "error", {"caps__mails_per_day": 100}),
        ({"caps__people": 2}, "warning", {"caps__people": 3}),
    ],
    "dates_in_order": [
        ({"schedule__end_date": "2026-11-23"}, "error", {"schedule__end_date": "2026-11-28"}),
        (
            {"schedule__start_date": "2026-12-02", "schedule__end_date": "2026-12-01"},
            "error",
            {"schedule__start_date": "2026-12-02", "schedule__end_date": "2026-12-06"},
        ),
        ({"schedule__end_date": "2026-11-27"}, "warning", {"schedule__end_date": None}),
    ],
    "unknown_timezone": [
        ({"schedule__timezone": "America/Los_Angeles"}, "error", {"schedule__timezone": "America/New_York"})
    ],
}  # fmt: skip


def test_nothing_speaks_against_a_plain_campaign_and_the_example():
    assert findings() == []
    (file,) = read_campaign_files([ROOT / "campaigns" / "dach-operations.yaml"])
    assert lint_campaign(file.campaign, today=TODAY) == []


def test_every_rule_is_tried_here_and_listed_in_the_documents():
    assert set(CASES) == set(RULES)
    listed = (ROOT / "docs" / "campaigns.md").read_text()
    assert [rule for rule in RULES if f"\n| `{rule}` |" not in listed] == []


@pytest.mark.parametrize(
    ("rule", "bad", "severity", "good"),
    [(rule, *case) for rule, cases in CASES.items() for case in cases],
    ids=lambda value: str(value)[:60],
)
def test_a_rule_finds_what_it_is_for_and_lets_its_neighbour_pass(rule, bad, severity, good):
    assert (rule, severity) in {(each.rule, each.severity) for each in findings(**bad)}
    assert rule not in {each.rule for each in findings(**good)}


def test_the_last_day_itself_is_not_over():
    (finding,) = findings(schedule__end_date=TODAY.isoformat())
    assert (finding.severity, finding.rule) == ("warning", "dates_in_order")


def test_a_variant_that_is_off_is_not_judged():
    off = {"subject": "RE: LOUD NEWS!!", "body": "{{nobody}", "is_active": False}
    assert findings(sequence__0__variants=[campaign().as_json()["sequence"][0]["variants"][0], off]) == []


def test_errors_come_first_and_each_finding_has_its_line(tmp_path):
    path = tmp_path / "plans.yaml"
    text = (ROOT / "campaigns" / "dach-operations.yaml").read_text()
    text = text.replace("delay_days: 4", "delay_days: 1").replace("Planung bei {{companyName}}", "{{firmName}}")
    path.write_text(text)
    (file,) = read_campaign_files([path])
    told = told_findings(file, lint_campaign(file.campaign, today=TODAY))
    lines = {
        number for number, line in enumerate(text.splitlines(), 1) if "firmName" in line or "delay_days: 1" in line
    }
    assert [line.split(": ")[1:3] for line in told] == [
        ["campaign.sequence[0].variants[0].subject", "error unknown_variable"],
        ["campaign.sequence[1].delay_days", "warning short_delay"],
    ]
    assert {int(line.split(":")[1]) for line in told} == lines
    with pytest.raises(Refused) as caught:
        refuse_errors([file], today=TODAY)
    assert "unknown_variable" in str(caught.value)
    assert "short_delay" not in str(caught.value)


def test_an_unknown_variable_is_told_with_the_one_that_was_meant():
    (finding,) = findings(**{FIRST + "subject": "{{company_name}}"})
    assert finding.message == "the variable company_name is unknown, did you mean companyName?"
