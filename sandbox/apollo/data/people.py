"""Invented people: their names, addresses and ids."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from hashlib import md5, sha256
from typing import TYPE_CHECKING

from sandbox.apollo.data.columns import PEOPLE_PER_COMPANY, SPECIAL_EVERY
from sandbox.apollo.data.companies import FREE_MAIL, FREE_MAIL_DOMAIN, ROLES, Companies
from sandbox.apollo.data.fates import Fate
from sandbox.apollo.data.identifiers import MERGED_PERSON, PERSON, hex_id, number_of
from sandbox.apollo.data.tables import PLACES, TITLES, Place, Title
from sandbox.vendor.people import PLAIN

if TYPE_CHECKING:
    from sandbox.apollo.data.columns import PersonColumns

_ROLES = ("info", "sales", "office", "kontakt", "einkauf")
_NUMBER_IN_ADDRESS = re.compile(rf"\.(\d{{1,8}})@{re.escape(FREE_MAIL_DOMAIN)}$")
_NUMBER_IN_PROFILE = re.compile(r"linkedin\.com/in/[^/]*-(\d{1,8})/?$")


@dataclass(frozen=True, slots=True)
class Somebody:
    """One person.

    Attributes:
        email: Of the work; what Apollo tells of it is another matter.
        company: The employer's number; `None`: none.
    """

    number: int
    first_name: str
    last_name: str
    email: str
    company: int | None

    @property
    def name(self) -> str:
        """The whole name."""
        return f"{self.first_name} {self.last_name}"

    @property
    def linkedin_url(self) -> str:
        """The profile, as Apollo writes it."""
        return f"http://www.linkedin.com/in/{PLAIN[self.first_name]}-{PLAIN[self.last_name]}-{self.number}"


class People:
    """All people of the sample database.

    Attributes:
        count: Their numbers start at 0.
        columns: What a search can ask for.
    """

    def __init__(self, seed: int, columns: PersonColumns, companies: Companies) -> None:
        """Nothing is made yet."""
        self.seed = seed
        self.columns = columns
        self.companies = companies
        self.count = len(columns.title)

    def id(self, number: int) -> str:
        """Give back the id that a search shows."""
        return hex_id(self.seed, PERSON, number)

    def id_after_merge(self, number: int) -> str:
        """Give back the id that an enrichment shows."""
        is_merged = self.fate(number) == Fate.MERGED
        return hex_id(self.seed, MERGED_PERSON, number) if is_merged else self.id(number)

    def fate(self, number: int) -> Fate:
        """Say how asking for this person ends."""
        return Fate(self.columns.fate[number])

    def title(self, number: int) -> Title:
        """Give back the job title with what follows from it."""
        return TITLES[self.columns.title[number]]

    def place(self, number: int) -> Place:
        """Give back where the person lives."""
        return PLACES[self.columns.place[number]]

    def somebody(self, number: int) -> Somebody:
        """Give back the person."""
        desk, seat = divmod(number, PEOPLE_PER_COMPANY)
        who = self.companies.colleague(desk, seat)
        email = who.email
        if desk % SPECIAL_EVERY == FREE_MAIL:
            email = f"{who.email.split('@')[0]}.{number}@{FREE_MAIL_DOMAIN}"
        elif desk % SPECIAL_EVERY == ROLES:
            email = f"{_ROLES[seat]}@{who.company_domain}"
        elif (domain := self.companies.domain(desk)) != who.company_domain:
            email = f"{who.email.split('@')[0]}@{domain}"
        company = int(self.columns.company[number])
        return Somebody(number, who.first_name, who.last_name, email, company if company >= 0 else None)

    def with_id(self, person_id: str) -> int | None:
        """Give back the person with this id, before or after a merge, or `None`."""
        for kind in (PERSON, MERGED_PERSON):
            number = number_of(self.seed, kind, person_id)
            if number is not None and number < self.count:
                return number
        return None

    def with_email(self, email: str) -> int | None:
        """Give back the person with this work address, or `None`."""
        email = email.strip().lower()
        found = _NUMBER_IN_ADDRESS.search(email)
        numbers = [int(found[1])] if found else self._at(email.rpartition("@")[2])
        return next((each for each in numbers if each < self.count and self.somebody(each).email == email), None)

    def with_profile(self, linkedin_url: str) -> int | None:
        """Give back the person with this LinkedIn profile, or `None`."""
        found = _NUMBER_IN_PROFILE.search(linkedin_url.strip().lower())
        number = int(found[1]) if found else self.count
        return number if number < self.count else None

    def with_name_at(self, name: str, companies: list[int]) -> int | None:
        """Give back the person of this name at one of the companies, or `None`."""
        wanted = " ".join(name.lower().split())
        return next((each for each in self._of(companies) if self.somebody(each).name.lower() == wanted), None)

    def with_hash(self, hashed_email: str) -> int | None:
        """Give back the person whose work address has this MD5 or SHA-256, or `None`."""
        return self._hashes.get(hashed_email.strip().lower())

    def _at(self, domain: str) -> list[int]:
        return self._of(self.companies.with_domain(domain))

    def _of(self, companies: list[int]) -> list[int]:
        seats = [each * PEOPLE_PER_COMPANY + seat for each in companies for seat in range(PEOPLE_PER_COMPANY)]
        return [each for each in seats if each < self.count]

    @cached_property
    def _hashes(self) -> dict[str, int]:
        """Every address's hashes; the first question for one makes them all."""
        hashes: dict[str, int] = {}
        for number in range(self.count):
            address = self.somebody(number).email.encode()
            hashes[md5(address, usedforsecurity=False).hexdigest()] = number
            hashes[sha256(address).hexdigest()] = number
        return hashes
