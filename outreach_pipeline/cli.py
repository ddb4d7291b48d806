"""The `outreach` command. Exit status: 0 done, 1 failed, 2 wrong use, 3 refused by our own rules."""

import logging
import sys

import typer

from modules.shared.errors import OutreachError, Refused
from outreach_pipeline.commands import (
    apollo,
    campaigns,
    demo,
    dev,
    icebreakers,
    launch,
    leads,
    local,
    migrate,
    status,
    suppress,
    sync,
)

_FAILED, _REFUSED = 1, 3

app = typer.Typer(
    name="outreach",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Cold outreach on fresh data, never twice: Instantly, Apollo, OpenAI and Supabase joined by Dagster.",
)
app.add_typer(local.app, name="local")
app.command()(migrate.migrate)
app.command()(sync.sync)
app.add_typer(campaigns.app, name="campaigns")
app.command()(apollo.collect)
app.command()(apollo.enrich)
app.command("credits")(apollo.show_credits)
app.add_typer(leads.app, name="leads")
app.add_typer(icebreakers.app, name="icebreakers")
app.add_typer(suppress.app, name="suppress")
app.command()(launch.launch)
app.command()(launch.pause)
app.command()(launch.resume)
app.command()(status.status)
app.command()(demo.demo)
app.command()(dev.dev)


def main() -> None:
    """Run a command; our own errors end as one message on standard error, without a traceback."""
    # A call that is repeated is no news to a person; if it fails in the end, the error says so.
    logging.getLogger("stamina").setLevel(logging.ERROR)
    try:
        app()
    except Refused as error:
        typer.echo(f"Refused. {error}", err=True)
        sys.exit(_REFUSED)
    except OutreachError as error:
        typer.echo(f"Failed. {error}", err=True)
        sys.exit(_FAILED)
