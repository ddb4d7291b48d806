from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest

from modules.instantly.instantly_timezones import TIMEZONES, instantly_timezone
from modules.shared.errors import PermanentError
from sandbox.instantly.data.timezones import TIMEZONES as OF_THE_STAND_IN

YEAR = 2026
# Closer than an hour, by which neighbours change their clocks one after the other.
MOMENTS = [datetime(YEAR, 1, 1, tzinfo=UTC) + timedelta(minutes=55 * step) for step in range(365 * 24 * 60 // 55)]


def offsets(name):
    zone = ZoneInfo(name)
    return [moment.astimezone(zone).utcoffset() for moment in MOMENTS]


def test_the_list_is_the_one_that_the_stand_in_accepts():
    assert len(TIMEZONES) == 102
    assert set(TIMEZONES) == OF_THE_STAND_IN


def test_every_zone_of_the_world_gets_a_member_with_its_clocks_or_an_error_that_is_right():
    members = {name: offsets(name) for name in TIMEZONES}
    without = set()
    for zone in sorted(available_timezones()):
        try:
            found = instantly_timezone(zone, YEAR)
        except PermanentError as error:
            found, told = None, str(error)
            without.add(zone)
        else:
            told = zone
        assert zone in told
        wanted = offsets(zone)
        exact = [name for name, clocks in members.items() if clocks == wanted]
        assert found in (exact or [None]), (zone, found)
    assert {"America/Los_Angeles", "Pacific/Honolulu", "Australia/Lord_Howe"} & without == {
        "America/Los_Angeles",
        "Australia/Lord_Howe",
    }
    assert len(without) < 50


@pytest.mark.parametrize("name", TIMEZONES)
def test_a_member_stays_itself(name):
    assert instantly_timezone(name, YEAR) == name


@pytest.mark.parametrize(
    ("zone", "member"),
    [
        ("Europe/Berlin", "Europe/Belgrade"),
        ("Europe/Vienna", "Europe/Belgrade"),
        ("Europe/Zurich", "Europe/Belgrade"),
        ("Europe/London", "Europe/Isle_of_Man"),
        ("America/New_York", "America/Detroit"),
        ("US/Eastern", "America/Detroit"),
        ("America/Denver", "America/Boise"),
        ("Asia/Shanghai", "Asia/Hong_Kong"),
        ("Australia/Sydney", "Australia/Melbourne"),
        ("UTC", "Africa/Abidjan"),
    ],
)
def test_a_zone_gets_the_member_that_people_would_choose(zone, member):
    assert instantly_timezone(zone, YEAR) == member


def test_without_an_exact_member_the_nearest_are_told_with_their_distance():
    with pytest.raises(PermanentError) as caught:
        instantly_timezone("America/Los_Angeles", YEAR)
    message = str(caught.value)
    assert "America/Los_Angeles in 2026" in message
    # Pacific time is at UTC-7 from the second Sunday of March to the first of November: 238 days of 2026.
    assert "America/Dawson (1 h apart on 127 days)" in message
    assert "America/Creston" in message


def test_a_neighbour_that_changes_its_clocks_an_hour_later_is_told_but_not_taken():
    with pytest.raises(PermanentError, match=r"Europe/Bucharest \(the same but for the nights"):
        instantly_timezone("Europe/Chisinau", YEAR)


def test_a_zone_that_does_not_exist_is_told_with_the_one_that_was_meant():
    with pytest.raises(PermanentError, match="did you mean Europe/Berlin"):
        instantly_timezone("Europe/Berlinn", YEAR)
    with pytest.raises(PermanentError, match="as in Europe/Berlin"):
        instantly_timezone("", YEAR)


def test_this_year_is_meant_when_none_is_given():
    assert instantly_timezone("Europe/Berlin") == "Europe/Belgrade"
