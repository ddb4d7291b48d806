from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from modules.openai.icebreaker_evaluation import Agreement, evaluate, read_records
from modules.shared.errors import PermanentError

LABELLED = Path(__file__).parents[1] / "fixtures" / "icebreakers" / "labelled.jsonl"
GOOD = {
    "prompt_version": "1-a",
    "facts": {"language": "en", "job_title": "Head of Logistics", "company_name": "Haldenfreight"},
    "line": "As Head of Logistics at Haldenfreight, you probably have many topics on your desk each day.",
    "evidence": "Head of Logistics",
    "fact_ids": ["f1"],
    "label": "good",
}
BAD = {**GOOD, "line": "Wow!", "label": "bad"}


def test_the_rules_find_nearly_all_bad_lines_and_let_nearly_all_good_ones_pass():
    records = list(read_records(LABELLED))
    assert len(records) >= 60
    evaluation = evaluate(records)
    assert evaluation.unreadable == ()
    rules = evaluation.versions[0].rules
    assert rules.labelled == len(records)
    assert rules.recall is not None
    assert rules.recall >= 0.97
    assert rules.precision is not None
    assert rules.precision >= 0.95


def test_each_version_is_scored_by_itself():
    records = [GOOD, BAD, {**BAD, "prompt_version": "2-b", "label": None}]
    first, second = evaluate(records).versions
    assert (first.prompt_version, first.lines, first.passing_share) == ("1-a", 2, 0.5)
    assert first.rules == Agreement(2, 1.0, 1.0)
    assert first.average_length == (len(GOOD["line"]) + 4) / 2
    assert "exclamation" in first.problems
    assert (second.prompt_version, second.rules) == ("2-b", Agreement(0, None, None))


def test_disagreement_lowers_precision_and_recall():
    records = [{**BAD, "label": "good"}, BAD, *[{**GOOD, "label": "bad"}] * 3]
    assert evaluate(records).versions[0].rules == Agreement(5, 0.5, 0.25)


def test_a_judge_is_asked_about_what_passes_only_and_adds_to_what_is_found():
    asked = []

    def judge(line: str, facts: object) -> bool:
        asked.append(line)
        return False

    score = evaluate([{**GOOD, "label": "bad"}, BAD], judge=judge).versions[0]
    assert asked == [GOOD["line"]]
    assert score.rules.recall == 0.5
    assert score.judge == Agreement(2, 1.0, 1.0)


@pytest.mark.parametrize(
    "record",
    [
        None,
        [],
        {},
        {**GOOD, "line": None},
        {**GOOD, "fact_ids": "f1"},
        {**GOOD, "label": ["good"]},
        {**GOOD, "facts": {"job_title": "Buyer"}},
        {**GOOD, "facts": {"language": "tlh"}},
        {**GOOD, "facts": {"language": "en", "shoe_size": 43}},
        {**GOOD, "facts": {"language": "en", "employees_count": "many"}},
        {**GOOD, "facts": {"language": "en", "job_title": 7}},
        {**GOOD, "facts": {"language": ["en"]}},
    ],
)
def test_a_record_that_cannot_be_scored_is_reported_by_its_number(record: Any):
    evaluation = evaluate([GOOD, record])
    assert [number for number, _ in evaluation.unreadable] == [2]
    assert evaluation.versions[0].lines == 1


def test_nothing_gives_an_empty_evaluation():
    assert evaluate([]).versions == ()
    assert evaluate([]).rows() == []


def test_rows_are_words_for_a_table():
    row = evaluate([GOOD]).rows()[0]
    assert row["prompt"] == "1-a"
    assert row["pass"] == "100%"
    assert row["bad found"] == row["problems"] == row["with judge"] == "-"


def test_a_broken_line_of_a_file_is_reported_and_a_blank_one_is_not(tmp_path: Path):
    path = tmp_path / "records.jsonl"
    path.write_text('{"line": 1}\n\n{"line"\n')
    assert list(read_records(path)) == [{"line": 1}, None]


def test_a_file_that_is_not_there_is_refused(tmp_path: Path):
    with pytest.raises(PermanentError, match="cannot be read"):
        list(read_records(tmp_path / "none.jsonl"))
