"""`outreach leads`: who we know, and bringing in those of a file."""

from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from modules.outreach.campaign_preview import lead_by_address
from modules.outreach.campaign_table import stored_campaign
from modules.outreach.lead_files import LeadFile, read_lead_file
from modules.outreach.lead_records import Provenance
from modules.outreach.lead_selector import RULES, explain_leads
from modules.outreach.lead_table import merge_leads
from modules.outreach.pages import in_batches
from modules.outreach.regions import Region
from modules.shared.raw_table import RejectedRow
from modules.supabase.row_store import RowStore
from outreach_pipeline.commands.output import AsJson, print_rows
from outreach_pipeline.commands.stores import open_store

app = typer.Typer(help="Who we know: show leads, or bring in those of a file.")

_REASONS_SHOWN = 20
_IDS_A_REQUEST = 100
LEAD_HEADS = {
    "score": "score",
    "email": "address",
    "job_title": "title",
    "company_name": "company",
    "status": "status",
}

_EXPLAINED_HEADS = {"rank": "place", "email": "address", "score": "score", "why": "why"}


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


@app.command()
def explain(
    campaign: Annotated[str, typer.Argument(help="Name of a campaign file that was applied.")],
    *,
    lead: Annotated[str | None, typer.Option(help="Address of one lead; default: everybody, best first.")] = None,
    most: Annotated[int, typer.Option(min=1, help="Leads, at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Say of each lead whether a launch of the campaign would choose it now, or the first rule against it."""
    with open_store() as store:
        stored = stored_campaign(store, campaign)
        wanted = None if lead is None else [lead_by_address(store, lead)["lead_id"]]
        judged = explain_leads(store, stored, wanted)[:most]
        emails = _emails(store, [row["lead_id"] for row in judged])
    rows = [
        {
            "rank": row["rank"],
            "email": emails.get(row["lead_id"]),
            "score": row["score"],
            "rule": row["rule"] or "chosen",
            "why": RULES[row["rule"] or "chosen"],
        }
        for row in judged
    ]
    print_rows(f"{campaign}: who would be chosen", rows, as_json=as_json, heads=_EXPLAINED_HEADS)


def _emails(store: RowStore, lead_ids: list[str]) -> dict[str, str]:
    # Ids stand in the address of the request, which may not be longer than a few thousand characters.
    batches = [store.select("leads", partial(_with_ids, batch)) for batch in in_batches(lead_ids, _IDS_A_REQUEST)]
    return {row["lead_id"]: row["email"] for rows in batches for row in rows}


def _with_ids(lead_ids: list[str], query: Any) -> Any:
    return query.in_("lead_id", lead_ids)


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
