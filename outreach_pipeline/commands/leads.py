"""`outreach leads`: who we know, and bringing in those of a file."""

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from modules.outreach.lead_files import LeadFile, read_lead_file
from modules.outreach.lead_records import Provenance
from modules.outreach.lead_table import merge_leads
from modules.outreach.regions import Region
from modules.shared.raw_table import RejectedRow
from outreach_pipeline.commands.output import AsJson, print_rows
from outreach_pipeline.commands.stores import open_store

app = typer.Typer(help="Who we know: show leads, or bring in those of a file.")

_REASONS_SHOWN = 20
LEAD_HEADS = {
    "score": "score",
    "email": "address",
    "job_title": "title",
    "company_name": "company",
    "status": "status",
}


class LawfulBasis(StrEnum):
    """Why people may be written to."""

    legitimate_interest = "legitimate_interest"
    consent = "consent"
    contract = "contract"


@app.callback(invoke_without_command=True)
def show(
    context: typer.Context,
    most: Annotated[int, typer.Option(min=1, max=1_000, help="Leads, at most.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Show leads, those that fit best first."""
    if context.invoked_subcommand is None:
        with open_store() as store:
            rows = store.select(
                "lead_overview",
                lambda query: query.order("score", desc=True, nullsfirst=False).order("email").limit(most),
            )
        print_rows("Leads", rows, as_json=as_json, heads=LEAD_HEADS)


@app.command("import")
def bring_in(
    file: Annotated[Path, typer.Argument(help="A CSV file with heads.")],
    *,
    lawful_basis: Annotated[LawfulBasis | None, typer.Option(help="Why these people may be written to.")] = None,
    region: Annotated[Region | None, typer.Option(help="Of all of them; default: each by their country.")] = None,
    column: Annotated[
        list[str] | None, typer.Option(help='Which column is a field\'s: email="E-Mail (work)". Repeatable.')
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be read, and store nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Bring the leads of a CSV file in, by the same rules as all others; who is known gains what was missing."""
    provenance = Provenance(
        source=f"csv:{file.name}",
        collected_at=datetime.now(UTC),
        lawful_basis=lawful_basis.value if lawful_basis else None,
        region=region,
    )
    lead_file = read_lead_file(file, provenance=provenance, columns=dict(map(_told, column or [])))
    if dry_run:
        _show_plan(lead_file, as_json=as_json)
        return
    if lawful_basis is None:
        typer.echo("No lawful basis was given: without one nobody of this file can be written to.", err=True)
    with open_store() as store:
        counts = merge_leads(store, lead_file.rows())
    print_rows(f"Leads of {file.name}", [counts], as_json=as_json)
    if counts["rejected"]:
        typer.echo(f"{counts['rejected']} rows did not fit; rejected_rows says why.", err=True)


def _told(text: str) -> tuple[str, str]:
    field, is_told, head = text.partition("=")
    if not is_told:
        raise typer.BadParameter(f'--column {text} names no column; write --column {field}="its head".')
    return field.strip(), head.strip()


def _show_plan(lead_file: LeadFile, *, as_json: bool) -> None:
    """What an import would do, without a word of anybody in it."""
    reasons: dict[str, int] = {}
    fits = 0
    for row in lead_file.rows():
        if isinstance(row, RejectedRow):
            reasons[row.reason] = reasons.get(row.reason, 0) + 1
        else:
            fits += 1
    if as_json:
        plan = {
            "columns": lead_file.columns,
            "unused_columns": lead_file.unused_columns,
            "leads": fits,
            "rejected": reasons,
        }
        print_rows("Plan", [plan], as_json=True)
        return
    print_rows(
        "Columns", [{"field": field, "column": head} for field, head in lead_file.columns.items()], as_json=False
    )
    typer.echo(f"Not read: {', '.join(lead_file.unused_columns) or 'nothing'}.")
    typer.echo(f"{fits} leads fit, {sum(reasons.values())} rows do not. Nothing was stored.")
    worst = sorted(reasons.items(), key=lambda each: -each[1])[:_REASONS_SHOWN]
    if worst:
        print_rows("Rows that do not fit", [{"rows": rows, "reason": reason} for reason, rows in worst], as_json=False)
