"""Instantly's raw tables: campaigns, sending accounts, daily analytics."""

from collections.abc import Callable, Iterable
from datetime import date, timedelta

import dagster as dg

from modules.instantly.instantly_rows import ACCOUNTS, CAMPAIGNS, DAILY_ANALYTICS, WORKSPACE_TOTAL, Days
from modules.instantly.instantly_sources import InstantlySource
from modules.instantly.instantly_transform import (
    transform_accounts,
    transform_campaigns,
    transform_daily_analytics,
)
from modules.shared.errors import Refused
from modules.shared.raw_table import RawRow, RawTable, RejectedRow
from modules.supabase.row_store import RowStore
from modules.supabase.table_sync import WHOLE_TABLE, Scope, sync_table
from outreach_pipeline.assets.table_results import table_metadata
from outreach_pipeline.failures import dagster_failures
from outreach_pipeline.partitions import days_partitions
from outreach_pipeline.resources.instantly_resource import InstantlyResource, SyncConfig

OWNERS = ["team:outreach"]
KINDS = {"python", "supabase"}
# The bricks repeat single requests for minutes; this is for an outage that outlasts them.
RETRY_ONCE = dg.RetryPolicy(max_retries=1, delay=30)
FRESH_HOURLY = dg.FreshnessPolicy.time_window(fail_window=timedelta(minutes=90), warn_window=timedelta(minutes=70))


@dg.asset(
    group_name="instantly",
    owners=OWNERS,
    kinds=KINDS,
    retry_policy=RETRY_ONCE,
    freshness_policy=FRESH_HOURLY,
    metadata={"vendor_documents": dg.MetadataValue.url("https://developer.instantly.ai/api/v2/campaign")},
)
def instantly_campaigns_raw(
    context: dg.AssetExecutionContext,
    config: SyncConfig,
    instantly: InstantlyResource,
    store: dg.ResourceParam[RowStore],
) -> dg.MaterializeResult[None]:
    """Every campaign at Instantly, with its totals. Grain: one campaign. Key: `instantly_campaign_id`."""
    return _sync(
        context,
        config,
        instantly,
        store,
        table=CAMPAIGNS,
        read=lambda source: transform_campaigns(source.campaigns()),
    )


@dg.asset(
    group_name="instantly",
    owners=OWNERS,
    kinds=KINDS,
    retry_policy=RETRY_ONCE,
    freshness_policy=FRESH_HOURLY,
    metadata={"vendor_documents": dg.MetadataValue.url("https://developer.instantly.ai/api/v2/account")},
)
def instantly_accounts_raw(
    context: dg.AssetExecutionContext,
    config: SyncConfig,
    instantly: InstantlyResource,
    store: dg.ResourceParam[RowStore],
) -> dg.MaterializeResult[None]:
    """Every sending account at Instantly, with its state and warm-up. Grain: one mailbox. Key: `email`."""
    return _sync(
        context,
        config,
        instantly,
        store,
        table=ACCOUNTS,
        read=lambda source: transform_accounts(source.accounts()),
    )


@dg.asset(
    group_name="instantly",
    owners=OWNERS,
    kinds=KINDS,
    retry_policy=RETRY_ONCE,
    partitions_def=days_partitions,
    backfill_policy=dg.BackfillPolicy.single_run(),
    deps=[instantly_campaigns_raw],
    metadata={"vendor_documents": dg.MetadataValue.url("https://developer.instantly.ai/api/v2/analytics")},
)
def instantly_daily_analytics_raw(
    context: dg.AssetExecutionContext,
    config: SyncConfig,
    instantly: InstantlyResource,
    store: dg.ResourceParam[RowStore],
) -> dg.MaterializeResult[None]:
    """What each campaign did each day. Grain: one UTC day of one campaign, and of the workspace.

    Key: `analytics_date, instantly_campaign_id`. One run covers a whole range of days, at one request a campaign.
    """
    keys = context.partition_key_range
    days = Days(date.fromisoformat(keys.start), date.fromisoformat(keys.end))
    with dagster_failures():
        campaign_ids = None if config.source == "json" else _listed_campaign_ids(store)
    wanted = {WORKSPACE_TOTAL, *(campaign_ids or ())}
    scope = Scope(
        first_day=days.first,
        last_day=days.last,
        narrow=lambda query: query.gte("analytics_date", str(days.first)).lte("analytics_date", str(days.last)),
        # Campaigns that are gone were not asked about, and their history stays.
        covers=lambda key: key[1] in wanted,
    )
    return _sync(
        context,
        config,
        instantly,
        store,
        table=DAILY_ANALYTICS,
        read=lambda source: transform_daily_analytics(source.daily_analytics(campaign_ids, days)),
        scope=scope,
    )


def _sync(
    context: dg.AssetExecutionContext,
    config: SyncConfig,
    instantly: InstantlyResource,
    store: RowStore,
    *,
    table: RawTable,
    read: Callable[[InstantlySource], Iterable[RawRow | RejectedRow]],
    scope: Scope = WHOLE_TABLE,
) -> dg.MaterializeResult[None]:
    with dagster_failures(), instantly.open(config) as source:
        report = sync_table(
            store,
            table,
            read(source),
            source=source,
            scope=scope,
            orchestrator_run_id=context.run.run_id,
            accept_short_read=config.accept_short_read,
        )
        context.log.info("%s: %s, %s requests", table.name, report.counts, report.requests_made)
        return dg.MaterializeResult(metadata=table_metadata(store, table, report))


def _listed_campaign_ids(store: RowStore) -> list[str]:
    """The campaigns to ask about.

    Raises:
        Refused: The campaigns were never read, so that nothing would be read here while all looked well.
    """
    ids = [key[0] for keys in store.listed_keys(CAMPAIGNS) for key in keys]
    if not ids and not store.select("sync_status", lambda query: query.eq("table_name", CAMPAIGNS.name)):
        raise Refused(
            f"{CAMPAIGNS.name} was never read, and it names the campaigns to ask about: materialize it first."
        )
    return ids
