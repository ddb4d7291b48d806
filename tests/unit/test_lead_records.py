from __future__ import annotations

import doctest
import importlib
from datetime import UTC, date, datetime

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modules.outreach.lead_records import LeadRecord, Provenance, clean_text, lead_record, linkedin_profile
from modules.outreach.regions import Region
from modules.shared.emails import InvalidAddress

PROVENANCE = Provenance(
    source="csv:fair.csv", collected_at=datetime(2026, 11, 20, 6, 30, tzinfo=UTC), lawful_basis="legitimate_interest"
)


def lead(email_text: str = "mara@haldenfreight.example", *, provenance: Provenance = PROVENANCE, **texts) -> LeadRecord:
    return lead_record(email_text, provenance=provenance, **texts)


def test_a_lead_holds_what_was_said_and_what_follows_from_it():
    made = lead(
        " Mara.Weber+x@Mail.HaldenFreight.example",
        email_status="Verified",
        first_name=" Mara ",
        last_name="Weber",
        job_title="Head of\n Logistics",
        linkedin_url="http://de.linkedin.com/in/mara-weber/?trk=x",
        country="Germany",
        city="Berlin",
        seniority="Head",
        phone="'+49 30 5550100",
        company_name="Haldenfreight GmbH",
        company_domain="https://www.halden-group.example/de",
        apollo_person_id="66f1c0de5a2b7e0001a4d3f1",
        apollo_organization_id="5f7d21aa9c3e4b0001c2a911",
    )
    assert made.model_dump() == {
        "email": "mara.weber+x@mail.haldenfreight.example",
        "match_key": "mara.weber@mail.haldenfreight.example",
        "email_domain": "mail.haldenfreight.example",
        "registrable_domain": "haldenfreight.example",
        "is_role_address": False,
        "is_disposable": False,
        "is_free_mail": False,
        "email_status": "verified",
        "first_name": "Mara",
        "last_name": "Weber",
        "job_title": "Head of Logistics",
        "linkedin_url": "https://www.linkedin.com/in/mara-weber",
        "country": "Germany",
        "city": "Berlin",
        "seniority": "head",
        "phone": "+49 30 5550100",
        "company_name": "Haldenfreight GmbH",
        "company_domain": "halden-group.example",
        "apollo_person_id": "66f1c0de5a2b7e0001a4d3f1",
        "apollo_organization_id": "5f7d21aa9c3e4b0001c2a911",
        "source": "csv:fair.csv",
        "search_name": None,
        "collected_at": datetime(2026, 11, 20, 6, 30, tzinfo=UTC),
        "lawful_basis": "legitimate_interest",
        "region": Region.EU,
        "notice_due_on": date(2026, 12, 20),
    }


def test_a_lead_of_an_address_alone_knows_nothing_else_and_is_told_in_time():
    made = lead()
    told = made.model_dump(exclude_none=True)
    assert told.keys() == {
        *("email", "match_key", "email_domain", "registrable_domain", "is_role_address", "is_disposable"),
        *("is_free_mail", "company_domain", "source", "collected_at", "lawful_basis", "region", "notice_due_on"),
    }
    assert (made.region, made.notice_due_on) == (Region.UNKNOWN, date(2026, 12, 20))


def test_a_region_that_the_source_knows_goes_before_the_country():
    provenance = Provenance(source="apollo", collected_at=PROVENANCE.collected_at, region=Region.US)
    made = lead(provenance=provenance, country="Germany")
    assert (made.region, made.notice_due_on, made.lawful_basis) == (Region.US, None, None)


@pytest.mark.parametrize(
    ("site", "email_text", "domain"),
    [
        ("haldenfreight.example", "mara@gmail.com", "haldenfreight.example"),
        (None, "mara@mail.haldenfreight.example", "haldenfreight.example"),
        ("n/a", "mara@haldenfreight.example", "haldenfreight.example"),
        ("https://www.facebook.com/haldenfreight", "mara@haldenfreight.example", "haldenfreight.example"),
        ("gmail.com", "mara@haldenfreight.example", "haldenfreight.example"),
        (None, "mara@gmail.com", None),
        (None, "mara@yopmail.com", None),
        ("linkedin.com/company/x", "mara@web.de", None),
    ],
)
def test_the_employers_domain_is_that_of_its_site_or_of_an_address_that_is_the_employers(
    site: str | None, email_text: str, domain: str | None
):
    assert lead(email_text, company_domain=site).company_domain == domain


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("  Mara \t\n Weber ", "Mara Weber"),
        ("Ma\x00ra\x07", "Mara"),
        ("Jose\u0301", "José"),
        ("=HYPERLINK(1)", "=HYPERLINK(1)"),
        ("\u202eMara\ufeff", "Mara"),
        ("Ma\ud800ra", "Mara"),
        ("\U0001f469\u200d\U0001f4bb", "\U0001f469\u200d\U0001f4bb"),
        ("x" * 10_000_000, "x" * 300),
        (" ", None),
        ("\x00", None),
        ("N/A", None),
        ("-", None),
        ("", None),
        (None, None),
    ],
)
def test_a_text_is_one_printable_line_or_none(written: str | None, text: str | None):
    assert clean_text(written) == text


@given(st.text(max_size=1_000) | st.text("a \x00\n\u200d\ud800-é\u0301", max_size=20))
def test_a_clean_text_stays_as_it_is_and_can_be_stored(text: str):
    clean = clean_text(text)
    assert clean_text(clean) == clean
    assert clean is None or (0 < len(clean) <= 300 and "\0" not in clean and orjson.dumps(clean))


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("www.LinkedIn.com/in/mara-weber/", "https://www.linkedin.com/in/mara-weber"),
        ("http://at.linkedin.com/in/mara-weber#about", "https://www.linkedin.com/in/mara-weber"),
        ("https://www.linkedin.com/", None),
        ("https://haldenfreight.example/in/mara", None),
        ("not here", None),
        ("http://[::1", None),
        ("", None),
        (None, None),
    ],
)
def test_a_linkedin_address_has_one_spelling(written: str | None, url: str | None):
    assert linkedin_profile(written) == url


@given(st.text(max_size=60).map(lambda path: f"http://www.linkedin.com/in/{path}"))
def test_a_linkedin_address_that_was_normalised_stays_as_it_is(url: str):
    once = linkedin_profile(url)
    assert linkedin_profile(once) == once


def test_a_lead_without_an_address_is_refused():
    with pytest.raises(InvalidAddress):
        lead("Mara Weber")


@pytest.mark.parametrize(
    "module",
    [
        *("modules.shared.emails", "modules.shared.domains", "modules.outreach.regions"),
        *("modules.outreach.lead_records", "modules.outreach.lead_score"),
    ],
)
def test_the_examples_in_the_docstrings_are_true(module: str):
    assert doctest.testmod(importlib.import_module(module)).failed == 0
