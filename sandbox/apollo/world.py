"""The sample database of any size, the same for the same settings, the team's credits, and the keys that open it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.apollo.credits import Credits
from sandbox.apollo.data.columns import PEOPLE_PER_COMPANY, company_columns, person_columns
from sandbox.apollo.data.companies import Companies
from sandbox.apollo.data.contacts import Contacts
from sandbox.apollo.data.fates import Fate
from sandbox.apollo.data.identifiers import MOST_NUMBERS
from sandbox.apollo.data.people import People
from sandbox.apollo.data.person_payloads import SearchRows
from sandbox.apollo.data.search import Search
from sandbox.apollo.webhook_results import WebhookResults
from sandbox.vendor.clock import Clock, utc_today

if TYPE_CHECKING:
    from datetime import date

    from sandbox.apollo.data.arrays import Codes

DEMO_API_KEY = "demo-apollo-key"
QUIRKS = frozenset({"growth_in_fractions"})
EVERY_SCOPE = frozenset({"*"})


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldSettings:
    """The size and the oddities of the database.

    Attributes:
        seed: Same seed and same `today`: the same answers, byte for byte.
        people: Five of them work for one company.
        credits: Of the team's pool in this cycle.
        result_after_polls: How often an asynchronous result is still pending when it is asked for.
        quirks: `growth_in_fractions`: the growth of a company is 0.045 where the vendor's document shows 4.5.
    """

    seed: int = 1
    people: int = 1_200
    credits: int = 5_000
    today: date = field(default_factory=utc_today)
    result_after_polls: int = 2
    quirks: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Refuse what makes no world."""
        if not 0 <= self.people <= MOST_NUMBERS or self.credits < 0 or self.result_after_polls < 0:
            raise ValueError(f"A world has 0 to {MOST_NUMBERS} people, and no count below zero.")
        if self.quirks - QUIRKS:
            raise ValueError(f"Unknown quirks {sorted(self.quirks - QUIRKS)}; there are {sorted(QUIRKS)}.")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key and its scopes, for example `api/v1/people/bulk_match`; `*` is a master key."""

    key: str
    scopes: frozenset[str] = EVERY_SCOPE


class World:
    """Everything the stand-in knows. People and companies are made when the first request asks for them."""

    def __init__(self, settings: WorldSettings, api_keys: tuple[ApiKey, ...] = ()) -> None:
        """Remember the settings; without keys there is the demo key."""
        self.settings = settings
        self.first_keys = api_keys or (ApiKey(DEMO_API_KEY),)
        self.reset()

    def reset(self) -> None:
        """Forget every change."""
        self.clock = Clock(self.settings.today)
        self.keys = {each.key: each for each in self.first_keys}
        self.credits = Credits(self.settings.credits)
        self.results = WebhookResults()
        self.has_structured_errors = False
        self.saves_enriched_people = False
        self.ahead_s = 0.0
        self._changed_fields: dict[int, dict[str, Any]] = {}
        self._database: Database | None = None

    @property
    def database(self) -> Database:
        """People, companies, contacts and searches."""
        if self._database is None:
            self._database = Database(self.settings, self.clock)
        return self._database

    def search_rows(self, numbers: Codes) -> list[dict[str, Any]]:
        """Give back rows of the free search, with what was changed since."""
        rows = self.database.rows.rows(numbers, self.clock.today)
        if self._changed_fields:
            for place, number in enumerate(numbers.tolist()):
                changed = self._changed_fields.get(number, {})
                rows[place] |= {name: value for name, value in changed.items() if name in rows[place]}
        return rows

    def changed_fields(self, number: int) -> dict[str, Any]:
        """Give back the fields of a person that were changed."""
        return self._changed_fields.get(number, {})

    def change_person(self, person_id: str, fields: dict[str, Any], fate: str | None = None) -> None:
        """Change what is shown of a person, or how asking for them ends. Raises `KeyError` for nobody.

        Filters go on matching the fields as they were.
        """
        people = self.database.people
        number = people.with_id(person_id)
        if number is None:
            raise KeyError(person_id)
        if fate is not None:
            people.columns.fate[number] = Fate[fate]
            self.database.search.forget()
        refreshed = {"last_refreshed_at": self.clock.tick().replace("Z", "+00:00")}
        self._changed_fields[number] = self._changed_fields.get(number, {}) | refreshed | fields


class Database:
    """People and companies of the settings, as they are at the start."""

    def __init__(self, settings: WorldSettings, clock: Clock) -> None:
        """Make the columns."""
        count = -(-settings.people // PEOPLE_PER_COMPANY)
        columns = company_columns(settings.seed, count)
        self.companies = Companies(settings.seed, columns)
        self.people = People(settings.seed, person_columns(settings.seed, settings.people, columns), self.companies)
        self.search = Search(self.people, self.companies)
        self.rows = SearchRows(self.people)
        self.contacts = Contacts(self.people, clock)
