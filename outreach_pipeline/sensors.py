"""What starts runs between the hours."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import openai

from modules.openai.openai_client import as_ours, open_blocking_client
from modules.outreach.icebreaker_batches import ENDED
from modules.shared.settings import Settings
from modules.supabase.row_store import RowStore
from outreach_pipeline.assets.launch_assets import KEY_TAG, LaunchConfig, launch_run_config
from outreach_pipeline.jobs import (
    campaign_launch,
    instantly_sync,
    lead_pipeline,
    refresh_and_launch,
    suppression_sweep,
)

ENOUGH_PEOPLE = 200
"""Fewer can wait for the hour."""
_EVERY_S = 600
_BATCHES_EVERY_S = 120
_BATCHES_ASKED = 20
_BATCH_ANSWER_S = 5.0
_REQUESTS_EVERY_S = 15
_REQUESTS_AT_ONCE = 20
_RUNS_LOOKED_AT = 100
REQUEST_TAG = "outreach/request"
"""The row of run_requests that a run was started for."""
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
    api_key = settings.require("OPENAI_API_KEY")
    with open_blocking_client(api_key, settings.openai_base_url, answer_s=_BATCH_ANSWER_S) as client:
        for batch in waiting:
            try:
                status = client.batches.retrieve(batch["batch_id"]).status
            except openai.OpenAIError as error:
                return dg.SkipReason(str(as_ours(error, "GET /batches")))
            if status in ENDED:
                return dg.RunRequest(run_key=batch["batch_id"], asset_selection=[dg.AssetKey("icebreakers")])
    return dg.SkipReason(f"{len(waiting)} batches are under way; OpenAI takes up to a day.")


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    monitored_jobs=[instantly_sync, refresh_and_launch],
    request_job=suppression_sweep,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def stops_noted(context: dg.RunStatusSensorContext) -> dg.RunRequest | dg.SkipReason:
    """Sweep whenever Instantly was read: who stopped one campaign, or was suppressed here, may be in another one."""
    if Settings().instantly_api_key is None:
        return dg.SkipReason("INSTANTLY_API_KEY is not set: what was read came from an export.")
    return dg.RunRequest(run_key=context.dagster_run.run_id)


@dg.sensor(
    jobs=[campaign_launch, refresh_and_launch, instantly_sync, lead_pipeline, suppression_sweep],
    minimum_interval_seconds=_REQUESTS_EVERY_S,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def requests_to_run(
    context: dg.SensorEvaluationContext, store: dg.ResourceParam[RowStore]
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Start the runs that rows of run_requests ask for, each once, and note in the rows what became of them."""
    # Asked for apart, so that runs that take their time keep nobody waiting who asks after them.
    rows = [*_requests(store, "asked", _REQUESTS_AT_ONCE), *_requests(store, "started", _RUNS_LOOKED_AT)]
    if not rows:
        yield dg.SkipReason("Nobody asks for a run.")
    for row in rows:
        request_id = row["request_id"]
        runs = context.instance.get_runs(dg.RunsFilter(tags={REQUEST_TAG: request_id}), limit=1)
        if runs:
            _note_run(store, row, runs[0])
        else:
            # The same key starts no second run, even if this is asked again before the first one is seen.
            yield dg.RunRequest(
                run_key=f"request:{request_id}",
                job_name=row["job_name"],
                run_config=_config_of_request(row),
                tags={REQUEST_TAG: request_id, KEY_TAG: f"request:{request_id}"},
            )


def _requests(store: RowStore, state: str, most: int) -> list[dict[str, Any]]:
    return store.select(
        "run_requests", lambda query: query.eq("state", state).order("requested_at").order("request_id").limit(most)
    )


def _note_run(store: RowStore, row: dict[str, Any], run: dg.DagsterRun) -> None:
    state, reason = "started", ""
    if run.is_finished:
        state = "done" if run.is_success else "failed"
        reason = "" if run.is_success else f"The run ended as {run.status.value.lower()}; its page in Dagster says why."
    if state != row["state"]:
        store.call(
            "note_run_request",
            {"wanted_request": row["request_id"], "new_state": state, "of_run": run.run_id, "why": reason},
        )


def _config_of_request(row: dict[str, Any]) -> dict[str, Any]:
    if not row["campaign_name"]:
        return {}
    return launch_run_config(
        LaunchConfig(
            campaign=row["campaign_name"],
            limit=row["people_limit"],
            activate=row["activates"],
            dry_run=row["is_dry_run"],
        )
    )
