"""Checks of Instantly's raw tables: keys, row counts against the last good read, age of the data."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg

from modules.instantly.instantly_rows import ACCOUNTS, CAMPAIGNS, DAILY_ANALYTICS
from modules.shared.raw_table import RawTable
from modules.supabase.row_store import RowStore

OLDEST_FRESH = timedelta(minutes=90)
LARGEST_DROP = 0.2
"""Losing more than this share of the rows between two complete reads is worth a look."""


def table_checks(table: RawTable) -> dg.AssetChecksDefinition:
    """The three checks of one raw table, computed together."""

    @dg.multi_asset_check(
        name=f"{table.name}_checks",
        specs=[
            dg.AssetCheckSpec(
                "keys_are_unique_and_present", asset=table.name, description="No key is empty, and none stands twice."
            ),
            dg.AssetCheckSpec(
                "row_count_is_plausible",
                asset=table.name,
                description="The last complete read is not much shorter than the one before it.",
            ),
            dg.AssetCheckSpec(
                "data_is_fresh",
                asset=table.name,
                description=f"A complete read speaks of a moment at most {OLDEST_FRESH} ago.",
            ),
        ],
        can_subset=True,
    )
    def checks(
        context: dg.AssetCheckExecutionContext, store: dg.ResourceParam[RowStore]
    ) -> Iterator[dg.AssetCheckResult]:
        judges = {
            "keys_are_unique_and_present": _keys,
            "row_count_is_plausible": _row_count,
            "data_is_fresh": _freshness,
        }
        for key in sorted(context.selected_asset_check_keys):
            yield judges[key.name](store, table)

    return checks


def _keys(store: RowStore, table: RawTable) -> dg.AssetCheckResult:
    counted = store.call("inspect_table", {"target_table": table.name})[0]
    return dg.AssetCheckResult(
        asset_key=table.name,
        check_name="keys_are_unique_and_present",
        passed=counted["blank_keys"] == 0 and counted["distinct_keys"] == counted["stored_rows"],
        metadata=counted,
    )


def _row_count(store: RowStore, table: RawTable) -> dg.AssetCheckResult:
    reads = store.select(
        "sync_runs",
        lambda query: (
            query.match({"table_name": table.name, "status": "complete"}).order("started_at", desc=True).limit(1)
        ),
    )
    before = store.select(
        "sync_runs",
        lambda query: (
            query.match({"table_name": table.name, "status": "complete", "scope": reads[0]["scope"] if reads else ""})
            .order("started_at", desc=True)
            .range(1, 1)
        ),
    )
    rows_read = reads[0]["rows_read"] if reads else 0
    rows_before = before[0]["rows_read"] if before else rows_read
    return dg.AssetCheckResult(
        asset_key=table.name,
        check_name="row_count_is_plausible",
        passed=rows_read >= (1 - LARGEST_DROP) * rows_before,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"rows_read": rows_read, "rows_read_before": rows_before},
    )


def _freshness(store: RowStore, table: RawTable) -> dg.AssetCheckResult:
    status = store.select("sync_status", lambda query: query.eq("table_name", table.name))
    complete_as_of = status[0]["complete_as_of"] if status else None
    as_of = datetime.fromisoformat(complete_as_of) if complete_as_of else None
    age = datetime.now(UTC) - as_of if as_of else None
    return dg.AssetCheckResult(
        asset_key=table.name,
        check_name="data_is_fresh",
        passed=age is not None and age <= OLDEST_FRESH,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"data_as_of": dg.MetadataValue.timestamp(as_of) if as_of else "never complete"},
    )


instantly_checks = [table_checks(table) for table in (CAMPAIGNS, ACCOUNTS, DAILY_ANALYTICS)]
