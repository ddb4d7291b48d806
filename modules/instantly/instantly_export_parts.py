"""What a collection has gathered so far: a folder beside the export, with a file of JSON lines for each finished piece.

A piece, like the export itself, is written under another name and gets its own when it is whole: whenever the process
is killed, what has its name can be relied on.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, BinaryIO, Self

import orjson

from modules.shared.errors import PermanentError, Refused
from modules.shared.logger import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

LONGEST_REUSE = timedelta(hours=24)
"""What is older is asked for again: an export of one moment should not be made of two days."""

_MANIFEST = "manifest.json"
_PIECE = ".jsonl"
_UNFINISHED = ".unfinished"
_BUFFER_BYTES = 1 << 20
_logger = get_logger(__name__)


class ExportParts:
    """The parts of one export. Use it as a context manager: while one process is in it, no other gets in.

    Attributes:
        export: The file they are made into.
        folder: Where they are until then; readable by its owner only.
        begun_at: When the first of them was begun.
        secret: Random bytes of this collection; they go when the folder goes.
    """

    begun_at: datetime
    secret: bytes

    def __init__(self, export: Path) -> None:
        self.export = export
        self.folder = export.with_name(f"{export.name}.parts")

    def __enter__(self) -> Self:
        """Make the folder, and take it.

        Raises:
            PermanentError: The export's name is that of a folder.
            Refused: Another process is collecting into it.
        """
        if self.export.is_dir():
            raise PermanentError(f"{self.export}: is a folder. Name the file to write.")
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self._lock = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise Refused(
                f"{self.export}: another process is collecting into it. Wait for it, or name another file."
            ) from None
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):  # it holds what the next run can use
            self.folder.rmdir()
        os.close(self._lock)

    def resume(self, *, options: Mapping[str, Any], as_of: datetime, restart: bool = False) -> int:
        """Keep what an earlier run finished, if it is of the same options and not too old; forget it otherwise.

        Args:
            options: What pieces must have in common: the workspace, and how they were read.
            as_of: When this run began.
            restart: Keep nothing.

        Returns:
            How many pieces are kept.
        """
        found = None if restart else self._manifest()
        kept = len(list(self.folder.glob(f"*{_PIECE}")))
        if not kept or found is None or found["options"] != options or not _is_recent(found["begun_at"], as_of):
            self.remove()
            kept = 0
            found = {"begun_at": as_of, "options": dict(options), "secret": secrets.token_hex(32)}
            with _committed(self.folder / _MANIFEST, self.folder) as file:
                file.write(orjson.dumps(found))
        else:
            _logger.info("%s: going on with %s finished pieces of an earlier run", self.export, kept)
        self.begun_at, self.secret = found["begun_at"], bytes.fromhex(found["secret"])
        return kept

    def has(self, piece: str) -> bool:
        """Whether that piece is finished."""
        return self._file(piece).exists()

    @contextmanager
    def writing(self, piece: str) -> Iterator[Callable[[Iterable[Any]], None]]:
        """A function that adds payloads to a piece, which is finished when the block ends well."""
        with _committed(self._file(piece), self.folder) as file:

            def write(payloads: Iterable[Any]) -> None:
                for payload in payloads:
                    file.write(orjson.dumps(payload, option=orjson.OPT_APPEND_NEWLINE))

            yield write

    def payloads(self, piece: str) -> Iterator[Any]:
        """What a finished piece holds."""
        with self._file(piece).open("rb") as file:
            for line in file:
                yield orjson.loads(line)

    def assemble(self, head: Mapping[str, Any], pieces_of: Mapping[str, Sequence[str]]) -> dict[str, int]:
        """Make the export: first the head's fields, then one list an entity, one payload a line.

        Returns:
            How many payloads each list holds.
        """
        counts = dict.fromkeys(pieces_of, 0)
        with _committed(self.export, self.folder) as file:
            file.write(orjson.dumps(head, option=orjson.OPT_INDENT_2).removesuffix(b"\n}"))
            for entity, pieces in pieces_of.items():
                file.write(f',\n  "{entity}": ['.encode())
                for piece in pieces:
                    counts[entity] += self._copy(piece, file, is_first=counts[entity] == 0)
                file.write(b"\n  ]")
            file.write(b"\n}\n")
        return counts

    def remove(self) -> None:
        """Forget all pieces. The manifest goes first: without it, what is left counts for nothing."""
        (self.folder / _MANIFEST).unlink(missing_ok=True)
        for pattern in (f"*{_PIECE}", f"*{_UNFINISHED}"):
            for file in self.folder.glob(pattern):
                file.unlink()

    def _file(self, piece: str) -> Path:
        return self.folder / f"{piece}{_PIECE}"

    def _copy(self, piece: str, target: BinaryIO, *, is_first: bool) -> int:
        count = 0
        with self._file(piece).open("rb", buffering=_BUFFER_BYTES) as file:
            for count, line in enumerate(file, start=1):
                target.write(b"\n    " if is_first and count == 1 else b",\n    ")
                target.write(line.removesuffix(b"\n"))
        return count

    def _manifest(self) -> dict[str, Any] | None:
        """What an earlier run said of its pieces; `None`: nothing that can be read."""
        try:
            found = orjson.loads((self.folder / _MANIFEST).read_bytes())
            return {**found, "begun_at": datetime.fromisoformat(found["begun_at"])}
        except (FileNotFoundError, ValueError, TypeError, KeyError):
            return None


@contextmanager
def _committed(path: Path, folder: Path) -> Iterator[BinaryIO]:
    """A file that gets its name when the block has ended well; otherwise it goes, and what had the name stays."""
    unfinished = folder / f"{path.name}{_UNFINISHED}"
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb", buffering=_BUFFER_BYTES) as file:
            yield file
            file.flush()
            os.fsync(descriptor)
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def _is_recent(begun_at: datetime, as_of: datetime) -> bool:
    # A clock that was set back says nothing of how old a piece is.
    return timedelta() <= as_of - begun_at <= LONGEST_REUSE
