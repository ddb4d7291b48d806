"""Who we know, where they work, and how well they fit."""

import dagster as dg

from modules.outreach.company_table import refresh_companies
from modules.outreach.lead_table import refresh_leads
from modules.outreach.score_rules import load_score_rules
from modules.outreach.score_table import refresh_scores
from modules.shared.settings import Settings
from modules.supabase.row_store import RowStore
from outreach_pipeline.assets.asset_defaults import normalised, row_counts
from outreach_pipeline.failures import dagster_failures


@normalised("instantly_leads_raw", "instantly_lead_labels_raw", "apollo_credit_ledger")
def leads(context: dg.AssetExecutionContext, store: dg.ResourceParam[RowStore]) -> dg.MaterializeResult[None]:
    """Everybody we know: who they are, where they come from, where they stand. Grain: one normalised address.

    Key: `lead_id`. Only what changed at Instantly or came from Apollo since the last time is looked at again.
    """
    with dagster_failures():
        counts = refresh_leads(store, context.run.run_id)
    return dg.MaterializeResult(metadata=row_counts("leads", counts))


@normalised("leads", "apollo_organizations_raw")
def companies(context: dg.AssetExecutionContext, store: dg.ResourceParam[RowStore]) -> dg.MaterializeResult[None]:
    """Employers of leads and companies of Apollo. Grain: one registrable domain. Key: `domain`."""
    with dagster_failures():
        counts = refresh_companies(store, context.run.run_id)
    return dg.MaterializeResult(metadata=row_counts("companies", counts))


@normalised("leads", "companies")
def lead_scores(context: dg.AssetExecutionContext, store: dg.ResourceParam[RowStore]) -> dg.MaterializeResult[None]:
    """How well each lead fits, by `campaigns/scoring.yaml`. Grain: one lead. Key: `lead_id`.

    Scored anew where the lead, its company or the rules changed.
    """
    with dagster_failures():
        rules = load_score_rules(Settings().outreach_campaigns / "scoring.yaml")
        counts = refresh_scores(store, rules, context.run.run_id)
    return dg.MaterializeResult(metadata=row_counts("lead_scores", counts))
