"""That nothing Instantly says of people who want to be left alone is missing from `suppressions`."""

import dagster as dg

from modules.outreach.suppression_table import missing_stops
from modules.supabase.row_store import RowStore
from outreach_pipeline.assets.asset_defaults import numbers


@dg.asset_check(
    asset="suppressions",
    description="Every bounce, opt-out, refusal, reply and block list entry in the raw tables is noted.",
)
def every_stop_is_noted(store: dg.ResourceParam[RowStore]) -> dg.AssetCheckResult:
    """Read the raw tables again and fail when one is missing; values that name nobody are counted apart."""
    missing = missing_stops(store)
    return dg.AssetCheckResult(
        passed=not missing.by_reason,
        severity=dg.AssetCheckSeverity.ERROR,
        metadata=numbers({**missing.by_reason, "in_rejected_rows": missing.unreadable}),
    )


suppression_checks = [every_stop_is_noted]
