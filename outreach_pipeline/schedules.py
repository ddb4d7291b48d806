"""When jobs run. Missed ticks are not replayed: each run reads all it needs, and a gap is one backfill away."""

import dagster as dg

from modules.shared.settings import Settings
from outreach_pipeline.jobs import instantly_analytics, instantly_sync, lead_pipeline
from outreach_pipeline.partitions import look_back, range_tags

instantly_sync_hourly = dg.ScheduleDefinition(
    name="instantly_sync_hourly",
    job=instantly_sync,
    cron_schedule="5 * * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Campaigns and accounts, five minutes past every hour.",
)


@dg.schedule(
    job=instantly_analytics,
    cron_schedule="20 * * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
def instantly_analytics_hourly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Daily analytics of the look-back window in one run, twenty minutes past every hour."""
    return dg.RunRequest(tags=range_tags(look_back(context.scheduled_execution_time.date())))


@dg.schedule(
    job=lead_pipeline,
    cron_schedule="35 * * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
def lead_pipeline_hourly() -> dg.RunRequest | dg.SkipReason:
    """Apollo, half an hour after Instantly was read, so that leads are known before any are bought."""
    if Settings().apollo_api_key is None:
        return dg.SkipReason("APOLLO_API_KEY is not set: nobody is looked for.")
    return dg.RunRequest()
