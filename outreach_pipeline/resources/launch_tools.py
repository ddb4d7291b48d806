"""What a launch works with, for its steps."""

from collections.abc import Iterator
from contextlib import contextmanager

from modules.instantly.instantly_sources import load_from_api
from modules.outreach.launch_activation import Watch
from modules.outreach.launch_steps import LaunchTools
from modules.outreach.workspace_guard import workspace_of_key
from modules.shared.settings import Settings
from modules.supabase.row_store import RowStore


@contextmanager
def open_launch_tools(store: RowStore, *, watch_minutes: float) -> Iterator[LaunchTools]:
    """A connection to the workspace that the store holds.

    Args:
        store: Where launches are kept.
        watch_minutes: How long to watch at most whether a campaign that was set sending sends.

    Raises:
        PermanentError: No key is given.
        Refused: The key is of another workspace than the data.
    """
    key = Settings().require("INSTANTLY_API_KEY")
    with load_from_api(key) as api:
        workspace_of_key(store, api.client, key)
        yield LaunchTools(store=store, client=api.client, watch=Watch(for_s=watch_minutes * 60))
