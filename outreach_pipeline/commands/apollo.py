"""`outreach collect`, `enrich` and `credits`: Apollo, now, through the same job as every hour."""

from typing import Annotated, Any

import orjson
import typer

from modules.apollo.apollo_enrichment import DataKind
from modules.outreach.apollo_recovery import give_up_doubtful
from outreach_pipeline.commands.output import AsJson, print_rows
from outreach_pipeline.commands.stores import open_store
from outreach_pipeline.dagster_home import prepare_dagster_home
from outreach_pipeline.runs import JobOutcome, run_job

_SearchName = Annotated[str | None, typer.Option("--search", help="One search by its name; default: all that are due.")]
_BUYING = ("apollo_credit_ledger", "leads", "apollo_organizations_raw", "companies", "lead_scores", "apollo_usage")
CREDIT_HEADS = {
    "search_name": "search",
    "people_found": "found",
    "people_waiting": "waits",
    "people_asked": "asked",
    "usable_leads": "usable",
    "credits_spent": "spent",
    "credits_in_doubt": "doubt",
    "credits_per_usable_lead": "a lead",
    "credits_left": "left",
}


def collect(
    search: _SearchName = None,
    narrow: Annotated[
        str | None,
        typer.Option(help='Filters as JSON for another slice of it: \'{"person_locations": ["Austria"]}\'.'),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read people searches at Apollo. Costs nothing."""
    config: dict[str, Any] = {"search": search} if search else {}
    if narrow:
        if search is None:
            raise typer.BadParameter("--narrow belongs to one --search.")
        config["narrow"] = _filters(narrow)
    outcome = _run(("apollo_people_raw",), {"apollo_people_raw": config})
    numbers = outcome.tables["apollo_people_raw"]
    row = {
        name: numbers[name] for name in ("searches_read", "rows_read", "rows_inserted", "rows_updated", "people_new")
    }
    print_rows("Collected", [{**row, "requests": numbers["requests_made"]}], as_json=as_json)


def enrich(
    *,
    search: Annotated[str | None, typer.Option("--search", help="Only people of this search.")] = None,
    kind: Annotated[DataKind, typer.Option(help="What to buy of each.")] = DataKind.email,
    most: Annotated[int | None, typer.Option(min=0, help="People, at most.")] = None,
    credits_per_run: Annotated[
        float | None, typer.Option("--credits", min=0, help="Budget; default: APOLLO_CREDITS_PER_RUN.")
    ] = None,
    ask_again: Annotated[
        bool, typer.Option("--ask-again", help="Give doubtful calls up first: their people may be paid for twice.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Ask Apollo about the people who wait and their companies, for credits, within the budgets."""
    if ask_again:
        with open_store() as store:
            typer.echo(f"{give_up_doubtful(store)} doubtful calls given up.", err=True)
    budget: dict[str, Any] = {} if credits_per_run is None else {"credits": credits_per_run}
    people = {"search": search, "data_kind": kind.value, "most": most}
    _run(
        _BUYING,
        {
            "apollo_credit_ledger": {**{name: value for name, value in people.items() if value is not None}, **budget},
            "apollo_organizations_raw": budget,
        },
    )
    show_credits(as_json)


def show_credits(as_json: AsJson = False) -> None:
    """Show what Apollo cost and brought, search by search."""
    with open_store() as store:
        rows = store.select("credits", lambda query: query.order("search_name"))
    print_rows("Credits", rows, as_json=as_json, heads=CREDIT_HEADS)


def _run(assets: tuple[str, ...], config: dict[str, dict[str, Any]]) -> JobOutcome:
    prepare_dagster_home()
    outcome = run_job("lead_pipeline", assets=assets, asset_config=config)
    for check in outcome.failed_checks:
        typer.echo(f"Check failed: {check}", err=True)
    return outcome


def _filters(text: str) -> dict[str, Any]:
    try:
        filters = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise typer.BadParameter(f"--narrow is no JSON: {error}") from None
    if not isinstance(filters, dict):
        raise typer.BadParameter("--narrow is an object of filters.")
    return filters
