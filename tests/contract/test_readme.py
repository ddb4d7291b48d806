"""What the README promises is there, and what is there the README names."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.main import get_command

from outreach_pipeline.cli import app
from outreach_pipeline.definitions import defs

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("asset", sorted(spec.key.to_user_string() for spec in defs.resolve_all_asset_specs()))
def test_every_asset_is_in_the_table_of_assets(asset):
    assert f"\n| `{asset}` |" in README


@pytest.mark.parametrize("schedule", sorted(schedule.name for schedule in defs.schedules or ()))
def test_every_schedule_is_named(schedule):
    assert f"`{schedule}`" in README


@pytest.mark.parametrize("command", sorted(get_command(app).commands))
def test_every_command_is_named(command):
    assert f"`outreach {command}" in README


def test_every_variable_is_explained():
    lines = (ROOT / ".env.example").read_text().splitlines()
    variables = [line.split("=")[0] for line in lines if line and not line.startswith("#")]
    assert [name for name in variables if f"`{name}`" not in README] == []


def test_every_file_it_links_to_exists():
    targets = [part.split(")")[0] for part in README.split("](")[1:]]
    local = [target for target in targets if "://" not in target]
    assert local
    assert [target for target in local if not (ROOT / target).exists()] == []
