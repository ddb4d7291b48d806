"""`outreach dev`: Dagster's UI and schedules, on the local Supabase unless another one is configured."""

import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import psutil
import typer

from modules.shared.settings import REPOSITORY, Settings
from modules.supabase.migrations import apply_migrations, read_migrations
from outreach_pipeline.commands.campaigns import apply_files
from outreach_pipeline.commands.local import start_local, stop_local
from outreach_pipeline.commands.stores import open_store
from outreach_pipeline.dagster_home import prepare_dagster_home

_LONGEST_END_S = 10


def dev(port: Annotated[int, typer.Option(help="Where the UI listens, on this machine only.")] = 3000) -> None:
    """Open Dagster's UI with the schedules on; Ctrl-C ends it and what it started."""
    settings = Settings()
    is_local = settings.supabase_url is None or settings.supabase_key is None
    prepare_dagster_home()
    if is_local:
        start_local(keep_configured=True)
        apply_migrations(Settings().require("SUPABASE_DB_URL"), read_migrations())
        with open_store() as store:
            apply_files(store, [settings.outreach_campaigns])
    typer.echo(f"Dagster: http://127.0.0.1:{port} (Ctrl-C ends it)")
    dg = str(Path(sys.executable).with_name("dg"))
    try:
        # The UI has no login, so it listens on this machine only.
        with subprocess.Popen([dg, "dev", "--host", "127.0.0.1", "--port", str(port)], cwd=REPOSITORY) as server:  # noqa: S603

            def end(*_: object) -> None:
                # A terminal's Ctrl-C reaches the server by itself; a supervisor's SIGTERM reaches this process alone.
                server.send_signal(signal.SIGINT)
                raise KeyboardInterrupt

            signal.signal(signal.SIGTERM, end)
            try:
                server.wait()
            except KeyboardInterrupt:
                _end(server)
    finally:
        if is_local:
            stop_local()


def _end(server: subprocess.Popen[bytes]) -> None:
    """Dagster's servers may wait half a minute for each other to end; a person who pressed Ctrl-C does not."""
    with suppress(psutil.NoSuchProcess, subprocess.TimeoutExpired):
        started = psutil.Process(server.pid).children(recursive=True)
        try:
            server.wait(timeout=_LONGEST_END_S)
        finally:
            for process in started:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            server.kill()
