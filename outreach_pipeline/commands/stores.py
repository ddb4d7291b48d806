"""The database, for commands that read or write it themselves."""

from collections.abc import Iterator
from contextlib import contextmanager

from modules.shared.settings import Settings
from modules.supabase.row_store import RowStore
from modules.supabase.supabase_client import supabase_client


@contextmanager
def open_store() -> Iterator[RowStore]:
    """The configured project, closed after.

    Raises:
        PermanentError: SUPABASE_URL or SUPABASE_KEY is not set.
    """
    settings = Settings()
    with supabase_client(settings.require("SUPABASE_URL"), settings.require("SUPABASE_KEY")) as client:
        yield RowStore(client)
