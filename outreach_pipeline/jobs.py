"""What runs together. Day-partitioned assets have jobs of their own: one of them would make a whole job partitioned."""

import dagster as dg

# No run-level retries: the assets retry what a retry can cure, and the next hour does the rest.
_ONE_TRY = {"dagster/max_retries": "0"}

_BY_DAY = dg.AssetSelection.assets("instantly_daily_analytics_raw", "instantly_account_daily_raw")

instantly_sync = dg.define_asset_job(
    "instantly_sync",
    selection=dg.AssetSelection.groups("instantly") - _BY_DAY
    | dg.AssetSelection.assets("campaigns", "leads", "instantly_reconciliation"),
    description="Everything at Instantly but its statistics by day, and the tables made of it.",
    tags=_ONE_TRY,
)

instantly_analytics = dg.define_asset_job(
    "instantly_analytics",
    selection=_BY_DAY,
    description="What each campaign and each account did each day, over a range of days in one run.",
    tags=_ONE_TRY,
)

lead_pipeline = dg.define_asset_job(
    "lead_pipeline",
    selection=dg.AssetSelection.groups("apollo")
    | dg.AssetSelection.assets("leads", "companies", "lead_scores", "icebreakers"),
    description="Apollo's searches that are due, what is bought of whom they find, their leads, and the leads' lines.",
    tags=_ONE_TRY,
)
