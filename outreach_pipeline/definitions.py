"""The one `Definitions` object: wiring, no logic."""

import dagster as dg

from modules.shared.settings import Settings
from outreach_pipeline.assets import (
    apollo_assets,
    icebreaker_assets,
    instantly_activity_assets,
    instantly_assets,
    instantly_daily_assets,
    launch_assets,
    lead_assets,
    normalised_assets,
    suppression_assets,
)
from outreach_pipeline.checks.apollo_checks import apollo_checks
from outreach_pipeline.checks.icebreaker_checks import icebreaker_checks
from outreach_pipeline.checks.instantly_checks import instantly_checks
from outreach_pipeline.checks.normalised_checks import normalised_checks
from outreach_pipeline.checks.suppression_checks import suppression_checks
from outreach_pipeline.jobs import (
    campaign_launch,
    instantly_analytics,
    instantly_sync,
    lead_pipeline,
    refresh_and_launch,
    suppression_sweep,
)
from outreach_pipeline.resources.apollo_resource import ApolloResource
from outreach_pipeline.resources.instantly_resource import InstantlyResource
from outreach_pipeline.resources.openai_resource import OpenAIResource
from outreach_pipeline.resources.supabase_resource import SupabaseResource
from outreach_pipeline.schedules import instantly_analytics_hourly, instantly_sync_hourly, lead_pipeline_hourly
from outreach_pipeline.sensors import batches_ended, people_waiting, requests_to_run, stops_noted

# A step in a process of its own costs three seconds of CPU, and these steps wait for the network.
_EXECUTORS = {"in_process": dg.in_process_executor, "multiprocess": dg.multiprocess_executor}

defs = dg.Definitions(
    assets=dg.load_assets_from_modules(
        [
            instantly_assets,
            instantly_activity_assets,
            instantly_daily_assets,
            normalised_assets,
            suppression_assets,
            apollo_assets,
            lead_assets,
            icebreaker_assets,
            launch_assets,
        ]
    ),
    asset_checks=[*instantly_checks, *normalised_checks, *apollo_checks, *icebreaker_checks, *suppression_checks],
    jobs=[instantly_sync, instantly_analytics, lead_pipeline, campaign_launch, refresh_and_launch, suppression_sweep],
    schedules=[instantly_sync_hourly, instantly_analytics_hourly, lead_pipeline_hourly],
    sensors=[people_waiting, batches_ended, stops_noted, requests_to_run],
    resources={
        "instantly": InstantlyResource(),
        "apollo": ApolloResource(),
        "openai": OpenAIResource(),
        "store": SupabaseResource(),
    },
    executor=_EXECUTORS[Settings().outreach_executor],
)
