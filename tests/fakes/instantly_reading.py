"""Tables filled as their assets fill them, and what then stands in them as data that can be compared."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx

from modules.instantly.instantly_api import LISTS, READERS, InstantlyApi
from modules.instantly.instantly_client import InstantlyClient
from modules.instantly.instantly_rows import ACCOUNTS, CAMPAIGNS, Days
from modules.instantly.instantly_tables import RAW_TABLES, TABLE_OF
from modules.instantly.instantly_transform import transform_campaigns, transform_daily_analytics, transform_steps
from modules.outreach.instantly_reads import (
    WINDOW,
    days_scope,
    due_campaigns,
    due_leads,
    due_scope,
    note_campaigns_read,
    window_start,
)
from modules.shared.errors import OutreachError
from modules.shared.row_transform import transform_rows
from modules.supabase.part_sync import sync_parts
from modules.supabase.table_sync import WHOLE_TABLE, sync_table
from sandbox.vendor.clock import utc_today
from tests.fakes.empty_tables import empty_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import psycopg

    from modules.shared.raw_table import RawRow, RawTable, RejectedRow
    from modules.supabase.row_store import RowStore
    from modules.supabase.table_sync import Scope, SyncReport
    from sandbox.vendor.request_log import Entry
    from tests.fakes.instantly_server import InstantlyServer

    Rows = Iterable[RawRow | RejectedRow]

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
# Ends in two days: even behind a midnight in the middle of the tests, the last day is one on which nothing happened.
DAYS = Days(utc_today() - timedelta(days=33), utc_today() + timedelta(days=2))

LATER = ("emails", "leads", "steps")
ORDER = (*(entity for entity in TABLE_OF if entity not in LATER), *LATER)
"""Every entity, behind those that say what to ask for."""
NEEDS = {
    "account_warmup": ("accounts",),
    "account_daily": ("accounts",),
    "daily_analytics": ("campaigns",),
    "steps": ("campaigns",),
    "leads": ("campaigns", "lead_lists"),
}
"""Entities that say what to ask for."""


@contextmanager
def instantly_api(
    base_url: str, api_key: str, *, workspace_id: str | None = None, transport: httpx.BaseTransport | None = None
) -> Iterator[InstantlyApi]:
    """Instantly's API as a source, as fast as it answers."""
    client = InstantlyClient(
        api_key, base_url=base_url, requests_per_second=None, emails_per_minute=None, transport=transport
    )
    with InstantlyApi(client, workspace_id=workspace_id) as source:
        yield source


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading one table needs."""

    store: RowStore
    source: InstantlyApi
    table: RawTable
    days: Days
    run_id: str | None

    def whole(self, rows: Rows, scope: Scope = WHOLE_TABLE) -> SyncReport:
        """Read the table, or the part of it that the scope names, in one go."""
        run = {"orchestrator_run_id": self.run_id}
        return sync_table(self.store, self.table, rows, source=self.source, scope=scope, **run)


def fill(store: RowStore, source: InstantlyApi, entity: str, days: Days, run_id: str | None = None) -> SyncReport:
    """Read one entity into its table, as the asset of that table does in a run for those days."""
    to = Reading(store, source, TABLE_OF[entity], days, run_id)
    if entity in LISTS:
        return to.whole(transform_rows(to.table, source.listed(entity)))
    return _FILL[entity](to)


def _account_warmup(to: Reading) -> SyncReport:
    return to.whole(transform_rows(to.table, to.source.account_warmup(to.store.listed_texts(ACCOUNTS))))


def _account_daily(to: Reading) -> SyncReport:
    emails = to.store.listed_texts(ACCOUNTS)
    return to.whole(transform_rows(to.table, to.source.account_daily(emails, to.days)), days_scope(to.days, emails))


def _daily_analytics(to: Reading) -> SyncReport:
    ids = to.store.listed_texts(CAMPAIGNS)
    return to.whole(transform_daily_analytics(to.source.daily_analytics(ids, to.days)), days_scope(to.days, ids))


def _steps(to: Reading) -> SyncReport:
    due = due_campaigns(to.store, to.table)
    report = to.whole(transform_steps(to.source.steps(due)), due_scope(due))
    note_campaigns_read(to.store, report.sync_run_id, due)
    return report


def _leads(to: Reading) -> SyncReport:
    due = dict(due_leads(to.store))

    def read(own: InstantlyApi, part: Scope) -> Rows:
        return transform_rows(to.table, own.leads(due[part]))

    run = {"orchestrator_run_id": to.run_id}
    return sync_parts(to.store, to.table, list(due), source=to.source, read=read, readers=READERS, **run)


def _window(read: Callable[[InstantlyApi], Callable[..., Iterator[Any]]]) -> Callable[[Reading], SyncReport]:
    return lambda to: to.whole(transform_rows(to.table, read(to.source)(window_start(to.store, to.table))), WINDOW)


_FILL: dict[str, Callable[[Reading], SyncReport]] = {
    "workspace": lambda to: to.whole(transform_rows(to.table, to.source.workspace())),
    "campaigns": lambda to: to.whole(transform_campaigns(to.source.campaigns())),
    "account_warmup": _account_warmup,
    "account_daily": _account_daily,
    "daily_analytics": _daily_analytics,
    "steps": _steps,
    "leads": _leads,
    "emails": _window(lambda source: source.emails),
    "background_jobs": _window(lambda source: source.background_jobs),
}


class Stored(NamedTuple):
    """One row of a table.

    Attributes:
        text: All columns as JSON, without those that say when.
    """

    text: str
    is_deleted: bool


def stored(connection: psycopg.Connection[Any], table: RawTable) -> dict[tuple[str, ...], Stored]:
    """Everything in a table, by key."""
    key = ", ".join(f"{column}::text" for column in table.key)
    rows = connection.execute(
        f"select array[{key}], (to_jsonb(t) - array['synced_at', 'created_at', 'updated_at', 'deleted_at'])::text, "
        f"deleted_at is not null from {table.name} as t"
    )
    return {tuple(key): Stored(text, is_deleted) for key, text, is_deleted in rows}


class OpenTransport(httpx.HTTPTransport):
    """One for many clients, since each makes keys for encryption that nobody uses here; stays open behind them."""

    def __init__(self) -> None:
        """Connect to nothing yet."""
        super().__init__(verify=False)

    def close(self) -> None:
        """Stay open for the next client."""

    def shut(self) -> None:
        """Close in earnest."""
        super().close()


class Read(NamedTuple):
    """How one read ended, and what it asked of Instantly."""

    report: SyncReport | None
    error: OutreachError | None
    asked: list[Entry]


@dataclass
class Bench:
    """One table, with what stood in it before a read and what an undisturbed read makes of it.

    Before, some rows are missing, some say something older, one is marked as deleted and comes back, and one is there
    that Instantly no longer lists.

    Attributes:
        mended: States from which a next read was seen to end where an undisturbed one does.
    """

    entity: str
    server: InstantlyServer
    store: RowStore
    database: psycopg.Connection[Any]
    transport: OpenTransport
    start: dict[tuple[str, ...], Stored] = field(default_factory=dict)
    end: dict[tuple[str, ...], Stored] = field(default_factory=dict)
    mended: set[Any] = field(default_factory=set)

    @property
    def table(self) -> RawTable:
        """What is filled."""
        return TABLE_OF[self.entity]

    def call_off(self) -> None:
        """End every disturbance."""

    def prepare(self) -> Read:
        """Fill what says what to ask for, and the table; make it older, and read it undisturbed."""
        self.call_off()
        empty_tables(self.database, [*(table.name for table in RAW_TABLES), "sync_runs", "rejected_rows"])
        for entity in (*NEEDS.get(self.entity, ()), self.entity):
            assert self.read(entity).error is None
            self._trim(entity)
        self.database.execute(self._make_older())
        self.database.execute(
            f"update sync_runs set data_as_of = '{LONG_AGO}', started_at = '{LONG_AGO}';"
            "drop table if exists pg_temp.kept_notes, pg_temp.kept_rows;"
            "create temporary table kept_notes as table sync_runs;"
            f"create temporary table kept_rows as table {self.table.name}"
        )
        self.start = stored(self.database, self.table)
        undisturbed = self.read()
        self.end = stored(self.database, self.table)
        self.check_complete(undisturbed)
        assert self.end != self.start
        return undisturbed

    def _trim(self, entity: str) -> None:
        """Leave one campaign and one list to be asked for leads."""
        if self.entity == "leads" and entity in NEEDS["leads"]:
            table, key = TABLE_OF[entity].name, TABLE_OF[entity].key[0]
            largest = "leads_count desc nulls last" if entity == "campaigns" else key
            self.database.execute(
                f"delete from {table} where {key} not in (select {key} from {table} order by {largest} limit 1)"
            )

    def _make_older(self) -> str:
        """Statements that make of the table what it may have been earlier."""
        name, key = self.table.name, ", ".join(self.table.key)
        same = " and ".join(f"t.{column} = numbered.{column}" for column in self.table.key)
        # A day on which nothing has happened yet, or a key that nothing has.
        first, last = self.table.key[0], self.table.key[-1]
        gone = f"'{first}', '{DAYS.last}'" if first == "analytics_date" else f"'{last}', 'gone'"
        return f"""
            create temporary table numbered as
              select {key}, row_number() over (order by {key}) as number from {name};
            insert into {name}
              select (jsonb_populate_record(t, jsonb_build_object({gone}))).* from {name} as t limit 1;
            update {name} as t set row_digest = 'older', raw_json = '{{"older": true}}'
              from numbered where {same} and number % 7 = 1;
            update {name} as t set deleted_at = now() from numbered where {same} and number % 50 = 2;
            delete from {name} as t using numbered where {same} and number % 5 = 3;
            drop table numbered
        """

    def restore(self) -> None:
        """What stood there before, and no disturbance."""
        self.call_off()
        self.database.execute(
            f"delete from rejected_rows; delete from sync_runs; delete from {self.table.name};"
            f"insert into sync_runs table kept_notes; insert into {self.table.name} table kept_rows"
        )

    def read(self, entity: str | None = None) -> Read:
        """Read the table once; what is no error of ours comes through."""
        self.server.stand_in.log.clear()
        report = error = None
        ids = {"workspace_id": self.server.workspace.id}
        with instantly_api(self.server.base_url, self.server.api_key, transport=self.transport, **ids) as source:
            try:
                report = fill(self.store, source, entity or self.entity, DAYS)
            except OutreachError as caught:
                error = caught
        return Read(report, error, self.server.requests)

    def status(self) -> tuple[str, str | None, datetime | None]:
        """What `sync_status` says of the table: the last status, its reason, and what freshness is judged by."""
        row = self.database.execute(
            "select last_status, last_reason, complete_as_of from sync_status where table_name = %s", [self.table.name]
        ).fetchone()
        assert row is not None
        return row

    def check_complete(self, read: Read, case: str = "undisturbed") -> None:
        """Everything is as after an undisturbed read, and fresh."""
        assert read.error is None, f"{case}: {read.error}"
        assert stored(self.database, self.table) == self.end, case
        last_status, _, complete_as_of = self.status()
        assert (last_status, complete_as_of is not None and complete_as_of > LONG_AGO) == ("complete", True), case
        assert self.database.execute("select count(*) from rejected_rows").fetchone() == (0,), case

    def check_rows_are_old_or_new(self, case: str) -> set[tuple[str, ...]]:
        """No row is lost, and none is anything but what it was or is to be; gives back those marked as deleted."""
        now = stored(self.database, self.table)
        assert not set(self.start) - set(now), f"{case}: a row is lost"
        for key, row in now.items():
            assert row in (self.start.get(key), self.end.get(key)), f"{case}: {key} is neither as it was nor as it is"
        return {key for key, row in now.items() if row.is_deleted and not self.start[key].is_deleted}

    def check_mended(self, case: str) -> None:
        """The next read ends where an undisturbed one does; known of a state that was met before."""
        self.call_off()
        notes = self.database.execute("select table_name, scope, status from sync_runs order by 1, 2, 3").fetchall()
        state = (frozenset(stored(self.database, self.table).items()), tuple(notes))
        if state in self.mended:
            return
        self.mended.add(state)
        read = self.read()
        assert read.error is None, f"{case}: the next read: {read.error}"
        assert stored(self.database, self.table) == self.end, f"{case}: the next read"
        assert self.status()[0] == "complete", case
