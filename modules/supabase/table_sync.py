"""One read of one table's source, from the note that it began to the note how complete it was."""

from __future__ import annotations

import uuid
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Protocol

from modules.shared.errors import OutreachError, Refused
from modules.shared.logger import get_logger, redact
from modules.supabase.row_merge import MergeCounts, RowMerge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from modules.shared.raw_table import RawRow, RawTable, RejectedRow
    from modules.supabase.row_store import RowStore
    from modules.supabase.seen_keys import SeenKeys

_logger = get_logger(__name__)

SMALLEST_SHARE = 0.5
"""A read with fewer rows than this share of the last complete one is held for a person."""


class Source(Protocol):
    """What is told of where the rows come from."""

    @property
    def name(self) -> str:
        """`api`, or the name of an export."""

    @property
    def as_of(self) -> datetime:
        """The moment its data speaks of."""

    @property
    def requests_made(self) -> int:
        """Requests to the vendor so far."""

    @property
    def lists_are_whole(self) -> bool:
        """Whether what it does not list is gone at the vendor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which part of a table a read covers.

    Attributes:
        first_day: First day of a range of days.
        last_day: Its last day; `None`: the read covers the whole table.
        narrow: Adds the part's filters to a query.
        covers: Whether the read would have met a row with this key; `None` means all of the part.
    """

    first_day: date | None = None
    last_day: date | None = None
    narrow: Callable[[Any], Any] = lambda query: query
    covers: Callable[[tuple[str, ...]], bool] | None = None

    @property
    def name(self) -> str:
        """`all`, or a range as 2026-11-01...2026-11-20."""
        return "all" if self.last_day is None else f"{self.first_day}...{self.last_day}"


WHOLE_TABLE = Scope()


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncReport:
    """How a read went.

    Attributes:
        counts: What became of the rows.
        marked_deleted: Rows that the vendor no longer lists.
        requests_made: Requests to the vendor.
        previous_rows_read: Rows of the last complete read of the same scope; `None`: there was none.
        data_as_of: The moment the data speaks of.
        kept_existing: The table was newer than the source, so that only missing rows were added.
    """

    counts: MergeCounts
    marked_deleted: int
    requests_made: int
    previous_rows_read: int | None
    data_as_of: datetime
    kept_existing: bool


def sync_table(
    store: RowStore,
    table: RawTable,
    rows: Iterable[RawRow | RejectedRow],
    *,
    source: Source,
    scope: Scope = WHOLE_TABLE,
    orchestrator_run_id: str | None = None,
    accept_short_read: bool = False,
) -> SyncReport:
    """Read all rows into the table, then say so in `sync_runs`.

    A read that fails leaves what it merged, is noted as incomplete with its reason, marks nothing as deleted and never
    counts as fresh.

    Raises:
        Refused: The read is suspiciously short; nothing was marked as deleted.
        OutreachError: As the source or the store raised it.
    """
    kept_existing = _is_newer_than(store, table, source.as_of)
    previous_rows_read = _rows_of_last_complete_read(store, table, scope)
    sync_run_id = str(uuid.uuid4())
    beginning = {
        "id": sync_run_id,
        "table_name": table.name,
        "scope": scope.name,
        "first_day": str(scope.first_day) if scope.first_day else None,
        "last_day": str(scope.last_day) if scope.last_day else None,
        "source": source.name,
        "orchestrator_run_id": orchestrator_run_id,
        "data_as_of": source.as_of.isoformat(),
    }
    store.insert("sync_runs", [beginning])
    requests_before = source.requests_made
    merge = RowMerge(store=store, table=table, as_of=source.as_of, sync_run_id=sync_run_id, keep_existing=kept_existing)
    marked_deleted = 0
    status = "incomplete"
    reason: str | None = None
    try:
        merge.run(rows)
        if source.lists_are_whole and not kept_existing:
            if not accept_short_read:
                _refuse_short_read(table, merge.counts.read, previous_rows_read)
            marked_deleted = _mark_missing(store, table, merge.seen, scope)
        status = "complete"
    except BaseException as error:
        reason = redact(f"{type(error).__name__}: {error}")[:500]
        raise
    finally:
        requests_made = source.requests_made - requests_before
        note = {
            "status": status,
            "reason": reason,
            "finished_at": datetime.now(UTC).isoformat(),
            "requests_made": requests_made,
            "rows_marked_deleted": marked_deleted,
            **{f"rows_{name}": value for name, value in asdict(merge.counts).items()},
        }
        # After an error, the error is what to show. A note that cannot be written leaves the run 'running', which
        # counts as incomplete as well.
        with suppress(*(() if status == "complete" else (OutreachError,))):
            store.update("sync_runs", sync_run_id, note)
    return SyncReport(
        counts=merge.counts,
        marked_deleted=marked_deleted,
        requests_made=requests_made,
        previous_rows_read=previous_rows_read,
        data_as_of=source.as_of,
        kept_existing=kept_existing,
    )


def _is_newer_than(store: RowStore, table: RawTable, moment: datetime) -> bool:
    rows = store.select("sync_status", lambda query: query.eq("table_name", table.name))
    complete_as_of = rows[0]["complete_as_of"] if rows else None
    return complete_as_of is not None and datetime.fromisoformat(complete_as_of) > moment


def _rows_of_last_complete_read(store: RowStore, table: RawTable, scope: Scope) -> int | None:
    of_scope = {"table_name": table.name, "scope": scope.name, "status": "complete"}
    rows = store.select("sync_runs", lambda query: query.match(of_scope).order("data_as_of", desc=True).limit(1))
    return rows[0]["rows_read"] if rows else None


def _refuse_short_read(table: RawTable, rows_read: int, previous_rows_read: int | None) -> None:
    if previous_rows_read and rows_read < SMALLEST_SHARE * previous_rows_read:
        raise Refused(
            f"{table.name}: {rows_read} rows came where the last complete read had {previous_rows_read}. "
            "Nothing was marked as deleted. If that many are really gone, run again with accept_short_read."
        )


def _mark_missing(store: RowStore, table: RawTable, seen: SeenKeys, scope: Scope) -> int:
    if not seen.is_whole:
        _logger.warning("%s: a row had no readable key, so nothing is marked as deleted", table.name)
        return 0
    if scope.covers is None and store.count_listed(table, scope.narrow) == seen.count():
        return 0
    missing = []
    for keys in store.listed_keys(table, scope.narrow):
        missing += [key for key in seen.absent(keys) if scope.covers is None or scope.covers(key)]
    return store.mark_deleted(table, missing)
