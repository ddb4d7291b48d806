"""`outreach suppress`: who must never be contacted."""

from getpass import getuser
from pathlib import Path
from typing import Annotated

import typer

from modules.outreach.suppression import Kind, LiftReason, Reason, Suppression, suppressed_value
from modules.outreach.suppression_file import read_suppression_file
from modules.outreach.suppression_table import lift, note, suppression_reasons
from modules.shared.emails import InvalidAddress
from modules.shared.settings import Settings
from outreach_pipeline.commands.output import AsJson, print_rows
from outreach_pipeline.commands.stores import open_store

app = typer.Typer(help="Who must never be contacted: show, add, import, lift, check.", no_args_is_help=True)

_REFUSED = 3
_HEADS = {"value": "who", "reasons": "reasons", "sources": "from", "suppressed_since": "since"}
_BY_HAND = [each for each in Reason if each not in {Reason.erased, Reason.imported, Reason.block_list}]

Force = Annotated[bool, typer.Option("--force", help="Take a domain where anybody can open a mailbox all the same.")]
Note = Annotated[str, typer.Option("--note", help="For those who ask later. No person's data.")]
Values = Annotated[list[str], typer.Argument(help="Addresses or domains.")]


@app.command("list")
def show(
    most: Annotated[int, typer.Option(min=1, max=1_000, help="At most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show who is suppressed now, the newest first."""
    with open_store() as store:
        rows = store.select("suppressed", lambda query: query.order("latest_id", desc=True).limit(most))
    if not as_json:
        rows = [row | {name: ", ".join(row[name]) for name in ("reasons", "sources")} for row in rows]
    print_rows("Suppressed", rows, as_json=as_json, heads=_HEADS)


@app.command()
def add(
    values: Values,
    *,
    reason: Annotated[Reason, typer.Option(help="Why.")] = Reason.by_hand,
    explanation: Note = "",
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Suppress addresses and domains."""
    if reason not in _BY_HAND:
        raise typer.BadParameter(f"--reason {reason} is not for a person to say; say one of {', '.join(_BY_HAND)}.")
    keys = [_value(text, force=force) for text in values]
    records = [
        Suppression(kind=kind, value=value, reason=reason, source="hand", created_by=getuser(), note=explanation)
        for kind, value in keys
    ]
    with open_store() as store:
        counts = note(store, records)
    print_rows("Suppressed", [counts], as_json=as_json)


@app.command("import")
def bring_in(
    file: Annotated[Path, typer.Argument(help="A CSV file of addresses or domains, with heads or without.")],
    *,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Suppress everybody in a CSV file."""
    suppression_file = read_suppression_file(file, created_by=getuser(), allow_free_mail=force)
    with open_store() as store:
        counts = note(store, suppression_file.rows())
    print_rows(f"Suppressed by {file.name}", [counts], as_json=as_json)
    if counts["rejected"]:
        typer.echo(f"{counts['rejected']} rows did not fit; rejected_rows says why.", err=True)


@app.command("lift")
def lift_one(
    value: Annotated[str, typer.Argument(help="An address or a domain.")],
    *,
    reason: Annotated[LiftReason, typer.Option(help="Why they may be contacted again.")],
    explanation: Note = "",
    as_json: AsJson = False,
) -> None:
    """Let somebody be contacted again. What Instantly says anew counts again; its block list is not touched."""
    key = Settings().outreach_erasure_key
    try:
        with open_store() as store:
            lifted = lift(
                store,
                value,
                reason=reason,
                by=getuser(),
                explanation=explanation,
                erasure_key=key.get_secret_value() if key else None,
            )
    except InvalidAddress as error:
        raise typer.BadParameter(str(error)) from None
    print_rows("Lifted", [{"lifted": lifted}], as_json=as_json)
    if lifted:
        typer.echo("If Instantly's block list holds it, take it off there, or Instantly goes on refusing it.", err=True)


@app.command()
def check(values: Values, as_json: AsJson = False) -> None:
    """Say whether addresses may be contacted. Exit status 3: at least one may not."""
    key = Settings().outreach_erasure_key
    with open_store() as store:
        found = suppression_reasons(store, values, erasure_key=key.get_secret_value() if key else None)
    rows = [
        {"address": address, "may_be_contacted": not reasons, "reasons": reasons if as_json else ", ".join(reasons)}
        for address, reasons in zip(values, found, strict=True)
    ]
    print_rows("Checked", rows, as_json=as_json)
    if any(found):
        raise typer.Exit(_REFUSED)


def _value(text: str, *, force: bool) -> tuple[Kind, str]:
    try:
        return suppressed_value(text, allow_free_mail=force)
    except InvalidAddress as error:
        raise typer.BadParameter(str(error)) from None
