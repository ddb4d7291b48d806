"""Checks of the tables made inside the database: that they add up to what Instantly itself counts."""

import dagster as dg

from modules.supabase.row_store import RowStore
from outreach_pipeline.assets.table_results import markdown_table

_SHOWN = 20


@dg.asset_check(
    asset="instantly_reconciliation",
    description="No count of ours is off from Instantly's own by more than its tolerance.",
)
def counts_agree_with_instantly(store: dg.ResourceParam[RowStore]) -> dg.AssetCheckResult:
    """Warn of every measure that is off; say how many could not be compared."""
    off = store.select("instantly_reconciliation", lambda query: query.eq("verdict", "off").limit(_SHOWN))
    unlike = store.select("instantly_reconciliation", lambda query: query.eq("verdict", "not comparable").limit(_SHOWN))
    return dg.AssetCheckResult(
        passed=not off,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "off": markdown_table(off, ("measure", "subject", "local_count", "instantly_count", "tolerance", "reason")),
            "not_comparable": markdown_table(unlike, ("measure", "subject", "reason")),
        },
    )


normalised_checks = [counts_agree_with_instantly]
