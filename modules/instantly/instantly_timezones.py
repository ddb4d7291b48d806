"""Time zones as Instantly knows them: a closed list, and its member that tells the same time as a zone that it lacks.

Source: Instantly API v2, "Create campaign", `campaign_schedule.schedules[].timezone`. Any other name is answered
by 400.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from modules.shared.errors import PermanentError

# In the document's order, from west to east, which decides between two that tell the same time.
# fmt: off
TIMEZONES: tuple[str, ...] = (
    "Etc/GMT+12", "Etc/GMT+11", "Etc/GMT+10", "America/Anchorage", "America/Dawson", "America/Creston",
    "America/Chihuahua", "America/Boise", "America/Belize", "America/Chicago", "America/Bahia_Banderas",
    "America/Regina", "America/Bogota", "America/Detroit", "America/Indiana/Marengo", "America/Caracas",
    "America/Asuncion", "America/Glace_Bay", "America/Campo_Grande", "America/Anguilla", "America/Santiago",
    "America/St_Johns", "America/Sao_Paulo", "America/Argentina/La_Rioja", "America/Araguaina", "America/Godthab",
    "America/Montevideo", "America/Bahia", "America/Noronha", "America/Scoresbysund", "Atlantic/Cape_Verde",
    "Africa/Casablanca", "America/Danmarkshavn", "Europe/Isle_of_Man", "Atlantic/Canary", "Africa/Abidjan",
    "Arctic/Longyearbyen", "Europe/Belgrade", "Africa/Ceuta", "Europe/Sarajevo", "Africa/Algiers", "Africa/Windhoek",
    "Asia/Nicosia", "Asia/Beirut", "Africa/Cairo", "Asia/Damascus", "Europe/Bucharest", "Africa/Blantyre",
    "Europe/Helsinki", "Europe/Istanbul", "Asia/Jerusalem", "Africa/Tripoli", "Asia/Amman", "Asia/Baghdad",
    "Europe/Kaliningrad", "Asia/Aden", "Africa/Addis_Ababa", "Europe/Kirov", "Europe/Astrakhan", "Asia/Tehran",
    "Asia/Dubai", "Asia/Baku", "Indian/Mahe", "Asia/Tbilisi", "Asia/Yerevan", "Asia/Kabul", "Antarctica/Mawson",
    "Asia/Yekaterinburg", "Asia/Karachi", "Asia/Kolkata", "Asia/Colombo", "Asia/Kathmandu", "Antarctica/Vostok",
    "Asia/Dhaka", "Asia/Rangoon", "Antarctica/Davis", "Asia/Novokuznetsk", "Asia/Hong_Kong", "Asia/Krasnoyarsk",
    "Asia/Brunei", "Australia/Perth", "Asia/Taipei", "Asia/Choibalsan", "Asia/Irkutsk", "Asia/Dili", "Asia/Pyongyang",
    "Australia/Adelaide", "Australia/Darwin", "Australia/Brisbane", "Australia/Melbourne",
    "Antarctica/DumontDUrville", "Australia/Currie", "Asia/Chita", "Antarctica/Macquarie", "Asia/Sakhalin",
    "Pacific/Auckland", "Etc/GMT-12", "Pacific/Fiji", "Asia/Anadyr", "Asia/Kamchatka", "Etc/GMT-13", "Pacific/Apia",
)
# fmt: on
"""The 102 names that a schedule may have."""

_HARDLY_LIVED_IN = ("Antarctica/", "Arctic/", "America/Danmarkshavn")
_ALTERNATIVES = 3
_HOUR_S = 3_600


def instantly_timezone(iana: str, year: int | None = None) -> str:
    """The member of `TIMEZONES` whose clocks show the same time as a zone's throughout a year.

    The zone itself where it is a member, else one of the same continent before others.

    Args:
        iana: A name of the IANA time zone database.
        year: A UTC year; `None`: this one.

    Raises:
        PermanentError: There is no such zone, or no member agrees with it all year; names the nearest ones.

    >>> instantly_timezone("Europe/Berlin", 2026), instantly_timezone("US/Eastern", 2026)
    ('Europe/Belgrade', 'America/Detroit')
    """
    if iana in TIMEZONES:
        return iana
    if iana not in available_timezones():
        near = get_close_matches(iana, available_timezones(), n=1)
        told = f"did you mean {near[0]}?" if near else "write it as in Europe/Berlin."
        raise PermanentError(f"{iana} is no time zone of the IANA database; {told}")
    year = datetime.now(UTC).year if year is None else year
    wanted = _offsets(iana, year)
    same = [name for name in TIMEZONES if _offsets(name, year) == wanted]
    if not same:
        raise PermanentError(
            f"Instantly knows no time zone with the clocks of {iana} in {year}. Nearest: {_nearest(iana, year)}. "
            "Choose one of these, and move the hours of the schedule where it differs."
        )
    return min(same, key=lambda name: (_continent(name) != _continent(iana), name.startswith(_HARDLY_LIVED_IN)))


@cache
def _offsets(name: str, year: int) -> tuple[tuple[datetime, timedelta], ...]:
    """From which moments on, in UTC, which offset holds.

    Looked at once a day, because no change has been undone within one; the moment itself is found by halving.
    """
    zone = ZoneInfo(name)
    moment, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    found = [(moment, _offset(zone, moment))]
    while moment < end:
        following = moment + timedelta(days=1)
        if _offset(zone, following) != found[-1][1]:
            change = _change_between(zone, moment, following)
            if change < end:
                found.append((change, _offset(zone, following)))
        moment = following
    return tuple(found)


def _change_between(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    old = _offset(zone, before)
    while after - before > timedelta(seconds=1):
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if _offset(zone, middle) == old:
            before = middle
        else:
            after = middle
    return after


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    offset = moment.astimezone(zone).utcoffset()
    return offset if offset is not None else timedelta()


def _continent(name: str) -> str:
    # America has its older names by country.
    first = name.partition("/")[0]
    return "America" if first in {"US", "Canada", "Mexico", "Brazil", "Chile"} else first


def _nearest(iana: str, year: int) -> str:
    """The members that differ least over the year, and by how much."""
    noons = [datetime(year, 1, 1, 12, tzinfo=UTC) + timedelta(days=day) for day in range(365)]
    wanted = [_offset(ZoneInfo(iana), noon) for noon in noons]
    differences = {}
    for name in TIMEZONES:
        zone = ZoneInfo(name)
        differences[name] = [
            abs((_offset(zone, noon) - offset).total_seconds()) / _HOUR_S
            for noon, offset in zip(noons, wanted, strict=True)
        ]
    nearest = sorted(TIMEZONES, key=lambda name: (sum(differences[name]), _continent(name) != _continent(iana)))
    return ", ".join(_told_difference(name, differences[name]) for name in nearest[:_ALTERNATIVES])


def _told_difference(name: str, hours: list[float]) -> str:
    days = sum(hour > 0 for hour in hours)
    if not days:
        # As with Chisinau, whose clocks change an hour before those of Bucharest.
        return f"{name} (the same but for the nights on which clocks change)"
    return f"{name} ({max(hours):g} h apart on {days} days)"
