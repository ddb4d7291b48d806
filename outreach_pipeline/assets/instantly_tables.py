"""How any raw table of Instantly is materialized: open the source, read, merge, report. What differs is the reading."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import dagster as dg

from modules.instantly.instantly_rows import Days
from modules.instantly.instantly_sources import InstantlySource
from modules.shared.raw_table import RawRow, RawTable, RejectedRow
from modules.supabase.part_sync import sync_parts
from modules.supabase.row_store import RowStore
from modules.supabase.table_sync import WHOLE_TABLE, Scope, SyncReport, sync_table
from outreach_pipeline.assets.asset_defaults import FRESH_HOURLY, KINDS, OWNERS, RETRY_ONCE
from outreach_pipeline.assets.table_results import table_metadata
from outreach_pipeline.failures import dagster_failures
from outreach_pipeline.partitions import days_partitions
from outreach_pipeline.resources.instantly_resource import InstantlyResource, SyncConfig

Rows = Iterable[RawRow | RejectedRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRead:
    """One materialization of one table, for the function that reads it.

    Attributes:
        days: The partitions that the run covers; `None` for a table without.
        is_export: Whether a file is read in the place of the API: then everything in it counts, not what is due.
    """

    table: RawTable
    store: RowStore
    source: InstantlySource
    run_id: str
    smallest_share: float
    days: Days | None
    is_export: bool

    def whole(self, rows: Rows, scope: Scope = WHOLE_TABLE) -> SyncReport:
        """Read the table, or the part of it that the scope names, in one go."""
        return sync_table(
            self.store,
            self.table,
            rows,
            source=self.source,
            scope=scope,
            orchestrator_run_id=self.run_id,
            smallest_share=self.smallest_share,
        )

    def in_parts(
        self, parts: Sequence[Scope], read: Callable[[InstantlySource, Scope], Rows], *, readers: int
    ) -> SyncReport:
        """Read parts of the table, several at once."""
        return sync_parts(
            self.store,
            self.table,
            parts,
            source=self.source,
            read=read,
            readers=readers,
            orchestrator_run_id=self.run_id,
            smallest_share=self.smallest_share,
        )


def raw_asset(
    table: RawTable,
    *,
    entity: str,
    description: str,
    vendor_page: str,
    read: Callable[[TableRead], SyncReport],
    deps: Sequence[str] = (),
    is_by_day: bool = False,
) -> dg.AssetsDefinition:
    """The asset that fills one raw table.

    Args:
        table: What it fills; the asset has its name.
        entity: What a source calls it.
        description: With its grain and its key.
        vendor_page: Of developer.instantly.ai.
        read: Fills the table.
        deps: Tables that say what to ask for.
        is_by_day: Whether a partition is a day; one run then covers a whole range of them.
    """

    @dg.asset(
        name=table.name,
        description=description,
        group_name="instantly",
        owners=OWNERS,
        kinds=KINDS,
        retry_policy=RETRY_ONCE,
        deps=list(deps),
        metadata={"vendor_documents": dg.MetadataValue.url(f"https://developer.instantly.ai/api/v2/{vendor_page}")},
        partitions_def=days_partitions if is_by_day else None,
        backfill_policy=dg.BackfillPolicy.single_run() if is_by_day else None,
        # Of days, the latest partition would never be fresh and all others always stale; their check reads the data.
        freshness_policy=None if is_by_day else FRESH_HOURLY,
    )
    def fill(
        context: dg.AssetExecutionContext,
        config: SyncConfig,
        instantly: InstantlyResource,
        store: dg.ResourceParam[RowStore],
    ) -> dg.MaterializeResult[None]:
        with dagster_failures(), instantly.open(config, store) as source:
            if not source.holds(entity):
                context.log.warning("%s holds no %s; the table stays as it is.", source.name, entity)
                return dg.MaterializeResult(metadata={"not_in_the_export": True})
            report = read(
                TableRead(
                    table=table,
                    store=store,
                    source=source,
                    run_id=context.run.run_id,
                    smallest_share=config.smallest_share,
                    days=_days(context) if is_by_day else None,
                    is_export=config.source == "json",
                )
            )
            context.log.info("%s: %s, %s requests", table.name, report.counts, report.requests_made)
            return dg.MaterializeResult(metadata=table_metadata(store, table, report))

    return fill


def _days(context: dg.AssetExecutionContext) -> Days:
    keys = context.partition_key_range
    return Days(date.fromisoformat(keys.start), date.fromisoformat(keys.end))
