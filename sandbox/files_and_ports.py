"""Small things every local server needs: private files, one starter at a time, a free port."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import time
from typing import TYPE_CHECKING, Any

from sandbox.processes import Daemon, SandboxError, StartFailedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_LOCK_POLL_S = 0.05
_START_ATTEMPTS = 3


def write_private(file: Path, text: str) -> None:
    """Put `text` in `file`, readable by its owner only; a reader sees the old or the new text, never half of it."""
    partial = file.with_name(f"{file.name}.{os.getpid()}.partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    partial.replace(file)


def read_json(file: Path) -> dict[str, Any] | None:
    """Give back the object stored in `file`; None when there is no file, or no whole JSON object in it."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return content if isinstance(content, dict) else None


@contextlib.contextmanager
def exclusive_lock(file: Path, *, timeout_s: float) -> Iterator[None]:
    """Hold `file` so that no other process or thread is inside the same block.

    The kernel frees the lock when its holder dies, so a killed starter leaves nothing to clean up.

    Raises:
        SandboxError: Somebody else held it for `timeout_s`, or the file belongs to another user.
    """
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    except PermissionError as error:
        raise SandboxError(
            f"{file} belongs to another user. Run this as the user who ran it before, or delete {file.parent}."
        ) from error
    try:
        deadline_s = time.monotonic() + timeout_s
        while not _try_lock(descriptor):
            if time.monotonic() > deadline_s:
                raise SandboxError(
                    f"Another process held {file} for {timeout_s:.0f} s. `fuser {file}` names it; then run this again."
                )
            time.sleep(_LOCK_POLL_S)
        yield
    finally:
        os.close(descriptor)


def free_port(*preferred: int | None) -> int:
    """Give back the first of the `preferred` ports nobody listens on at 127.0.0.1, else one the kernel picks."""
    for port in (*preferred, 0):
        if port is None:
            continue
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            # As the servers do: a port left in TIME_WAIT by the last run counts as free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise SandboxError("No free TCP port on 127.0.0.1: too many programs listen, stop some of them.")


def start_on_free_port(
    daemon: Daemon,
    launch: Callable[[int], None],
    *,
    preferred_ports: tuple[int | None, ...],
    is_ready: Callable[[], bool],
    timeout_s: float,
) -> None:
    """Call `launch(port)`, which starts `daemon`, and wait until it is ready; again when it ended at once.

    Another program may take the port between the look and the start; the next attempt looks anew.

    Raises:
        StartFailedError: It was not ready in time, or ended each time. Nothing is left running.
    """
    for attempt in range(1, _START_ATTEMPTS + 1):
        launch(free_port(*preferred_ports))
        try:
            daemon.wait_until(is_ready, timeout_s=timeout_s)
        except StartFailedError:
            has_ended = not daemon.is_running()
            daemon.stop()
            if attempt == _START_ATTEMPTS or not has_ended:
                raise
        else:
            return


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
