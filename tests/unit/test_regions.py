from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pycountry
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modules.outreach.regions import Region, country_code, notice_due_on, region_of

moments = st.integers(0, 4_000_000_000).map(lambda second: datetime.fromtimestamp(second, UTC))


@pytest.mark.parametrize(
    ("country", "region"),
    [
        ("Germany", Region.EU),
        ("Deutschland", Region.EU),
        ("de", Region.EU),
        ("DEU", Region.EU),
        ("Oesterreich", Region.EU),
        ("ÖSTERREICH", Region.EU),
        ("The Netherlands", Region.EU),
        ("Czech Republic", Region.EU),
        ("Norwegen", Region.EU),
        ("Réunion", Region.EU),
        ("United Kingdom", Region.UK),
        ("U.K.", Region.UK),
        ("Großbritannien", Region.UK),
        ("Scotland", Region.UK),
        ("Schweiz", Region.CH),
        ("CHE", Region.CH),
        ("United States", Region.US),
        ("u.s.a.", Region.US),
        ("Kanada", Region.CA),
        ("Türkei", Region.OTHER),
        ("South Korea", Region.OTHER),
        ("Greenland", Region.OTHER),
        ("Atlantis", Region.UNKNOWN),
        ("Berlin, Germany", Region.UNKNOWN),
        ("", Region.UNKNOWN),
        (" ", Region.UNKNOWN),
        (None, Region.UNKNOWN),
    ],
)
def test_a_country_is_read_in_english_and_german_and_by_its_codes(country: str | None, region: Region):
    assert region_of(country) is region


def test_every_country_is_found_by_its_codes_and_its_name():
    for country in pycountry.countries:
        assert {country_code(text) for text in (country.alpha_2, country.alpha_3, country.name)} == {country.alpha_2}


def test_thirty_countries_are_under_the_general_data_protection_regulation():
    members = {country.alpha_2 for country in pycountry.countries if region_of(country.alpha_2) is Region.EU}
    assert len(members - {"AX", "GF", "GP", "MF", "MQ", "RE", "YT"}) == 30


@given(st.text())
def test_no_text_is_an_error_to_look_for_a_country_in(text: str):
    assert region_of(text) in Region


@pytest.mark.parametrize(
    ("collected_on", "due_on"),
    [
        (date(2026, 11, 20), date(2026, 12, 20)),
        (date(2026, 12, 31), date(2027, 1, 31)),
        (date(2027, 1, 31), date(2027, 2, 28)),
        (date(2028, 1, 30), date(2028, 2, 29)),
        (date(2026, 8, 31), date(2026, 9, 30)),
    ],
)
def test_a_person_has_to_be_told_within_a_month_of_the_calendar(collected_on: date, due_on: date):
    collected_at = datetime(collected_on.year, collected_on.month, collected_on.day, 12, tzinfo=UTC)
    for region in (Region.EU, Region.UK, Region.CH, Region.UNKNOWN):
        assert notice_due_on(region, collected_at) == due_on


@given(moments)
def test_no_month_is_longer_than_31_days_or_shorter_than_28(collected_at: datetime):
    due_on = notice_due_on(Region.EU, collected_at)
    assert due_on is not None
    assert timedelta(28) <= due_on - collected_at.date() <= timedelta(31)


@given(moments, st.sampled_from([Region.US, Region.CA, Region.OTHER]))
def test_where_no_law_sets_a_term_nobody_has_to_be_told_by_a_day(collected_at: datetime, region: Region):
    assert notice_due_on(region, collected_at) is None


def test_the_day_of_collection_is_that_of_utc():
    late = datetime(2026, 11, 20, 0, 30, tzinfo=timezone(timedelta(hours=1)))
    assert notice_due_on(Region.EU, late) == date(2026, 12, 19)
