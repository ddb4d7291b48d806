"""One read of one table's source, from the note that it began to the note how complete it was."""

from __future__ import annotations

import uuid
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from modules.shared.errors import OutreachError, Refused
from modules.shared.logger import get_logger, redact
from modules.supabase.row_merge import MergeCounts, RowMerge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from modules.shared.raw_table import RawRow, RawTable, RejectedRow
    from modules.supabase.row_store import RowStore

_logger = get_logger(__name__)

SMALLEST_SHARE = 0.5
"""A read with fewer rows than this share of the last complete one is held for a person, if no other is configured."""


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
    def pages_read(self) -> int:
        """Answers of the vendor taken in so far."""

    @property
    def workspace_id(self) -> str | None:
        """Where the rows come from; `None`: not known."""

    @property
    def lists_are_whole(self) -> bool:
        """Whether what it does not list is gone at the vendor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which part of a table a read covers.

    Attributes:
        name: `all`, a range of days as 2026-11-01...2026-11-20, `due` for the parts that were due, `window` for what
            is new, or one part as campaign:<id>.
        first_day: First day of a range of days.
        last_day: Its last day; `None`: no range.
        narrow: Adds the part's filters to a query.
        covers: Whether the read would have met a row with this key; `None` means all of the part.
        is_whole: Whether what is absent is gone; a window of what is new says nothing of the rest.
        is_comparable: Whether the number of rows can be judged by that of the last read with this name.
    """

    name: str = "all"
    first_day: date | None = None
    last_day: date | None = None
    narrow: Callable[[Any], Any] = lambda query: query
    covers: Callable[[tuple[str, ...]], bool] | None = None
    is_whole: bool = True
    is_comparable: bool = True


WHOLE_TABLE = Scope()


class History(NamedTuple):
    """What came before a read.

    Attributes:
        is_newer: Whether the table holds complete data of a later moment than the source's.
        rows_read: Rows of the last complete read of the same scope; `None`: there was none.
    """

    is_newer: bool
    rows_read: int | None


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
        sync_run_id: Its row in `sync_runs`.
    """

    counts: MergeCounts
    marked_deleted: int
    requests_made: int
    previous_rows_read: int | None
    data_as_of: datetime
    kept_existing: bool
    sync_run_id: str


def sync_table(
    store: RowStore,
    table: RawTable,
    rows: Iterable[RawRow | RejectedRow],
    *,
    source: Source,
    scope: Scope = WHOLE_TABLE,
    orchestrator_run_id: str | None = None,
    smallest_share: float = SMALLEST_SHARE,
    history: History | None = None,
) -> SyncReport:
    """Read all rows into the table, then say so in `sync_runs`.

    A read that fails leaves what it merged, is noted as incomplete with its reason, marks nothing as deleted and never
    counts as fresh.

    Args:
        store: Where the table is.
        table: What to fill.
        rows: What was read; still being read while they are stored.
        source: Where they come from.
        scope: Which part of the table they are.
        orchestrator_run_id: The run that asked.
        smallest_share: A read with fewer rows than this share of the last complete one is refused; 0 believes any.
        history: What came before; `None` looks it up.

    Raises:
        Refused: The read is suspiciously short; nothing was marked as deleted.
        OutreachError: As the source or the store raised it.
    """
    kept_existing, previous_rows_read = history or history_of(store, table, [scope], source.as_of)[scope.name]
    requests_before, pages_before = source.requests_made, source.pages_read
    merge = RowMerge(
        store=store,
        table=table,
        as_of=source.as_of,
        sync_run_id=str(uuid.uuid4()),
        workspace_id=source.workspace_id,
        keep_existing=kept_existing,
        is_mostly_known=previous_rows_read is not None,
    )
    marked_deleted = 0
    with noted_read(
        store,
        table.name,
        scope,
        source=source,
        sync_run_id=merge.sync_run_id,
        orchestrator_run_id=orchestrator_run_id,
    ) as note:
        try:
            merge.run(rows)
            if scope.is_whole and source.lists_are_whole and not kept_existing:
                if scope.is_comparable:
                    _refuse_short_read(table, scope, merge.counts.read, previous_rows_read, smallest_share)
                marked_deleted = _mark_missing(store, table, merge, scope)
        finally:
            note |= {
                "requests_made": source.requests_made - requests_before,
                "pages_read": source.pages_read - pages_before,
                "rows_marked_deleted": marked_deleted,
                **{f"rows_{name}": value for name, value in asdict(merge.counts).items()},
            }
    return SyncReport(
        counts=merge.counts,
        marked_deleted=marked_deleted,
        requests_made=note["requests_made"],
        previous_rows_read=previous_rows_read,
        data_as_of=source.as_of,
        kept_existing=kept_existing,
        sync_run_id=merge.sync_run_id,
    )


@contextmanager
def noted_read(
    store: RowStore,
    table_name: str,
    scope: Scope,
    *,
    source: Source,
    sync_run_id: str,
    orchestrator_run_id: str | None,
) -> Iterator[dict[str, Any]]:
    """A read between two notes in `sync_runs`: that it began, and how complete it was.

    Yields a dictionary; what the block puts into it becomes part of the closing note.
    """
    beginning = {
        "id": sync_run_id,
        "table_name": table_name,
        "scope": scope.name,
        "first_day": str(scope.first_day) if scope.first_day else None,
        "last_day": str(scope.last_day) if scope.last_day else None,
        "source": source.name,
        "orchestrator_run_id": orchestrator_run_id,
        "data_as_of": source.as_of.isoformat(),
    }
    store.insert("sync_runs", [beginning])
    note: dict[str, Any] = {}
    status, reason = "incomplete", None
    try:
        yield note
        status = "complete"
    except BaseException as error:
        reason = redact(f"{type(error).__name__}: {error}")[:500]
        raise
    finally:
        closing = {"status": status, "reason": reason, "finished_at": datetime.now(UTC).isoformat(), **note}
        # After an error, the error is what to show. A note that cannot be written leaves the run 'running', which
        # counts as incomplete as well.
        with suppress(*(() if status == "complete" else (OutreachError,))):
            store.update("sync_runs", sync_run_id, closing)


def complete_as_of(store: RowStore, table_name: str) -> datetime | None:
    """The moment that the newest complete data of a table speaks of; `None`: it was never read completely."""
    status = store.select("sync_status", lambda query: query.eq("table_name", table_name))
    text = status[0]["complete_as_of"] if status else None
    return datetime.fromisoformat(text) if text else None


def history_of(store: RowStore, table: RawTable, scopes: Iterable[Scope], moment: datetime) -> dict[str, History]:
    """What came before a read of each scope, by its name; two requests, however many scopes there are."""
    held = complete_as_of(store, table.name)
    is_newer = held is not None and held > moment
    names = [scope.name for scope in scopes]
    rows: dict[str, int] = store.call("rows_of_last_reads", {"target_table": table.name, "scopes": names})
    return {name: History(is_newer, rows.get(name)) for name in names}


def _refuse_short_read(
    table: RawTable, scope: Scope, rows_read: int, previous_rows_read: int | None, smallest_share: float
) -> None:
    if previous_rows_read and rows_read < smallest_share * previous_rows_read:
        raise Refused(
            f"{table.name} ({scope.name}): {rows_read} rows came where the last complete read had "
            f"{previous_rows_read}. Nothing was marked as deleted. If that many are really gone, run again with "
            "--accept-short-read (smallest_share: 0)."
        )


def _mark_missing(store: RowStore, table: RawTable, merge: RowMerge, scope: Scope) -> int:
    seen = merge.seen
    if not seen.is_whole:
        _logger.warning("%s: a row had no readable key, so nothing is marked as deleted", table.name)
        return 0
    # A row in quarantine was met and may not be in the table; equal numbers prove nothing then.
    is_countable = scope.covers is None and not merge.counts.rejected
    if is_countable and store.count_listed(table, scope.narrow) == seen.count():
        return 0
    missing = []
    for keys in store.listed_keys(table, scope.narrow):
        missing += [key for key in seen.absent(keys) if scope.covers is None or scope.covers(key)]
    return store.mark_deleted(table, missing)
