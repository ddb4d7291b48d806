"""Jobs run from a command, in this process; Dagster records them like any other run.

Dagster is imported when a job is run: half of the commands run none, and would wait half a second for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from modules.shared.errors import OutreachError, PermanentError, Refused
from modules.shared.settings import Settings

if TYPE_CHECKING:
    import dagster as dg

LogLevel = Literal["WARNING", "CRITICAL"]


@dataclass(frozen=True, slots=True)
class JobOutcome:
    """What a finished run leaves for the one who asked.

    Attributes:
        run_id: Its id, as in the UI.
        tables: Numbers of each materialized table, by name.
        failed_checks: Names of checks that did not pass.
        documents: Of each materialized table, its JSON metadata, by name.
    """

    run_id: str
    tables: dict[str, dict[str, int]]
    failed_checks: list[str] = field(default_factory=list)
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)


def run_job(
    name: str,
    *,
    assets: Sequence[str] | None = None,
    asset_config: Mapping[str, Mapping[str, Any]] | None = None,
    tags: Mapping[str, str] | None = None,
    log_level: LogLevel = "WARNING",
    instance: dg.DagsterInstance | None = None,
) -> JobOutcome:
    """Run a job to its end.

    Args:
        name: The job.
        assets: Only these of it; `None`: all.
        asset_config: Configuration by asset.
        tags: Run tags, a partition range among them.
        log_level: What is printed besides the outcome; Dagster keeps all of it with the run.
        instance: Where the run is recorded; `None`: in the home that DAGSTER_HOME names.

    Raises:
        Refused: One of our rules stood against it.
        PermanentError: A variable is missing, or a step failed; the message is the first step's.
    """
    settings = Settings()
    for variable in ("SUPABASE_URL", "SUPABASE_KEY"):
        settings.require(variable)
    import dagster as dg

    from outreach_pipeline.definitions import defs

    run_config = {
        "loggers": {"console": {"config": {"log_level": log_level}}},
        "ops": {asset: {"config": dict(config)} for asset, config in (asset_config or {}).items()},
    }
    with dg.DagsterInstance.get() if instance is None else nullcontext(instance) as recorder:
        result = defs.resolve_job_def(name).execute_in_process(
            instance=recorder,
            run_config=run_config,
            tags=dict(tags or {}),
            raise_on_error=False,
            asset_selection=[dg.AssetKey(asset) for asset in assets] if assets else None,
        )
    if not result.success:
        raise _failure(name, result)
    metadata = {
        event.asset_key.to_user_string(): event.materialization.metadata
        for event in result.get_asset_materialization_events()
        if event.asset_key is not None
    }
    return JobOutcome(
        run_id=result.run_id,
        tables={name: _numbers(values) for name, values in metadata.items()},
        documents={name: _documents(values) for name, values in metadata.items()},
        failed_checks=[
            f"{check.asset_key.to_user_string()}: {check.check_name}"
            for check in result.get_asset_check_evaluations()
            if not check.passed
        ],
    )


def _numbers(metadata: Mapping[str, Any]) -> dict[str, int]:
    import dagster as dg

    return {name: value.value or 0 for name, value in metadata.items() if isinstance(value, dg.IntMetadataValue)}


def _documents(metadata: Mapping[str, Any]) -> dict[str, Any]:
    import dagster as dg

    return {name: value.value for name, value in metadata.items() if isinstance(value, dg.JsonMetadataValue)}


def _failure(job: str, result: dg.ExecuteInProcessResult) -> OutreachError:
    where = f"Run {result.run_id} of {job} failed; `make dev` shows it in the UI."
    for event in result.all_events:
        if event.is_step_failure and event.step_failure_data.user_failure_data is not None:
            failure = event.step_failure_data.user_failure_data
            kind = failure.metadata.get("kind")
            is_refusal = kind is not None and kind.value == Refused.__name__
            return (Refused if is_refusal else PermanentError)(f"{failure.description}\n{where}")
    return PermanentError(where)
