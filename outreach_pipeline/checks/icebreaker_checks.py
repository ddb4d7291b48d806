"""Checks of the lines: enough leads have one, few are patterns, and none costs much."""

from collections.abc import Callable

import dagster as dg

from modules.supabase.row_store import RowStore

LEAST_COVERAGE = 0.9
MOST_FALLBACKS = 0.2
MOST_USD_PER_LINE = 0.01


@dg.asset_check(asset="icebreakers", description="Nine in ten of the leads that were looked at have a line.")
def leads_have_a_line(store: dg.ResourceParam[RowStore]) -> dg.AssetCheckResult:
    """Warn when many leads were skipped."""
    leads = store.count("icebreakers")
    skipped = store.count("icebreakers", lambda query: query.eq("source", "skipped"))
    return _share("coverage", leads - skipped, leads, passed=lambda share: share >= LEAST_COVERAGE)


@dg.asset_check(asset="icebreakers", description="At most one line in five is a fixed pattern.")
def few_lines_are_templates(store: dg.ResourceParam[RowStore]) -> dg.AssetCheckResult:
    """Warn when the model's lines are refused too often: look at `rules_broken`, and at the prompt."""
    lines = store.count("icebreakers", lambda query: query.neq("source", "skipped"))
    templates = store.count("icebreakers", lambda query: query.eq("source", "template"))
    return _share("share_of_templates", templates, lines, passed=lambda share: share <= MOST_FALLBACKS)


@dg.asset_check(asset="icebreakers", description=f"A line costs at most {MOST_USD_PER_LINE} dollars.")
def lines_are_cheap(store: dg.ResourceParam[RowStore]) -> dg.AssetCheckResult:
    """Warn when lines cost more than they should: a dearer model, hidden reasoning, a cache that is never read."""
    rows = store.select("icebreaker_costs")
    lines = sum(row["by_model"] + row["by_template"] for row in rows)
    dollars = sum(float(row["cost_usd"] or 0) for row in rows)
    per_line = dollars / lines if lines else 0.0
    return dg.AssetCheckResult(
        passed=per_line <= MOST_USD_PER_LINE,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"dollars_per_line": per_line, "lines": lines},
    )


def _share(name: str, part: int, whole: int, *, passed: Callable[[float], bool]) -> dg.AssetCheckResult:
    """Nothing to judge yet is no fault."""
    share = part / whole if whole else None
    return dg.AssetCheckResult(
        passed=share is None or passed(share),
        severity=dg.AssetCheckSeverity.WARN,
        metadata={name: "nothing yet" if share is None else share, "of": whole},
    )


icebreaker_checks = [leads_have_a_line, few_lines_are_templates, lines_are_cheap]
