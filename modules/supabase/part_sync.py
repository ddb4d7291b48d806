"""A table read in parts, several at once: each part is complete or not for itself, and none delays the others."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, fields
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

from modules.shared.errors import ContractError, OutreachError, PermanentError, Refused, RetryableError
from modules.shared.logger import get_logger, redact
from modules.shared.parallel import in_parallel
from modules.supabase.row_merge import MergeCounts
from modules.supabase.table_sync import SMALLEST_SHARE, Scope, Source, SyncReport, history_of, noted_read, sync_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from modules.shared.raw_table import RawRow, RawTable, RejectedRow
    from modules.supabase.row_store import RowStore

_logger = get_logger(__name__)

DUE = Scope(name="due", is_comparable=False)
_MOST_OUTAGES = 3
"""After so many parts that could not be read, the service is down and the others are left for the next run."""


class PartedSource(Source, Protocol):
    """A source that several readers can share."""

    def part(self) -> Any:
        """The same source for one reader, counting for itself."""


@dataclass(slots=True)
class _Progress:
    """What all readers know: the sums so far, and what went wrong."""

    counts: MergeCounts = field(default_factory=MergeCounts)
    marked_deleted: int = 0
    pages_read: int = 0
    parts_read: int = 0
    errors: list[tuple[str, OutreachError]] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def add(self, report: SyncReport, pages_read: int) -> None:
        with self._lock:
            for each in fields(MergeCounts):
                setattr(self.counts, each.name, getattr(self.counts, each.name) + getattr(report.counts, each.name))
            self.marked_deleted += report.marked_deleted
            self.pages_read += pages_read
            self.parts_read += 1

    def is_hopeless(self) -> bool:
        """Whether what stopped one part will stop the others: a wrong key, or a service that stays down."""
        outages = sum(isinstance(error, RetryableError) for _, error in self.errors)
        return outages >= _MOST_OUTAGES or any(isinstance(error, PermanentError) for _, error in self.errors)


def sync_parts(
    store: RowStore,
    table: RawTable,
    parts: Sequence[Scope],
    *,
    source: PartedSource,
    read: Callable[[Any, Scope], Iterable[RawRow | RejectedRow]],
    readers: int,
    orchestrator_run_id: str | None = None,
    smallest_share: float = SMALLEST_SHARE,
) -> SyncReport:
    """Read each part as `sync_table` does, and note in `sync_runs` that all that was due was read, or why not.

    Args:
        store: Where the table is.
        table: What to fill.
        parts: The parts, in the order in which to begin them.
        source: Shared by the readers.
        read: The rows of one part, from the part's own source.
        readers: Parts in hand at once; each holds a few pages in memory.
        orchestrator_run_id: The run that asked.
        smallest_share: As in `sync_table`.

    Returns:
        The sums over all parts.

    Raises:
        OutreachError: One of the parts' errors, the worst of them; all other parts were read, unless none could be.
    """
    progress = _Progress()
    sync_run_id = str(uuid.uuid4())
    requests_before = source.requests_made
    history = history_of(store, table, parts, source.as_of)

    def read_part(scope: Scope) -> None:
        if progress.is_hopeless():
            return
        own = source.part()
        try:
            report = sync_table(
                store,
                table,
                read(own, scope),
                source=own,
                scope=scope,
                orchestrator_run_id=orchestrator_run_id,
                smallest_share=smallest_share,
                history=history[scope.name],
            )
        except OutreachError as error:
            _logger.warning("%s (%s): %s", table.name, scope.name, redact(str(error)))
            progress.errors.append((scope.name, error))
        else:
            progress.add(report, own.pages_read)

    with noted_read(
        store, table.name, DUE, source=source, sync_run_id=sync_run_id, orchestrator_run_id=orchestrator_run_id
    ) as note:
        try:
            for _ in in_parallel(read_part, parts, readers=readers):
                pass
            if progress.errors:
                raise _worst(table, parts, progress)
        finally:
            note |= {
                "requests_made": source.requests_made - requests_before,
                "pages_read": progress.pages_read,
                "rows_marked_deleted": progress.marked_deleted,
                **{f"rows_{each.name}": getattr(progress.counts, each.name) for each in fields(MergeCounts)},
            }
    return SyncReport(
        counts=progress.counts,
        marked_deleted=progress.marked_deleted,
        requests_made=note["requests_made"],
        previous_rows_read=None,
        data_as_of=source.as_of,
        kept_existing=False,
        sync_run_id=sync_run_id,
    )


def _worst(table: RawTable, parts: Sequence[Scope], progress: _Progress) -> OutreachError:
    """The error that most needs a person, saying how many parts are not read."""
    order = (PermanentError, ContractError, Refused, RetryableError)
    name, error = min(
        progress.errors,
        key=lambda each: next((place for place, kind in enumerate(order) if isinstance(each[1], kind)), 0),
    )
    missing = len(parts) - progress.parts_read
    message = f"{table.name}: {missing} of {len(parts)} parts were not read. {name}: {error}"
    return type(error)(message, status=error.status, code=error.code)
