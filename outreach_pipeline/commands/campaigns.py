"""`outreach campaigns`: the files that say whom to look for."""

from pathlib import Path
from typing import Annotated

import typer

from modules.outreach.search_table import apply_searches
from modules.shared.settings import Settings
from outreach_pipeline.commands.output import AsJson, print_rows
from outreach_pipeline.commands.stores import open_store

app = typer.Typer(help="Whom to look for: show the searches, or apply the files that hold them.")

_HEADS = {
    "search_name": "search",
    "kind": "kind",
    "is_active": "active",
    "people_per_day": "a day",
    "interval_hours": "hours",
    "source_file": "file",
}


@app.callback(invoke_without_command=True)
def show(context: typer.Context, as_json: AsJson = False) -> None:
    """Show the searches: people asked about a day at most, hours from one collection to the next."""
    if context.invoked_subcommand is None:
        with open_store() as store:
            rows = store.select("apollo_searches", lambda query: query.order("search_name"))
        print_rows("Searches", rows, as_json=as_json, heads=_HEADS)


@app.command()
def apply(
    paths: Annotated[list[Path] | None, typer.Argument(help="Files or folders; default: OUTREACH_CAMPAIGNS.")] = None,
    as_json: AsJson = False,
) -> None:
    """Validate files of searches and store what they say. A search that is no longer in its file is switched off."""
    with open_store() as store:
        counts = apply_searches(store, paths or [Settings().outreach_campaigns])
    print_rows("Searches applied", [counts], as_json=as_json)
