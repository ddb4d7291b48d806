"""The `outreach` command, run to its end as a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.fakes.forked import processes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROOT = Path(__file__).parents[2]
KEPT = ("PATH", "HOME", "OUTREACH_ENV_FILE")


def outreach_command(
    folder: Path, environment: Mapping[str, str], *before: str, secrets: tuple[str, ...] = ()
) -> Callable[..., Any]:
    """Give back what runs `outreach`, with these words before all others, and looks at what every command owes.

    It takes the arguments, the exit `status` that is expected, and variables; it gives back the finished process, or,
    with `--json` and where something was printed, what that says.

    Args:
        folder: For what is printed.
        environment: Beside what a shell of this machine has.
        before: Of each command.
        secrets: What no command may print.
    """
    kept = {name: os.environ[name] for name in KEPT}

    def run(*arguments: object, status: int = 0, **variables: str) -> Any:
        command = [*before, *map(str, arguments)]
        done = run_outreach(command, {**kept, **environment, **variables}, folder)
        assert done.returncode == status, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        assert "@" not in done.stderr
        assert not [secret for secret in secrets if secret in done.stdout + done.stderr]
        return json.loads(done.stdout) if "--json" in command and done.stdout else done

    return run


def run_outreach(
    arguments: list[str], environment: Mapping[str, str], folder: Path
) -> subprocess.CompletedProcess[str]:
    """Run `outreach` with these arguments, and with no variable but these, to its end."""
    printed, errors = folder / "stdout", folder / "stderr"
    process = processes.Process(target=partial(_run, arguments, dict(environment), printed, errors))
    process.start()
    process.join()
    assert process.exitcode is not None
    return subprocess.CompletedProcess(arguments, process.exitcode, printed.read_text(), errors.read_text())


def _run(arguments: list[str], environment: dict[str, str], printed: Path, errors: Path) -> None:
    from outreach_pipeline.cli import main

    for number, file in enumerate((Path(os.devnull), printed, errors)):
        opened = os.open(file, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)
    sys.argv = ["outreach", *arguments]
    main()
