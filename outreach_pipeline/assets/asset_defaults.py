"""What all our assets have in common."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import dagster as dg

OWNERS = ["team:outreach"]
KINDS = {"python", "supabase"}
# The bricks repeat single requests for minutes; this is for an outage that outlasts them.
RETRY_ONCE = dg.RetryPolicy(max_retries=1, delay=30)
FRESH_HOURLY = dg.FreshnessPolicy.time_window(fail_window=timedelta(minutes=90), warn_window=timedelta(minutes=70))


def normalised(*deps: str) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """An asset that is made of other tables inside the database, every hour."""
    return dg.asset(
        deps=list(deps),
        group_name="outreach",
        owners=OWNERS,
        kinds=KINDS,
        retry_policy=RETRY_ONCE,
        freshness_policy=FRESH_HOURLY,
    )


def numbers(values: Mapping[str, int]) -> dict[str, dg.MetadataValue]:
    """Counts as metadata: Dagster plots every one of them over time."""
    return {name: dg.MetadataValue.int(value) for name, value in values.items()}


def row_counts(table_name: str, counts: Mapping[str, int]) -> dict[str, dg.MetadataValue]:
    """What became of a table's rows, as metadata."""
    return {
        **numbers({f"rows_{name}": value for name, value in counts.items()}),
        "dagster/table_name": dg.MetadataValue.text(f"public.{table_name}"),
    }
