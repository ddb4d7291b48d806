"""How good lines are by the rules, per version of the prompt, and how well the rules agree with people. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from inspect import signature
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import orjson

from modules.openai.icebreaker_check_variety import Openings
from modules.openai.icebreaker_checks import check_line
from modules.openai.icebreaker_facts import IcebreakerFacts, icebreaker_facts
from modules.shared.errors import PermanentError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

LABELS = ("good", "bad")
_FACT_FIELDS = frozenset(signature(icebreaker_facts).parameters)


class Judge(Protocol):
    """A second opinion on a line that passes the rules, a model's for instance."""

    def __call__(self, line: str, facts: IcebreakerFacts) -> bool:
        """Whether the line may be sent."""


class Agreement(NamedTuple):
    """How a verdict agrees with people's labels, where there are any.

    Attributes:
        labelled: Lines with a label.
        precision: Of the lines that the verdict calls bad, those that people do; `None` when it calls none bad.
        recall: Of the lines that people call bad, those that the verdict does; `None` when they call none bad.
    """

    labelled: int
    precision: float | None
    recall: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionScore:
    """One version of the prompt.

    Attributes:
        prompt_version: Its version.
        lines: How many were scored.
        passing_share: Those that break no rule, from 0 to 1.
        problems: How many lines break each rule, the most frequent first.
        rules: How the rules agree with the labels.
        judge: How rules and judge together do; `None` without a judge.
        average_length: Characters.
        repeated_openings_share: Lines that begin as another one of the version does, from 0 to 1.
    """

    prompt_version: str
    lines: int
    passing_share: float
    problems: dict[str, int]
    rules: Agreement
    judge: Agreement | None
    average_length: float
    repeated_openings_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """All versions, by name, and the records that could not be scored.

    Attributes:
        versions: Empty when there was nothing to score.
        unreadable: Of each such record its number, counted from 1, and the reason.
    """

    versions: tuple[VersionScore, ...]
    unreadable: tuple[tuple[int, str], ...]

    def rows(self) -> list[dict[str, str]]:
        """A row of words for each version, to print as a table."""
        return [
            {
                "prompt": score.prompt_version,
                "lines": str(score.lines),
                "pass": _pct(score.passing_share),
                "bad found": _pct(score.rules.recall),
                "rightly": _pct(score.rules.precision),
                "with judge": _pct(score.judge.recall) if score.judge else "-",
                "length": f"{score.average_length:.0f}",
                "openings repeated": _pct(score.repeated_openings_share),
                "problems": ", ".join(f"{rule} {count}" for rule, count in list(score.problems.items())[:5]) or "-",
            }
            for score in self.versions
        ]


class _Scored(NamedTuple):
    line: str
    rules: tuple[str, ...]
    judged_bad: bool
    label: str | None


def evaluate(records: Iterable[Any], *, judge: Judge | None = None) -> Evaluation:
    """Scores of lines.

    Args:
        records: Each with `facts` (what `icebreaker_facts` takes), `line`, `evidence`, `fact_ids`, `prompt_version`,
            and `label` (good or bad) where a person read it. One that is not so is reported and not scored.
        judge: Asked about the lines that break no rule.
    """
    by_version: defaultdict[str, list[_Scored]] = defaultdict(list)
    unreadable = []
    for number, record in enumerate(records, 1):
        reason = _unreadable(record)
        if reason:
            unreadable.append((number, reason))
        else:
            by_version[record["prompt_version"]].append(_scored(record, judge))
    versions = tuple(_version(name, scored, has_judge=judge is not None) for name, scored in sorted(by_version.items()))
    return Evaluation(versions=versions, unreadable=tuple(unreadable))


def read_records(path: Path) -> Iterator[Any]:
    """The records of a file with one JSON object a line; blank lines are passed over. A broken line becomes `None`.

    Raises:
        PermanentError: The file cannot be read.
    """
    try:
        with path.open("rb") as lines:
            for line in lines:
                if line.strip():
                    try:
                        yield orjson.loads(line)
                    except orjson.JSONDecodeError:
                        yield None
    except OSError as error:
        raise PermanentError(f"{path}: cannot be read ({error.strerror}). Give a file of records.") from None


def _unreadable(record: Any) -> str | None:
    """What is wrong with a record; nothing of the lead is said."""
    if not isinstance(record, dict):
        return "it is no JSON object"
    texts = [key for key in ("line", "evidence", "prompt_version") if not isinstance(record.get(key), str)]
    if texts:
        return f"{', '.join(texts)}: a text is wanted"
    if not isinstance(record.get("fact_ids"), list) or not all(isinstance(each, str) for each in record["fact_ids"]):
        return "fact_ids has to be a list of texts"
    if record.get("label") not in (None, *LABELS):
        return "label has to be good, bad or left out"
    return _unreadable_facts(record.get("facts"))


def _unreadable_facts(facts: Any) -> str | None:
    if not isinstance(facts, dict) or "language" not in facts or not facts.keys() <= _FACT_FIELDS:
        return f"facts has to hold language, and else only {', '.join(sorted(_FACT_FIELDS - {'language'}))}"
    try:
        icebreaker_facts(**facts)
    except (ValueError, TypeError, AttributeError):
        return "a value of facts is of another kind than its field, or there is no such language"
    return None


def _scored(record: dict[str, Any], judge: Judge | None) -> _Scored:
    facts = icebreaker_facts(**record["facts"])
    found = check_line(record["line"], facts, evidence=record["evidence"], fact_ids=record["fact_ids"])
    judged_bad = bool(found) or (judge is not None and not judge(record["line"], facts))
    return _Scored(record["line"], tuple(each.rule for each in found), judged_bad, record.get("label"))


def _version(name: str, scored: list[_Scored], *, has_judge: bool) -> VersionScore:
    openings = Openings()
    for each in scored:
        openings.add(each.line)
    return VersionScore(
        prompt_version=name,
        lines=len(scored),
        passing_share=sum(not each.rules for each in scored) / len(scored),
        problems=dict(Counter(rule for each in scored for rule in each.rules).most_common()),
        rules=_agreement([(bool(each.rules), each.label) for each in scored]),
        judge=_agreement([(each.judged_bad, each.label) for each in scored]) if has_judge else None,
        average_length=sum(len(each.line) for each in scored) / len(scored),
        repeated_openings_share=openings.repeated_share(),
    )


def _agreement(verdicts: list[tuple[bool, str | None]]) -> Agreement:
    labelled = [(called_bad, label == "bad") for called_bad, label in verdicts if label]
    called = sum(called_bad for called_bad, _ in labelled)
    bad = sum(is_bad for _, is_bad in labelled)
    both = sum(called_bad and is_bad for called_bad, is_bad in labelled)
    return Agreement(len(labelled), both / called if called else None, both / bad if bad else None)


def _pct(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"
