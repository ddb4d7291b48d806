"""What enriching people finds, costs and starts, for one person as for ten (reference §3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.apollo.credits import PERSON
from sandbox.apollo.data.arrays import chance
from sandbox.apollo.data.fates import FREE, MISSES, Fate
from sandbox.apollo.data.identify import identified_person
from sandbox.apollo.data.organization_payloads import beside_a_person, short
from sandbox.apollo.data.person_payloads import enriched, personal_emails

if TYPE_CHECKING:
    from sandbox.apollo.endpoint import Call

Payload = dict[str, Any]
_REVERSED_PCT = 40


@dataclass(frozen=True, slots=True)
class Asked:
    """One person asked for.

    Attributes:
        detail: The identifiers.
        number: Who it is; `None`: nobody.
        fate: How it ends.
    """

    detail: Payload
    number: int | None
    fate: Fate

    @property
    def is_match(self) -> bool:
        """Whether somebody was found."""
        return self.number is not None and self.fate not in MISSES


def asked_for(call: Call, details: list[Payload]) -> list[Asked]:
    """Find out who is meant."""
    people = call.database.people
    asked = []
    for detail in details:
        number = identified_person(people, detail)
        if number is not None:
            fate = people.fate(number)
        else:
            domain = detail.get("email", "").rpartition("@")[2]
            # Of an address nobody has, Apollo still knows the company.
            fate = Fate.MISS_STUB if people.companies.with_domain(domain) else Fate.MISS_LEFT_OUT
        asked.append(Asked(detail, number, fate))
    return asked


def matched_numbers(asked: list[Asked]) -> list[int]:
    """Give back the people found, each once."""
    return list(dict.fromkeys(each.number for each in asked if each.number is not None and each.is_match))


def charge(call: Call, asked: list[Asked]) -> int:
    """Charge for everybody found who is not free, and give back the credits. Raises the 422 when they are too few."""
    people = call.database.people
    priced = [number for number in matched_numbers(asked) if people.fate(number) not in FREE]
    return call.world.credits.buy([people.id(number) for number in priced], PERSON, call.number)


def save_as_contacts(call: Call, asked: list[Asked]) -> None:
    """Save everybody found, if the team has switched that on."""
    if call.world.saves_enriched_people:
        for number in matched_numbers(asked):
            call.database.contacts.save(number)


def person_payload(call: Call, number: int, *, is_bulk: bool) -> Payload:
    """Give back a person found, with the company and, where there is one, the team's contact."""
    people, world = call.database.people, call.world
    row = enriched(people, number) | {
        name: value for name, value in world.changed_fields(number).items() if name != "last_refreshed_at"
    }
    company = people.somebody(number).company
    if company is not None:
        build = short if is_bulk else beside_a_person
        row["organization"] = build(people.companies, company)
    if call.values.get("reveal_personal_emails"):
        row["personal_emails"] = personal_emails(people, number)
    if (contact := call.database.contacts.of_person(number)) is not None:
        row |= {"contact_id": contact["id"], "contact": contact}
    return row


def stub(call: Call, asked: Asked) -> Payload:
    """Give back the nameless person that is no match, though the company is there."""
    people = call.database.people
    companies = people.companies.with_domain(asked.detail.get("email", "").rpartition("@")[2])
    if asked.number is not None and (company := people.somebody(asked.number).company) is not None:
        companies = [company]
    row: Payload = {"id": asked.detail.get("id"), "first_name": "", "last_name": "", "name": ""}
    row |= {"match_confidence": "none", "email": None, "email_status": None, "employment_history": []}
    return row | ({"organization": short(people.companies, companies[0])} if companies else {})


def matches(call: Call, asked: list[Asked]) -> list[Payload | None]:
    """Give back the entries of a bulk answer: not always in the order asked, and misses in several shapes."""
    rows: list[Payload | None] = []
    seen: set[int] = set()
    for each in asked:
        if each.number is not None and each.is_match:
            if each.number not in seen:
                rows.append(person_payload(call, each.number, is_bulk=True))
            seen.add(each.number)
        elif each.fate == Fate.MISS_NULL:
            rows.append(None)
        elif each.fate == Fate.MISS_STUB:
            rows.append(stub(call, each))
        elif each.fate == Fate.MISS_EMPTY:
            rows.append({})
    if chance(_REVERSED_PCT, call.world.settings.seed, *sorted(seen)):
        rows.reverse()
    return rows
