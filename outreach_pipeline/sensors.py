"""What starts runs between the hours."""

import dagster as dg
import openai

from modules.openai.openai_client import as_ours
from modules.outreach.icebreaker_batches import ENDED
from modules.shared.settings import Settings
from modules.supabase.row_store import RowStore
from outreach_pipeline.jobs import lead_pipeline

ENOUGH_PEOPLE = 200
"""Fewer can wait for the hour."""
_EVERY_S = 600
_BATCHES_EVERY_S = 120
_BATCHES_ASKED = 20
_BATCH_ANSWER_S = 5.0
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
    if Settings().apollo_api_key is None:
        return dg.SkipReason("APOLLO_API_KEY is not set: nobody is looked for.")
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


@dg.sensor(job=lead_pipeline, minimum_interval_seconds=_BATCHES_EVERY_S, default_status=dg.DefaultSensorStatus.RUNNING)
def batches_ended(store: dg.ResourceParam[RowStore]) -> dg.RunRequest | dg.SkipReason:
    """Take the lines of a batch in when it has ended; nothing waits for it meanwhile."""
    waiting = store.select(
        "openai_batches", lambda query: query.eq("state", "submitted").order("planned_at").limit(_BATCHES_ASKED)
    )
    if not waiting:
        return dg.SkipReason("No batch is under way.")
    settings = Settings()
    if settings.openai_api_key is None:
        return dg.SkipReason("OPENAI_API_KEY is not set.")
    with openai.OpenAI(
        api_key=settings.require("OPENAI_API_KEY"),
        base_url=settings.openai_base_url,
        max_retries=0,
        timeout=_BATCH_ANSWER_S,
    ) as client:
        for batch in waiting:
            try:
                status = client.batches.retrieve(batch["batch_id"]).status
            except openai.OpenAIError as error:
                return dg.SkipReason(str(as_ours(error, "GET /batches")))
            if status in ENDED:
                return dg.RunRequest(run_key=batch["batch_id"], asset_selection=[dg.AssetKey("icebreakers")])
    return dg.SkipReason(f"{len(waiting)} batches are under way; OpenAI takes up to a day.")
