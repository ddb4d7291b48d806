"""The opening line of each lead."""

from typing import Literal

import dagster as dg
from pydantic import Field

from modules.outreach.icebreaker_run import IcebreakerReport, write_icebreakers
from modules.outreach.icebreaker_writer import LineWriter
from modules.supabase.row_store import RowStore
from outreach_pipeline.assets.asset_defaults import KINDS, OWNERS, RETRY_ONCE, numbers
from outreach_pipeline.assets.table_results import markdown_table
from outreach_pipeline.failures import dagster_failures
from outreach_pipeline.resources.openai_resource import OpenAIResource

POOL = "openai"
"""One of these at a time, over all runs: several would share one account's rate, and each count alone."""
_EXAMPLES = 5
_RULES_SHOWN = 10


class IcebreakerConfig(dg.Config):
    """Which lines to write. Without any of it: those of all leads that have none, within the budgets."""

    most: int = Field(default=20_000, ge=0, description="Leads to ask about, at most.")
    least_score: int = Field(default=0, ge=0, le=100, description="Leads with a lower score get no line.")
    mode: Literal["auto", "online", "batch"] = Field(
        default="auto", description="batch asks in bulk at half the price, within a day; auto does so for many leads."
    )
    fallback: Literal["template", "skip"] = Field(
        default="template", description="Where the model's lines do not pass: a fixed pattern, or no line."
    )
    dollars: float | None = Field(
        default=None, ge=0, description="Budget of this run; default: OPENAI_DOLLARS_PER_RUN."
    )


@dg.asset(
    group_name="outreach",
    owners=OWNERS,
    kinds=KINDS | {"openai"},
    retry_policy=RETRY_ONCE,
    pool=POOL,
    deps=["leads", "companies", "lead_scores", "apollo_organizations_raw"],
    metadata={
        "vendor_documents": dg.MetadataValue.url("https://developers.openai.com/api/docs/guides/structured-outputs")
    },
)
def icebreakers(
    context: dg.AssetExecutionContext,
    config: IcebreakerConfig,
    openai: OpenAIResource,
    store: dg.ResourceParam[RowStore],
) -> dg.MaterializeResult[None]:
    """The opening line of each lead, with what it rests on. Grain: one lead. Key: `lead_id`.

    Written by a model from the facts we hold, and checked before it is stored; what does not pass is asked for once
    more, then made of a fixed pattern or left out. Nothing is paid for twice.
    """
    if not openai.has_key():
        context.log.warning("OPENAI_API_KEY is not set: no lines are written.")
        return dg.MaterializeResult(metadata={"stopped_because": "OPENAI_API_KEY is not set"})
    with dagster_failures():
        writer = openai.writer(
            store, run_id=context.run.run_id, least_score=config.least_score, fallback=config.fallback
        )
        report = write_icebreakers(
            writer,
            openai.budget(store, context.run.run_id, config.dollars),
            openai.limiter(),
            openai.account(),
            mode=config.mode,
            most=config.most,
        )
    return dg.MaterializeResult(metadata=_metadata(store, writer, report))


def _metadata(store: RowStore, writer: LineWriter, report: IcebreakerReport) -> dict[str, dg.MetadataValue]:
    batches = report.batches
    written = sum(writer.sources.values())
    cached = writer.cached_tokens / writer.input_tokens if writer.input_tokens else None
    latest = store.select(
        "icebreakers",
        lambda query: query.eq("source", "model").order("updated_at", desc=True).limit(_EXAMPLES),
    )
    rules = [{"rule": rule, "lines": count} for rule, count in writer.problems.most_common(_RULES_SHOWN)]
    return {
        **numbers(
            {
                "lines_written": written,
                **{f"lines_{source}": count for source, count in writer.sources.items()},
                "leads_left": report.left,
                "answers_paid": writer.answers,
                "answers_known": writer.known,
                "batches_submitted": batches.submitted,
                "batches_open": batches.open + batches.submitted,
                "batches_ended": batches.ended,
            }
        ),
        "dollars_spent": dg.MetadataValue.float(round(writer.dollars, 6)),
        **({"cached_share_of_input": dg.MetadataValue.float(round(cached, 4))} if cached is not None else {}),
        "stopped_because": dg.MetadataValue.text(report.stopped_because or "nobody waits any more"),
        "rules_broken": markdown_table(rules, ("rule", "lines")),
        "examples": markdown_table([_without_person(row) for row in latest], ("language", "line", "evidence")),
        "dagster/table_name": dg.MetadataValue.text("public.icebreakers"),
    }


def _without_person(row: dict[str, object]) -> dict[str, object]:
    """A line without the name that may stand in it: metadata is kept, and shown to whoever may open the UI."""
    facts = row["facts"]
    names = [
        fact["text"]
        for fact in (facts.get("facts", []) if isinstance(facts, dict) else [])
        if fact["kind"] in {"first_name", "last_name"}
    ]
    shown: dict[str, object] = {}
    for column in ("language", "line", "evidence"):
        text = str(row[column] or "")
        for name in names:
            text = text.replace(name, "…")
        shown[column] = text
    return shown
