"""`apollo_searches`: what the files of `campaigns/` say, in the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modules.outreach.search_files import read_search_files
from modules.shared.errors import PermanentError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from modules.outreach.search_files import Search
    from modules.supabase.row_store import RowStore

NO_SEARCHES = frozenset({"scoring.yaml"})
"""Files of `campaigns/` that hold neither searches nor a campaign."""


def apply_searches(store: RowStore, paths: Sequence[Path]) -> dict[str, int]:
    """Bring `apollo_searches` up to files, or to those of a folder; how many were inserted, updated, unchanged.

    A search that its file no longer has is switched off; with a folder also those whose file is gone.

    Raises:
        PermanentError: There is no such file, or something in one is not right; nothing was changed.
    """
    files = files_in(paths)
    # Together first: a name may stand in one of them only.
    read_search_files(files)
    rows = [_row(search, file) for file in files for search in read_search_files([file])]
    is_everything = any(path.is_dir() for path in paths)
    parameters = {"searches": rows, "source_files": None if is_everything else [file.name for file in files]}
    counts: dict[str, int] = store.call("apply_searches", parameters)[0]
    return counts


def files_in(paths: Sequence[Path]) -> list[Path]:
    """The files of folders, and files that are named, once each.

    Raises:
        PermanentError: A folder holds none.
    """
    files: dict[Path, None] = {}
    for path in paths:
        found = _files_of(path) if path.is_dir() else [path]
        if not found:
            raise PermanentError(f"{path} holds no file with searches; campaigns/searches.yaml is an example.")
        files.update(dict.fromkeys(found))
    return list(files)


def _files_of(folder: Path) -> list[Path]:
    return sorted(file for file in folder.glob("*.y*ml") if file.name not in NO_SEARCHES)


def _row(search: Search, file: Path) -> dict[str, object]:
    return {
        "search_name": search.name,
        "filters": search.filters.as_json(),
        "source_file": file.name,
        **search.model_dump(mode="json", exclude={"name", "filters"}),
    }
