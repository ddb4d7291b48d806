"""What Apollo knows of people and companies, for credits: asking, and reading what came back. Nothing is stored here.

Answers are joined by id, never by position: their order is not documented, misses take several shapes, and a person may
come back under another id. Source: docs.apollo.io/reference, "Bulk People Enrichment", "Organization Enrichment",
"Poll Webhook Result".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from modules.shared.errors import ContractError, PermanentError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from modules.apollo.apollo_client import ApolloClient

Json = dict[str, Any]
PEOPLE_A_CALL = 10
"""The documented maximum of one bulk call."""

NOBODY_LISTENS = "https://nobody-listens.invalid/"
"""Apollo wants an address to deliver late results to; under this one nobody can ever be reached (RFC 2606), and the
results are fetched instead."""

_PLACEHOLDER = "email_not_unlocked"
_STILL_COMING = "result_pending"
_NEVER_COMES = frozenset({"request_id_unknown", "request_id_expired", "invalid_request_id"})


class DataKind(StrEnum):
    """What is asked for; each is paid for once a person."""

    email = "email"
    phone = "phone"
    waterfall_email = "waterfall_email"
    waterfall_phone = "waterfall_phone"


CREDITS_EACH = {
    DataKind.email: 1.0,
    DataKind.phone: 9.0,
    DataKind.waterfall_email: 20.0,
    DataKind.waterfall_phone: 45.0,
}
"""The most that one person can cost; what budgets set aside before a call. A mobile number is 8 and the match 1; what a
waterfall costs depends on the vendors that the team chose, so these are generous."""

_FLAGS = {
    DataKind.email: {},
    DataKind.phone: {"reveal_phone_number": "true"},
    DataKind.waterfall_email: {"run_waterfall_email": "true"},
    DataKind.waterfall_phone: {"run_waterfall_phone": "true"},
}


class Outcome(StrEnum):
    """How asking about somebody ended. Each is final: a miss is not paid for twice either."""

    matched_with_email = "matched_with_email"
    matched_without_email = "matched_without_email"
    matched_with_phone = "matched_with_phone"
    matched_without_phone = "matched_without_phone"
    no_match = "no_match"
    found = "found"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """One person, company or page of an answer.

    Attributes:
        subject_id: As in the ledger.
        credits: Its share of what the call cost.
        raw_json: What Apollo said of it; `None`: nothing.
    """

    subject_id: str
    outcome: Outcome
    credits: float
    raw_json: Json | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a paid answer says.

    Attributes:
        rows: One for each subject asked about, and for those that came without being asked for; empty while pending.
        credits_consumed: Of the whole call.
        request_id: Under which the rest is fetched later; `None`: everything is here.
    """

    rows: list[Settled] = field(default_factory=list)
    credits_consumed: float = 0.0
    request_id: str | None = None


def match_people(client: ApolloClient, ids: Sequence[str], kind: DataKind, webhook_url: str | None = None) -> Json:
    """Ask about up to `PEOPLE_A_CALL` people by id. Costs credits; errors as `ApolloClient.pay`.

    Args:
        client: The team's connection.
        ids: Apollo's ids of persons.
        kind: What to ask for.
        webhook_url: Where Apollo may deliver late results as well; `None`: nowhere.
    """
    flags: dict[str, str] = dict(_FLAGS[kind])
    if flags:
        flags["webhook_url"] = webhook_url or NOBODY_LISTENS
    details = [{"id": person_id} for person_id in ids]
    return client.pay("POST", "/people/bulk_match", params=flags or None, body={"details": details})


def read_matches(answer: Mapping[str, Any], ids: Sequence[str], kind: DataKind) -> Result:
    """What a bulk answer says of those who were asked about.

    Raises:
        ContractError: It is no such answer.
    """
    matches = answer.get("matches")
    if not isinstance(matches, list):
        raise ContractError("Apollo: POST /people/bulk_match answered without a list of matches.")
    people = {person["id"]: person for person in matches if is_match(person)}
    request_id = _late_request_id(answer, kind)
    if request_id is not None:
        return Result(request_id=request_id)
    return _result(people, ids, kind, _cost(answer.get("credits_consumed")))


def read_delivery(saved: Mapping[str, Any], ids: Sequence[str], kind: DataKind) -> Result:
    """What the first answer and the late one say together.

    Args:
        saved: `answer`, the first one, and `delivery`, the late one as `fetch_delivery` gave it.
        ids: Who was asked about.
        kind: What was asked for.
    """
    answer, delivery = saved["answer"], saved["delivery"]
    people = {person["id"]: person for person in answer.get("matches") or [] if is_match(person)}
    payload = delivery.get("webhook_result")
    payload = payload if isinstance(payload, dict) else {}
    late = payload.get("people")
    for person in late if isinstance(late, list) else []:
        if isinstance(person, dict) and isinstance(person.get("id"), str):
            people[person["id"]] = {**people.get(person["id"], {"id": person["id"]}), "delivered": person}
    late_cost = _cost(payload.get("credits_consumed"))
    # Where the late part says nothing of its cost, it may have cost all that was set aside.
    cost = None if late_cost is None else late_cost + (_cost(answer.get("credits_consumed")) or 0.0)
    return _result(people, ids, kind, cost)


def fetch_delivery(client: ApolloClient, request_id: str) -> Json | None:
    """The late result of a call; `None`: it is still to come. Costs nothing.

    One that Apollo does not know, or no longer keeps (30 days), is an empty result: it will never come.
    """
    try:
        answer = client.read("GET", f"/webhook_result/{request_id}")
    except PermanentError as error:
        if error.code == _STILL_COMING:
            return None
        # Another 404 is one of the address, not of the result.
        if error.code in _NEVER_COMES:
            return {"webhook_status": error.code}
        raise
    # `failed` is said of the delivery to the address, which ours always is; the result may be there all the same.
    if answer.get("webhook_status") == "in_progress" and not answer.get("webhook_result"):
        return None
    return answer


def is_match(person: object) -> bool:
    """Whether a match is one, with an id and a name. A stub without them is a miss, even with its company filled in."""
    if not isinstance(person, dict) or person.get("match_confidence") == "none":
        return False
    names = [person.get(name) for name in ("name", "first_name", "last_name")]
    person_id = person.get("id")
    return (
        isinstance(person_id, str) and bool(person_id) and any(isinstance(name, str) and name.strip() for name in names)
    )


def email_of(person: Mapping[str, Any]) -> str | None:
    """The person's address, or the one that was delivered later; `None`: none, or only Apollo's placeholder for one."""
    for text in (person.get("email"), *(each.get("email") for each in _delivered(person, "emails"))):
        if isinstance(text, str) and "@" in text and _PLACEHOLDER not in text.lower():
            return text
    return None


def phone_of(person: Mapping[str, Any]) -> str | None:
    """The first number that was delivered, in international form; `None`: none."""
    for number in _delivered(person, "phone_numbers"):
        if isinstance(number.get("sanitized_number"), str) and number["sanitized_number"]:
            return str(number["sanitized_number"])
    return None


def _delivered(person: Mapping[str, Any], name: str) -> list[Json]:
    delivered = person.get("delivered")
    each = delivered.get(name) if isinstance(delivered, dict) else None
    return [one for one in each if isinstance(one, dict)] if isinstance(each, list) else []


def enrich_organization(client: ApolloClient, domain: str) -> Json:
    """Ask about one company. Costs a credit if it is found; errors as `ApolloClient.pay`.

    One by one, because the bulk call leaves out revenue and technologies at the same price.
    """
    return client.pay("GET", "/organizations/enrich", params={"domain": domain})


def read_organization(answer: Mapping[str, Any], domain: str) -> Result:
    """What the answer says of the company; a miss is an object without one."""
    organization = answer.get("organization")
    is_found = isinstance(organization, dict) and isinstance(organization.get("id"), str) and organization["id"] != ""
    row = Settled(
        subject_id=domain,
        outcome=Outcome.found if is_found else Outcome.no_match,
        credits=1.0 if is_found else 0.0,
        raw_json=organization if is_found else None,
    )
    return Result(rows=[row], credits_consumed=row.credits)


def _late_request_id(answer: Mapping[str, Any], kind: DataKind) -> str | None:
    part = answer.get("phone_enrichment" if kind is DataKind.phone else "waterfall")
    if kind is DataKind.email or not isinstance(part, dict) or part.get("status") not in {"pending", "accepted"}:
        return None
    request_id = part.get("request_id") or answer.get("request_id")
    return None if request_id is None else str(request_id)


def _result(people: Mapping[str, Json], ids: Sequence[str], kind: DataKind, cost: float | None) -> Result:
    outcomes = {person_id: _outcome(people.get(person_id), kind) for person_id in [*ids, *people]}
    # Whom Apollo charges for is not said, only how much: those it found bear it together.
    found = [person_id for person_id, outcome in outcomes.items() if outcome is not Outcome.no_match]
    consumed = len(found) * CREDITS_EACH[kind] if cost is None else cost
    bearers = found or list(outcomes)
    rows = [
        Settled(
            subject_id=person_id,
            outcome=outcome,
            credits=consumed / len(bearers) if person_id in bearers else 0.0,
            raw_json=people.get(person_id),
        )
        for person_id, outcome in outcomes.items()
    ]
    return Result(rows=rows, credits_consumed=consumed)


def _outcome(person: Json | None, kind: DataKind) -> Outcome:
    if person is None:
        return Outcome.no_match
    if kind in {DataKind.phone, DataKind.waterfall_phone}:
        return Outcome.matched_with_phone if phone_of(person) else Outcome.matched_without_phone
    return Outcome.matched_with_email if email_of(person) else Outcome.matched_without_email


def _cost(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        return None
    return float(value)
