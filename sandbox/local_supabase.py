"""A Supabase on this machine: real PostgreSQL, real PostgREST, and a gateway that checks keys as Supabase does."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.files_and_ports import exclusive_lock, start_on_free_port, write_private
from sandbox.gateway_keys import sign_token
from sandbox.http_probe import answers
from sandbox.postgres_server import SUPERUSER, PostgresServer
from sandbox.postgrest_binary import DEFAULT_CACHE_FOLDER, find_postgrest
from sandbox.postgrest_server import PostgrestServer
from sandbox.processes import Daemon
from sandbox.project_secrets import ProjectSecrets, create_secrets, load_secrets

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

_START_TIMEOUT_S = 30.0
_LOCK_TIMEOUT_S = 600.0
_TOKEN_LIFE_S = 3600
_CHECKOUT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class SupabaseEnvironment:
    """How to reach a running local Supabase. Printing it shows no secret."""

    url: str
    secret_key: str = field(repr=False)
    publishable_key: str = field(repr=False)
    jwt_secret: str = field(repr=False)
    database_url: str = field(repr=False)

    def user_token(self, user_id: str, *, role: str = "authenticated", **claims: object) -> str:
        """Give back the token a signed-in user would hold, good for an hour; `claims` add to it or replace its own."""
        now_s = int(time.time())
        standard = {
            "iss": f"{self.url}/auth/v1",
            "aud": "authenticated",
            "sub": user_id,
            "role": role,
            "iat": now_s,
            "exp": now_s + _TOKEN_LIFE_S,
        }
        return sign_token(self.jwt_secret, **(standard | claims))


class LocalSupabase:
    """One local Supabase, kept in one folder: data, logs, keys (mode 0600) and what runs.

    Args:
        folder: Where everything is kept; created at the first `up`.
        api_port: The port of the URL, if it is free; else the port of the last start, else any.
        durable: False trades safety against a machine crash for speed; for tests.
        postgrest_cache: Where an installed PostgREST is kept, shared between instances.
    """

    def __init__(
        self,
        folder: Path,
        *,
        api_port: int | None = None,
        durable: bool = True,
        postgrest_cache: Path = DEFAULT_CACHE_FOLDER,
    ) -> None:
        self.folder = folder.resolve()
        self._api_port = api_port
        self._durable = durable
        self._postgrest_cache = postgrest_cache
        self._postgres = Daemon(name="postgres", folder=self.folder)
        self._postgrest = Daemon(name="postgrest", folder=self.folder)
        self._gateway = Daemon(name="gateway", folder=self.folder)

    def up(self) -> SupabaseEnvironment:
        """Start what is not running; returns when the API answers. Two callers at once share one start.

        Raises:
            SandboxError: A part is missing or did not start; the message says which and what to do.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._lock():
            program = find_postgrest(self._postgrest_cache)
            known = load_secrets(self.folder) or create_secrets(self.folder)
            # A part that stands on a restarted one is started anew: its port or its connections are gone.
            if not self._postgres.is_running():
                self._postgrest.stop()
                self._start_postgres(known)
            if not self._postgrest.is_running():
                self._gateway.stop()
                PostgrestServer(folder=self.folder, program=program).start(
                    database_url=self._database_url("authenticator", known.authenticator_password),
                    jwt_secret=known.jwt_secret,
                )
            if not self._gateway.is_running():
                self._start_gateway(known)
            self._gateway.wait_until(self._answers, timeout_s=_START_TIMEOUT_S)
            return self._environment(known)

    def down(self) -> None:
        """Stop all parts; the data stays. Nothing happens when nothing runs."""
        if not self.folder.exists():
            return
        with self._lock():
            self._gateway.stop()
            self._postgrest.stop()
            PostgresServer(folder=self.folder).stop()

    def environment(self) -> SupabaseEnvironment | None:
        """Give back how to reach it; None when one of its parts does not run."""
        known = load_secrets(self.folder)
        parts = (self._postgres, self._postgrest, self._gateway)
        if known is None or not all(part.is_running() for part in parts):
            return None
        return self._environment(known)

    def _start_postgres(self, known: ProjectSecrets) -> None:
        passwords = {
            SUPERUSER: known.superuser_password,
            "postgres": known.postgres_password,
            "authenticator": known.authenticator_password,
        }
        PostgresServer(folder=self.folder, durable=self._durable).start(role_passwords=passwords)

    def _start_gateway(self, known: ProjectSecrets) -> None:
        settings = {
            "postgrest_port": self._postgrest.port,
            "secret_key": known.secret_key,
            "publishable_key": known.publishable_key,
            "jwt_secret": known.jwt_secret,
        }
        settings_file = self.folder / "gateway-settings.json"
        write_private(settings_file, json.dumps(settings))

        def launch(port: int) -> None:
            command = [sys.executable, "-m", "sandbox.gateway", str(settings_file), str(port)]
            self._gateway.start(command, port=port, working_folder=_CHECKOUT)

        start_on_free_port(
            self._gateway,
            launch,
            preferred_ports=(self._api_port, self._gateway.port),
            is_ready=self._answers,
            timeout_s=_START_TIMEOUT_S,
        )

    def _answers(self) -> bool:
        return answers(f"{self._url()}/health")

    def _environment(self, known: ProjectSecrets) -> SupabaseEnvironment:
        return SupabaseEnvironment(
            url=self._url(),
            secret_key=known.secret_key,
            publishable_key=known.publishable_key,
            jwt_secret=known.jwt_secret,
            database_url=self._database_url("postgres", known.postgres_password),
        )

    def _url(self) -> str:
        return f"http://127.0.0.1:{self._gateway.port}"

    def _database_url(self, user: str, password: str) -> str:
        return f"postgresql://{user}:{password}@127.0.0.1:{self._postgres.port}/postgres"

    def _lock(self) -> AbstractContextManager[None]:
        return exclusive_lock(self.folder / "lock", timeout_s=_LOCK_TIMEOUT_S)
