"""`outreach demo`: the pipeline once, on this machine, with nothing but this checkout."""

import time

import typer

from modules.shared.settings import Settings
from modules.supabase.migrations import apply_migrations, read_migrations
from outreach_pipeline.commands.local import start_local, stop_local
from outreach_pipeline.commands.output import print_rows
from outreach_pipeline.commands.sync import SYNC_HEADS, run_sync, sync_rows


def demo() -> None:
    """Start the local Supabase and stand-ins, run the jobs once, say what happened, stop."""
    began_s = time.monotonic()
    typer.echo("Starting a local Supabase and a stand-in for Instantly ...")
    environment = start_local()
    try:
        applied = apply_migrations(Settings().require("SUPABASE_DB_URL"), read_migrations())
        typer.echo(f"{environment['SUPABASE_URL']} is up, {len(applied)} migrations applied now.")
        typer.echo("Running the jobs instantly_sync and instantly_analytics through Dagster ...")
        rows = sync_rows(run_sync())
    finally:
        stop_local()
    print_rows("From Instantly into Supabase", rows, as_json=False, heads=SYNC_HEADS)
    requests = sum(row["requests"] for row in rows)
    typer.echo(f"{requests} requests to Instantly's stand-in, {time.monotonic() - began_s:.0f} seconds in all.")
    typer.echo("Run it again: rows come back unchanged, and none is rewritten.")
    typer.echo("Next: `make dev` opens Dagster on http://127.0.0.1:3000 with these runs in it and the schedules on.")
