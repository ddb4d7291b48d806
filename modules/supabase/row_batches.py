"""Rows cut into batches that one request can carry, each row with the digest by which an unchanged one is known."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from modules.shared.raw_table import RejectedRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from modules.shared.raw_table import RawRow, RawTable

ROWS_A_BATCH = 1_000
BYTES_A_BATCH = 1_000_000
"""Whichever comes first; well below what a gateway or a statement's time limit refuses."""


class Record(NamedTuple):
    """One table record.

    Attributes:
        encoded: All of it, as JSON.
        row_digest: The hash by which an unchanged row is known.
    """

    encoded: bytes
    row_digest: str


@dataclass(slots=True)
class Batch:
    """What one request carries.

    Attributes:
        records: Table records by key; a key that comes twice keeps its last record.
        rejected: Rows that do not fit, met on the way.
        read: Rows taken in, of both kinds.
        size_bytes: Of the records, as JSON.
    """

    records: dict[tuple[str, ...], Record] = field(default_factory=dict)
    rejected: list[RejectedRow] = field(default_factory=list)
    read: int = 0
    size_bytes: int = 0

    def is_full(self) -> bool:
        """Whether the next row belongs into another batch."""
        return self.read >= ROWS_A_BATCH or self.size_bytes >= BYTES_A_BATCH


def batches(
    table: RawTable, rows: Iterable[RawRow | RejectedRow], *, as_of: datetime, workspace_id: str | None = None
) -> Iterator[Batch]:
    """The rows in batches, in order; at least one row each. Each record says when and from where it was read."""
    where = {} if "workspace_id" in table.row.model_fields else {"workspace_id": workspace_id}
    tail = orjson.dumps({"synced_at": as_of.isoformat(), **where})[1:]
    batch = Batch()
    for row in rows:
        if batch.is_full():
            yield batch
            batch = Batch()
        batch.read += 1
        if isinstance(row, RejectedRow):
            batch.rejected.append(row)
            continue
        record = row.__dict__
        try:
            encoded = encode(record)
        except orjson.JSONEncodeError:
            reason = "cannot be written as JSON"
            batch.rejected.append(RejectedRow(key=table.key_of(record), reason=reason, payload=row.raw_json))
            continue
        row_digest = digest(encoded)
        if b"\\u0000" in encoded:
            record = without_nul(record)
            encoded = encode(record)
        # Encoded once, for the digest and for the request: encoding is what a large read spends most time on.
        encoded = b'%b,"row_digest":"%b",%b' % (encoded[:-1], row_digest.encode(), tail)
        batch.records[table.key_of(record)] = Record(encoded, row_digest)
        batch.size_bytes += len(encoded)
    if batch.read:
        yield batch


def quarantine_record(table_name: str, rejected: RejectedRow, sync_run_id: str | None) -> dict[str, Any]:
    """The record of `rejected_rows` for a row that did not fit."""
    try:
        encoded = encode(rejected.payload)
        payload = without_nul(rejected.payload)
    except orjson.JSONEncodeError:
        encoded, payload = repr(rejected.payload).encode("utf-8", "replace"), None
    return {
        "table_name": table_name,
        "row_key": without_nul(" / ".join(rejected.key or ())),
        "reason": rejected.reason,
        "payload": payload,
        "payload_digest": digest(encoded),
        "sync_run_id": sync_run_id,
    }


def encode(value: object) -> bytes:
    """JSON with sorted keys, so that the order in which a vendor lists fields is no change."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def digest(encoded: bytes) -> str:
    """A short hash of a row's content."""
    return hashlib.blake2b(encoded, digest_size=16).hexdigest()


def without_nul(value: Any) -> Any:
    """The same value without NUL characters, which PostgreSQL cannot store."""
    match value:
        case str():
            return value.replace("\x00", "")
        case dict():
            return {without_nul(key): without_nul(item) for key, item in value.items()}
        case list():
            return [without_nul(item) for item in value]
        case _:
            return value
