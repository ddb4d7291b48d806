"""How assets are cut into days, and which days the hourly run reads again."""

from datetime import date, timedelta

import dagster as dg

from modules.instantly.instantly_rows import Days

LOOK_BACK_DAYS = 14
"""Late replies and opens still change the counts of past days; after two weeks hardly ever."""

days_partitions = dg.DailyPartitionsDefinition(start_date="2025-01-01", timezone="UTC", end_offset=1)
"""UTC days, today's included: `end_offset` makes the day in progress a partition."""


def look_back(today: date) -> Days:
    """The days that the hourly run reads: today and the `LOOK_BACK_DAYS` before."""
    return Days(today - timedelta(days=LOOK_BACK_DAYS), today)


def range_tags(days: Days) -> dict[str, str]:
    """Run tags that make one run cover a range of daily partitions.

    Source: docs.dagster.io, "Backfilling data", single-run backfills.
    """
    return {
        "dagster/asset_partition_range_start": str(days.first),
        "dagster/asset_partition_range_end": str(days.last),
    }
