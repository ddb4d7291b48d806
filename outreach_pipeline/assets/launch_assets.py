"""`campaign_launch`: people into a campaign at Instantly, on fresh data, never twice.

One asset of several steps, of which none can be run without the ones before it. Nothing goes from step to step but that
the one before has ended: each finds in the database, under the launch's key, what it has to do.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import dagster as dg
from pydantic import Field

from modules.outreach import launch_steps
from modules.outreach.icebreaker_run import write_icebreakers
from modules.outreach.launch_card import LaunchCard, launch_card
from modules.outreach.launch_gate import MOST_AGE_S, check_materialized
from modules.outreach.launch_ledger import Launch, launch_of_key, people_by_state
from modules.outreach.launch_steps import LaunchRequest, LaunchTools
from modules.outreach.lead_selector import funnel_rows
from modules.supabase.row_store import RowStore
from outreach_pipeline.assets.asset_defaults import KINDS, OWNERS, numbers
from outreach_pipeline.assets.table_results import markdown_table
from outreach_pipeline.failures import dagster_failures
from outreach_pipeline.resources.launch_tools import open_launch_tools
from outreach_pipeline.resources.openai_resource import OpenAIResource

KEY_TAG = "outreach/launch_key"
"""A run with this tag is of the launch of that key; one without, of its own and its re-executions'."""

UPSTREAM = (
    "campaigns",
    "leads",
    "suppressions",
    "campaign_leads",
    "lead_scores",
    "icebreakers",
    "instantly_accounts_raw",
    "instantly_block_list_raw",
)
GRAPH = "launch_steps"
_FUNNEL = ("rule", "people", "left")
_MOST_LINES = 20_000


class LaunchConfig(dg.Config):
    """What to launch. A campaign has to be named, and unless dry_run is switched off nothing is sent to anybody."""

    campaign: str = Field(description="Name of a campaign file that was applied (`outreach campaigns apply`).")
    limit: int | None = Field(default=None, ge=1, description="People to add, at most.")
    activate: bool = Field(default=False, description="Set the campaign sending; else it stays a draft, or as it is.")
    recreate: bool = Field(
        default=False, description="Make the campaign anew, if somebody deleted it at Instantly; else that is refused."
    )
    dry_run: bool = Field(default=True, description="Only say what would be done.")
    watch_minutes: float = Field(
        default=15.0, ge=0, le=60, description="How long to watch, at most, whether the campaign sends."
    )


@contextmanager
def _launching(
    context: dg.OpExecutionContext, config: LaunchConfig, store: RowStore
) -> Iterator[tuple[LaunchTools, LaunchRequest]]:
    run = context.run
    request = LaunchRequest(
        campaign_name=config.campaign,
        launch_key=run.tags.get(KEY_TAG) or f"run:{run.root_run_id or run.run_id}",
        limit=config.limit,
        activate=config.activate,
        recreate=config.recreate,
        run_id=run.run_id,
    )
    with dagster_failures(), open_launch_tools(store, watch_minutes=config.watch_minutes) as tools:
        yield tools, request


@dg.op(ins={name: dg.In(dg.Nothing) for name in UPSTREAM}, out=dg.Out(dg.Nothing))
def gate(context: dg.OpExecutionContext, config: LaunchConfig, store: dg.ResourceParam[RowStore]) -> None:
    """Is the data fresh and complete, by its own account and by what this Dagster materialized? Begin the launch."""
    if config.dry_run:
        return
    with _launching(context, config, store) as (tools, request):
        events = context.instance.get_latest_materialization_events([dg.AssetKey(name) for name in MOST_AGE_S])
        materialized_at = {
            key.to_user_string(): datetime.fromtimestamp(event.timestamp, UTC) if event else None
            for key, event in events.items()
        }
        check_materialized(materialized_at, datetime.now(UTC))
        launch = launch_steps.gate(tools, request)
        context.log.info("Launch %s of %s is %s.", launch.launch_id, launch.campaign_name, launch.state)


@dg.op(ins={"start": dg.In(dg.Nothing)}, out=dg.Out(dg.Nothing))
def candidates(context: dg.OpExecutionContext, config: LaunchConfig, store: dg.ResourceParam[RowStore]) -> None:
    """May the campaign be launched by its senders, its plan and its settings at Instantly?"""
    if config.dry_run:
        return
    with _launching(context, config, store) as (tools, request):
        found = launch_steps.candidates(tools, request)
        for warning in found.warnings if found else ():
            context.log.warning("%s", warning.text)


@dg.op(ins={"start": dg.In(dg.Nothing)}, out=dg.Out(dg.Nothing))
def reservations(context: dg.OpExecutionContext, config: LaunchConfig, store: dg.ResourceParam[RowStore]) -> None:
    """Choose people and write them into the contact ledger, before any call that could reach them."""
    if config.dry_run:
        return
    with _launching(context, config, store) as (tools, request):
        context.log.info("%d people reserved now.", launch_steps.reserve(tools, request))


@dg.op(ins={"start": dg.In(dg.Nothing)}, out=dg.Out(dg.Nothing))
def opening_lines(
    context: dg.OpExecutionContext,
    config: LaunchConfig,
    openai: OpenAIResource,
    store: dg.ResourceParam[RowStore],
) -> None:
    """Write the lines that are missing, and store what is to be sent for each person."""
    if config.dry_run:
        return
    with _launching(context, config, store) as (tools, request):
        launch = launch_of_key(store, request.launch_key)
        if openai.has_key() and launch.state == "open":
            _write_lines(context, openai, store, launch)
        context.log.info("What is sent: %s", dict(launch_steps.prepare(tools, request)))


@dg.op(ins={"start": dg.In(dg.Nothing)}, out=dg.Out(dg.Nothing))
def uploads(context: dg.OpExecutionContext, config: LaunchConfig, store: dg.ResourceParam[RowStore]) -> None:
    """Make the campaign at most once, and upload its people, each accounted for."""
    if config.dry_run:
        return
    with _launching(context, config, store) as (tools, request):
        context.log.info("Uploaded: %s", dict(launch_steps.upload(tools, request)))


@dg.op(ins={"start": dg.In(dg.Nothing)}, out=dg.Out(dg.Nothing))
def activation(context: dg.OpExecutionContext, config: LaunchConfig, store: dg.ResourceParam[RowStore]) -> None:
    """Look at everything once more, and set the campaign sending if that was asked for."""
    if config.dry_run:
        return
    with _launching(context, config, store) as (tools, request):
        context.log.info("Set sending: %s", launch_steps.activate(tools, request))


@dg.op(ins={"start": dg.In(dg.Nothing)}, out=dg.Out(dg.Nothing))
def confirmation(
    context: dg.OpExecutionContext, config: LaunchConfig, store: dg.ResourceParam[RowStore]
) -> dg.Output[None]:
    """Watch whether the campaign sends, and say how the launch stands; of a dry run, what it would do."""
    with _launching(context, config, store) as (tools, request):
        if config.dry_run:
            return dg.Output(None, metadata=_of_card(launch_card(tools, request)))
        launch = launch_steps.confirm(tools, request)
        return dg.Output(None, metadata=_of_launch(launch, people_by_state(store, launch)))


STEPS = (gate, candidates, reservations, opening_lines, uploads, activation, confirmation)


@dg.config_mapping
def one_config_for_all_steps(val: LaunchConfig) -> Mapping[str, Any]:
    """What was asked for, for each of the steps."""
    return {step.name: {"config": val.model_dump()} for step in STEPS}


def launch_run_config(config: LaunchConfig) -> dict[str, Any]:
    """The configuration of a run that launches."""
    return {"ops": {GRAPH: {"config": config.model_dump()}}}


# The job has the asset's name, and Dagster wants another one for the graph.
@dg.graph_multi_asset(
    name=GRAPH,
    outs={
        "campaign_launch": dg.AssetOut(
            dagster_type=dg.Nothing,
            owners=OWNERS,
            kinds=KINDS | {"instantly"},
            description="People into a campaign at Instantly, on fresh data, never twice. Grain: one run of a launch; "
            "launches and campaign_leads hold what it did. Without dry_run switched off it only says what it would do.",
        )
    },
    ins={name: dg.AssetIn(name, dagster_type=dg.Nothing) for name in UPSTREAM},
    # Dagster drops the one of an output.
    group_name="launch",
    config=one_config_for_all_steps,
)
def campaign_launch(**upstream: Any) -> Any:
    """One step after the other."""
    done = gate(**upstream)
    for step in STEPS[1:]:
        done = step(start=done)
    return done


def _write_lines(context: dg.OpExecutionContext, openai: OpenAIResource, store: RowStore, launch: Launch) -> None:
    """Ask until nothing is asked: of two people with the same facts the second takes the answer of the first."""
    writer = openai.writer(store, run_id=context.run.run_id, only_launch=launch.launch_id)
    has_more = True
    while has_more:
        report = write_icebreakers(
            writer,
            openai.budget(store, context.run.run_id),
            openai.limiter(),
            openai.account(),
            mode="online",
            most=launch.people_limit or _MOST_LINES,
        )
        context.log.info("%d lines were missing, %d still are.", report.queued, report.left)
        if report.stopped_because is not None:
            context.log.warning("Not all lines were asked for: %s.", report.stopped_because)
        has_more = report.finished > 0 and report.stopped_because is None


def _of_card(card: LaunchCard) -> dict[str, Any]:
    return {
        **numbers({"people": card.people, "new_people_today": card.new_people_today}),
        "dry_run": dg.MetadataValue.bool(True),
        "would_be_refused": dg.MetadataValue.md("\n".join(f"- {text}" for text in card.refusals) or "no"),
        "funnel": markdown_table(card.funnel, _FUNNEL),
        "facts": markdown_table(card.facts(), ("fact", "value")),
        "card": dg.MetadataValue.json(card.as_json()),
    }


def _of_launch(launch: Launch, people: Mapping[str, int]) -> dict[str, Any]:
    states = [{"state": state, "people": count} for state, count in sorted(people.items())]
    return {
        **numbers({"people": sum(people.values()), "active": people.get("active", 0)}),
        "dry_run": dg.MetadataValue.bool(False),
        "launch_id": dg.MetadataValue.text(launch.launch_id),
        "outcome": dg.MetadataValue.text(launch.outcome),
        "states": markdown_table(states, ("state", "people")),
        "funnel": markdown_table(funnel_rows(launch.funnel), _FUNNEL),
        "launch": dg.MetadataValue.json(
            {
                "launch_id": launch.launch_id,
                "campaign_name": launch.campaign_name,
                "state": launch.state,
                "outcome": launch.outcome,
                "people": dict(people),
                "funnel": launch.funnel,
            }
        ),
        "dagster/table_name": dg.MetadataValue.text("public.campaign_leads"),
    }
