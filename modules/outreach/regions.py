"""Which law of data protection a person's country stands for, and by when the person has to be told.

The people of a lead list did not give us their data. Three laws say that they must be told where it came from, at the
latest one month after it was collected:

- EU and EEA: General Data Protection Regulation (EU) 2016/679, article 14 (3) (a); decision of the EEA Joint Committee
  154/2018 for Iceland, Liechtenstein and Norway.
- United Kingdom: the same article of the UK GDPR (Data Protection Act 2018).
- Switzerland: Federal Act on Data Protection of 25 September 2020, article 19 (5).

Article 14 (3) (b) comes first where a mail is sent: then the first mail has to say it. In the United States and in
Canada no such term is set for what firms know of their business contacts; for other countries none is known here.
"""

from __future__ import annotations

import calendar
import re
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cache, lru_cache
from unicodedata import combining, normalize


class Region(StrEnum):
    """Countries under one law of data protection."""

    EU = "eu"
    """The European Union with its outermost regions, Iceland, Liechtenstein and Norway."""
    UK = "uk"
    CH = "ch"
    US = "us"
    CA = "ca"
    OTHER = "other"
    UNKNOWN = "unknown"
    """The country was not said, or could not be read."""


_NOTICE_IS_DUE = frozenset({Region.EU, Region.UK, Region.CH, Region.UNKNOWN})

_EU_AND_EEA = frozenset(
    [
        *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU"),
        *("LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
        *("AX", "GF", "GP", "MF", "MQ", "RE", "YT"),
        *("IS", "LI", "NO"),
    ]
)
_ONE_COUNTRY = {"GB": Region.UK, "CH": Region.CH, "US": Region.US, "CA": Region.CA}

# What people write and the standard does not list.
_OTHER_NAMES = {
    "AE": ("UAE", "VAE"),
    "AT": ("Oesterreich",),
    "BA": ("Bosnia", "Bosnien"),
    "BN": ("Brunei",),
    "CH": ("Suisse", "Svizzera"),
    "CI": ("Ivory Coast", "Elfenbeinküste"),
    "CZ": ("Tschechische Republik",),
    "DE": ("BRD", "Bundesrepublik Deutschland"),
    "DK": ("Daenemark",),
    "GB": ("UK", "U.K.", "Great Britain", "England", "Scotland", "Wales", "Northern Ireland", "Großbritannien"),
    "GR": ("EL", "Hellas"),
    "IE": ("Republic of Ireland", "Republik Irland"),
    "MK": ("Macedonia", "Mazedonien"),
    "NL": ("Holland",),
    "PS": ("Palestine", "Palästina"),
    "RO": ("Rumaenien",),
    "RU": ("Russia", "Russland"),
    "SK": ("Slowakische Republik",),
    "TR": ("Turkey",),
    "US": ("U.S.", "U.S.A.", "America", "Vereinigte Staaten von Amerika"),
}


@lru_cache(maxsize=10_000)
def country_code(country: str | None) -> str | None:
    """The two letters (ISO 3166-1 alpha-2) of a country by its English or German name or by its code.

    `None`: there is none in it. Case, accents, dots and a leading "the" make no difference.

    >>> country_code("Österreich"), country_code("aut"), country_code("the U.S.A."), country_code("Bavaria")
    ('AT', 'AT', 'US', None)
    """
    return _names().get(_folded(country)) if country else None


def region_of(country: str | None) -> Region:
    """The region of a country, by whatever `country_code` reads; `unknown` where that reads none."""
    code = country_code(country)
    if code is None:
        return Region.UNKNOWN
    return Region.EU if code in _EU_AND_EEA else _ONE_COUNTRY.get(code, Region.OTHER)


def notice_due_on(region: Region, collected_at: datetime) -> date | None:
    """The last UTC day to tell a person whose data came from elsewhere; `None`: no term is set.

    A month ends on the day of the same number, or on the last one of a month that has no such day (Regulation
    1182/71, article 3 (2) (c)). Where the region is not known, the person is treated as one who has to be told.

    Args:
        region: Of the person.
        collected_at: With its time zone.
    """
    if region not in _NOTICE_IS_DUE:
        return None
    collected_on = collected_at.astimezone(UTC).date()
    year, month = collected_on.year + collected_on.month // 12, collected_on.month % 12 + 1
    return date(year, month, min(collected_on.day, calendar.monthrange(year, month)[1]))


def _folded(text: str) -> str:
    without_accents = "".join(letter for letter in normalize("NFKD", text.casefold()) if not combining(letter))
    return re.sub(r"[\W_]+", " ", without_accents).strip().removeprefix("the ")


@cache
def _names() -> dict[str, str]:
    """Every name of every country, folded."""
    import gettext

    import pycountry

    german = gettext.translation("iso3166-1", pycountry.LOCALES_DIR, languages=["de"])
    codes: dict[str, str] = {}
    for country in pycountry.countries:
        english = [getattr(country, kind, "") for kind in ("name", "official_name", "common_name")]
        names = [country.alpha_2, country.alpha_3, *english, *(german.gettext(name) for name in english if name)]
        codes |= {_folded(name): country.alpha_2 for name in names if name}
    return codes | {_folded(name): code for code, names in _OTHER_NAMES.items() for name in names}
