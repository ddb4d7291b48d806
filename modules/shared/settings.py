"""The environment variables the project reads, in one place; `.env.example` lists the same names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from modules.shared.errors import PermanentError

REPOSITORY = Path(__file__).resolve().parents[2]


class Settings(BaseSettings):
    """Read anew at each `Settings()`: the environment, and behind it `.env`. A blank variable counts as unset.

    OUTREACH_ENV_FILE names another file in the place of `.env` in the project's folder.
    """

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", str_strip_whitespace=True)

    supabase_url: str | None = None
    supabase_key: SecretStr | None = None
    supabase_db_url: SecretStr | None = None
    instantly_api_key: SecretStr | None = None
    instantly_base_url: str = "https://api.instantly.ai/api/v2"
    instantly_requests_per_second: float = Field(default=10.0, gt=0, allow_inf_nan=False)
    apollo_api_key: SecretStr | None = None
    apollo_base_url: str = "https://api.apollo.io/api/v1"
    apollo_searches_per_minute: float = Field(default=200.0, ge=1, allow_inf_nan=False)
    apollo_credits_per_run: float = Field(default=200.0, ge=0, allow_inf_nan=False)
    apollo_credits_per_day: float = Field(default=500.0, ge=0, allow_inf_nan=False)
    apollo_credits_per_month: float = Field(default=3_000.0, ge=0, allow_inf_nan=False)
    apollo_webhook_url: str | None = None
    """`None`: late results are fetched, and nothing has to be reachable."""
    openai_api_key: SecretStr | None = None
    openai_base_url: str = "https://api.openai.com/v1"
    openai_model: str = "gpt-6-luna"
    openai_requests_per_minute: float = Field(default=500.0, gt=0, allow_inf_nan=False)
    openai_tokens_per_minute: float = Field(default=200_000.0, gt=0, allow_inf_nan=False)
    openai_dollars_per_run: float = Field(default=2.0, ge=0, allow_inf_nan=False)
    openai_dollars_per_day: float = Field(default=10.0, ge=0, allow_inf_nan=False)
    openai_batch_from: int = Field(default=500, ge=1)
    openai_batch_tokens: int = Field(default=2_000_000, ge=1)
    openai_prices: Path | None = None
    """`None`: the table that comes with this version."""
    outreach_campaigns: Path = REPOSITORY / "campaigns"
    """Where the files of searches, campaigns and scoring are."""
    outreach_paused: bool = False
    """While it is set, nothing that could reach a person is done from this machine."""
    outreach_executor: Literal["in_process", "multiprocess"] = "in_process"
    outreach_home: Path = REPOSITORY / ".outreach"
    """What runs leave behind: the local Supabase's data, logs, Dagster's home. Ignored by git."""
    dagster_home: Path | None = None
    """`None`: a folder in `outreach_home`."""
    outreach_pseudonym_key: SecretStr | None = Field(default=None, min_length=16)
    """`None`: pseudonyms of one export cannot be compared with those of another."""

    outreach_erasure_key: SecretStr | None = Field(default=None, min_length=16)
    """`None`: nobody can be erased, and once somebody was, new leads stay suppressed. Never changed afterwards."""

    def __init__(self) -> None:
        """Read.

        Raises:
            PermanentError: A value does not fit its variable.
        """
        try:
            super().__init__(_env_file=os.environ.get("OUTREACH_ENV_FILE") or REPOSITORY / ".env")
        except ValidationError as error:
            problems = "; ".join(
                f"{str(problem['loc'][0]).upper()}: {problem['msg']}" for problem in error.errors(include_input=False)
            )
            raise PermanentError(f"{problems}. Mend it in the environment or in .env (see .env.example).") from None

    def require(self, name: str) -> str:
        """The value of a variable that has no default.

        Raises:
            PermanentError: It is not set.
        """
        value = getattr(self, name.lower())
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if not text:
            raise PermanentError(
                f"{name} is not set. Looked in the environment and in .env of the project's folder. "
                'Set it (see .env.example), or run `eval "$(outreach local env)"` to use the local stand-ins.'
            )
        return str(text)
