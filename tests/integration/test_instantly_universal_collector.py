"""The collector against a workspace over real HTTP: what it writes, what it asks for, and what a broken run leaves."""

from __future__ import annotations

import io
import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import orjson
import pytest
from rich.console import Console

from modules.instantly.instantly_api import InstantlyApi
from modules.instantly.instantly_client import InstantlyClient
from modules.instantly.instantly_collection_progress import shown_progress
from modules.instantly.instantly_export_parts import ExportParts
from modules.instantly.instantly_rows import Days
from modules.instantly.instantly_sources import load_from_json, payloads_of
from modules.instantly.instantly_tables import RAW_TABLES, TABLE_OF
from modules.instantly.instantly_universal_collector import CollectedExport, collect, main
from modules.shared.errors import ContractError, PermanentError, Refused, RetryableError
from outreach_pipeline.partitions import range_tags
from sandbox.instantly.world import DEMO_API_KEY
from tests.conftest import TABLES
from tests.fakes.dagster_in_memory import run_job
from tests.fakes.empty_tables import empty_tables
from tests.fakes.instantly_server import InstantlyServer, instantly_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    import dagster as dg
    import psycopg

    from sandbox.local_supabase import SupabaseEnvironment

ROOT = Path(__file__).parents[2]
SMALL = {"seed": 4, "campaigns": 3, "accounts": 3, "leads": 12, "days": 20}
WORLDS = [
    SMALL,
    {"seed": 5, "campaigns": 6, "accounts": 130, "leads": 60, "days": 20},
    {"seed": 6, "campaigns": 11, "accounts": 7, "leads": 450, "days": 25, "quirks": frozenset({"lead_status_zero"})},
    {"seed": 7, "campaigns": 0, "accounts": 0, "leads": 0, "days": 1},
]
DAYS = Days(datetime.now(UTC).date() - timedelta(days=24), datetime.now(UTC).date())
KEY = b"a key that nobody guesses"
BY_DAY = ("daily_analytics", "account_daily")


class Dying(httpx.HTTPTransport):
    """A network that is there for so many requests, and then takes the process with it."""

    def __init__(self, requests: int) -> None:
        super().__init__()
        self.requests_left = requests

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests_left -= 1
        if self.requests_left < 0:
            raise RuntimeError("killed")
        return super().handle_request(request)


@pytest.fixture(scope="module")
def running() -> Iterator[InstantlyServer]:
    with instantly_server(**SMALL, workspaces=2) as server:
        yield server


@pytest.fixture
def server(running: InstantlyServer) -> InstantlyServer:
    running.reset()
    return running


def api(server: InstantlyServer, *, key: str = DEMO_API_KEY, lives: int = 1_000_000) -> InstantlyApi:
    client = InstantlyClient(
        key, base_url=server.base_url, requests_per_second=None, emails_per_minute=None, transport=Dying(lives)
    )
    return InstantlyApi(client)


def collected(server: InstantlyServer, file: Path, *, lives: int = 1_000_000, **options: Any) -> CollectedExport:
    with api(server, lives=lives) as source:
        return collect(source, file, **options)


def broken_off(server: InstantlyServer, file: Path, lives: int, **options: Any) -> None:
    with pytest.raises(RuntimeError, match="killed"):
        collected(server, file, lives=lives, **options)


def parts_of(file: Path) -> Path:
    return file.with_name(f"{file.name}.parts")


def content_of(file: Path) -> dict[str, Any]:
    """Everything in an export but when it was collected; the order of rows within an entity says nothing."""
    content = json.loads(file.read_text())
    assert list(content)[:2] == ["format", "collected_at"]
    del content["collected_at"]
    return {
        name: Counter(json.dumps(each, sort_keys=True) for each in value) if isinstance(value, list) else value
        for name, value in content.items()
    }


def places_asked(server: InstantlyServer) -> set[str]:
    """Campaigns and lists whose leads were asked for."""
    bodies = [entry.body for entry in server.requests if entry.path == "/leads/list"]
    return {body.get("campaign") or body["list_id"] for body in bodies}


@pytest.fixture
def pipeline(supabase: SupabaseEnvironment, dagster: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables that say where the tables are, and a Dagster home of its own."""
    monkeypatch.setenv("SUPABASE_URL", supabase.url)
    monkeypatch.setenv("SUPABASE_KEY", supabase.secret_key)
    assert dagster


def point_at(server: InstantlyServer, monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    monkeypatch.setenv("INSTANTLY_BASE_URL", server.base_url)
    monkeypatch.setenv("INSTANTLY_API_KEY", server.api_key)
    monkeypatch.setenv("INSTANTLY_REQUESTS_PER_SECOND", "1000")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def fill_tables(config: dict[str, str]) -> None:
    by_day = {TABLE_OF[entity].name for entity in BY_DAY}
    run_job("instantly_sync", asset_config={table.name: config for table in RAW_TABLES if table.name not in by_day})
    run_job("instantly_analytics", asset_config=dict.fromkeys(by_day, config), tags=range_tags(DAYS))


def tables(database: psycopg.Connection) -> dict[str, list[str]]:
    """Every raw table, row by row, without the moments of writing; emptied afterwards."""
    moments = "array['synced_at', 'created_at', 'updated_at']"
    found = {
        table.name: sorted(
            row[0] for row in database.execute(f"select (to_jsonb(t) - {moments})::text from {table.name} t")
        )
        for table in RAW_TABLES
    }
    empty_tables(database, TABLES)
    return found


@pytest.mark.parametrize("world", WORLDS[1:3], ids=lambda world: f"seed{world['seed']}")
def test_an_export_fills_the_same_tables_as_the_api_does(world, pipeline, database, tmp_path: Path, monkeypatch):
    file = tmp_path / "export.json"
    with instantly_server(**world) as server:
        point_at(server, monkeypatch)
        collected(server, file)
        fill_tables({"source": "api"})
        from_api = tables(database)
        server.stand_in.log.clear()
        fill_tables({"source": "json", "file": str(file)})
        assert server.requests == []
        assert tables(database) == from_api
    assert sum(map(bool, from_api.values())) >= len(RAW_TABLES) - 1


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: f"seed{world['seed']}")
def test_an_export_gives_the_payloads_of_the_api_with_the_fewest_requests(world: dict[str, Any], tmp_path: Path):
    file = tmp_path / "export.json"
    with instantly_server(**world) as server:
        done = collected(server, file)
        asked = Counter(entry.path for entry in server.requests)
        with api(server) as source:
            export = load_from_json(file)
            for entity in TABLE_OF:
                given, expected = (
                    Counter(json.dumps(payload, sort_keys=True) for payload in payloads_of(one, entity))
                    for one in (export, source)
                )
                assert given == expected, entity
                assert done.payloads[entity] == given.total()
        leads = Counter(lead.get("campaign") or lead["list_id"] for lead in export.leads())
    campaigns, accounts, places = world["campaigns"], world["accounts"], world["campaigns"] + 2
    expected = {
        **dict.fromkeys(("/campaigns/analytics", "/workspaces/current", "/workspace-billing/plan-details"), 1),
        "/campaigns": ceil(campaigns / 100) + 1,
        "/accounts": ceil(accounts / 100) + 1,
        "/accounts/warmup-analytics": ceil(accounts / 100),
        # Thirty-one days, and the one behind them that shows whether the end counts, take two windows.
        "/accounts/analytics/daily": 2 * ceil(accounts / 200),
        "/campaigns/analytics/daily": campaigns + 1,
        "/campaigns/analytics/steps": campaigns,
        "/leads/list": places + sum(ceil(count / 100) for count in leads.values()),
    }
    assert {path: count for path, count in asked.items() if path in expected} == +Counter(expected)
    lists = {path: count for path, count in asked.items() if path not in expected}
    assert len(lists) == 7
    assert all(count <= 2 for count in lists.values())
    assert done.requests_made == asked.total()


def test_a_run_that_is_killed_at_any_request_goes_on_without_asking_twice(server: InstantlyServer, tmp_path: Path):
    options: dict[str, Any] = {"pseudonymise": True, "pseudonym_key": KEY}
    undisturbed = tmp_path / "undisturbed.json"
    total = collected(server, undisturbed, **options).requests_made
    all_places = places_asked(server)
    assert total > 25
    for lives in range(total):
        file = tmp_path / f"{lives}.json"
        began = datetime.now(UTC)
        broken_off(server, file, lives, **options)
        assert not file.exists()
        finished = {part.stem for part in parts_of(file).glob("*.jsonl")}
        server.stand_in.log.clear()
        done = collected(server, file, **options)
        assert content_of(file) == content_of(undisturbed), lives
        assert done.pieces_reused == len(finished)
        asked = {entry.path for entry in server.requests}
        paths = {
            "campaigns": {"/campaigns", "/campaigns/analytics"},
            "accounts": {"/accounts", "/accounts/warmup-analytics", "/accounts/analytics/daily"},
            "daily_analytics": {"/campaigns/analytics/daily"},
            "steps": {"/campaigns/analytics/steps"},
            "emails": {"/emails"},
            "lead_lists": {"/lead-lists"},
            "lead_labels": {"/lead-labels"},
            "block_list": {"/block-lists-entries"},
            "tags": {"/custom-tags"},
            "tag_mappings": {"/custom-tag-mappings"},
            "background_jobs": {"/background-jobs"},
        }
        for piece, own in paths.items():
            assert (own & asked == set()) == (piece in finished), (lives, piece)
        finished_leads = sum(name.startswith("leads-") for name in finished)
        assert len(places_asked(server)) == len(all_places) - finished_leads
        assert began - timedelta(seconds=1) < done.collected_at < datetime.now(UTC)
        assert not parts_of(file).exists()


def test_a_broken_run_leaves_the_earlier_export_as_it_was_and_nothing_half(server: InstantlyServer, tmp_path: Path):
    file = tmp_path / "export.json"
    collected(server, file)
    before = file.read_bytes()
    for lives in (0, 3, 9, 20):
        broken_off(server, file, lives, restart=True)
        assert file.read_bytes() == before
        assert {part.suffix for part in parts_of(file).glob("*")} <= {".json", ".jsonl"}
        for part in parts_of(file).glob("*.jsonl"):
            assert all(orjson.loads(line) for line in part.read_bytes().splitlines())
    collected(server, file)
    assert file.read_bytes() != before
    assert [path.name for path in tmp_path.iterdir()] == [file.name]
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ({}, {"pseudonymise": True}),
        ({"pseudonymise": True}, {}),
        ({"pseudonymise": True}, {"pseudonymise": True, "pseudonym_key": KEY}),
        ({}, {"since": DAYS.first}),
        ({}, {"restart": True}),
    ],
)
def test_parts_that_were_read_otherwise_are_not_used(first, then, server: InstantlyServer, tmp_path: Path):
    file, other = tmp_path / "export.json", tmp_path / "other.json"
    broken_off(server, file, 20, **first)
    done, undisturbed = collected(server, file, **then), collected(server, other, **then)
    assert (done.pieces_reused, done.requests_made) == (0, undisturbed.requests_made)
    if not done.is_pseudonymised or "pseudonym_key" in then:
        assert content_of(file) == content_of(other)


def test_parts_of_another_workspace_are_not_used(server: InstantlyServer, tmp_path: Path):
    file = tmp_path / "export.json"
    broken_off(server, file, 20)
    with api(server, key=f"{DEMO_API_KEY}-2") as source:
        assert collect(source, file).pieces_reused == 0
    assert load_from_json(file).workspace_id == server.stand_in.world.workspaces[1].id


@pytest.mark.parametrize(("hours", "is_used"), [(23, True), (25, False), (-1, False)])
def test_parts_are_used_for_a_day_and_the_export_says_how_old_they_are(hours, is_used, server, tmp_path: Path):
    file = tmp_path / "export.json"
    broken_off(server, file, 20)
    with api(server) as source:
        source.as_of += timedelta(hours=hours)
        done = collect(source, file)
    assert (done.pieces_reused > 0) == is_used
    assert (abs(source.as_of - done.collected_at) < timedelta(minutes=1)) == (not is_used)
    assert json.loads(file.read_text())["collected_at"] == done.collected_at.isoformat()


@pytest.mark.parametrize("damage", [b"", b"[]", b"{}", b'{"begun_at": 5}', b"\xff"])
def test_parts_whose_manifest_is_damaged_are_not_used(damage: bytes, server: InstantlyServer, tmp_path: Path):
    file = tmp_path / "export.json"
    broken_off(server, file, 20)
    (parts_of(file) / "manifest.json").write_bytes(damage)
    assert collected(server, file).pieces_reused == 0


def test_a_pseudonymised_export_goes_on_with_the_pseudonyms_it_began_with(server: InstantlyServer, tmp_path: Path):
    file = tmp_path / "export.json"
    broken_off(server, file, 34, pseudonymise=True)
    manifest = parts_of(file) / "manifest.json"
    assert manifest.stat().st_mode & 0o777 == 0o600
    secret = json.loads(manifest.read_text())["secret"]
    done = collected(server, file, pseudonymise=True)
    assert done.pieces_reused > 5
    content = json.loads(file.read_text())
    emails = {account["email"] for account in content["accounts"]}
    assert {row["email"] for row in content["account_warmup"]} <= emails
    assert {email for row in content["campaigns"] for email in row["campaign"]["email_list"]} <= emails
    assert secret not in file.read_text()
    assert not manifest.exists()


def test_no_person_is_written_to_the_disk_or_said_by_a_pseudonymised_collection(
    server: InstantlyServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    people = [*server.workspace.leads.after(None), *server.workspace.accounts.after(None)]
    hidden = {row["email"] for row in people} | {row["email"].rpartition("@")[2] for row in people}
    file = tmp_path / "export.json"
    caplog.set_level("DEBUG", "modules.instantly")
    for lives in (30, 4):
        broken_off(server, file, lives, pseudonymise=True)
        written = "".join(part.read_text() for part in parts_of(file).iterdir())
        assert [text for text in hidden if text in written] == []
    collected(server, file, pseudonymise=True)
    assert [text for text in hidden if text in file.read_text() + caplog.text] == []


def test_a_pseudonymised_export_fills_an_empty_project_and_no_other(server, pipeline, database, tmp_path, monkeypatch):
    file = tmp_path / "export.json"
    collected(server, file, pseudonymise=True)
    point_at(server, monkeypatch)
    fill_tables({"source": "json", "file": str(file)})
    rows = database.execute("select count(distinct email), count(*) from instantly_leads_raw").fetchone()
    assert rows == (len({lead["email"] for lead in server.workspace.leads.after(None)}), SMALL["leads"])
    tables(database)
    run_job("instantly_sync")
    with pytest.raises(Refused, match="pseudonymised"):
        fill_tables({"source": "json", "file": str(file)})


def test_a_wrong_key_is_said_and_leaves_nothing(server: InstantlyServer, tmp_path: Path):
    with (
        api(server, key="wrong-key-hunter2") as source,
        pytest.raises(PermanentError, match="INSTANTLY_API_KEY") as said,
    ):
        collect(source, tmp_path / "export.json")
    assert "hunter2" not in str(said.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", ["/leads/list", "/emails", "/campaigns", "/accounts/warmup-analytics", "/custom-tags"])
@pytest.mark.parametrize("kind", ["cut", "half_body", "status"])
def test_a_page_that_is_lost_for_good_makes_no_export(kind, path, server, tmp_path: Path, instant_retries: None):
    file = tmp_path / "export.json"
    action = {"kind": kind, "status": 503} if kind == "status" else {"kind": kind}
    server.order_fault(path=path, action=action, times=None)
    with pytest.raises(RetryableError, match=f"Instantly: (GET|POST) {path}"):
        collected(server, file)
    assert not file.exists()
    server.stand_in.faults.clear()
    assert collected(server, file).pieces_reused > 0


@pytest.mark.parametrize("path", ["/campaigns", "/accounts", "/lead-lists"])
@pytest.mark.parametrize("odd", [None, 5, {}, {"id": "", "email": ""}])
def test_an_item_that_others_hang_on_and_that_has_no_id_makes_no_export(odd, path, server, tmp_path: Path):
    server.order_fault(path=path, action={"kind": "rewrite", "change": {"row": 0, "replace": odd}})
    with pytest.raises(ContractError, match=f"GET {path} answered an item without"):
        collected(server, tmp_path / "export.json")
    collected(server, tmp_path / "export.json")


def test_a_file_that_cannot_be_written_is_said_before_anything_is_asked(server: InstantlyServer, tmp_path: Path):
    (tmp_path / "taken.json.parts").write_text("")
    (tmp_path / "folder.json").mkdir()
    for name in ("gone/export.json", "taken.json", "folder.json"):
        with pytest.raises(PermanentError, match=re.escape(str(tmp_path / name))):
            collected(server, tmp_path / name)
    assert server.requests == []


def test_two_processes_do_not_collect_into_one_file(server: InstantlyServer, tmp_path: Path):
    file = tmp_path / "export.json"
    with ExportParts(file), pytest.raises(Refused, match="another process"):
        collected(server, file)
    assert server.requests == []


@pytest.mark.parametrize("room_bytes", [100, 5_000, 40_000])
def test_a_full_disk_makes_no_export_and_the_next_run_goes_on(room_bytes, server: InstantlyServer, tmp_path: Path):
    file = tmp_path / "export.json"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    # What a file may grow to stands in for what is left of the disk.
    resource.setrlimit(resource.RLIMIT_FSIZE, (room_bytes, before[1]))
    try:
        with pytest.raises(PermanentError, match="cannot be written"):
            collected(server, file)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not file.exists()
    collected(server, file)


def command(server: InstantlyServer, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    variables = {
        "INSTANTLY_BASE_URL": server.base_url,
        "INSTANTLY_API_KEY": server.api_key,
        "INSTANTLY_REQUESTS_PER_SECOND": "1000",
        "OUTREACH_ENV_FILE": os.devnull,
    }
    return subprocess.Popen(
        [sys.executable, "-m", "modules.instantly.instantly_universal_collector", *arguments],
        cwd=ROOT,
        env=os.environ | variables | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)])
def test_a_command_that_is_killed_goes_on_when_it_is_run_again(sent, status, server: InstantlyServer, tmp_path: Path):
    file = tmp_path / "export.json"
    server.order_fault(path="/leads/list", action={"kind": "slow", "seconds": 5}, skip=4, times=None)
    with command(server, str(file), "--pseudonymise") as process:
        while len([entry for entry in server.requests if entry.path == "/leads/list"]) < 5:
            time.sleep(0.01)
            assert process.poll() is None
        time.sleep(0.3)
        process.send_signal(sent)
        assert process.wait(10) == status
        said = process.communicate()
    assert said[0] == ""
    assert not file.exists()
    server.stand_in.faults.clear()
    with command(server, str(file), "--pseudonymise", OUTREACH_PSEUDONYM_KEY="") as process:
        output, log = process.communicate(timeout=60)
    assert process.returncode == 0, log
    assert re.fullmatch(rf"{re.escape(str(file))}: [\d,]+ payloads of 15 kinds, .*pseudonymised, .* requests\n", output)
    assert " finished pieces of an earlier run" in log
    assert "leads: " in log
    assert "@" not in log + output
    assert load_from_json(file).is_pseudonymised


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"INSTANTLY_API_KEY": ""}, "INSTANTLY_API_KEY is not set"),
        ({"INSTANTLY_API_KEY": "wrong-key-hunter2"}, "Check INSTANTLY_API_KEY"),
        ({"OUTREACH_PSEUDONYM_KEY": "short"}, "OUTREACH_PSEUDONYM_KEY"),
    ],
)
def test_the_command_says_what_is_wrong_on_standard_error(variables, said, server, monkeypatch, capsys):
    point_at(server, monkeypatch, **variables)
    assert main(["export.json"]) == 1
    output, log = capsys.readouterr()
    assert output == ""
    assert said in log
    assert "hunter2" not in log
    assert "Traceback" not in log


def test_the_same_key_gives_the_same_pseudonyms_in_two_exports(
    server: InstantlyServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    point_at(server, monkeypatch, OUTREACH_PSEUDONYM_KEY="sixteen signs or more")
    files = [tmp_path / name for name in ("one.json", "two.json")]
    assert [main([str(file), "--pseudonymise"]) for file in files] == [0, 0]
    assert content_of(files[0]) == content_of(files[1])


def test_a_terminal_shows_a_bar_for_each_entity(server: InstantlyServer, tmp_path: Path):
    shown = io.StringIO()
    with shown_progress(Console(file=shown, force_terminal=True, width=120)) as progress:
        collected(server, tmp_path / "export.json", progress=progress)
    # The last picture, which begins with the first bar.
    last = shown.getvalue().rpartition("workspace")[2]
    assert all(entity in last for entity in TABLE_OF if entity != "workspace")
    assert re.search(r"leads.* 5/5 .*12 read", last)
