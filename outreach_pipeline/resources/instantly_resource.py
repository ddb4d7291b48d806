"""Instantly for assets: the API, or an export in its place."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, Literal

import dagster as dg
from pydantic import Field

from modules.instantly.instantly_sources import InstantlySource, load_from_api, load_from_json
from modules.shared.errors import PermanentError
from modules.shared.settings import Settings


class SyncConfig(dg.Config):
    """Where a sync reads from. Without any of it: the API."""

    source: Literal["api", "json"] = Field(default="api", description="Instantly itself, or a JSON export of it.")
    file: str | None = Field(default=None, description="The export's path, with source json.")
    accept_short_read: bool = Field(
        default=False,
        description="Believe a read that is much shorter than the last complete one, and mark the rest as deleted.",
    )


class InstantlyResource(dg.ConfigurableResource[Any]):
    """Opens what a sync's configuration names; INSTANTLY_API_KEY and INSTANTLY_BASE_URL say where the API is."""

    @contextmanager
    def open(self, config: SyncConfig) -> Iterator[InstantlySource]:
        """The source, closed after. The key is read here and not before, so that an export needs none.

        Raises:
            PermanentError: No key, or no file, is given.
        """
        if config.source == "api":
            with load_from_api(Settings().require("INSTANTLY_API_KEY")) as api:
                yield api
        elif config.file is None:
            raise PermanentError("The sync was asked to read a JSON export and not told which: set `file`.")
        else:
            with nullcontext(load_from_json(config.file)) as export:
                yield export
