"""From a model's answers to a lead's one line: take it, ask once more, or fall back. Pure but for counting openings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from modules.openai.icebreaker_check_variety import NearDuplicates, Openings
from modules.openai.icebreaker_checks import check_line
from modules.openai.icebreaker_outcomes import Kind
from modules.openai.icebreaker_template import template_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from modules.openai.icebreaker_outcomes import Answer
    from modules.outreach.icebreaker_queue import Work

Fallback = Literal["template", "skip"]
_WORTH_ANOTHER_TRY = frozenset({Kind.OK, Kind.MALFORMED, Kind.INCOMPLETE})
MOST_ATTEMPTS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What to do about one lead.

    Attributes:
        source: `model`, `template` or `skipped`; `None`: ask (again).
        line: To be stored; `None`: there is none.
        evidence: The words of the facts that it rests on.
        problems: Rules that its lines broke, or why there is no line; names of rules, and nothing of the person.
    """

    source: Literal["model", "template", "skipped"] | None
    line: str | None = None
    evidence: str | None = None
    problems: list[str] = field(default_factory=list)


class StoredLine(NamedTuple):
    """A line that a lead has already."""

    lead_id: str
    facts_digest: str
    line: str


class _Audience:
    """The lines of one audience, so that no new one is like too many of them."""

    def __init__(self, stored: Iterable[StoredLine]) -> None:
        self._openings, self._duplicates = Openings(), NearDuplicates()
        self._line_of_lead: dict[str, str] = {}
        self._lines_of_facts: set[tuple[str, str]] = set()
        for each in stored:
            self.add(each)

    def add(self, new: StoredLine) -> None:
        self._openings.add(new.line)
        self._duplicates.add(new.line)
        self._line_of_lead[new.lead_id] = new.line
        self._lines_of_facts.add((new.facts_digest, new.line))

    def problems(self, new: StoredLine) -> list[str]:
        # Of two leads about whom the same is known one answer is paid for, and both take it.
        if (new.facts_digest, new.line) in self._lines_of_facts:
            return []
        found = [self._openings.problem_of(new.line)]
        if not self._is_like_its_own(new):
            found.append(self._duplicates.problem_of(new.line))
        return [problem.rule for problem in found if problem is not None]

    def _is_like_its_own(self, new: StoredLine) -> bool:
        """Whether a lead's new line is like the one that it replaces, which speaks against nothing."""
        if new.lead_id not in self._line_of_lead:
            return False
        own = NearDuplicates()
        own.add(self._line_of_lead[new.lead_id])
        return own.problem_of(new.line) is not None


@dataclass(slots=True, kw_only=True)
class Judge:
    """Judges the lines of one run; knows the lines of each audience.

    Attributes:
        fallback: What is done where the model's lines do not pass.
        stored_lines: Gives the lines that an audience has already.
    """

    fallback: Fallback
    stored_lines: Callable[[str], Iterable[StoredLine]]
    _audiences: dict[str, _Audience] = field(default_factory=dict)

    def verdict(self, work: Work, answers: Sequence[Answer]) -> Verdict:
        """What to do, after these answers; an accepted line counts as opened from now on."""
        problems: list[str] = []
        if not work.facts.is_enough:
            dropped = [f"dropped_{each.kind}_{each.reason}" for each in work.facts.dropped]
            return self._fall_back(work, ["too_few_facts", *dropped])
        for answer in answers:
            found = self._problems(work, answer)
            if not found:
                self._audience(work).add(_as_line(work, str(answer.line)))
                return Verdict(source="model", line=answer.line, evidence=answer.evidence, problems=problems)
            problems += found
            if answer.kind not in _WORTH_ANOTHER_TRY:
                return self._fall_back(work, problems)
        if len(answers) < MOST_ATTEMPTS:
            return Verdict(source=None, problems=problems)
        return self._fall_back(work, problems)

    def _problems(self, work: Work, answer: Answer) -> list[str]:
        if answer.kind is not Kind.OK or answer.line is None:
            return [answer.kind.value]
        broken = check_line(answer.line, work.facts, evidence=answer.evidence, fact_ids=answer.fact_ids)
        return [problem.rule for problem in broken] or self._audience(work).problems(_as_line(work, answer.line))

    def _fall_back(self, work: Work, problems: list[str]) -> Verdict:
        pattern = template_answer(work.facts) if self.fallback == "template" else None
        if pattern is None:
            return Verdict(source="skipped", problems=problems)
        return Verdict(source="template", line=pattern.line, evidence=pattern.evidence, problems=problems)

    def _audience(self, work: Work) -> _Audience:
        if work.audience not in self._audiences:
            self._audiences[work.audience] = _Audience(self.stored_lines(work.audience))
        return self._audiences[work.audience]


def _as_line(work: Work, line: str) -> StoredLine:
    return StoredLine(work.lead_id, work.facts.facts_digest, line)


def icebreaker_row(
    work: Work, verdict: Verdict, answers: Sequence[dict[str, Any]], *, model: str, prompt_version: str
) -> dict[str, Any]:
    """The row of `icebreakers`.

    Args:
        work: The lead.
        verdict: With a source.
        answers: Rows of `icebreaker_answers` that were paid for it.
        model: As asked for.
        prompt_version: As asked by.
    """
    sums = {
        name: sum(answer[name] for answer in answers)
        for name in ("input_tokens", "cached_tokens", "output_tokens", "cost_usd")
    }
    return {
        "lead_id": work.lead_id,
        "source": verdict.source,
        "line": verdict.line,
        "language": work.facts.language,
        "evidence": verdict.evidence,
        "problems": verdict.problems,
        "facts": work.facts.as_mapping(),
        "facts_digest": work.facts.facts_digest,
        "prompt_version": prompt_version,
        "model": model,
        "attempts": len(answers),
        **sums,
    }
