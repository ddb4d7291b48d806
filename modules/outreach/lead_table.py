"""`leads`: where people stand at Instantly, and who they are: from Instantly, Apollo or a file, by the same rules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson

from modules.apollo.apollo_enrichment import email_of, phone_of
from modules.outreach.apollo_ledger import purchases_since
from modules.outreach.lead_records import LeadRecord, Provenance, lead_record
from modules.outreach.normalised_tables import last_refresh, noted_refresh
from modules.outreach.pages import add_counts, in_batches, pages
from modules.outreach.regions import Region
from modules.shared.emails import InvalidAddress
from modules.shared.raw_table import RejectedRow
from modules.supabase.row_batches import quarantine_record

if TYPE_CHECKING:
    from collections.abc import Iterable

    from modules.apollo.apollo_enrichment import Json
    from modules.supabase.row_store import RowStore

LEADS = "leads"


def refresh_leads(store: RowStore, orchestrator_run_id: str | None = None) -> dict[str, int]:
    """Bring `leads` up to what Instantly and Apollo said since the last time.

    Returns:
        How many rows were inserted, updated, unchanged and rejected.
    """
    since = last_refresh(store, LEADS)
    parameters = {"changed_since": since}
    with noted_refresh(store, LEADS, made_of="instantly_leads_raw", orchestrator_run_id=orchestrator_run_id) as counts:
        add_counts(counts, store.call("refresh_leads", parameters)[0])
        described = pages(store, "leads_to_describe", key="lead_id")
        add_counts(counts, merge_leads(store, map(_described, described)))
        bought = purchases_since(store, "person", since)
        add_counts(counts, merge_leads(store, filter(None, map(_enriched, bought))))
    return counts


def merge_leads(store: RowStore, records: Iterable[LeadRecord | RejectedRow]) -> dict[str, int]:
    """Merge records by address, in batches; what does not fit goes to `rejected_rows`.

    Returns:
        How many were inserted, updated, unchanged and rejected.
    """
    counts = dict.fromkeys(("inserted", "updated", "unchanged", "rejected"), 0)
    for batch in in_batches(records):
        rejected = [row for row in batch if isinstance(row, RejectedRow)]
        if rejected:
            notes = [quarantine_record(LEADS, row, None) for row in rejected]
            store.insert("rejected_rows", notes, unique=("table_name", "payload_digest", "reason"))
            counts["rejected"] += len(rejected)
        for rows in _one_an_address(record for record in batch if isinstance(record, LeadRecord)):
            encoded = orjson.dumps([record.model_dump() for record in rows])
            add_counts(counts, store.call("merge_leads", {"rows": orjson.Fragment(encoded)})[0])
    return counts


def _one_an_address(records: Iterable[LeadRecord]) -> list[list[LeadRecord]]:
    """The records in lists to be merged one after the other: a second one of an address adds to the first."""
    lists: list[list[LeadRecord]] = []
    times: dict[str, int] = {}
    for record in records:
        place = times.get(record.email, 0)
        times[record.email] = place + 1
        if place == len(lists):
            lists.append([])
        lists[place].append(record)
    return lists


def _described(row: Json) -> LeadRecord | RejectedRow:
    """A lead that Instantly brought, with what is said of it there."""
    payload = row["payload"] or {}
    custom = payload.get("payload")
    fields = {**(custom if isinstance(custom, Mapping) else {}), **payload}
    texts = {
        "first_name": "first_name",
        "last_name": "last_name",
        "job_title": "jobTitle",
        "linkedin_url": "linkedIn",
        "country": "country",
        "city": "city",
        "phone": "phone",
        "company_name": "company_name",
    }
    provenance = Provenance(source=row["source"], collected_at=datetime.fromisoformat(row["collected_at"]))
    record = _record(
        row["email"],
        payload=row,
        provenance=provenance,
        company_domain=_text(fields.get("company_domain")) or _text(fields.get("website")),
        **{name: _text(fields.get(key)) for name, key in texts.items()},
    )
    # Under Instantly's own spelling: under another one it would be a second lead, to whom nobody has ever written.
    return record.model_copy(update={"email": row["email"]}) if isinstance(record, LeadRecord) else record


def _enriched(row: Json) -> LeadRecord | RejectedRow | None:
    """A person that was paid for; `None`: without an address there is no lead."""
    person: Json = row["payload"]
    email = email_of(person)
    if email is None:
        return None
    organization = person.get("organization")
    organization = organization if isinstance(organization, Mapping) else {}
    provenance = Provenance(
        source="apollo",
        collected_at=datetime.fromisoformat(row["settled_at"]),
        lawful_basis=row["lawful_basis"],
        region=Region(row["region"]) if row["region"] else None,
        search_name=row["search_name"],
    )
    texts = ("email_status", "first_name", "last_name", "linkedin_url", "country", "city", "seniority")
    return _record(
        email,
        payload=person,
        provenance=provenance,
        job_title=_text(person.get("title")),
        phone=phone_of(person),
        company_name=_text(organization.get("name")),
        company_domain=_text(organization.get("primary_domain")) or _text(organization.get("website_url")),
        apollo_person_id=row["subject_id"],
        apollo_organization_id=_text(person.get("organization_id")) or _text(organization.get("id")),
        **{name: _text(person.get(name)) for name in texts},
    )


def _record(email: str, *, payload: Json, **fields: Any) -> LeadRecord | RejectedRow:
    try:
        return lead_record(email, **fields)
    except InvalidAddress as error:
        return RejectedRow(key=None, reason=f"email: {error}", payload=payload)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
