"""A person as Apollo shows them: masked in the free search, whole when they are enriched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sandbox.apollo.data.arrays import chance, mix_each
from sandbox.apollo.data.companies import FREE_MAIL_DOMAIN
from sandbox.apollo.data.fates import EMAIL_STATUSES, PLACEHOLDER_EMAIL, WITH_EMAIL, Fate
from sandbox.apollo.data.identifiers import OTHER, PERSON, hex_id, spelled
from sandbox.apollo.data.tables import DIAL_CODES, WITHOUT_GDPR
from sandbox.vendor.people import PLAIN
from sandbox.vendor.repeatable import DAY_MS, mix, timestamp

if TYPE_CHECKING:
    from sandbox.apollo.data.arrays import Codes
    from sandbox.apollo.data.people import People

Payload = dict[str, Any]
_PERSONAL_PCT = 40
_ORGANIZATIONS_KEPT = 4096
_REFRESHED_AFTER_D, _REFRESHED_SPREAD_D = 20, 40


class SearchRows:
    """Makes rows of the free search."""

    def __init__(self, people: People) -> None:
        """Nothing is made yet."""
        self._people = people
        self._flags: dict[int, Payload] = {}

    def rows(self, numbers: Codes, today: int) -> list[Payload]:
        """Give back the rows of these people; `today` is a number of days since 1970."""
        people, columns = self._people, self._people.columns
        each = numbers.astype(np.uint64)
        identities = mix_each(each, people.seed, PERSON).tolist()
        refreshed = refreshed_ms(mix_each(each, people.seed, 750).astype(np.int64) & 0xFFFFFFFFFFFF, today).tolist()
        with_email, phones = WITH_EMAIL[columns.fate[numbers]].tolist(), columns.has_phone[numbers].tolist()
        rows = []
        for place, number in enumerate(numbers.tolist()):
            who, lives, title = people.somebody(number), people.place(number), people.title(number)
            rows.append(
                {
                    "id": spelled(identities[place], number),
                    "first_name": who.first_name,
                    "last_name_obfuscated": f"{who.last_name[:2]}***{who.last_name[-1]}",
                    "title": title.text,
                    "last_refreshed_at": _with_offset(refreshed[place]),
                    "has_email": with_email[place],
                    "has_city": lives.city is not None,
                    "has_state": lives.state is not None,
                    "has_country": lives.country is not None,
                    "has_direct_phone": "Yes" if phones[place] else "Maybe: please request direct dial",
                    "organization": None if who.company is None else self._organization(who.company),
                }
            )
        return rows

    def _organization(self, company: int) -> Payload:
        flags = self._flags.get(company)
        if flags is None:
            if len(self._flags) >= _ORGANIZATIONS_KEPT:
                self._flags.clear()
            flags = self._flags[company] = self._people.companies.flags(company)
        return flags


def refreshed_ms(noise: Any, today: int) -> Any:
    """Give back when somebody was last refreshed, in milliseconds since 1970: every 20 to 60 days, and never today."""
    period = _REFRESHED_AFTER_D + noise % _REFRESHED_SPREAD_D
    day = today - 1 - (today + (noise >> 8)) % period
    return day * DAY_MS + (noise >> 16) % DAY_MS


def _with_offset(milliseconds: int) -> str:
    return timestamp(milliseconds)[:-1] + "+00:00"


def enriched(people: People, number: int) -> Payload:
    """Give back a matched person, without the organization."""
    who, title, lives, fate = people.somebody(number), people.title(number), people.place(number), people.fate(number)
    email = PLACEHOLDER_EMAIL if fate == Fate.PLACEHOLDER else who.email
    status = EMAIL_STATUSES.get(fate, "verified")
    company = None if who.company is None else people.companies.id(who.company)
    at = None if who.company is None else people.companies.name(who.company)
    return {
        "id": people.id_after_merge(number),
        "first_name": who.first_name,
        "last_name": who.last_name,
        "name": who.name,
        "linkedin_url": who.linkedin_url,
        "title": title.text,
        "headline": f"{title.text} at {at}" if title.text and at else None,
        "email": None if status == "unavailable" else email,
        "email_status": status,
        "extrapolated_email_confidence": 0.55 if status == "extrapolated" else None,
        "photo_url": None,
        "twitter_url": None,
        "github_url": None,
        "facebook_url": None,
        "organization_id": company,
        "employment_history": _history(people, number),
        "city": lives.city,
        "state": lives.state,
        "country": lives.country,
        "is_likely_to_engage": fate == Fate.LIKELY_TO_ENGAGE,
        "show_intent": False,
        "revealed_for_current_team": True,
        "departments": [title.department] if title.department else [],
        "subdepartments": [],
        "functions": [],
        "seniority": title.seniority,
    }


def _history(people: People, number: int) -> list[Payload]:
    """Give back the present job and, where there was one, the one before."""
    who, noise = people.somebody(number), mix(people.seed, 751, number)
    began = f"{2016 + noise % 9}-0{noise % 9 + 1}-01"
    jobs: list[tuple[int, str | None, str | None, str | None]] = []
    if who.company is not None:
        jobs.append((who.company, people.title(number).text, began, None))
    previous = int(people.columns.previous_company[number])
    if previous >= 0:
        jobs.append((previous, "Consultant", None, began))
    empty = dict.fromkeys(
        ("created_at", "degree", "description", "emails", "grade_level", "kind", "major", "raw_address", "updated_at")
    )
    rows = []
    for place, (company, title, start, end) in enumerate(jobs):
        job_id = hex_id(people.seed, OTHER + 1 + place, number)
        row = {"_id": job_id, "id": job_id, "key": job_id, "current": end is None, "title": title}
        row |= {"organization_id": people.companies.id(company), "organization_name": people.companies.name(company)}
        rows.append(row | {"start_date": start, "end_date": end} | empty)
    return rows


def personal_emails(people: People, number: int) -> list[str]:
    """Give back private addresses; none where Europe's rules hold."""
    if people.place(number).country not in WITHOUT_GDPR or not chance(_PERSONAL_PCT, people.seed, 752, number):
        return []
    who = people.somebody(number)
    return [f"{PLAIN[who.first_name]}.{number}@{FREE_MAIL_DOMAIN}"]


def mobile_number(people: People, number: int) -> Payload | None:
    """Give back a phone number nobody can be reached at, as an asynchronous result shows it, or `None`."""
    if not people.columns.has_phone[number]:
        return None
    country = people.place(number).country
    digits = str(mix(people.seed, 753, number) % 9_000_000 + 1_000_000)
    dial, phone_id = DIAL_CODES.get(country or "", "+49"), hex_id(people.seed, OTHER + 3, number)
    return {
        "_id": phone_id,
        "id": phone_id,
        "key": phone_id,
        "raw_number": f"{dial} 555 {digits}",
        "sanitized_number": f"{dial}555{digits}",
        "type_cd": "mobile",
        "status_cd": "valid_number",
        "confidence_cd": "high",
        "direct_dial_source_cd": None,
        "position": 0,
        "dnc_status_cd": "not_found",
        "dnc_status_updated_at": None,
        "dnc_other_info": {"country": country},
        "created_at": None,
        "updated_at": None,
    }
