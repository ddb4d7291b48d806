"""What runs together. Day-partitioned assets have jobs of their own: one of them would make a whole job partitioned."""

import dagster as dg

# No run-level retries: the assets retry what a retry can cure, and the next hour does the rest.
_ONE_TRY = {"dagster/max_retries": "0"}

_BY_DAY = dg.AssetSelection.assets("instantly_daily_analytics_raw", "instantly_account_daily_raw")

_INSTANTLY_SYNC = (
    dg.AssetSelection.groups("instantly") - _BY_DAY
    | dg.AssetSelection.assets("campaigns", "leads", "suppressions", "campaign_leads")
    | dg.AssetSelection.assets("instantly_reconciliation", "duplicate_audit")
)

instantly_sync = dg.define_asset_job(
    "instantly_sync",
    selection=_INSTANTLY_SYNC,
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

suppression_sweep = dg.define_asset_job(
    "suppression_sweep",
    selection=dg.AssetSelection.assets("suppression_sweep"),
    description="Suppressed people out of campaigns at Instantly, and onto its block list. Goes on while paused.",
    tags=_ONE_TRY,
)

_LAUNCH = dg.AssetSelection.assets("campaign_launch")

campaign_launch = dg.define_asset_job(
    "campaign_launch",
    selection=_LAUNCH,
    description="Launch a campaign, and refuse where the data is not fresh. Sends nothing unless dry_run is off.",
    tags=_ONE_TRY,
)

refresh_and_launch = dg.define_asset_job(
    "refresh_and_launch",
    selection=_INSTANTLY_SYNC | _LAUNCH,
    description="Read Instantly first, then launch. If a read that a launch looks at fails, nothing is launched.",
    tags=_ONE_TRY,
)
