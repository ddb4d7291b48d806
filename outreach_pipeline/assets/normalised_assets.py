"""Campaigns, how well all of Instantly adds up, and who is in it twice: made of the raw tables inside the database."""

import dagster as dg

from modules.outreach.duplicate_audit import DUPLICATE_AUDIT, refresh_duplicate_audit
from modules.outreach.normalised_tables import refresh_campaign_leads, refresh_campaigns
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


@normalised("instantly_campaigns_raw", "instantly_leads_raw", "leads")
def duplicate_audit(context: dg.AssetExecutionContext, store: dg.ResourceParam[RowStore]) -> dg.MaterializeResult[None]:
    """Live campaigns that share people, which none should. Grain: one combination of them. Key: `campaign_ids`."""
    with dagster_failures():
        counts = refresh_duplicate_audit(store, context.run.run_id)
    return dg.MaterializeResult(metadata=row_counts(DUPLICATE_AUDIT, counts))


@normalised("campaigns", "instantly_leads_raw")
def campaign_leads(context: dg.AssetExecutionContext, store: dg.ResourceParam[RowStore]) -> dg.MaterializeResult[None]:
    """The contact ledger: whom campaigns of ours write to, and how far that is. Grain: one person in one of them.

    Launches fill it; here it learns from Instantly who is being written to, who will not be again, and why.
    """
    with dagster_failures():
        counts = refresh_campaign_leads(store, context.run.run_id)
    return dg.MaterializeResult(metadata=row_counts("campaign_leads", counts))
