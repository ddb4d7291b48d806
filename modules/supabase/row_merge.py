"""Rows merged into a raw table, batch by batch, while the next ones are still being read."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import orjson

from modules.shared.errors import PermanentError
from modules.shared.raw_table import RejectedRow
from modules.supabase.row_batches import Batch, Record, batches, quarantine_record
from modules.supabase.seen_keys import SeenKeys
from modules.supabase.supabase_client import BAD_ROW_CLASSES, TOO_LARGE_CODES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from modules.shared.raw_table import RawRow, RawTable
    from modules.supabase.row_store import RowStore

_BATCHES_WAITING = 2
"""Batches that wait to be written while the next is read: the two overlap, and memory stays flat."""


@dataclass(slots=True)
class MergeCounts:
    """What became of the rows. `read` is the sum of the others, but for rows that came twice in one batch."""

    read: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0


@dataclass(slots=True, kw_only=True)
class RowMerge:
    """One merge into one table. A batch is all or nothing; what was merged before an error stays.

    A row that the database refuses is found by halving its batch; it goes to quarantine, and the rest is kept.

    Attributes:
        as_of: The moment the rows speak of; becomes `synced_at`.
        workspace_id: Where they were read from.
        sync_run_id: The read that quarantined rows are noted under.
        keep_existing: Only add rows that are not there: the data is older than the table.
        is_mostly_known: Whether most rows are expected to be stored as they are; learned anew from each batch. Then
            keys and digests are sent first, and only the rows behind those that differ.
        counts: What became of the rows so far.
        seen: The keys met so far, those of rejected rows included.
    """

    store: RowStore
    table: RawTable
    as_of: datetime
    sync_run_id: str
    workspace_id: str | None = None
    keep_existing: bool = False
    is_mostly_known: bool = False
    counts: MergeCounts = field(default_factory=MergeCounts)
    seen: SeenKeys = field(default_factory=SeenKeys)

    def run(self, rows: Iterable[RawRow | RejectedRow]) -> None:
        """Merge all rows. Unchanged ones are not touched.

        Raises:
            RetryableError: Supabase stayed out of reach.
            PermanentError: Key, right or schema is wrong.
        """
        waiting: deque[Future[None]] = deque()
        # One writer: batches arrive in the order they were read, so that the last of two equal keys wins.
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="merge") as writer:
            for batch in batches(self.table, rows, as_of=self.as_of, workspace_id=self.workspace_id):
                self.counts.read += batch.read
                for key in batch.records:
                    self.seen.add(key)
                while len(waiting) >= _BATCHES_WAITING:
                    waiting.popleft().result()
                waiting.append(writer.submit(self._write, batch))
            while waiting:
                waiting.popleft().result()

    def _write(self, batch: Batch) -> None:
        rejected = list(batch.rejected)
        parts = [list(batch.records.items())] if batch.records else []
        while parts:
            part = parts.pop()
            try:
                self._merge(part)
            except PermanentError as error:
                code = error.code or ""
                is_row_to_blame = code.startswith(BAD_ROW_CLASSES) or code == "413"
                if len(part) > 1 and (is_row_to_blame or code in TOO_LARGE_CODES):
                    middle = len(part) // 2
                    parts += [part[middle:], part[:middle]]
                elif is_row_to_blame:
                    key, record = part[0]
                    reason = f"refused by the database ({code})"
                    payload = orjson.loads(record.encoded)["raw_json"]
                    rejected.append(RejectedRow(key=key, reason=reason, payload=payload))
                else:
                    raise
        if rejected:
            self._quarantine(rejected)

    def _merge(self, part: list[tuple[tuple[str, ...], Record]]) -> None:
        new = self._unknown(part) if self.is_mostly_known and not self.keep_existing else part
        answer = {"inserted": 0, "updated": 0, "unchanged": 0}
        if new:
            rows = [orjson.Fragment(record.encoded) for _, record in new]
            parameters = {"target_table": self.table.name, "rows": rows, "keep_existing": self.keep_existing}
            answer = self.store.call("merge_rows", parameters)[0]
        unchanged = answer["unchanged"] + len(part) - len(new)
        self.counts.inserted += answer["inserted"]
        self.counts.updated += answer["updated"]
        self.counts.unchanged += unchanged
        self.is_mostly_known = 2 * unchanged > len(part)

    def _unknown(self, part: list[tuple[tuple[str, ...], Record]]) -> list[tuple[tuple[str, ...], Record]]:
        """The rows that are not stored as they are: a tenth of the bytes, and of the database's work, finds out."""
        rows = [(*key, record.row_digest) for key, record in part]
        answer = self.store.call("changed_rows", {"target_table": self.table.name, "rows": rows})
        return [part[row["place"]] for row in answer]

    def _quarantine(self, rejected: list[RejectedRow]) -> None:
        self.counts.rejected += len(rejected)
        for row in rejected:
            if row.key is None:
                self.seen.is_whole = False
            else:
                self.seen.add(row.key)
        unique = ("table_name", "payload_digest", "reason")
        records = [quarantine_record(self.table.name, row, self.sync_run_id) for row in rejected]
        self.store.insert("rejected_rows", records, unique=unique)
