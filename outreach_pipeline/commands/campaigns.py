"""`outreach campaigns`: the files that say whom to look for, and what to write to whom."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from modules.outreach.campaign_lint import lint_campaign, refuse_errors
from modules.outreach.campaign_preview import invented_leads, lead_by_address, leads_of_audience, preview
from modules.outreach.campaign_spec import Campaign, read_campaign_files
from modules.outreach.campaign_table import apply_campaigns, campaigns_without_file, stored_campaign
from modules.outreach.search_table import apply_searches, files_in
from modules.shared.errors import PermanentError, Refused
from modules.shared.settings import Settings
from modules.supabase.row_store import RowStore
from outreach_pipeline.commands.output import AsJson, print_rows
from outreach_pipeline.commands.stores import open_store

app = typer.Typer(help="Whom to look for and what to write: show, check and apply the files of campaigns/.")

_SEARCH_HEADS = {
    "search_name": "search",
    "kind": "kind",
    "is_active": "active",
    "people_per_day": "a day",
    "interval_hours": "hours",
    "source_file": "file",
}
_CAMPAIGN_HEADS = {
    "campaign_name": "campaign",
    "title": "title",
    "is_active": "active",
    "source_file": "file",
    "applied_at": "applied",
}
_FINDING_HEADS = {"place": "place", "severity": "severity", "rule": "rule", "message": "what is wrong"}

Paths = Annotated[list[Path] | None, typer.Argument(help="Files or folders; default: OUTREACH_CAMPAIGNS.")]


@app.callback(invoke_without_command=True)
def show(context: typer.Context, as_json: AsJson = False) -> None:
    """Show the searches (people asked about a day at most, hours between collections) and the campaigns."""
    if context.invoked_subcommand is None:
        with open_store() as store:
            searches = store.select("apollo_searches", lambda query: query.order("search_name"))
            campaigns = store.select("campaign_files", lambda query: query.order("campaign_name"))
        if as_json:
            print_rows("", [*searches, *campaigns], as_json=True)
            return
        print_rows("Searches", searches, as_json=False, heads=_SEARCH_HEADS)
        print_rows("Campaigns", campaigns, as_json=False, heads=_CAMPAIGN_HEADS)


@app.command()
def apply(paths: Paths = None, as_json: AsJson = False) -> None:
    """Check files of searches and campaigns, and store what they say.

    A search that is no longer in its file is switched off. A campaign that is no longer in its file stays, and starts
    no launch. Campaigns that a rule speaks against with an error are refused, and nothing is stored.
    """
    with open_store() as store:
        counts = apply_files(store, paths or [Settings().outreach_campaigns])
        gone = campaigns_without_file(store)
    print_rows("Files applied", counts, as_json=as_json)
    for name in gone:
        typer.echo(f"No file has the campaign {name} any longer. It stays stored, and starts no launch.", err=True)


def apply_files(store: RowStore, paths: list[Path]) -> list[dict[str, Any]]:
    """Check files and folders of files, and store what they say; for searches and for campaigns how many changed.

    Raises:
        PermanentError: Something in a file is not right; nothing was stored.
        Refused: A rule speaks against a campaign; nothing was stored.
    """
    files = read_campaign_files(files_in(paths))
    refuse_errors(files, today=datetime.now(UTC).date())
    # Campaigns first: what they ask for is looked up, and nothing is stored where it is not there.
    campaigns = apply_campaigns(store, files, is_everything=any(path.is_dir() for path in paths))
    searches = apply_searches(store, paths)
    return [{"applied": "searches", **searches, "without_file": 0}, {"applied": "campaigns", **campaigns}]


@app.command()
def lint(paths: Paths = None, as_json: AsJson = False) -> None:
    """Say everything that speaks against the campaigns of files; nothing is stored. Exit status 3: there are errors."""
    files = read_campaign_files(files_in(paths or [Settings().outreach_campaigns]))
    today = datetime.now(UTC).date()
    rows = [
        {"place": file.yaml.place(("campaign", *finding.path)), **finding._asdict()}
        for file in files
        if file.campaign is not None
        for finding in lint_campaign(file.campaign, today=today)
    ]
    campaigns = sum(file.campaign is not None for file in files)
    print_rows(f"Findings in {campaigns} campaigns", rows, as_json=as_json, heads=_FINDING_HEADS)
    errors = sum(row["severity"] == "error" for row in rows)
    if errors:
        raise Refused(f"{errors} errors; a campaign with one is neither stored nor launched.")


@app.command("preview")
def show_mails(
    campaign: Annotated[str, typer.Argument(help="Name of a stored campaign, or a file that holds one.")],
    lead: Annotated[str | None, typer.Option(help="Address of a lead; default: three of the audience.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show the mails that leads would get, with the earliest days; without any lead, those of invented people."""
    settings = Settings()
    path = Path(campaign)
    read = _campaign_of(path) if path.is_file() else None
    has_store = bool(settings.supabase_url and settings.supabase_key)
    leads = []
    if read is None or lead is not None or has_store:
        with open_store() as store:
            read = read or stored_campaign(store, campaign, without_file=True)
            leads = [lead_by_address(store, lead)] if lead is not None else leads_of_audience(store, read)
    if not leads:
        typer.echo("No lead of this audience is stored, so that these people are invented.", err=True)
    shown = leads or invented_leads()
    if as_json:
        mails = preview(read, shown, today=datetime.now(UTC).date())
        print_rows("", [mail._asdict() for mail in mails], as_json=True)
    else:
        print_mails(read, shown)


def print_mails(campaign: Campaign, leads: list[dict[str, Any]], *, steps: int | None = None) -> None:
    """Print the mails of these leads for people: of the first steps, or with `None` of all."""
    for mail in preview(campaign, leads, today=datetime.now(UTC).date()):
        if steps is not None and mail.step > steps:
            continue
        if mail.left_out is not None:
            typer.echo(f"--- {mail.lead}: left out, {mail.left_out}\n")
            continue
        subject = mail.subject or "(none: it continues the thread)"
        typer.echo(f"--- {mail.lead}, mail {mail.step}, on {mail.sent_on} at the earliest")
        typer.echo(f"Subject: {subject}\n\n{mail.body}\n")


def _campaign_of(path: Path) -> Campaign:
    (file,) = read_campaign_files([path])
    if file.campaign is None:
        raise PermanentError(f"{path} holds no campaign; campaigns/dach-operations.yaml is an example.")
    return file.campaign
