"""Instantly for assets: the API, or an export in its place."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import dagster as dg
from pydantic import Field

from modules.instantly.instantly_sources import InstantlySource, load_from_api, load_from_json
from modules.outreach.workspace_guard import refuse_other_workspace, refuse_pseudonymised, workspace_of_key
from modules.shared.errors import PermanentError
from modules.shared.settings import Settings
from modules.supabase.row_store import RowStore
from modules.supabase.table_sync import SMALLEST_SHARE


class SyncConfig(dg.Config):
    """Where a sync reads from. Without any of it: the API."""

    source: Literal["api", "json"] = Field(default="api", description="Instantly itself, or a JSON export of it.")
    file: str | None = Field(default=None, description="The export's path, with source json.")
    smallest_share: float = Field(
        default=SMALLEST_SHARE,
        ge=0,
        le=1,
        description="A read with fewer rows than this share of the last complete one is held for a person. "
        "0 believes any, and marks the rest as deleted.",
    )


class InstantlyResource(dg.ConfigurableResource[Any]):
    """Opens what a sync's configuration names; INSTANTLY_API_KEY and INSTANTLY_BASE_URL say where the API is."""

    @contextmanager
    def open(self, config: SyncConfig, store: RowStore) -> Iterator[InstantlySource]:
        """The source, closed after. The key is read here and not before, so that an export needs none.

        Raises:
            PermanentError: No key, or no file, is given.
            Refused: It is not of the workspace that the store holds.
        """
        if config.source == "api":
            key = Settings().require("INSTANTLY_API_KEY")
            with load_from_api(key) as api:
                api.workspace_id = workspace_of_key(store, api.client, key)
                yield api
        elif config.file is None:
            raise PermanentError("The sync was asked to read a JSON export and not told which: set `file`.")
        else:
            export = load_from_json(config.file)
            refuse_other_workspace(store, export.workspace_id, f"{export.name} comes from")
            if export.is_pseudonymised:
                refuse_pseudonymised(store, export.name)
            yield export
