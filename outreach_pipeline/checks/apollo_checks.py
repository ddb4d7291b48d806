"""Checks of what was bought: nothing in doubt, nothing that Apollo counts otherwise, enough left to go on."""

import dagster as dg

from modules.apollo.apollo_rows import ORGANIZATIONS, PEOPLE
from modules.supabase.row_store import RowStore
from outreach_pipeline.assets.table_results import markdown_table
from outreach_pipeline.checks.table_checks import table_checks

FEWEST_CREDITS_LEFT = 100
_SHOWN = 20


@dg.asset_check(
    asset="apollo_credit_ledger",
    description="No paid call is without an answer. Those in one are not asked about again until it is cleared up: "
    "`outreach credits` says how many, `outreach enrich --ask-again` gives them up.",
)
def no_call_is_doubtful(store: dg.ResourceParam[RowStore]) -> dg.AssetCheckResult:
    """Warn of calls that may have been charged and whose answer is lost."""
    doubtful = store.select("apollo_calls", lambda query: query.eq("state", "doubtful").limit(_SHOWN))
    return dg.AssetCheckResult(
        passed=not doubtful,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "doubtful_calls": len(doubtful),
            "credits_in_doubt": sum(float(call["credits_reserved"]) for call in doubtful),
            "calls": markdown_table(doubtful, ("operation", "data_kind", "credits_reserved", "intended_at", "reason")),
        },
    )


@dg.asset_check(
    asset="apollo_usage", description="Our calls cost no more than Apollo says that the whole team consumed."
)
def our_count_agrees_with_apollo(store: dg.ResourceParam[RowStore]) -> dg.AssetCheckResult:
    """Warn when we count more credits than Apollo does; it counting more means that colleagues spend, too."""
    rows = store.select("apollo_usage", lambda query: query.order("usage_date", desc=True).limit(1))
    ours, theirs = (float(rows[0][name]) if rows else 0.0 for name in ("ledger_credits", "credits_consumed"))
    return dg.AssetCheckResult(
        passed=ours <= theirs,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "credits_of_our_calls": ours,
            "credits_by_apollo": theirs,
            "credits_of_others": max(0.0, theirs - ours),
        },
    )


@dg.asset_check(asset="apollo_usage", description=f"At least {FEWEST_CREDITS_LEFT} credits are left at Apollo.")
def credits_are_left(store: dg.ResourceParam[RowStore]) -> dg.AssetCheckResult:
    """Warn before enrichment stops for want of credits; what Apollo does not say is not enough."""
    rows = store.select("apollo_usage", lambda query: query.order("usage_date", desc=True).limit(1))
    left = rows[0]["credits_left"] if rows else None
    return dg.AssetCheckResult(
        passed=left is not None and float(left) >= FEWEST_CREDITS_LEFT,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"credits_left": "not said" if left is None else float(left)},
    )


@dg.asset_check(asset="leads", description="Every lead is described, and whoever came of a search has a lawful basis.")
def leads_have_a_basis(store: dg.ResourceParam[RowStore]) -> dg.AssetCheckResult:
    """Fail when somebody a search of ours brought has no lawful basis; say how many nobody has described yet."""
    without = store.count("leads", lambda query: query.eq("source", "apollo").is_("lawful_basis", "null"))
    undescribed = store.count("leads", lambda query: query.is_("match_key", "null"))
    return dg.AssetCheckResult(passed=without == 0, metadata={"without_a_basis": without, "not_described": undescribed})


apollo_checks = [
    table_checks(PEOPLE),
    table_checks(ORGANIZATIONS),
    no_call_is_doubtful,
    our_count_agrees_with_apollo,
    credits_are_left,
    leads_have_a_basis,
]
