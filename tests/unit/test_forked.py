"""Processes that are copies of one in which everything is imported."""

from __future__ import annotations

import sys

import pytest

from tests.fakes.forked import processes


def end_without(module: str) -> None:
    if module not in sys.modules:
        sys.exit(7)


# A module that cannot be imported beforehand is passed over in silence, and every copy would import it anew.
@pytest.mark.parametrize(
    ("module", "exit_code"), [("outreach_pipeline.definitions", 0), ("modules.no_such_module", 7)], ids=str
)
def test_a_copy_begins_with_everything_imported(module, exit_code):
    process = processes.Process(target=end_without, args=(module,))
    process.start()
    process.join()
    assert process.exitcode == exit_code
