"""`outreach local`: the Supabase and the vendor stand-ins of this machine."""

import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from modules.shared.errors import PermanentError
from modules.shared.settings import Settings
from outreach_pipeline.dagster_home import prepare_dagster_home
from sandbox.local_stack import LocalStack
from sandbox.processes import SandboxError

app = typer.Typer(no_args_is_help=True, help="Start, stop and find the local Supabase and the vendors' stand-ins.")


@app.command()
def up() -> None:
    """Start what is not running. Data is kept between runs."""
    environment = start_local()
    typer.echo(f"Supabase  {environment['SUPABASE_URL']}")
    typer.echo(f"Instantly {environment['INSTANTLY_BASE_URL']} (stand-in)")
    typer.echo(f"Apollo    {environment['APOLLO_BASE_URL']} (stand-in)")
    typer.echo(f"OpenAI    {environment['OPENAI_BASE_URL']} (stand-in)")
    typer.echo('Use them in this shell: eval "$(outreach local env)"')


@app.command()
def down() -> None:
    """Stop everything. Supabase's data stays; the vendors' world begins anew."""
    with _sandbox_errors():
        _stack().down()
    typer.echo("Stopped.")


@app.command()
def env() -> None:
    """Print shell commands that point this shell's commands, `dg` too, at the running local ones."""
    with _sandbox_errors():
        environment = _stack().environment()
    if environment is None:
        raise PermanentError("The local Supabase and stand-ins are not running. Start them: `outreach local up`.")
    environment["DAGSTER_HOME"] = str(prepare_dagster_home())
    for name, value in environment.items():
        typer.echo(f"export {name}={shlex.quote(value)}")


def start_local(*, keep_configured: bool = False) -> dict[str, str]:
    """Start what is not running, and point this process and its children there; gives back the variables.

    With `keep_configured` a vendor whose key is configured stays the real one.
    """
    settings = Settings()
    with _sandbox_errors():
        environment = _stack().up()
    kept = [
        vendor
        for vendor, key in {
            "INSTANTLY_": settings.instantly_api_key,
            "APOLLO_": settings.apollo_api_key,
            "OPENAI_": settings.openai_api_key,
        }.items()
        if keep_configured and key is not None
    ]
    os.environ.update({name: value for name, value in environment.items() if not name.startswith(tuple(kept))})
    return environment


def stop_local() -> None:
    """Stop everything."""
    with _sandbox_errors():
        _stack().down()


def _stack() -> LocalStack:
    return LocalStack(Settings().outreach_home)


@contextmanager
def _sandbox_errors() -> Iterator[None]:
    try:
        yield
    except SandboxError as error:
        raise PermanentError(str(error)) from error
