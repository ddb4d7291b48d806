"""Runs of the launch through Dagster, in this process, against the database and the stand-in of a test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dagster as dg

from modules.outreach.launch_gate import MOST_AGE_S
from outreach_pipeline.assets.launch_assets import GRAPH
from outreach_pipeline.definitions import defs

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.fakes.launch_world import LaunchWorld

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class LaunchRuns:
    """Runs, and the world that they meet.

    Attributes:
        instance: Dagster, as long as the test goes on; `home`: where it keeps all that it stores.
    """

    world: LaunchWorld
    instance: dg.DagsterInstance
    home: Path

    def materialize_tables(self, names: Any = MOST_AGE_S) -> None:
        """As if this Dagster had just made the tables that a launch looks at."""
        for name in names:
            self.instance.report_runless_asset_event(dg.AssetMaterialization(name))

    def forget_materializations(self) -> None:
        """As if this Dagster had never made any table."""
        self.instance.wipe_assets([dg.AssetKey(name) for name in MOST_AGE_S])

    def run(
        self, job: str = "campaign_launch", *, tags: Mapping[str, str] | None = None, **config: Any
    ) -> dg.ExecuteInProcessResult:
        """One run to its end, failed or not; activates and is no dry run unless told otherwise."""
        return defs.resolve_job_def(job).execute_in_process(
            instance=self.instance, run_config=run_config(**config), tags=dict(tags or {}), raise_on_error=False
        )

    def again(self, run_id: str, steps: tuple[str, ...] = ()) -> dg.JobExecutionResult:
        """The run executed again: from where it failed, or these steps of it alone."""
        options = (
            dg.ReexecutionOptions(parent_run_id=run_id, step_selection=[f"{GRAPH}.{step}" for step in steps])
            if steps
            else None
        )
        given = self.instance.get_run_by_id(run_id)
        assert given is not None
        with dg.execute_job(
            dg.reconstructable(launch_job),
            instance=self.instance,
            run_config=given.run_config,
            reexecution_options=options or dg.ReexecutionOptions.from_failure(run_id, self.instance),
        ) as result:
            return result

    def stored(self, run_id: str) -> str:
        """All that Dagster keeps on disk: the events of the run, and every file of its home."""
        assert self.instance.is_persistent
        events = [str(record) for record in self.instance.all_logs(run_id)]
        files = [path.read_bytes().decode(errors="replace") for path in self.home.rglob("*") if path.is_file()]
        return "\n".join(events + files)

    def launches(self) -> list[Json]:
        """The rows of launches, the oldest first."""
        return self.world.rows("select * from launches order by started_at")


def launches_in(world: LaunchWorld, instance: dg.DagsterInstance, home: Path) -> LaunchRuns:
    """The campaign `plans` and four people for it, on fresh data that this Dagster made."""
    world.apply()
    world.add_people(4)
    runs = LaunchRuns(world, instance, home)
    runs.materialize_tables()
    world.server.stand_in.log.clear()
    return runs


def launch_job() -> dg.JobDefinition:
    """The job as a run that is executed again finds it."""
    return defs.resolve_job_def("campaign_launch")


def run_config(**config: Any) -> Json:
    """Of a run that launches and watches for as short as can be."""
    given = {"campaign": "plans", "activate": True, "dry_run": False, "watch_minutes": 0.0} | config
    return {"ops": {GRAPH: {"config": given}}, "loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def metadata(result: dg.ExecuteInProcessResult) -> Mapping[str, Any]:
    """What the launch says of itself."""
    for event in result.get_asset_materialization_events():
        if event.asset_key == dg.AssetKey("campaign_launch"):
            return {name: value.value for name, value in event.materialization.metadata.items()}
    raise AssertionError("Nothing was launched.")


def failures(result: Any) -> dict[str, str]:
    """Why steps failed, by step."""
    return {
        event.step_key.rpartition(".")[2]: event.step_failure_data.user_failure_data.description
        for event in result.all_events
        if event.is_step_failure and event.step_failure_data.user_failure_data is not None
    }


def steps_run(result: Any) -> list[str]:
    """Steps of the launch that began, in order."""
    started = [event.step_key for event in result.all_events if event.event_type_value == "STEP_START"]
    return [key.rpartition(".")[2] for key in started if key.startswith(GRAPH)]
