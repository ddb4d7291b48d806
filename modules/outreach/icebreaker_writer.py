"""Answers of a model into lines of leads: each answer is saved first, then judged, then the line is stored."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from modules.openai.icebreaker_outcomes import Answer, classify
from modules.openai.openai_prices import Prices, cost_usd
from modules.outreach.icebreaker_verdicts import Judge, icebreaker_row
from modules.supabase.row_batches import without_nul

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from modules.openai.icebreaker_facts import IcebreakerFacts
    from modules.outreach.icebreaker_queue import Work, Writing
    from modules.supabase.row_store import RowStore

Json = dict[str, Any]
_DECIMALS = 9
"""Of dollars: a line costs a fraction of a cent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A lead whose line has to be asked for.

    Attributes:
        work: The lead.
        rows: Rows of `icebreaker_answers` that were paid for it so far.
        problems: Rules that the last line broke.
    """

    work: Work
    rows: tuple[Json, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def attempt(self) -> int:
        """Which try it is, from 1."""
        return len(self.rows) + 1


class Taken(NamedTuple):
    """What became of an answer: what has to be asked once more of the lead (`None`: nothing), and what it cost."""

    further: Ask | None
    cost_usd: float


@dataclass(slots=True, kw_only=True)
class LineWriter:
    """Saves, judges and stores; for one thread at a time.

    Attributes:
        run_id: Of the run that pays.
        sources: How many leads got a line from where.
        problems: How often a line broke which rule.
        input_tokens: Of the answers of this run.
        cached_tokens: Of these, how many were read from the cache.
        dollars: What the answers of this run cost.
        known: Answers that were paid for before and are used now.
    """

    store: RowStore
    writing: Writing
    judge: Judge
    prices: Prices
    run_id: str
    sources: Counter[str] = field(default_factory=Counter)
    problems: Counter[str] = field(default_factory=Counter)
    answers: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    dollars: float = 0.0
    known: int = 0

    def settle_known(self, works: Sequence[Work]) -> list[Ask]:
        """Store the lines that need no (further) answer; give back what has to be asked for."""
        digests = sorted({work.facts.facts_digest for work in works})
        parameters = {
            "digests": digests,
            "wanted_prompt": self.writing.prompt_version,
            "wanted_model": self.writing.model,
        }
        rows: list[Json] = self.store.call("known_answers", parameters)
        self.known += len(rows)
        paid: dict[str, list[Json]] = {}
        for row in rows:
            paid.setdefault(row["facts_digest"], []).append(row)
        asks = []
        lines = []
        for work in works:
            outcome = self._judged(work, tuple(paid.get(work.facts.facts_digest, ())))
            if isinstance(outcome, Ask):
                asks.append(outcome)
            else:
                lines.append(outcome)
        if lines:
            self.store.call("merge_icebreakers", {"rows": _encoded(lines)})
        return asks

    def take(self, ask: Ask, response: Mapping[str, Any] | None) -> Taken:
        """Save an answer and store the line that comes of it; or say what has to be asked once more.

        `None` as the answer: the service says that the request itself is wrong; that is final, too.
        """
        row = self.row(ask.work.facts, response, attempt=ask.attempt)
        self.save([row])
        outcome = self._judged(ask.work, (*ask.rows, row))
        if isinstance(outcome, Ask):
            return Taken(outcome, row["cost_usd"])
        self.store.call("merge_icebreakers", {"rows": _encoded([outcome])})
        return Taken(None, row["cost_usd"])

    def row(
        self,
        facts: IcebreakerFacts,
        response: Mapping[str, Any] | None,
        *,
        attempt: int,
        batch: Mapping[str, Any] | None = None,
    ) -> Json:
        """The row of `icebreaker_answers` for an answer; of a batch, which may be older than this run's prompt."""
        answer = classify(response, facts=facts)
        model = self.writing.model if batch is None else batch["model"]
        tier = answer.service_tier if batch is None else "batch"
        return {
            "facts_digest": facts.facts_digest,
            "prompt_version": self.writing.prompt_version if batch is None else batch["prompt_version"],
            "model": model,
            "attempt": attempt,
            "mode": "online" if batch is None else "batch",
            "outcome": answer.kind.value,
            "line": answer.line,
            "evidence": answer.evidence,
            "input_tokens": answer.usage.input_tokens,
            "cached_tokens": answer.usage.cached_tokens,
            "cache_write_tokens": answer.usage.cache_write_tokens,
            "output_tokens": answer.usage.output_tokens,
            "cost_usd": round(cost_usd(answer.usage, model, tier, prices=self.prices).usd, _DECIMALS),
            "raw_json": response,
            "orchestrator_run_id": self.run_id,
        }

    def save(self, rows: Sequence[Json]) -> None:
        """Keep answers: they were paid for."""
        self.store.call("save_icebreaker_answers", {"rows": _encoded(rows)})
        for row in rows:
            self.answers += 1
            self.input_tokens += row["input_tokens"]
            self.cached_tokens += row["cached_tokens"]
            self.dollars += row["cost_usd"]

    def _judged(self, work: Work, rows: tuple[Json, ...]) -> Ask | Json:
        answers: list[Answer] = [classify(row["raw_json"], facts=work.facts) for row in rows]
        verdict = self.judge.verdict(work, answers)
        if verdict.source is None:
            return Ask(work=work, rows=rows, problems=tuple(verdict.problems))
        self.sources[verdict.source] += 1
        self.problems.update(verdict.problems)
        return icebreaker_row(work, verdict, rows, model=self.writing.model, prompt_version=self.writing.prompt_version)


def _encoded(rows: Sequence[Json]) -> orjson.Fragment:
    """Rows as PostgreSQL can store them: a paid answer is kept, whatever characters are in it."""
    try:
        return orjson.Fragment(orjson.dumps(without_nul(list(rows))))
    except orjson.JSONEncodeError:
        # Halves of a surrogate pair are no characters.
        whole = json.dumps(without_nul(list(rows)), ensure_ascii=False).encode("utf-8", "replace")
        return orjson.Fragment(whole)
