"""`outreach launch`, `pause`, `resume`: people into a campaign at Instantly, and the switch that stops it all."""

import uuid
from typing import Annotated, Any

import orjson
import typer

from modules.outreach import launch_steps, pause_switch
from modules.outreach.campaign_preview import leads_by_id
from modules.outreach.campaign_table import stored_campaign
from modules.outreach.lead_selector import funnel_rows
from modules.shared.errors import Refused
from modules.shared.settings import Settings
from modules.supabase.row_store import RowStore
from outreach_pipeline.commands.campaigns import print_mails
from outreach_pipeline.commands.output import AsJson, print_rows
from outreach_pipeline.commands.stores import open_store
from outreach_pipeline.dagster_home import prepare_dagster_home
from outreach_pipeline.resources.launch_tools import open_launch_tools
from outreach_pipeline.runs import run_job

FUNNEL_HEADS = {"rule": "who", "people": "people", "left": "left"}
_FACT_HEADS = {"fact": "launch card", "value": ""}
_STATE_HEADS = {"state": "state", "people": "people"}


def launch(
    campaign: Annotated[str, typer.Argument(help="Name of a campaign file that was applied.")],
    *,
    limit: Annotated[int | None, typer.Option(min=1, help="People to add, at most.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done; nothing is sent.")] = False,
    activate: Annotated[
        bool, typer.Option("--activate", help="Set the campaign sending; else it stays a draft, or as it is.")
    ] = False,
    recreate: Annotated[
        bool, typer.Option("--recreate", help="Make the campaign anew, if somebody deleted it at Instantly.")
    ] = False,
    refresh: Annotated[bool, typer.Option("--refresh", help="Read Instantly first.")] = False,
    abandon: Annotated[
        bool, typer.Option("--abandon", help="Give the open launch up: whoever is not at Instantly is released.")
    ] = False,
    watch_minutes: Annotated[
        float, typer.Option(min=0, max=60, help="How long to watch, at most, whether the campaign sends.")
    ] = 15.0,
    as_json: AsJson = False,
) -> None:
    """Launch a campaign, or continue the launch that is open. Exit status 3: refused, with the reasons."""
    if abandon:
        if dry_run or activate or refresh or limit is not None:
            raise typer.BadParameter("--abandon stands alone: it gives a launch up, and launches nothing.")
        _abandon(campaign, as_json=as_json)
        return
    config = {
        "campaign": campaign,
        "limit": limit,
        "activate": activate,
        "recreate": recreate,
        "dry_run": dry_run,
        "watch_minutes": watch_minutes,
    }
    document = run_launch(config, refresh=refresh)
    if dry_run:
        show_card(document, as_json=as_json)
        if document["refusals"]:
            raise Refused("\n".join(["A launch would be refused:", *(f"- {text}" for text in document["refusals"])]))
    else:
        show_launch(document, as_json=as_json)


def run_launch(config: dict[str, Any], *, refresh: bool = False) -> dict[str, Any]:
    """Run the job; the launch card of a dry run, else how the launch stands."""
    # Imported here, because loading every definition is not worth the wait for `--help`.
    from outreach_pipeline.assets.launch_assets import GRAPH, KEY_TAG

    prepare_dagster_home()
    outcome = run_job(
        "refresh_and_launch" if refresh else "campaign_launch",
        asset_config={GRAPH: config},
        tags={KEY_TAG: f"command:{uuid.uuid4()}"},
        # A refusal is an answer: its reasons are printed, and no stack.
        log_level="CRITICAL",
    )
    documents = outcome.documents["campaign_launch"]
    document: dict[str, Any] = documents["card" if config["dry_run"] else "launch"]
    return document


def show_card(card: dict[str, Any], *, as_json: bool = False) -> None:
    """Print the card of a dry run, and the first mails."""
    if as_json:
        typer.echo(orjson.dumps(card, option=orjson.OPT_INDENT_2).decode())
        return
    print_rows(f"{card['campaign_name']}: a dry run, nothing was sent", card["facts"], as_json=False, heads=_FACT_HEADS)
    print_rows("Whom it would write to", card["funnel"], as_json=False, heads=FUNNEL_HEADS)
    for warning in card["warnings"]:
        typer.echo(f"Worth a look: {warning}")
    with open_store() as store:
        leads = leads_by_id(store, card["first_leads"])
        if leads:
            typer.echo("The first mails:\n")
            print_mails(stored_campaign(store, card["campaign_name"]), leads, steps=1)


def show_launch(document: dict[str, Any], *, as_json: bool = False) -> None:
    """Print how a launch stands."""
    if as_json:
        typer.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
        return
    states = [{"state": state, "people": people} for state, people in sorted(document["people"].items())]
    print_rows("Who was chosen", funnel_rows(document["funnel"]), as_json=False, heads=FUNNEL_HEADS)
    print_rows("People", states, as_json=False, heads=_STATE_HEADS)
    typer.echo(f"{document['campaign_name']}: {document['outcome']}")


def pause(reason: Annotated[str, typer.Option(help="Why; whoever is refused reads it.")]) -> None:
    """Stop everything that could reach a person, from this moment on, on every machine."""
    if not reason.strip():
        raise typer.BadParameter("--reason is empty; whoever is refused reads it.")
    with open_store() as store:
        pause_switch.set_pause(store, reason=reason.strip())
    typer.echo("Paused. `outreach resume` goes on.")


def resume() -> None:
    """Let launches go on."""
    with open_store() as store:
        pause_switch.set_pause(store, reason=None)
    if Settings().outreach_paused:
        typer.echo("The switch is off; OUTREACH_PAUSED is set here, and still stops this machine.", err=True)
    else:
        typer.echo("Launches may go on.")


def _abandon(campaign: str, *, as_json: bool) -> None:
    with open_store() as store:
        released = _released(store, campaign)
    print_rows("Given up", [{"campaign": campaign, "released": released}], as_json=as_json)


def _released(store: RowStore, campaign: str) -> int:
    with open_launch_tools(store, watch_minutes=0) as tools:
        return launch_steps.abandon(tools, stored_campaign(store, campaign, without_file=True).name)
