"""The environment variables the project reads, in one place; `.env.example` lists the same names."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from modules.shared.errors import PermanentError

REPOSITORY = Path(__file__).resolve().parents[2]
STATE_FOLDER = REPOSITORY / ".outreach"
"""Ignored by git: Dagster's home, the local Supabase's data, logs."""


class Settings(BaseSettings):
    """Read anew at each call of `Settings()`; a blank variable counts as unset."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore")

    supabase_url: str | None = None
    supabase_key: SecretStr | None = None
    supabase_db_url: SecretStr | None = None
    instantly_api_key: SecretStr | None = None
    instantly_base_url: str = "https://api.instantly.ai/api/v2"
    instantly_requests_per_second: float = 10.0
    outreach_executor: Literal["in_process", "multiprocess"] = "in_process"
    dagster_home: Path = STATE_FOLDER / "dagster"

    def require(self, name: str) -> str:
        """The value of a variable that has no default.

        Raises:
            PermanentError: It is not set.
        """
        value = getattr(self, name.lower())
        if value is None:
            raise PermanentError(
                f"{name} is not set. Looked in the environment and in .env of the project's folder. "
                'Set it (see .env.example), or run `eval "$(outreach local env)"` to use the local stand-ins.'
            )
        return value.get_secret_value() if isinstance(value, SecretStr) else str(value)
