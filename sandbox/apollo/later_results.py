"""What comes later: mobile numbers, and what a waterfall of other providers finds (reference §3.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.apollo.credits import PHONE, PRICES, WATERFALL_EMAIL, WATERFALL_PHONE
from sandbox.apollo.data.arrays import chance
from sandbox.apollo.data.fates import EMAIL_STATUSES
from sandbox.apollo.data.identifiers import request_number
from sandbox.apollo.data.person_payloads import mobile_number
from sandbox.apollo.errors import insufficient_credits
from sandbox.apollo.webhook_results import Result

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.apollo.endpoint import Call

Payload = dict[str, Any]
_FOUND_ELSEWHERE_PCT = 50


def remember(call: Call, kind: str, numbers: list[int], make: Callable[[], Payload]) -> None:
    """Let a result come under the id of this request."""
    result = Result(kind=kind, person_numbers=frozenset(numbers), asked_on=call.world.clock.today, make=make)
    call.world.results.by_request[this_request(call)] = result


def this_request(call: Call) -> int:
    """Give back the id of this request."""
    return request_number(call.world.settings.seed, call.number)


def phones(call: Call, numbers: list[int], asked_for: int) -> Payload:
    """Make the payload of mobile numbers, and charge for those found."""
    people = call.database.people
    found = {number: phone for number in numbers if (phone := mobile_number(people, number)) is not None}
    credits_consumed = call.world.credits.buy([people.id(number) for number in found], PHONE, call.number)
    return {
        "status": "success",
        "total_requested_enrichments": asked_for,
        "unique_enriched_records": len(found),
        "missing_records": asked_for - len(found),
        "credits_consumed": credits_consumed,
        "people": [
            {"id": people.id_after_merge(number), "status": "success", "phone_numbers": [phone]}
            for number, phone in found.items()
        ],
    }


def waterfall(call: Call, numbers: list[int], asked_for: int, *, emails: bool, phone_numbers: bool) -> Payload:
    """Make the payload of a waterfall, and charge for what was found."""
    people, world = call.database.people, call.world
    with_email = [number for number in numbers if emails and _is_found(call, number)]
    with_phone = [number for number in numbers if phone_numbers and people.columns.has_phone[number]]
    if len(with_email) * PRICES[WATERFALL_EMAIL] + len(with_phone) * PRICES[WATERFALL_PHONE] > world.credits.left_over:
        raise insufficient_credits()
    credits_consumed = world.credits.buy([people.id(each) for each in with_email], WATERFALL_EMAIL, call.number)
    credits_consumed += world.credits.buy([people.id(each) for each in with_phone], WATERFALL_PHONE, call.number)
    found = sorted({*with_email, *with_phone})
    now = world.clock.tick()
    return {
        "status": "success",
        "total_requested_enrichments": asked_for,
        "target_fields": ["emails"] * emails + ["phone_numbers"] * phone_numbers,
        "records_enriched": len(found),
        "email_records_enriched": len(with_email),
        "mobile_records_enriched": len(with_phone),
        "enrichment_not_found": asked_for - len(found),
        "email_records_not_found": (asked_for - len(with_email)) * emails,
        "mobile_records_not_found": (asked_for - len(with_phone)) * phone_numbers,
        "credits_consumed": credits_consumed,
        "request_id": str(this_request(call)),
        "request_initiated": now,
        "request_completed": now,
        "people": [_from_waterfall(call, each, now, with_email=with_email, with_phone=with_phone) for each in found],
    }


def _is_found(call: Call, number: int) -> bool:
    people = call.database.people
    is_known = people.fate(number) not in EMAIL_STATUSES
    return is_known or chance(_FOUND_ELSEWHERE_PCT, people.seed, 761, number)


def _from_waterfall(call: Call, number: int, now: str, *, with_email: list[int], with_phone: list[int]) -> Payload:
    people = call.database.people
    row: Payload = {"id": people.id_after_merge(number), "waterfall": {}, "emails": [], "phone_numbers": []}
    vendor = {"id": "seefeld_finder-1", "name": "Seefeld Finder", "status": "VERIFIED", "usedForVerification": False}
    vendor |= {"statusCode": None, "statusMessage": None, "authMechanism": "native"}
    if number in with_email:
        address = people.somebody(number).email
        row["waterfall"]["emails"] = [{"vendors": [vendor | {"emails": [address]}]}]
        email: Payload = {"email": address, "email_status_cd": "Verified", "position": 0, "email_source_cd": None}
        email |= {"third_party_data_provider_id": "seefeld_finder", "waterfall_enriched_at": now}
        row["emails"] = [email | {"extrapolated_email_confidence": None, "vendor_validation_statuses": []}]
    if number in with_phone and (phone := mobile_number(people, number)) is not None:
        row["waterfall"]["phone_numbers"] = [{"vendors": [vendor | {"phone_numbers": [phone["raw_number"]]}]}]
        row["phone_numbers"] = [phone]
    return row
