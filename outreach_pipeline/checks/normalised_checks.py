"""Checks of the tables made inside the database: that they add up to what Instantly counts, that nobody is twice."""

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


@dg.asset_check(
    asset="duplicate_audit",
    description="Nobody is in two live campaigns at Instantly. Who is, says the view people_in_several_campaigns; take "
    "them out of all but one there.",
)
def nobody_is_in_two_live_campaigns(store: dg.ResourceParam[RowStore]) -> dg.AssetCheckResult:
    """Fail when campaigns share people; say how many, and which campaigns."""
    rows = store.select("duplicate_audit", lambda query: query.order("people", desc=True))
    return dg.AssetCheckResult(
        passed=not rows,
        severity=dg.AssetCheckSeverity.ERROR,
        metadata={
            "people": sum(row["people"] for row in rows),
            "campaigns": markdown_table(
                [{"people": row["people"], "campaigns": ", ".join(row["campaign_ids"])} for row in rows[:_SHOWN]],
                ("people", "campaigns"),
            ),
        },
    )


normalised_checks = [counts_agree_with_instantly, nobody_is_in_two_live_campaigns]
