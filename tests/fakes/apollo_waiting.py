"""A database in which people and companies wait for a purchase, and what stands in its ledger as data to compare."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from sandbox.apollo.data.fates import WITH_EMAIL, Fate
from tests.fakes.empty_tables import empty_tables

if TYPE_CHECKING:
    from collections.abc import Collection

    import psycopg

    from tests.fakes.apollo_server import ApolloServer

_TABLES = (
    "apollo_searches",
    "apollo_people_raw",
    "apollo_search_people",
    "apollo_organizations_raw",
    "apollo_calls",
    "apollo_credit_ledger",
    "apollo_usage",
    "leads",
    "sync_runs",
)
_PAID = ("/people/bulk_match", "/organizations/enrich", "/mixed_companies/search")
UNKNOWN_DOMAIN = "nobody-knows-it.example"

Subject = tuple[str, str, str]
"""Kind of subject, its id, kind of data."""


class Stands(NamedTuple):
    """What stands of one subject; both `None`: it was asked about, and no answer has come."""

    outcome: str | None
    payload: Any


@dataclass(frozen=True, slots=True)
class Waiting:
    """A database with people and companies that wait to be bought."""

    database: psycopg.Connection[Any]
    server: ApolloServer

    def reset(self) -> None:
        """Nothing is collected, nothing bought, at either side."""
        self.server.reset()
        empty_tables(self.database, _TABLES)

    def search(
        self, name: str = "a", *, kind: str = "people", filters: str = "{}", people_per_day: int = 1_000
    ) -> None:
        """Add a search that is due every 24 hours."""
        self.database.execute(
            "insert into apollo_searches (search_name, kind, filters, people_per_day, interval_hours, lawful_basis, "
            "source_file) values (%s, %s, %s, %s, 24, 'legitimate_interest', 'searches.yaml')",
            [name, kind, filters, people_per_day],
        )

    def people(self, ids: Collection[str], search: str = "a") -> None:
        """Let a search have found them, the first one refreshed last."""
        for place, person_id in enumerate(ids):
            self.database.execute(
                "insert into apollo_people_raw (apollo_person_id, has_email, last_refreshed_at, raw_json, row_digest, "
                "synced_at) values (%s, true, timestamptz '2026-01-01Z' - make_interval(secs => %s), '{}', '', now()) "
                "on conflict do nothing",
                [person_id, place],
            )
            self.database.execute("insert into apollo_search_people values (%s, %s)", [search, person_id])

    def employers(self, domains: Collection[str]) -> None:
        """Let a search have brought a lead at each of these companies."""
        for domain in domains:
            self.database.execute(
                "insert into leads (email, company_domain, search_name) values (%s, %s, 'a')",
                [f"mara@{domain}", domain],
            )

    def ids(self, count: int, *, without: Collection[Fate] = ()) -> list[str]:
        """People of whom the free search says that they have an address, one of each fate first."""
        people = self.server.world.database.people
        numbers = [each for each in range(people.count) if WITH_EMAIL[people.fate(each)]]
        numbers = [each for each in numbers if people.fate(each) not in without]
        firsts = {people.fate(number): number for number in reversed(numbers)}
        chosen = list(dict.fromkeys([*firsts.values(), *numbers]))[:count]
        return [people.id(number) for number in chosen]

    def standing(self) -> dict[Subject, Stands]:
        """The rows of the ledger that stand."""
        rows = self.database.execute(
            "select subject_kind, subject_id, data_kind, outcome, raw_json from apollo_credit_ledger where is_current"
        ).fetchall()
        return {(kind, subject, data): Stands(outcome, payload) for kind, subject, data, outcome, payload in rows}

    def outcomes(self) -> dict[str, str | None]:
        """How each subject ended that stands."""
        return {subject: row.outcome for (_, subject, _), row in self.standing().items()}

    def unanswered(self) -> set[str]:
        """Subjects of calls that may have been charged, and whose answer is lost."""
        rows = self.database.execute(
            "select ledger.subject_id from apollo_credit_ledger as ledger join apollo_calls as call "
            "on call.id = ledger.call_id where call.state = 'doubtful' and ledger.is_current"
        ).fetchall()
        return {subject for (subject,) in rows}

    def states(self) -> Counter[str]:
        """How many calls are in which state."""
        return Counter(dict(self.database.execute("select state, count(*) from apollo_calls group by 1").fetchall()))

    def counted(self) -> float:
        """Credits that our own count says are spent, or may be."""
        [row] = self.database.execute(
            "select coalesce(sum(coalesce(credits_consumed, credits_reserved)), 0) from apollo_calls "
            "where state <> 'released'"
        ).fetchall()
        return float(row[0])

    def charges(self) -> Counter[str]:
        """How often each person, or company by its domain, was charged for."""
        companies = self.server.world.database.companies
        domains = {companies.id(number): companies.domain(number) for number in range(companies.count)}
        return Counter(domains.get(subject, subject) for subject, _, _ in self.server.charges())

    def charged(self) -> int:
        """Credits that Apollo charged us."""
        return sum(cost for _, _, cost in self.server.charges())

    def paid_requests(self) -> list[str]:
        """Operations asked for that may cost, however they ended."""
        return [entry.path for entry in self.server.requests() if entry.path in _PAID]
