"""`outreach sync`: Instantly into Supabase, now, through the same jobs as every hour."""

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from modules.instantly.instantly_sources import load_from_json
from modules.instantly.instantly_statistics_rows import ACCOUNT_DAILY, DAILY_ANALYTICS
from modules.instantly.instantly_tables import RAW_TABLES
from outreach_pipeline.commands.output import AsJson, print_rows
from outreach_pipeline.dagster_home import prepare_dagster_home
from outreach_pipeline.runs import JobOutcome, run_job

_BY_DAY = (ACCOUNT_DAILY.name, DAILY_ANALYTICS.name)
_WHOLE = tuple(table.name for table in RAW_TABLES if table.name not in _BY_DAY)
_COLUMNS = ("read", "inserted", "updated", "unchanged", "rejected", "marked_deleted")
SYNC_HEADS = {
    "table": "table",
    "inserted": "new",
    "updated": "changed",
    "unchanged": "same",
    "rejected": "rejected",
    "marked_deleted": "gone",
    "requests": "requests",
}
"""What fits a terminal of eighty columns."""


class SourceKind(StrEnum):
    """Where a sync reads from."""

    api = "api"
    json = "json"


def sync(
    source: Annotated[SourceKind, typer.Option(help="Instantly itself, or a JSON export of it.")] = SourceKind.api,
    file: Annotated[Path | None, typer.Option(help="The export, with --source json.")] = None,
    accept_short_read: Annotated[
        bool, typer.Option("--accept-short-read", help="Believe a read much shorter than the last complete one.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Read all of Instantly into its tables."""
    if (source is SourceKind.json) != (file is not None):
        raise typer.BadParameter("--source json and --file belong together.")
    outcomes = run_sync(file.resolve() if file else None, accept_short_read=accept_short_read)
    print_rows("Synced", sync_rows(outcomes), as_json=as_json, heads=SYNC_HEADS)
    for outcome in outcomes:
        for check in outcome.failed_checks:
            typer.echo(f"Check failed: {check}", err=True)


def run_sync(file: Path | None = None, *, accept_short_read: bool = False) -> list[JobOutcome]:
    """Run the two jobs; from the API the look-back window of days, from a file the days it holds."""
    # Imported here, because it brings Dagster, for which no other command should wait.
    from outreach_pipeline.partitions import look_back, range_tags

    prepare_dagster_home()
    config: dict[str, Any] = {"smallest_share": 0.0} if accept_short_read else {}
    days = look_back(datetime.now(UTC).date())
    if file is not None:
        config |= {"source": "json", "file": str(file)}
        days_in_file = load_from_json(file).days()
        if days_in_file is None:
            return [run_job("instantly_sync", asset_config=dict.fromkeys(_WHOLE, config))]
        days = days_in_file
    return [
        run_job("instantly_sync", asset_config=dict.fromkeys(_WHOLE, config)),
        run_job("instantly_analytics", asset_config=dict.fromkeys(_BY_DAY, config), tags=range_tags(days)),
    ]


def sync_rows(outcomes: list[JobOutcome]) -> list[dict[str, Any]]:
    """One row a table: what became of its rows, and what the reading cost."""
    rows = [
        {
            "table": table,
            **{column: numbers[f"rows_{column}"] for column in _COLUMNS},
            "requests": numbers["requests_made"],
            "rows_in_table": numbers["dagster/row_count"],
        }
        for outcome in outcomes
        for table, numbers in outcome.tables.items()
        if "rows_read" in numbers
    ]
    return sorted(rows, key=lambda row: row["table"])
