"""What people read, made of the raw tables inside the database: campaigns, leads, and how well all of it adds up."""

from collections.abc import Callable
from typing import Any

import dagster as dg

from modules.outreach.normalised_tables import refresh_campaigns, refresh_leads
from modules.supabase.row_store import RowStore
from outreach_pipeline.assets.instantly_tables import FRESH_HOURLY, KINDS, OWNERS, RETRY_ONCE, numbers
from outreach_pipeline.failures import dagster_failures


def _normalised(*deps: str) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    return dg.asset(
        deps=list(deps),
        group_name="outreach",
        owners=OWNERS,
        kinds=KINDS,
        retry_policy=RETRY_ONCE,
        freshness_policy=FRESH_HOURLY,
    )


@_normalised("instantly_campaigns_raw")
def campaigns(context: dg.AssetExecutionContext, store: dg.ResourceParam[RowStore]) -> dg.MaterializeResult[None]:
    """Our campaigns, with their state in words. Grain: one campaign. Key: `campaign_id`."""
    with dagster_failures():
        counts = refresh_campaigns(store, context.run.run_id)
    return dg.MaterializeResult(metadata=_table_metadata("campaigns", counts))


@_normalised("instantly_leads_raw", "instantly_lead_labels_raw")
def leads(context: dg.AssetExecutionContext, store: dg.ResourceParam[RowStore]) -> dg.MaterializeResult[None]:
    """Everybody we know, and where they stand. Grain: one normalised address. Key: `lead_id`.

    Only addresses whose rows changed since the last time are looked at again.
    """
    with dagster_failures():
        counts = refresh_leads(store, context.run.run_id)
    return dg.MaterializeResult(metadata=_table_metadata("leads", counts))


@_normalised("campaigns", "leads", "instantly_leads_raw", "instantly_daily_analytics_raw")
def instantly_reconciliation(store: dg.ResourceParam[RowStore]) -> dg.MaterializeResult[None]:
    """Our counts beside Instantly's own. Grain: one measure of one subject. Key: `measure, subject`."""
    with dagster_failures():
        verdicts = store.call("refresh_reconciliation", {})
    return dg.MaterializeResult(metadata=numbers({row["verdict"].replace(" ", "_"): row["rows"] for row in verdicts}))


def _table_metadata(table_name: str, counts: dict[str, int]) -> dict[str, dg.MetadataValue]:
    return {
        **numbers({f"rows_{name}": value for name, value in counts.items()}),
        "dagster/table_name": dg.MetadataValue.text(f"public.{table_name}"),
    }
