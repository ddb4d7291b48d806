"""PostgREST, the data API of Supabase, set up as a hosted project sets it up."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.files_and_ports import free_port, start_on_free_port, write_private
from sandbox.http_probe import answers
from sandbox.processes import Daemon

if TYPE_CHECKING:
    from pathlib import Path

_START_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgrestServer:
    """PostgREST over one database. Its settings file holds secrets and is readable by its owner only."""

    folder: Path
    program: Path

    @property
    def daemon(self) -> Daemon:
        """Give back the background process."""
        return Daemon(name="postgrest", folder=self.folder)

    def start(self, *, database_url: str, jwt_secret: str) -> None:
        """Start on a free port; returns when the schema is read and requests are answered.

        Raises:
            StartFailedError: It did not start; the message holds the end of its log.
        """
        health_port = free_port()

        def launch(port: int) -> None:
            settings_file = self.folder / "postgrest.conf"
            write_private(settings_file, _settings(port, health_port, database_url, jwt_secret))
            self.daemon.start([str(self.program), str(settings_file)], port=port, working_folder=self.folder)

        start_on_free_port(
            self.daemon,
            launch,
            preferred_ports=(self.daemon.port,),
            is_ready=lambda: answers(f"http://127.0.0.1:{health_port}/ready"),
            timeout_s=_START_TIMEOUT_S,
        )


def _settings(port: int, health_port: int, database_url: str, jwt_secret: str) -> str:
    settings: dict[str, str | int | bool] = {
        "server-host": "127.0.0.1",
        "server-port": port,
        "admin-server-port": health_port,
        "db-uri": database_url,
        "db-schemas": "public",
        "db-extra-search-path": "public, extensions",
        "db-anon-role": "anon",
        "db-max-rows": 1000,
        "db-pool": 10,
        "db-channel-enabled": True,
        "jwt-secret": jwt_secret,
        # Anything above writes request lines, and a filter in one can hold a person's address.
        "log-level": "crit",
    }
    # JSON's strings, numbers and booleans are written as PostgREST reads them.
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items())
