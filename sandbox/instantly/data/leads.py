"""The leads of a workspace: sample ones computed on demand, changed and added ones kept."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from sandbox.instantly.data.identifiers import ordered_uuid
from sandbox.instantly.data.ordered_rows import ComputedOrder, keys_after, merged
from sandbox.vendor.repeatable import mix, timestamp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.instantly.data.lead_numbers import LeadNumbers
    from sandbox.instantly.data.sample_leads import SampleLeads
    from sandbox.vendor.clock import Clock

Payload = dict[str, Any]
STANDARD_KEYS = {
    "first_name": "firstName",
    "last_name": "lastName",
    "company_name": "companyName",
    "job_title": "jobTitle",
    "phone": "phone",
    "website": "website",
    "personalization": "personalization",
    "email": "email",
}
_OTHER_KEYS = ("lt_interest_status", "pl_value_lead", "assigned_to")


class Leads:
    """One workspace's leads, addressed by id, listed by id from the lowest up."""

    def __init__(
        self, *, numbers: LeadNumbers, sample: SampleLeads, clock: Clock, seed: int, workspace_id: str
    ) -> None:
        """Start with the untouched sample."""
        self.numbers = numbers
        self._sample = sample
        self._clock = clock
        self._seed = seed
        self._workspace_id = workspace_id
        self._order = ComputedOrder(numbers.total, lambda place: numbers.id_of(numbers.at_position(place)))
        self._changes: dict[int, Payload] = {}
        self._deleted: set[int] = set()
        self._deleted_in: Counter[str] = Counter()
        self._added: dict[str, Payload] = {}
        self._added_ids: dict[str, list[str]] = defaultdict(list)
        self._ids_by_email: dict[str, list[str]] = defaultdict(list)

    def __len__(self) -> int:
        """Count the leads that exist now."""
        return self.numbers.total - len(self._deleted) + len(self._added)

    def count_in(self, container_id: str) -> int:
        """Count the leads of a campaign or list now."""
        container = self._sample.container_number(container_id)
        sample = 0 if container is None else self.numbers.size(container) - self._deleted_in[container_id]
        return sample + sum(lead_id in self._added for lead_id in self._added_ids[container_id])

    def find(self, lead_id: str) -> Payload | None:
        """Give back the lead as the vendor shows it, or `None`."""
        if lead_id in self._added:
            return self._added[lead_id]
        number = self._number_of(lead_id)
        return None if number is None else self.sample_row(number)

    def _number_of(self, lead_id: str) -> int | None:
        position = self._order.position_of(lead_id)
        number = None if position is None else self.numbers.at_position(position)
        return None if number in self._deleted else number

    def sample_row(self, number: int) -> Payload:
        """Give back a sample lead by its number, even one that was deleted since."""
        return self._sample.row(number) | self._changes.get(number, {})

    def after(self, cursor: str | None, container_id: str | None = None) -> Iterator[Payload]:
        """Yield the leads behind a cursor by rising id, of one campaign or list or of the whole workspace."""
        if container_id is None:
            sample: Iterator[tuple[str, int]] = (
                (key, self.numbers.at_position(place)) for key, place in self._order.after(cursor)
            )
        else:
            sample = self._sample_after(cursor, self._sample.container_number(container_id))
        added = ((key, -1) for key in keys_after(self._added_ids[container_id or ""], cursor))
        for key, number in merged(sample, added):
            if number < 0:
                if key in self._added:
                    yield self._added[key]
            elif number not in self._deleted:
                yield self.sample_row(number)

    def _sample_after(self, cursor: str | None, container: int | None) -> Iterator[tuple[str, int]]:
        if container is None:
            return
        numbers = self.numbers
        order = ComputedOrder(
            numbers.size(container), lambda place: numbers.id_of(numbers.at_position_in(container, place))
        )
        for key, place in order.after(cursor):
            yield key, numbers.at_position_in(container, place)

    def with_email(self, email: str) -> list[Payload]:
        """Give back all leads with this address, wherever they are; case does not matter."""
        sample = (number for number in self.numbers.leads_with(email.lower()) if number not in self._deleted)
        added = (self._added[each] for each in self._ids_by_email.get(email.lower(), ()) if each in self._added)
        return sorted([*map(self.sample_row, sample), *added], key=lambda row: str(row["id"]))

    def add(self, fields: Payload, *, campaign_id: str | None, list_id: str | None, owner_id: str) -> Payload:
        """Make a lead. Nothing is compared with the leads that exist: who calls decides."""
        made_ms = self._clock.tick_ms()
        lead_id = ordered_uuid(made_ms, mix(self._seed, 801, made_ms))
        written = timestamp(made_ms)
        email = fields.get("email") or ""
        row: Payload = {"id": lead_id, "timestamp_created": written, "timestamp_updated": written}
        row |= {"organization": self._workspace_id, "status": 1}
        row |= dict.fromkeys(("email_open_count", "email_reply_count", "email_click_count"), 0)
        row |= {"company_domain": email.rpartition("@")[2], "status_summary": {}, "upload_method": "api"}
        row |= {"assigned_to": owner_id, "esp_code": 0}
        row |= {"campaign": campaign_id} if campaign_id else {}
        row |= {"list_id": list_id} if list_id else {}
        row |= {key: fields[key] for key in (*STANDARD_KEYS, *_OTHER_KEYS) if fields.get(key) is not None}
        row["payload"] = payload_of(row) | fields.get("custom_variables", {})
        self._added[lead_id] = row
        self._ids_by_email[email.lower()].append(lead_id)
        for container_id in ("", campaign_id or list_id):
            if container_id is not None:
                self._added_ids[container_id].append(lead_id)
        return row

    def change(self, lead_id: str, fields: Payload, custom_variables: Payload | None = None) -> Payload | None:
        """Overwrite fields; custom variables replace the ones there were. `None` when there is no such lead."""
        row = self.find(lead_id)
        if row is None:
            return None
        changed = row | fields
        kept = {key: each for key, each in row.get("payload", {}).items() if key not in STANDARD_KEYS.values()}
        fields = fields | {"timestamp_updated": self._clock.tick()}
        fields["payload"] = payload_of(changed) | (kept if custom_variables is None else custom_variables)
        if lead_id in self._added:
            row.update(fields)
            return row
        number = self._number_of(lead_id)
        if number is not None:
            self._changes.setdefault(number, {}).update(fields)
        return row | fields

    def delete(self, lead_id: str) -> Payload | None:
        """Remove the lead; give back what it was."""
        row = self.find(lead_id)
        if lead_id in self._added:
            del self._added[lead_id]
        elif row is not None:
            number = self._number_of(lead_id)
            if number is not None:
                self._deleted.add(number)
                self._deleted_in[row.get("campaign") or row.get("list_id") or ""] += 1
        return row


def payload_of(row: Payload) -> Payload:
    """Give back the variables that mail texts can use, under the vendor's second spelling."""
    return {there: row[here] for here, there in STANDARD_KEYS.items() if row.get(here) is not None}
