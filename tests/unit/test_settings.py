from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from modules.shared.errors import PermanentError
from modules.shared.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "sb_secret_invented-7x"
HAVE_NO_DEFAULT = ("SUPABASE_URL", "SUPABASE_KEY", "SUPABASE_DB_URL", "INSTANTLY_API_KEY")


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch: pytest.MonkeyPatch):
    for field in Settings.model_fields:
        monkeypatch.delenv(field.upper(), raising=False)


def test_a_blank_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch):
    defaults = Settings()
    for field in Settings.model_fields:
        monkeypatch.setenv(field.upper(), "")
    assert Settings() == defaults


@pytest.mark.parametrize("name", HAVE_NO_DEFAULT)
def test_a_missing_variable_is_named_and_the_message_says_what_to_do(name: str):
    with pytest.raises(PermanentError) as caught:
        Settings().require(name)
    message = str(caught.value)
    assert message.startswith(f"{name} is not set")
    assert ".env.example" in message
    assert "outreach local env" in message


@pytest.mark.parametrize("name", HAVE_NO_DEFAULT)
def test_a_required_variable_is_given_as_plain_text(monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.setenv(name, SECRET)
    assert Settings().require(name) == SECRET


@pytest.mark.parametrize("name", ["SUPABASE_KEY", "SUPABASE_DB_URL", "INSTANTLY_API_KEY"])
def test_a_secret_does_not_show_when_the_settings_are_printed(monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.setenv(name, SECRET)
    settings = Settings()
    for shown in (repr(settings), str(settings), f"{settings.model_dump()}", settings.model_dump_json()):
        assert SECRET not in shown


def test_the_environment_is_read_anew_each_time(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SUPABASE_URL", "https://one.example")
    assert Settings().require("SUPABASE_URL") == "https://one.example"
    monkeypatch.setenv("SUPABASE_URL", "https://two.example")
    assert Settings().require("SUPABASE_URL") == "https://two.example"


def test_numbers_and_folders_are_given_as_such(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("INSTANTLY_REQUESTS_PER_SECOND", "2.5")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    assert Settings().instantly_requests_per_second == 2.5
    assert Settings().dagster_home == tmp_path


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OUTREACH_EXECUTOR", "celery"),
        ("INSTANTLY_REQUESTS_PER_SECOND", "fast"),
        ("INSTANTLY_REQUESTS_PER_SECOND", "0"),
        ("INSTANTLY_REQUESTS_PER_SECOND", "inf"),
    ],
)
def test_a_value_that_cannot_be_right_is_refused_and_names_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
):
    monkeypatch.setenv(name, value)
    with pytest.raises(PermanentError, match=name):
        Settings()


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    file = tmp_path / "settings"
    file.write_text("SUPABASE_URL=https://from-the-file.example\nINSTANTLY_BASE_URL=https://file.example\n")
    monkeypatch.setenv("OUTREACH_ENV_FILE", str(file))
    monkeypatch.setenv("SUPABASE_URL", "https://from-the-shell.example")
    assert Settings().supabase_url == "https://from-the-shell.example"
    assert Settings().instantly_base_url == "https://file.example"
