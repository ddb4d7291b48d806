from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import yaml

from modules.outreach.campaign_sequence import sending_dates
from modules.outreach.campaign_spec import Campaign, read_campaign_files
from modules.shared.errors import PermanentError
from tests.fakes.campaigns import campaign, campaign_spec

EXAMPLE = Path(__file__).parents[2] / "campaigns" / "dach-operations.yaml"
SEARCHES = "searches:\n  - {name: carriers, kind: people, lawful_basis: consent, filters: {q_keywords: freight}}\n"


@pytest.fixture
def write(tmp_path):
    def write(spec=None, name="plans.yaml", text="") -> Path:
        path = tmp_path / name
        path.write_text(text + ("" if spec is None else yaml.safe_dump({"campaign": spec}, sort_keys=False)))
        return path

    return write


def told(*paths: Path) -> list[str]:
    with pytest.raises(PermanentError) as caught:
        read_campaign_files(paths)
    return str(caught.value).replace(f"{paths[0].parent}/", "").splitlines()


def test_the_example_is_read_whole():
    (file,) = read_campaign_files([EXAMPLE])
    assert file.campaign is not None
    assert file.campaign.audience.countries == ("DE", "AT", "CH")
    assert [step.delay_days for step in file.campaign.sequence] == [0, 4, 7]
    assert file.campaign.senders.tag == "warm domains"


def test_a_file_may_hold_searches_a_campaign_or_both(write):
    both, searches = (
        write(campaign_spec(), "a.yaml", SEARCHES),
        write(None, "b.yaml", SEARCHES.replace("carr", "carr2")),
    )
    files = read_campaign_files([both, searches, write(None, "empty.yaml")])
    assert [(file.campaign is not None, len(file.searches)) for file in files] == [(True, 1), (False, 1), (False, 0)]


def test_what_is_not_said_has_the_careful_default():
    read = campaign()
    assert (read.activate, read.stop_company_on_reply, read.icebreaker.is_required) == (False, True, False)
    assert read.audience.searches is None
    assert (read.caps.people, read.caps.people_per_company, read.caps.people_per_domain) == (None, 3, 3)
    assert read.sender_rules.model_dump() == {
        "min_warmup_score": 80,
        "min_warmup_days": 14,
        "max_bounce_rate": 0.03,
        "min_sent_for_bounce_rate": 20,
        "max_mails_per_account_per_day": 50,
    }


def test_equal_campaigns_have_one_digest_and_the_copy_has_one_of_its_own():
    plain = campaign()
    assert Campaign.model_validate(plain.as_json()) == plain
    assert Campaign.model_validate(plain.as_json()).digest() == plain.digest()
    other_cap = campaign(caps__people_per_company=2)
    assert other_cap.digest() != plain.digest()
    assert other_cap.copy_digest() == plain.copy_digest()
    for change in (
        {"sequence__1__variants__0__body": "Bye"},
        {"sender__name": "Jan Brandt"},
        {"offer": "More."},
        {"icebreaker__is_required": True},
    ):
        assert campaign(**change).copy_digest() != plain.copy_digest(), change


def test_countries_are_kept_as_two_letters_once_each():
    assert campaign(audience__countries=["Germany", "de", "Österreich"]).audience.countries == ("DE", "AT")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"caps__mail_per_day": 3}, "campaign.caps.mail_per_day: mail_per_day is unknown, did you mean mails_per_day?"),
        ({"schedule__form": "08:00"}, "campaign.schedule.form: form is unknown, did you mean from?"),
        ({"name": "Plans"}, "campaign.name: String should match pattern"),
        ({"title": "x" * 81}, "campaign.title: String should have at most 80 characters"),
        ({"audience__regions": {}}, "campaign.audience.regions: Dictionary should have at least 1 item"),
        ({"audience__regions": {"de": "consent"}}, "campaign.audience.regions.de"),
        ({"audience__countries": ["Atlantis"]}, "campaign.audience.countries[0]: Atlantis is no country"),
        ({"audience__countries": [False]}, "campaign.audience.countries[0]: a text is wanted here; write it in quotes"),
        ({"audience__min_score": 101}, "campaign.audience.min_score: Input should be less than or equal to 100"),
        ({"sequence": []}, "campaign.sequence: Tuple should have at least 1 item"),
        ({"sequence__0__delay_days": 1}, "campaign.sequence[0].delay_days: the first mail has nothing to wait for"),
        ({"sequence__1__delay_days": 0}, "campaign.sequence[1].delay_days: a follow-up comes at least 1 day after"),
        ({"sequence__0__variants__0__subject": " "}, "campaign.sequence[0].variants[0].subject: only a follow-up may"),
        (
            {"sequence__0__variants__0__subject": "a\nb"},
            "campaign.sequence[0].variants[0].subject: String should match",
        ),
        ({"schedule__timezone": "Europe/Berlinn"}, "campaign.schedule.timezone: Europe/Berlinn is no time zone"),
        ({"schedule__days": ["monday"]}, "campaign.schedule.days[0]: Input should be 'mon'"),
        ({"schedule__until": 990}, "campaign.schedule.until: a text is wanted here; write it in quotes"),
        ({"schedule__from": "8:30"}, "campaign.schedule.from: String should match pattern"),
        ({"senders__tag": "x"}, "campaign.senders: say either accounts or tag"),
        ({"senders": {}}, "campaign.senders: say either accounts or tag"),
        ({"senders__accounts": ["lena"]}, "campaign.senders.accounts[0]: no mail address"),
        ({"sender__company": "A {{b}}"}, "campaign.sender.company: String should match pattern"),
        ({"caps__mails_per_day": 0}, "campaign.caps.mails_per_day: Input should be greater than or equal to 1"),
        ({"activate": "yes"}, "campaign.activate: Input should be a valid boolean"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_what_does_not_fit_is_told_with_its_line(write, change, message):
    path = write(campaign_spec(**change))
    (first, *_) = told(path)
    place, _, rest = first.partition(" ")
    assert rest.startswith(message)
    line = int(place.strip(":").rpartition(":")[2])
    key = message.partition(":")[0].rpartition(".")[2].partition("[")[0]
    assert key in "".join(path.read_text().splitlines()[line - 2 : line])


def test_everything_wrong_in_all_files_is_told_at_once(write):
    wrong = campaign_spec(name="A", title="", caps__mails_per_day="x")
    paths = (
        write(wrong, "a.yaml", "searches: 3\n"),
        write(campaign_spec(), "b.yaml"),
        write(campaign_spec(), "c.yaml"),
        write(None, "d.yaml", "campain: {}\n"),
    )
    messages = told(*paths)
    assert [message.split(":")[0] for message in messages] == ["a.yaml"] * 4 + ["c.yaml", "d.yaml"]
    assert messages[4] == "c.yaml:2: plans is the name of another campaign, at b.yaml:2"
    assert "did you mean campaign?" in messages[5]


def test_a_campaign_that_is_no_mapping_is_told(write):
    assert "campaign: Input should be a valid dictionary" in told(write(None, text="campaign: [1]\n"))[0]


LEAD = {
    "search_name": "carriers",
    "score": 60,
    "country": "Germany",
    "region": "eu",
    "lawful_basis": "legitimate_interest",
    "employees_count": 50,
    "job_title": "Head of Operations",
}


@pytest.mark.parametrize(
    ("audience", "lead", "is_in"),
    [
        ({}, {}, True),
        ({}, {"score": None}, True),
        ({"searches": ["carriers"]}, {}, True),
        ({"searches": ["others"]}, {}, False),
        ({"searches": ["carriers"]}, {"search_name": None}, False),
        ({"min_score": 61}, {}, False),
        ({"min_score": 1}, {"score": None}, False),
        ({"countries": ["DE"]}, {}, True),
        ({"countries": ["AT"]}, {}, False),
        ({"countries": ["DE"]}, {"country": None}, False),
        ({"min_employees": 50, "max_employees": 50}, {}, True),
        ({"min_employees": 51}, {}, False),
        ({"max_employees": 49}, {}, False),
        ({"max_employees": 49}, {"employees_count": None}, False),
        ({"title_words": ["operations"]}, {}, True),
        ({"title_words": ["operation"]}, {}, False),
        ({"title_words": ["head"]}, {"job_title": None}, False),
        ({"regions": {"us": "legitimate_interest"}}, {}, False),
        ({"regions": {"eu": "consent"}}, {}, False),
        ({}, {"lawful_basis": None}, False),
        ({}, {"region": None}, True),
        ({}, {"region": "unknown"}, False),
    ],
)
def test_an_audience_lets_in_only_whom_all_of_it_fits(audience, lead, is_in):
    read = campaign(**{f"audience__{key}": value for key, value in audience.items()})
    assert read.audience.lets_in(LEAD | lead) is is_in


def test_mails_go_out_on_days_of_the_schedule_after_their_delays():
    read = campaign(schedule__start_date="2026-11-26")
    # Thursday, so that the first mail waits for Monday; four days later is a Friday, so that the second waits as well.
    assert sending_dates(read.sequence, read.schedule, date(2026, 11, 24)) == [date(2026, 11, 30), date(2026, 12, 7)]
    assert sending_dates(read.sequence, read.schedule, date(2026, 12, 1)) == [date(2026, 12, 1), date(2026, 12, 7)]
