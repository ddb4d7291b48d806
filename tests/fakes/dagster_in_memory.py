"""Jobs run as commands run them, but recorded in memory: in Dagster's files that takes longer than the runs do."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import dagster as dg
import yaml

from modules.shared.settings import REPOSITORY
from outreach_pipeline import runs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outreach_pipeline.runs import JobOutcome

_running: list[dg.DagsterInstance] = []


@contextmanager
def dagster_in_memory() -> Iterator[dg.DagsterInstance]:
    """A Dagster with our settings that has recorded nothing yet; within it, `run_job` and `recorded` mean this one."""
    settings = yaml.safe_load((REPOSITORY / "deploy" / "dagster.yaml").read_text())
    with dg.DagsterInstance.ephemeral(settings=settings) as instance:
        _running.append(instance)
        try:
            yield instance
        finally:
            _running.pop()


def recorded() -> dg.DagsterInstance:
    """The Dagster of this test."""
    return _running[-1]


def run_job(name: str, **options: Any) -> JobOutcome:
    """Run a job to its end; options as `outreach_pipeline.runs.run_job` takes them."""
    return runs.run_job(name, instance=recorded(), **options)
