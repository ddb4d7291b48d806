"""Background processes that outlive the program that started them, each remembered in a small file."""

from __future__ import annotations

import contextlib
import json
import subprocess
import threading
import time
from dataclasses import dataclass
from signal import SIGKILL, SIGTERM, Signals
from typing import TYPE_CHECKING, Any

import psutil

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

_POLL_S = 0.02
_SAME_MOMENT_S = 2.0
_LOG_LINES_SHOWN = 15


class SandboxError(RuntimeError):
    """Something on this machine could not be started; the message says what, and what to do."""


class StartFailedError(SandboxError):
    """A process ended, or did not answer in time, while it was being started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Daemon:
    """One background process: `<folder>/<name>.json` remembers it, `<folder>/<name>.log` holds what it prints.

    A process is known by its id and its creation time, because ids are given out again.
    """

    name: str
    folder: Path

    @property
    def log_file(self) -> Path:
        """Give back where the process prints; the run before is kept beside it as `.log.previous`."""
        return self.folder / f"{self.name}.log"

    @property
    def record_file(self) -> Path:
        """Give back the file that remembers the process; it stays after the end, for the port."""
        return self.folder / f"{self.name}.json"

    @property
    def port(self) -> int | None:
        """Give back the port of the last start, running or not; None before the first."""
        port = self._record().get("port")
        return port if isinstance(port, int) else None

    def start(
        self,
        command: Sequence[str],
        *,
        port: int | None = None,
        environment: Mapping[str, str] | None = None,
        working_folder: Path | None = None,
        user_id: int | None = None,
        group_id: int | None = None,
    ) -> None:
        """Start `command` in a session of its own, so that neither Ctrl-C nor the end of this program reaches it."""
        if self.log_file.exists():
            self.log_file.replace(self.log_file.with_name(f"{self.log_file.name}.previous"))
        with self.log_file.open("wb") as log:
            self.log_file.chmod(0o600)
            process = subprocess.Popen(  # noqa: S603 - the caller's own command, no shell
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=working_folder,
                env=None if environment is None else dict(environment),
                user=user_id,
                group=group_id,
                extra_groups=None if user_id is None else [],
                start_new_session=True,
            )
        record = {"pid": process.pid, "created_at_s": psutil.Process(process.pid).create_time(), "port": port}
        self.record_file.write_text(json.dumps(record), encoding="utf-8")
        # Somebody must collect the exit status, or a dead child stays in the process table while this program runs.
        threading.Thread(target=process.wait, name=f"wait-{self.name}", daemon=True).start()

    def is_running(self) -> bool:
        """Tell whether the remembered process is alive; a zombie, or a stranger with its id, is not."""
        return self._process() is not None

    def stop(self, *, signals: Sequence[Signals] = (SIGTERM, SIGKILL), grace_s: float = 5.0) -> None:
        """Send one signal after the other, waiting `grace_s` each time for the end. Nothing runs: nothing happens."""
        process = self._process()
        if process is not None:
            stop_process(process, signals=signals, grace_s=grace_s)

    def wait_until(self, is_ready: Callable[[], bool], *, timeout_s: float) -> None:
        """Return once the process listens on its port, if it has one, and `is_ready()` is true.

        Raises:
            StartFailedError: The process ended first, or time ran out. The message ends with its last lines.
        """
        deadline_s = time.monotonic() + timeout_s
        while not (self._listens() and is_ready()):
            if not self.is_running():
                raise StartFailedError(f"{self.name} ended while starting. {self.last_lines()}")
            if time.monotonic() > deadline_s:
                raise StartFailedError(f"{self.name} was not ready after {timeout_s:.0f} s. {self.last_lines()}")
            time.sleep(_POLL_S)

    def last_lines(self) -> str:
        """Give back the end of the log with its place, for an error message."""
        text = self.log_file.read_text(encoding="utf-8", errors="replace") if self.log_file.exists() else ""
        lines = text.splitlines()[-_LOG_LINES_SHOWN:] or ["(nothing was printed)"]
        return "\n  ".join([f"The last lines of {self.log_file}:", *lines])

    def _listens(self) -> bool:
        # An answer on the port proves nothing when another program took it first.
        process, port = self._process(), self.port
        if process is None or port is None:
            return process is not None
        try:
            sockets = process.net_connections(kind="tcp")
        except psutil.Error:
            return False
        return any(one.status == psutil.CONN_LISTEN and one.laddr.port == port for one in sockets)

    def _process(self) -> psutil.Process | None:
        record = self._record()
        try:
            process = psutil.Process(int(record["pid"]))
            # The system's idea of a start time moves a little when the clock is set.
            is_same = abs(process.create_time() - float(record["created_at_s"])) < _SAME_MOMENT_S
        except (KeyError, TypeError, ValueError, psutil.Error):
            return None
        return process if is_same and not _has_ended(process) else None

    def _record(self) -> dict[str, Any]:
        try:
            record = json.loads(self.record_file.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return record if isinstance(record, dict) else {}


def stop_process(process: psutil.Process, *, signals: Sequence[Signals], grace_s: float) -> None:
    """End `process` with the first of the `signals` that works, waiting `grace_s` after each.

    Raises:
        SandboxError: It outlived all of them.
    """
    for signal in signals:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(signal)
        deadline_s = time.monotonic() + grace_s
        while not _has_ended(process):
            if time.monotonic() > deadline_s:
                break
            time.sleep(_POLL_S)
        else:
            return
    raise SandboxError(f"Process {process.pid} outlived {', '.join(s.name for s in signals)}. Stop it by hand.")


def _has_ended(process: psutil.Process) -> bool:
    # A zombie has ended. Who must collect it may be slow, or, in a container without an init, never come.
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
