"""Apollo for assets."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dagster as dg

from modules.apollo.apollo_client import ApolloClient
from modules.outreach.apollo_ledger import Budgets
from modules.shared.settings import Settings


class ApolloResource(dg.ConfigurableResource[Any]):
    """Opens the team's connection; APOLLO_API_KEY and APOLLO_BASE_URL say where."""

    @contextmanager
    def open(self) -> Iterator[ApolloClient]:
        """The client, closed after. The key never passes through Dagster's configuration.

        Raises:
            PermanentError: No key is given.
        """
        settings = Settings()
        with ApolloClient(
            settings.require("APOLLO_API_KEY"),
            base_url=settings.apollo_base_url,
            searches_per_minute=settings.apollo_searches_per_minute,
        ) as client:
            yield client

    def budgets(self, credits_per_run: float | None = None) -> Budgets:
        """What may be spent: APOLLO_CREDITS_PER_RUN, unless the run says otherwise, ..._PER_DAY and ..._PER_MONTH."""
        settings = Settings()
        return Budgets(
            run=settings.apollo_credits_per_run if credits_per_run is None else credits_per_run,
            day=settings.apollo_credits_per_day,
            month=settings.apollo_credits_per_month,
        )

    @property
    def webhook_url(self) -> str | None:
        """APOLLO_WEBHOOK_URL; `None`: late results are fetched."""
        return Settings().apollo_webhook_url
