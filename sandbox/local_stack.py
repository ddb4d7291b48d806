"""Everything outside the pipeline, on this machine: a Supabase and the vendors' stand-ins, together."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from sandbox.files_and_ports import exclusive_lock, start_on_free_port
from sandbox.http_probe import answers
from sandbox.local_supabase import LocalSupabase
from sandbox.processes import Daemon

DEMO_INSTANTLY_KEY = "demo-instantly-key"
DEMO_APOLLO_KEY = "demo-apollo-key"
DEMO_OPENAI_KEY = "demo-openai-key"
_CHECKOUT = Path(__file__).resolve().parents[1]
_START_TIMEOUT_S = 30.0
_WORLD = (
    *("--seed", "7", "--campaigns", "24", "--accounts", "36", "--leads", "4000", "--days", "90"),
    *("--apollo-people", "1200", "--apollo-credits", "5000"),
    *("--openai-requests-per-minute", "3000", "--openai-tokens-per-minute", "4000000"),
)
"""A small team's quarter, and as many people to find as fit a demonstration."""


@dataclass(frozen=True, slots=True)
class LocalStack:
    """The local Supabase and the stand-ins, kept in one folder.

    Attributes:
        folder: Data, logs and what runs.
    """

    folder: Path

    @property
    def _supabase(self) -> LocalSupabase:
        return LocalSupabase(self.folder / "supabase")

    @property
    def _vendors(self) -> Daemon:
        return Daemon(name="vendors", folder=self.folder)

    def up(self) -> dict[str, str]:
        """Start what is not running and give back `environment()`.

        Raises:
            SandboxError: A part is missing or did not start; the message says which and what to do.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._supabase.up()
        with exclusive_lock(self.folder / "vendors.lock", timeout_s=_START_TIMEOUT_S):
            vendors = self._vendors
            if not vendors.is_running():
                keys = (
                    *("--api-key", DEMO_INSTANTLY_KEY, "--apollo-key", DEMO_APOLLO_KEY),
                    *("--openai-key", DEMO_OPENAI_KEY),
                )
                command = (sys.executable, "-m", "sandbox", *keys, *_WORLD)
                start_on_free_port(
                    vendors,
                    lambda port: vendors.start([*command, "--port", str(port)], port=port, working_folder=_CHECKOUT),
                    preferred_ports=(vendors.port,),
                    is_ready=lambda: answers(f"http://127.0.0.1:{vendors.port}/health"),
                    timeout_s=_START_TIMEOUT_S,
                )
        return self.environment() or {}

    def down(self) -> None:
        """Stop everything; Supabase's data stays, the vendors' world begins anew at the next start."""
        self._vendors.stop()
        self._supabase.down()

    def environment(self) -> dict[str, str] | None:
        """Environment variables that point the pipeline here; `None` when not everything runs."""
        supabase = self._supabase.environment()
        if supabase is None or not self._vendors.is_running():
            return None
        vendors = f"http://127.0.0.1:{self._vendors.port}"
        return {
            "SUPABASE_URL": supabase.url,
            "SUPABASE_KEY": supabase.secret_key,
            "SUPABASE_DB_URL": supabase.database_url,
            "INSTANTLY_API_KEY": DEMO_INSTANTLY_KEY,
            "INSTANTLY_BASE_URL": f"{vendors}/instantly/api/v2",
            "APOLLO_API_KEY": DEMO_APOLLO_KEY,
            "APOLLO_BASE_URL": f"{vendors}/apollo/api/v1",
            "OPENAI_API_KEY": DEMO_OPENAI_KEY,
            "OPENAI_BASE_URL": f"{vendors}/openai/v1",
        }
