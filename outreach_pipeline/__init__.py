"""Dagster, and nothing but Dagster: assets, jobs, schedules, sensors and the `outreach` command."""

import warnings

# Dagster has called single-run backfills beta for years and documents no other way; said here, not by every command.
warnings.filterwarnings("ignore", message="Parameter `backfill_policy`")
