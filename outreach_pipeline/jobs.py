"""What runs together. Day-partitioned assets have jobs of their own: one of them would make a whole job partitioned."""

import dagster as dg

# No run-level retries: the assets retry what a retry can cure, and the next hour does the rest.
_ONE_TRY = {"dagster/max_retries": "0"}

instantly_sync = dg.define_asset_job(
    "instantly_sync",
    selection=dg.AssetSelection.assets("instantly_campaigns_raw", "instantly_accounts_raw"),
    description="Campaigns and sending accounts, as Instantly has them now.",
    tags=_ONE_TRY,
)

instantly_analytics = dg.define_asset_job(
    "instantly_analytics",
    selection=dg.AssetSelection.assets("instantly_daily_analytics_raw"),
    description="What each campaign did each day, over a range of days in one run.",
    tags=_ONE_TRY,
)
