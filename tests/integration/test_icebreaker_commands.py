"""`outreach icebreakers` and `outreach icebreakers evaluate`, as processes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fakes.icebreaker_bench import Bench, Place
from tests.fakes.openai_server import openai_server
from tests.fakes.outreach_command import outreach_command

ROOT = Path(__file__).parents[2]
LABELLED = ROOT / "tests" / "fixtures" / "icebreakers" / "labelled.jsonl"


@pytest.fixture(scope="module")
def openai():
    with openai_server() as server:
        yield server


@pytest.fixture
def outreach(openai, supabase, tmp_path):
    """Runs the command to its end; answers the finished process, or with `--json` what it printed."""
    openai.reset()
    environment = {
        "OUTREACH_HOME": str(tmp_path),
        "SUPABASE_URL": supabase.url,
        "SUPABASE_KEY": supabase.secret_key,
        "OPENAI_BASE_URL": openai.base_url,
        "OPENAI_API_KEY": openai.api_key,
        "COLUMNS": "200",
    }
    return outreach_command(tmp_path, environment, "icebreakers", secrets=(openai.api_key,))


def test_the_newest_lines_are_shown_with_what_each_rests_on(outreach, openai, supabase, store, database):
    assert "nothing yet" in outreach().stdout
    bench = Bench(database, store, openai, Place.of(supabase, openai))
    bench.leads(12)
    bench.run()
    rows = outreach("--json", "--most", "5")
    stored = {str(row["lead_id"]): row for row in bench.icebreakers().values()}
    assert len(rows) == 5
    assert all(row["line"] == stored[row["lead_id"]]["line"] and row["evidence"] for row in rows)
    shown = outreach().stdout
    assert all(head in shown for head in ("source", "lang", "line", "rests on"))
    assert "Weberlin" not in shown
    assert "@" not in shown
    outreach("--most", "0", status=2)


def test_labelled_lines_are_scored_by_the_rules_and_no_model_is_asked(outreach, openai):
    [row] = outreach("evaluate", LABELLED, "--json")
    lines = [json.loads(line) for line in LABELLED.read_text().splitlines()]
    assert (row["prompt"], row["lines"], row["with judge"]) == ("1-example", str(len(lines)), "-")
    good = sum(line["label"] == "good" for line in lines) / len(lines)
    assert float(row["pass"].rstrip("%")) <= good * 100 + 5
    assert float(row["bad found"].rstrip("%")) >= 85
    assert "bad found" in outreach("evaluate", LABELLED).stdout
    assert openai.requests() == []


def test_a_broken_record_is_named_by_its_number_and_the_others_are_scored(outreach, tmp_path):
    file = tmp_path / "lines.jsonl"
    first, second = LABELLED.read_text().splitlines()[:2]
    wrong = json.dumps(json.loads(first) | {"facts": {"language": "en", "first_names": "Mara"}})
    file.write_text(f"{first}\n{{\n\n{wrong}\n{second}\n[]\n")
    done = outreach("evaluate", file)
    told = done.stderr
    assert "Record 2 was not scored: it is no JSON object" in told
    assert "Record 3 was not scored: facts has to hold language" in told
    assert "Record 5 was not scored" in told
    assert "Mara" not in told
    [row] = outreach("evaluate", file, "--json")
    assert row["lines"] == "2"


def test_a_missing_file_exits_with_1_and_is_named(outreach, tmp_path):
    assert "none.jsonl: cannot be read" in outreach("evaluate", tmp_path / "none.jsonl", status=1).stderr


def test_an_empty_file_scores_nothing(outreach, tmp_path):
    file = tmp_path / "empty.jsonl"
    file.write_text("\n\n")
    assert outreach("evaluate", file, "--json") == []


def test_a_judge_is_asked_about_the_lines_that_pass_and_only_about_them(outreach, openai):
    [row] = outreach("evaluate", LABELLED, "--judge", "gpt-6.1-terra", "--json")
    passing = round(float(row["pass"].rstrip("%")) * int(row["lines"]) / 100)
    assert len(openai.requests()) == pytest.approx(passing, abs=1)
    assert {charge.model for charge in openai.charges()} == {"gpt-6.1-terra"}
    assert row["with judge"].endswith("%")


def test_a_judge_that_nobody_knows_or_without_a_key_exits_with_1_and_says_what_to_do(outreach):
    assert "OPENAI_MODEL" in outreach("evaluate", LABELLED, "--judge", "gpt-0-nobody", status=1).stderr
    told = outreach("evaluate", LABELLED, "--judge", "gpt-6-luna", status=1, OPENAI_API_KEY="").stderr
    assert "OPENAI_API_KEY is not set" in told
