"""Invented companies: their names, domains, and what Apollo knows of them.

Of every 80 companies a few are odd, so that rules can show their work:

    7   the domain has an umlaut; Apollo writes it in its ASCII form        27   all addresses are roles: info@, sales@
    17  the people have addresses of a free-mail provider                   37, 38   share the domain of their group
    47  the people's titles look like a formula of a spreadsheet

Every tenth company is one that Instantly's stand-in of the same seed writes to: the same names, the same addresses.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from sandbox.apollo.data.columns import KNOWN_TO_INSTANTLY_EVERY, NAMES, OTHER_SEED, SPECIAL_EVERY
from sandbox.apollo.data.identifiers import ORGANIZATION, hex_id, number_of
from sandbox.apollo.data.tables import INDUSTRIES, PLACES, TECHNOLOGIES
from sandbox.vendor.people import PLAIN, Person, colleague
from sandbox.vendor.repeatable import mix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox.apollo.data.arrays import Mask
    from sandbox.apollo.data.columns import CompanyColumns
    from sandbox.apollo.data.tables import Place, Technology

UMLAUT, FREE_MAIL, ROLES, GROUP, GROUP_TOO = 7, 17, 27, 37, 38
FREE_MAIL_DOMAIN = "webmail.example"
_COMPANY_NUMBER = re.compile(r"-(\d{1,8})\.example$")


class Companies:
    """All companies of the sample database.

    Attributes:
        count: Their numbers start at 0.
        columns: What a search can ask for.
    """

    def __init__(self, seed: int, columns: CompanyColumns) -> None:
        """Nothing is made yet."""
        self.seed = seed
        self.columns = columns
        self.count = len(columns.place)

    def colleague(self, company: int, seat: int) -> Person:
        """Give back who sits where, with the address a company without oddities would give them."""
        is_known = company % KNOWN_TO_INSTANTLY_EVERY == 0
        return colleague(self.seed if is_known else self.seed + OTHER_SEED, company, seat)

    def id(self, company: int) -> str:
        """Give back the organization id."""
        return hex_id(self.seed, ORGANIZATION, company)

    def number(self, organization_id: str) -> int | None:
        """Give back the company with this id, or `None`."""
        number = number_of(self.seed, ORGANIZATION, organization_id)
        return number if number is not None and number < self.count else None

    def name(self, company: int) -> str:
        """Give back the name; not unique."""
        return NAMES[int(self.columns.name[company])]

    def domain(self, company: int) -> str:
        """Give back the domain as people write it."""
        kind = company % SPECIAL_EVERY
        if kind in {GROUP, GROUP_TOO}:
            first = company - (kind - GROUP)
            place = PLAIN[self.name(first).split(" ")[0]]
            return f"{place}-gruppe-{first}.example"
        usual = self.colleague(company, 0).company_domain
        return f"grün-{usual}" if kind == UMLAUT else usual

    def ascii_domain(self, company: int) -> str:
        """Give back the domain as Apollo writes it."""
        return self.domain(company).encode("idna").decode()

    def with_domain(self, domain: str) -> list[int]:
        """Give back the companies with this domain, written either way: none, one, or the two of a group."""
        try:
            written = domain.lower().strip().encode().decode("idna")
        except UnicodeError:
            written = domain.lower().strip()
        found = _COMPANY_NUMBER.search(written)
        numbers = range(int(found[1]), min(int(found[1]) + 2, self.count)) if found else range(0)
        return [number for number in numbers if self.domain(number) == written]

    def named(self, is_wanted: Callable[[str], bool]) -> Mask:
        """Say for each company whether its name, in lower case, is wanted."""
        mask: Mask = np.array([is_wanted(name.lower()) for name in NAMES])[self.columns.name]
        return mask

    def with_name(self, name: str) -> int | None:
        """Give back the first company of this name, or `None`."""
        wanted = name.lower().strip()
        found = np.flatnonzero(self.named(lambda each: each == wanted))
        return int(found[0]) if len(found) else None

    def place(self, company: int) -> Place:
        """Give back where the headquarters are."""
        return PLACES[self.columns.place[company]]

    def industry(self, company: int) -> str | None:
        """Give back the industry, or `None` when it is unknown."""
        return INDUSTRIES[self.columns.industry[company]]

    def employees(self, company: int) -> int | None:
        """Give back how many work there, or `None` when it is unknown."""
        return int(self.columns.employees[company]) or None

    def revenue(self, company: int) -> int | None:
        """Give back the dollars of a year, or `None` when they are unknown."""
        return int(self.columns.revenue[company]) or None

    def technologies(self, company: int) -> Iterator[Technology]:
        """Yield what the company uses."""
        bits = int(self.columns.technologies[company])
        return (each for place, each in enumerate(TECHNOLOGIES) if bits >> place & 1)

    def flags(self, company: int) -> dict[str, Any]:
        """Give back the organization of a person in the free search: a name, and what there would be to know."""
        place = self.place(company)
        return {
            "name": self.name(company),
            "has_industry": self.industry(company) is not None,
            "has_phone": self.has_phone(company),
            "has_city": place.city is not None,
            "has_state": place.state is not None,
            "has_country": place.country is not None,
            "has_zip_code": place.city is not None,
            "has_revenue": self.revenue(company) is not None,
            "has_employee_count": self.employees(company) is not None,
        }

    def has_phone(self, company: int) -> bool:
        """Say whether a phone number is known."""
        return mix(self.seed, 741, company) & 1 == 1
