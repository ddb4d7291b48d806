"""Everything that Instantly knows of a workspace, in one JSON file that `load_from_json` reads.

Run alone, it needs INSTANTLY_API_KEY. Run again after a break, it goes on where it was:

    python -m modules.instantly.instantly_universal_collector export.json
    python -m modules.instantly.instantly_universal_collector export.json --pseudonymise --since 2026-09-01
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from modules.instantly.instantly_collection import FIRST_DAYS, Collection
from modules.instantly.instantly_collection_progress import CollectionProgress, LoggedProgress, shown_progress
from modules.instantly.instantly_export import EXPORT_FORMAT
from modules.instantly.instantly_export_parts import ExportParts
from modules.instantly.instantly_pseudonyms import Pseudonyms
from modules.instantly.instantly_rows import Days
from modules.instantly.instantly_sources import load_from_api
from modules.shared.errors import ContractError, OutreachError, PermanentError, Refused
from modules.shared.logger import redact
from modules.shared.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from modules.instantly.instantly_sources import InstantlySource

_INTERRUPTED = 130
"""Exit status of a program that Ctrl-C ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectedExport:
    """A finished export.

    Attributes:
        file_path: Where it is.
        collected_at: When its oldest part was begun.
        payloads: How many it holds, by entity.
        pieces_reused: Parts that were there from an earlier, broken run.
        requests_made: Requests to Instantly of this run, repeats included.
        size_bytes: Of the file.
        is_pseudonymised: Whether people were replaced.
    """

    file_path: Path
    collected_at: datetime
    payloads: dict[str, int]
    pieces_reused: int
    requests_made: int
    size_bytes: int
    is_pseudonymised: bool


def collect(
    source: InstantlySource,
    file_path: str | Path,
    *,
    pseudonymise: bool = False,
    pseudonym_key: bytes | None = None,
    since: date | None = None,
    restart: bool = False,
    progress: CollectionProgress | None = None,
) -> CollectedExport:
    """Collect everything into one file, which gets its name when it is whole; memory stays flat, whatever its size.

    What a broken run has finished is kept beside it, in `FILE.parts`, and not asked for again within 24 hours; only the
    workspace is, because it says whose parts these are.

    Args:
        source: Instantly itself.
        file_path: The file to write; an earlier one is replaced at the end.
        pseudonymise: Replace people, before anything is written anywhere.
        pseudonym_key: The same key gives the same pseudonyms in every export; `None`: a key that nobody ever has.
        since: First day of statistics and mails; `None`: thirty days ago.
        restart: Forget what a broken run has finished.
        progress: Is told how far it is; `None`: the log.

    Raises:
        RetryableError: Instantly is down, slow or asks us to slow down: run it again.
        PermanentError: Key, scope or plan is wrong, or the file cannot be written.
        ContractError: An answer is not what Instantly documents, so that the export would not be whole.
        Refused: Another process is collecting into the same file.
    """
    file, requests_before = Path(file_path), source.requests_made
    with _clear_disk_errors(file), ExportParts(file) as parts:
        workspace = list(source.workspace())
        options = {
            "workspace_id": _workspace_id(workspace),
            "since": since and str(since),
            "pseudonyms": pseudonymise and (Pseudonyms(pseudonym_key).check if pseudonym_key else "random"),
        }
        kept = parts.resume(options=options, as_of=source.as_of, restart=restart)
        collection = Collection(
            source=source,
            parts=parts,
            pseudonyms=Pseudonyms(pseudonym_key or parts.secret) if pseudonymise else None,
            days=Days(since or (parts.begun_at - FIRST_DAYS).date(), parts.begun_at.date()),
            mails_since=datetime.combine(since, time(), UTC) if since else parts.begun_at - FIRST_DAYS,
            progress=progress or LoggedProgress(),
        )
        pieces_of = collection.read(workspace)
        head = {"format": EXPORT_FORMAT, "collected_at": parts.begun_at}
        if pseudonymise:
            head["is_pseudonymised"] = True
        payloads = parts.assemble(head, pieces_of)
        parts.remove()
        return CollectedExport(
            file_path=file,
            collected_at=parts.begun_at,
            payloads=payloads,
            pieces_reused=kept,
            requests_made=source.requests_made - requests_before,
            size_bytes=file.stat().st_size,
            is_pseudonymised=pseudonymise,
        )


def main(arguments: list[str] | None = None) -> int:
    """Collect everything that Instantly knows of the key's workspace into one JSON file."""
    parser = argparse.ArgumentParser(
        prog="python -m modules.instantly.instantly_universal_collector", description=main.__doc__
    )
    parser.add_argument("file", type=Path, help="the file to write")
    parser.add_argument("--since", type=date.fromisoformat, help="first day of statistics and mails (thirty days ago)")
    parser.add_argument("--pseudonymise", action="store_true", help="replace names, addresses and texts")
    parser.add_argument(
        "--restart", action="store_true", help="ask for everything, even what a broken run has finished"
    )
    options = parser.parse_args(arguments)
    try:
        settings = Settings()
        key = settings.outreach_pseudonym_key
        with (
            load_from_api(settings.require("INSTANTLY_API_KEY"), options.since) as source,
            shown_progress() as progress,
        ):
            done = collect(
                source,
                options.file,
                pseudonymise=options.pseudonymise,
                pseudonym_key=key.get_secret_value().encode() if key else None,
                since=options.since,
                restart=options.restart,
                progress=progress,
            )
    except OutreachError as error:
        sys.stderr.write(f"{redact(str(error))}\n")
        return 3 if isinstance(error, Refused) else 1
    sys.stdout.write(
        f"{done.file_path}: {sum(done.payloads.values()):,} payloads of {len(done.payloads)} kinds, "
        f"{done.size_bytes / 1e6:,.1f} MB, {'pseudonymised, ' if done.is_pseudonymised else ''}"
        f"as of {done.collected_at:%Y-%m-%d %H:%M} UTC, {done.requests_made:,} requests\n"
    )
    return 0


def _workspace_id(workspace: list[Any]) -> str:
    payload = workspace[0]["workspace"] if workspace else None
    workspace_id = payload.get("id") if isinstance(payload, dict) else None
    if not isinstance(workspace_id, str) or not workspace_id:
        raise ContractError("Instantly: GET /workspaces/current answered a workspace without an id.")
    return workspace_id


@contextmanager
def _clear_disk_errors(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise PermanentError(
            f"{file}: cannot be written ({error.strerror or type(error).__name__}). See that its folder is there, is "
            "yours to write to and has room for twice the export, then run it again: finished parts are kept."
        ) from error


def _leave(*_: object) -> None:
    """Leave at once: readers may wait a minute for their turn, and whatever is finished is kept anyway."""
    Console(file=sys.stderr).show_cursor()
    sys.stderr.write("\nInterrupted. Run it again to go on.\n")
    sys.stderr.flush()
    os._exit(_INTERRUPTED)


if __name__ == "__main__":
    # Ours only: httpx logs queries, and Instantly takes addresses in them.
    logging.basicConfig(format="%(message)s")
    logging.getLogger("modules.instantly").setLevel(logging.INFO)
    signal.signal(signal.SIGINT, _leave)
    sys.exit(main())
