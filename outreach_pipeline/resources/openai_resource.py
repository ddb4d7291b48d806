"""OpenAI for assets."""

from functools import partial
from typing import Any

import dagster as dg

from modules.openai.icebreaker_prompt import PROMPT
from modules.openai.openai_prices import PRICES, Prices, load_prices
from modules.openai.openai_rate import RateLimiter
from modules.outreach.dollar_budget import DollarBudget
from modules.outreach.icebreaker_queue import Writing
from modules.outreach.icebreaker_run import Account, stored_lines
from modules.outreach.icebreaker_verdicts import Fallback, Judge
from modules.outreach.icebreaker_writer import LineWriter
from modules.outreach.score_rules import load_score_rules
from modules.shared.settings import Settings
from modules.supabase.row_store import RowStore


class OpenAIResource(dg.ConfigurableResource[Any]):
    """What writing lines needs of the environment: account, model, pace, prices and budgets (`OPENAI_...`)."""

    def has_key(self) -> bool:
        """Whether there is an account at all: a team may well write its lines itself."""
        return Settings().openai_api_key is not None

    def account(self) -> Account:
        """The account; the key never passes through Dagster's configuration.

        Raises:
            PermanentError: No key is given.
        """
        settings = Settings()
        return Account(
            api_key=settings.require("OPENAI_API_KEY"),
            base_url=settings.openai_base_url,
            batch_from=settings.openai_batch_from,
            most_enqueued_tokens=settings.openai_batch_tokens,
        )

    def limiter(self) -> RateLimiter:
        """A limiter for one event loop."""
        settings = Settings()
        return RateLimiter(settings.openai_requests_per_minute, settings.openai_tokens_per_minute)

    def budget(self, store: RowStore, run_id: str, dollars_per_run: float | None = None) -> DollarBudget:
        """The budgets, with what was spent already."""
        settings = Settings()
        return DollarBudget(
            run=settings.openai_dollars_per_run if dollars_per_run is None else dollars_per_run,
            day=settings.openai_dollars_per_day,
            spent_run=float(store.call("dollars_spent", {"today_only": False, "wanted_run": run_id})),
            spent_day=float(store.call("dollars_spent", {"today_only": True})),
        )

    def writer(
        self,
        store: RowStore,
        *,
        run_id: str,
        least_score: int = 0,
        fallback: Fallback = "template",
        only_launch: str | None = None,
    ) -> LineWriter:
        """What saves, judges and stores; with a launch, of the people whom it has reserved and nobody else."""
        settings = Settings()
        rules = load_score_rules(settings.outreach_campaigns / "scoring.yaml")
        return LineWriter(
            store=store,
            writing=Writing(
                model=settings.openai_model,
                prompt_version=PROMPT.version,
                least_score=least_score,
                growth_in_fractions=rules.growth_unit == "fraction",
                only_launch=only_launch,
            ),
            judge=Judge(fallback=fallback, stored_lines=partial(stored_lines, store)),
            prices=self.prices(),
            run_id=run_id,
        )

    def prices(self) -> Prices:
        """OPENAI_PRICES, or the table that comes with this version."""
        path = Settings().openai_prices
        return PRICES if path is None else load_prices(path)
