"""`outreach demo`: the pipeline once, on this machine, with nothing but this checkout."""

import time

import typer

from modules.shared.settings import REPOSITORY, Settings
from modules.supabase.migrations import apply_migrations, read_migrations
from outreach_pipeline.commands.apollo import CREDIT_HEADS
from outreach_pipeline.commands.campaigns import apply_files
from outreach_pipeline.commands.launch import run_launch, show_card, show_launch
from outreach_pipeline.commands.leads import LEAD_HEADS
from outreach_pipeline.commands.local import start_local, stop_local
from outreach_pipeline.commands.output import print_rows
from outreach_pipeline.commands.stores import open_store
from outreach_pipeline.commands.sync import SYNC_HEADS, run_sync, sync_rows
from outreach_pipeline.runs import run_job

_LEADS_SHOWN = 6
_CAMPAIGN = "dach-operations"
_PEOPLE = 20
_WATCH_MINUTES = 0.5
_EXPLAINED = {
    "duplicate_audit: nobody_is_in_two_live_campaigns": ", because in this sample somebody added a few people by hand."
}
_LINE_HEADS = {"source": "by", "line": "line", "evidence": "rests on"}
_COST_HEADS = {
    "language": "language",
    "by_model": "by model",
    "by_template": "by pattern",
    "skipped": "skipped",
    "input_tokens": "tokens in",
    "cached_tokens": "of these cached",
    "output_tokens": "out",
    "usd_per_line": "dollars a line",
}


def demo() -> None:
    """Start the local Supabase and stand-ins, run the jobs once, say what happened, stop."""
    began_s = time.monotonic()
    typer.echo("Starting a local Supabase and stand-ins for Instantly, Apollo and OpenAI ...")
    environment = start_local()
    try:
        applied = apply_migrations(Settings().require("SUPABASE_DB_URL"), read_migrations())
        typer.echo(f"{environment['SUPABASE_URL']} is up, {len(applied)} migrations applied now.")
        _show_sync()
        _show_leads()
        _show_launch()
    finally:
        stop_local()
    typer.echo(f"{time.monotonic() - began_s:.0f} seconds in all.")
    typer.echo("Run it again: rows come back unchanged, and nobody is paid for or written to twice.")
    typer.echo("Next: `make dev` opens Dagster on http://127.0.0.1:3000 with these runs in it and the schedules on.")


def _show_sync() -> None:
    typer.echo("Running the jobs instantly_sync and instantly_analytics through Dagster ...")
    outcomes = run_sync()
    rows = sync_rows(outcomes)
    print_rows("From Instantly into Supabase", rows, as_json=False, heads=SYNC_HEADS)
    for check in (check for outcome in outcomes for check in outcome.failed_checks):
        typer.echo(f"Check failed: {check}{_EXPLAINED.get(check, '')}")
    typer.echo(f"{sum(row['requests'] for row in rows)} requests to Instantly's stand-in.")


def _show_leads() -> None:
    typer.echo("Running the job lead_pipeline: people of Apollo, bought within the budget, and their opening lines ...")
    with open_store() as store:
        apply_files(store, [REPOSITORY / "campaigns"])
        run_job("lead_pipeline")
        credits_by_search = store.select("credits", lambda query: query.order("search_name"))
        best = store.select("lead_overview", lambda query: query.order("score", desc=True).limit(_LEADS_SHOWN))
        ids = [row["lead_id"] for row in best]
        lines = store.select("icebreakers", lambda query: query.in_("lead_id", ids))
        costs = store.select("icebreaker_costs", lambda query: query.order("language"))
    print_rows("Apollo's credits, and what a usable lead cost", credits_by_search, as_json=False, heads=CREDIT_HEADS)
    budget = Settings().apollo_credits_per_run
    typer.echo(f"Budget of a run: {budget:g} credits, for people first and then for their companies.")
    print_rows("The leads that fit best (invented people)", best, as_json=False, heads=LEAD_HEADS)
    print_rows("Their opening lines, and what each rests on", lines, as_json=False, heads=_LINE_HEADS)
    print_rows("Lines and dollars", costs, as_json=False, heads=_COST_HEADS)


def _show_launch() -> None:
    typer.echo(f"Launching the campaign {_CAMPAIGN}: first a dry run, then {_PEOPLE} people for real ...")
    # The stand-in begins anew each time, and so its campaigns are gone; the contact ledger stays.
    config = {"campaign": _CAMPAIGN, "limit": _PEOPLE, "activate": True, "recreate": True}
    config |= {"watch_minutes": _WATCH_MINUTES}
    show_card(run_launch({**config, "dry_run": True}))
    show_launch(run_launch({**config, "dry_run": False}))
