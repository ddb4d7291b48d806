"""Checks of any raw table: keys, row counts against the last good read, age of the data."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg

from modules.shared.raw_table import RawTable
from modules.supabase.row_store import RowStore
from modules.supabase.table_sync import complete_as_of

OLDEST_FRESH = timedelta(minutes=90)
LARGEST_DROP = 0.2
"""Losing more than this share of the rows between two complete reads of the same part is worth a look."""
_SHORT_READS_SHOWN = 10


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
    short = store.call("short_reads", {"target_table": table.name, "smallest_share": 1 - LARGEST_DROP})
    shown = {
        row["scope"]: f"{row['rows_read']} rows, {row['rows_before']} before" for row in short[:_SHORT_READS_SHOWN]
    }
    return dg.AssetCheckResult(
        asset_key=table.name,
        check_name="row_count_is_plausible",
        passed=not short,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"short_reads": len(short), **shown},
    )


def _freshness(store: RowStore, table: RawTable) -> dg.AssetCheckResult:
    as_of = complete_as_of(store, table.name)
    age = datetime.now(UTC) - as_of if as_of else None
    return dg.AssetCheckResult(
        asset_key=table.name,
        check_name="data_is_fresh",
        passed=age is not None and age <= OLDEST_FRESH,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"data_as_of": dg.MetadataValue.timestamp(as_of) if as_of else "never complete"},
    )
