"""The contacts a team has saved: a few from the start, and more when enriched people are saved."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import md5, sha256
from typing import TYPE_CHECKING, Any

from sandbox.apollo.data.companies import FREE_MAIL_DOMAIN
from sandbox.apollo.data.fates import MISSES, PLACEHOLDER_EMAIL
from sandbox.apollo.data.identifiers import ACCOUNT, CONTACT, OTHER, hex_id
from sandbox.apollo.data.person_payloads import enriched
from sandbox.vendor.repeatable import DAY_MS, timestamp

if TYPE_CHECKING:
    from sandbox.apollo.data.people import People
    from sandbox.vendor.clock import Clock

Payload = dict[str, Any]
SAVED_FROM_THE_START = 24
_EVERY, _UNSUBSCRIBED_EVERY, _BY_HAND_EVERY = 37, 8, 6
_NULLS = [
    "email_needs_tickling",
    "headline",
    "photo_url",
    "present_raw_address",
    "linkedin_uid",
    "extrapolated_email_confidence",
    "salesforce_id",
    "salesforce_lead_id",
    "salesforce_contact_id",
    "salesforce_account_id",
    "crm_owner_id",
    "direct_dial_status",
    "direct_dial_enrichment_failed_at",
    "email_source",
    "last_activity_date",
    "hubspot_vid",
    "hubspot_company_id",
    "crm_id",
    "sanitized_phone",
    "merged_crm_ids",
    "suggested_from_rule_engine_config_id",
    "crm_record_url",
    "person_deleted",
    "call_opted_out",
    "email_status_unavailable_reason",
    "account_phone_note",
]


def account_id(seed: int, company: int) -> str:
    """Give back the id under which the team saved a company."""
    return hex_id(seed, ACCOUNT, company)


@dataclass(slots=True)
class Contacts:
    """Saved people, by contact id, in the order in which they were saved."""

    people: People
    clock: Clock
    rows: dict[str, Payload] = field(default_factory=dict)
    _of_person: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Save the first ones: everybody at some distance, some of them typed in by hand."""
        for place in range(SAVED_FROM_THE_START):
            number = place * _EVERY
            if number < self.people.count and self.people.fate(number) not in MISSES:
                self.save(number)
                row = self.rows[self._of_person[number]]
                made_ms = (self.clock.today - 3 * place - 2) * DAY_MS + number
                row |= {"created_at": timestamp(made_ms), "updated_at": timestamp(made_ms + place % 3 * DAY_MS)}
                row["email_unsubscribed"] = True if place % _UNSUBSCRIBED_EVERY == 0 else None
                if place % _BY_HAND_EVERY == 1:
                    row |= {"person_id": None, "source": "crm", "original_source": "crm", "email_from_customer": True}

    def of_person(self, number: int) -> Payload | None:
        """Give back the contact of a person, or `None`."""
        contact_id = self._of_person.get(number)
        return None if contact_id is None else self.rows[contact_id]

    def save(self, number: int) -> None:
        """Save a person, unless they are saved."""
        if number not in self._of_person:
            row = self._row(number)
            self.rows[row["id"]] = row
            self._of_person[number] = row["id"]

    def change(self, contact_id: str, fields: Payload) -> None:
        """Change fields of a contact. Raises `KeyError` when there is none."""
        self.rows[contact_id] |= fields | {"updated_at": self.clock.tick()}

    def _row(self, number: int) -> Payload:
        people = self.people
        who, shown = people.somebody(number), enriched(people, number)
        email, status = shown["email"], shown["email_status"]
        if email == PLACEHOLDER_EMAIL:
            # Whose contact somebody is, sees the address itself.
            email = who.email
        now = self.clock.tick()
        is_free = bool(email) and email.endswith(f"@{FREE_MAIL_DOMAIN}")
        stage = hex_id(people.seed, OTHER, 1 + number % 3)
        shared = {name: shown[name] for name in ("first_name", "last_name", "name", "linkedin_url", "title")}
        return (
            dict.fromkeys(_NULLS)
            | shared
            | {
                "id": hex_id(people.seed, CONTACT, number),
                "person_id": shown["id"],
                "organization_id": shown["organization_id"],
                "organization_name": None if who.company is None else people.companies.name(who.company),
                "account_id": None if who.company is None else account_id(people.seed, who.company),
                "email": email,
                "email_status": status,
                "email_true_status": "Verified" if status == "verified" else "Unavailable",
                "email_unsubscribed": None,
                "email_from_customer": False,
                "email_domain_catchall": number % 7 == 0,
                "free_domain": is_free,
                "contact_emails": [_address(email, status, is_free=is_free)] if email else [],
                "phone_numbers": [],
                "contact_stage_id": stage,
                "label_ids": [],
                "owner_id": hex_id(people.seed, OTHER, 0),
                "creator_id": hex_id(people.seed, OTHER, 0),
                "city": shown["city"],
                "state": shown["state"],
                "country": shown["country"],
                "source": "api",
                "original_source": "api",
                "source_display_name": "Created from API",
                "existence_level": "full",
                "contact_roles": [],
                "emailer_campaign_ids": [],
                "contact_campaign_statuses": [],
                "contact_rule_config_statuses": [],
                "typed_custom_fields": {},
                "custom_field_errors": {},
                "created_at": now,
                "updated_at": now,
            }
        )


def _address(email: str, status: str, *, is_free: bool) -> Payload:
    return {
        "email": email,
        "email_md5": md5(email.encode(), usedforsecurity=False).hexdigest(),
        "email_sha256": sha256(email.encode()).hexdigest(),
        "email_status": status,
        "email_source": None,
        "extrapolated_email_confidence": None,
        "position": 0,
        "email_from_customer": None,
        "free_domain": is_free,
    }
