"""Campaigns, and how well all of Instantly adds up: made of the raw tables inside the database."""

import dagster as dg

from modules.outreach.normalised_tables import refresh_campaigns
from modules.supabase.row_store import RowStore
from outreach_pipeline.assets.asset_defaults import normalised, numbers, row_counts
from outreach_pipeline.failures import dagster_failures


@normalised("instantly_campaigns_raw")
def campaigns(context: dg.AssetExecutionContext, store: dg.ResourceParam[RowStore]) -> dg.MaterializeResult[None]:
    """Our campaigns, with their state in words. Grain: one campaign. Key: `campaign_id`."""
    with dagster_failures():
        counts = refresh_campaigns(store, context.run.run_id)
    return dg.MaterializeResult(metadata=row_counts("campaigns", counts))


@normalised("campaigns", "leads", "instantly_leads_raw", "instantly_daily_analytics_raw")
def instantly_reconciliation(store: dg.ResourceParam[RowStore]) -> dg.MaterializeResult[None]:
    """Our counts beside Instantly's own. Grain: one measure of one subject. Key: `measure, subject`."""
    with dagster_failures():
        verdicts = store.call("refresh_reconciliation", {})
    return dg.MaterializeResult(metadata=numbers({row["verdict"].replace(" ", "_"): row["rows"] for row in verdicts}))
