from __future__ import annotations

import ast
import re
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from modules.shared.settings import REPOSITORY, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGES = ("modules", "outreach_pipeline", "sandbox")
OF_THE_SYSTEM = {"PATH"}
READERS = {"get", "pop", "setdefault", "getenv", "EnvVar"}
NAME = re.compile(r"[A-Z][A-Z0-9_]+")
LINE = re.compile(r"([A-Z][A-Z0-9_]*)=(.*)")


def _names_read(source: str) -> Iterator[str]:
    """Every constant in capitals that a module which knows the environment looks up somewhere."""
    if not re.search(r"environ|getenv|EnvVar", source):
        return
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(
                func=ast.Attribute(attr=called) | ast.Name(id=called), args=[ast.Constant(value=str(name)), *_]
            ) if called in READERS and NAME.fullmatch(name):
                yield name
            case ast.Subscript(slice=ast.Constant(value=str(name))) if NAME.fullmatch(name):
                yield name


def _names_of_the_code() -> set[str]:
    files = [file for package in PACKAGES for file in (REPOSITORY / package).rglob("*.py")]
    looked_up = {name for file in files for name in _names_read(file.read_text())}
    return {field.upper() for field in Settings.model_fields} | looked_up - OF_THE_SYSTEM


def _example_lines() -> list[str]:
    return (REPOSITORY / ".env.example").read_text().splitlines()


def test_the_example_lists_exactly_the_variables_that_the_code_reads():
    listed = [match[1] for line in _example_lines() if (match := LINE.fullmatch(line))]
    assert sorted(listed) == sorted(_names_of_the_code())


def test_every_variable_of_the_example_is_explained_in_the_line_above():
    for above, line in pairwise(_example_lines()):
        if LINE.fullmatch(line):
            assert re.fullmatch(r"# [A-Za-z].{15,}\.", above), line


def test_the_values_of_the_example_are_blank_or_the_default():
    for line in _example_lines():
        if (match := LINE.fullmatch(line)) and match[2]:
            default = Settings.model_fields[match[1].lower()].default
            assert type(default)(match[2]) == default, line


@pytest.mark.parametrize(
    "source",
    [
        "import os; os.environ['NEW_NAME']",
        "import os; os.environ.get('NEW_NAME', '')",
        "import os; os.getenv('NEW_NAME')",
        "import dagster as dg; dg.EnvVar('NEW_NAME')",
    ],
)
def test_every_way_to_read_a_variable_is_noticed(source: str):
    assert list(_names_read(source)) == ["NEW_NAME"]
