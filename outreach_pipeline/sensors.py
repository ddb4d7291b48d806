"""What starts runs between the hours."""

import dagster as dg

from modules.supabase.row_store import RowStore
from outreach_pipeline.jobs import lead_pipeline

ENOUGH_PEOPLE = 200
"""Fewer can wait for the hour."""
_EVERY_S = 600
_UNDER_WAY = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]
_BUYING = ["apollo_credit_ledger", "leads", "apollo_organizations_raw", "companies", "lead_scores", "apollo_usage"]


@dg.sensor(job=lead_pipeline, minimum_interval_seconds=_EVERY_S, default_status=dg.DefaultSensorStatus.RUNNING)
def people_waiting(
    context: dg.SensorEvaluationContext, store: dg.ResourceParam[RowStore]
) -> dg.RunRequest | dg.SkipReason:
    """Start buying when enough people wait, once a read of the searches; whom a budget leaves waits for the hour."""
    reads = store.select(
        "sync_status", lambda query: query.eq("table_name", "apollo_people_raw").eq("last_status", "complete")
    )
    if not reads:
        return dg.SkipReason("No search was read yet.")
    waiting = store.count("apollo_people_waiting")
    if waiting < ENOUGH_PEOPLE:
        return dg.SkipReason(f"{waiting} people wait; {ENOUGH_PEOPLE} are enough for a run of their own.")
    if context.instance.get_runs_count(dg.RunsFilter(job_name=lead_pipeline.name, statuses=_UNDER_WAY)):
        return dg.SkipReason("A run of lead_pipeline is under way.")
    return dg.RunRequest(run_key=reads[0]["complete_as_of"], asset_selection=[dg.AssetKey(name) for name in _BUYING])
