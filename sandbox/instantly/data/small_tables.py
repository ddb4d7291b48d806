"""The small lists of a workspace, kept whole in memory: block list, tags, labels, lead lists, jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.instantly.data.accounts import TAG_LABELS
from sandbox.instantly.data.campaigns import TAG_COUNT, tag_id
from sandbox.instantly.data.identifiers import ordered_uuid, plain_uuid
from sandbox.vendor.repeatable import DAY_MS, mix, timestamp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.instantly.data.campaign_plans import CampaignPlans
    from sandbox.instantly.data.sample_leads import SampleLeads
    from sandbox.vendor.clock import Clock

Payload = dict[str, Any]
_BLOCKED = ("rivalfreight.example", "goodneighbour.example", "careful.customer@keepaway.example")
_LABELS = (("Referral", "positive", 5), ("Wrong season", "neutral", 6), ("Asked to stop", "negative", -5))


class BlockList:
    """Addresses and domains that a workspace never writes to, listed by id from the lowest up."""

    def __init__(self, *, clock: Clock, seed: int, workspace_id: str, first_ms: int) -> None:
        """Start with the sample's entries."""
        self.id = plain_uuid(seed, 1101)
        self._clock = clock
        self._seed = seed
        self._workspace_id = workspace_id
        self._rows: dict[str, Payload] = {}
        for place, value in enumerate(_BLOCKED):
            self._put(value, first_ms + place * DAY_MS)

    def _put(self, value: str, made_ms: int) -> Payload:
        entry_id = ordered_uuid(made_ms, mix(self._seed, 1102, made_ms))
        row: Payload = {"id": entry_id, "timestamp_created": timestamp(made_ms), "organization_id": self._workspace_id}
        row |= {"bl_value": value, "is_domain": "@" not in value}
        self._rows[entry_id] = row
        return row

    def add(self, value: str) -> Payload:
        """Add an entry; a value that stands there already gets a second one."""
        return self._put(value.strip().lower(), self._clock.tick_ms())

    def after(self, cursor: str | None) -> Iterator[Payload]:
        """Yield the entries behind a cursor."""
        return (row for key, row in sorted(self._rows.items()) if cursor is None or key > cursor)

    def find(self, entry_id: str) -> Payload | None:
        """Give back an entry, or `None`."""
        return self._rows.get(entry_id)

    def delete(self, entry_id: str) -> Payload | None:
        """Remove an entry; give back what it was."""
        return self._rows.pop(entry_id, None)

    def blocks(self, email: str) -> bool:
        """Say whether the address, its domain, or a domain above it is on the list."""
        values = {row["bl_value"] for row in self._rows.values()}
        labels = email.lower().rpartition("@")[2].split(".")
        return email.lower() in values or any(".".join(labels[start:]) in values for start in range(len(labels)))


class SmallTables:
    """Lists that the stand-in only shows."""

    def __init__(
        self, *, plans: CampaignPlans, lists: SampleLeads, seed: int, workspace_id: str, owner_id: str, first_ms: int
    ) -> None:
        """Compute them once."""
        made = [timestamp(first_ms + place * DAY_MS // 2) for place in range(max(TAG_COUNT, len(_LABELS)))]
        self.tags: list[Payload] = sorted(
            (
                {
                    "id": tag_id(seed, tag),
                    "timestamp_created": made[tag],
                    "timestamp_updated": made[tag],
                    "organization_id": workspace_id,
                    "label": TAG_LABELS[tag],
                }
                for tag in range(TAG_COUNT)
            ),
            key=lambda row: str(row["id"]),
        )
        self.labels: list[Payload] = [
            {
                "id": plain_uuid(seed, 1201, place),
                "timestamp_created": made[place],
                "created_by": owner_id,
                "organization_id": workspace_id,
                "label": label,
                "interest_status_label": kind,
                "interest_status": number,
            }
            for place, (label, kind, number) in enumerate(_LABELS)
        ][::-1]
        self.lists: list[Payload] = [
            {
                "id": list_id,
                "organization_id": workspace_id,
                "has_enrichment_task": False,
                "owned_by": owner_id,
                "name": f"Imported contacts {container - plans.count + 1}",
                "timestamp_created": timestamp(first_ms + container * 60_000),
            }
            for list_id, container in reversed(lists.list_ids.items())
        ]
        self.tag_mappings: list[Payload] = [
            {
                "id": plain_uuid(seed, 1202, campaign),
                "tag_id": tag_id(seed, campaign),
                "resource_id": plans.id_of(campaign),
                "resource_type": 2,
                "timestamp_created": timestamp(plans.plan(campaign).made_ms + 5000),
                "organization_id": workspace_id,
            }
            for campaign in range(8, min(plans.count, 2000), 9)
        ][::-1]
        self.jobs: list[Payload] = [
            {
                "id": f"{mix(seed, 1203, job):016x}{mix(seed, 1204, job) >> 32:08x}",
                "workspace_id": workspace_id,
                "type": "import-leads",
                "entity_id": plans.id_of(job),
                "entity_type": "campaign",
                "progress": 100,
                "status": "success",
                "created_at": timestamp(plans.plan(job).made_ms),
                "updated_at": timestamp(plans.plan(job).made_ms + 4000),
                "data": {"total_leads": plans.plan(job).leads, "failed_count": 0},
            }
            for job in range(min(plans.count, 30))
        ][::-1]
