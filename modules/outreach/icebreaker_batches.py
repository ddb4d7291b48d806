"""Opening lines in bulk, at half the price: planned, uploaded, created, and taken in when they come.

Nothing waits for a batch. Its plan is in the database before anything is sent, its name and metadata say which plan it
belongs to, and a run that was killed between two steps is continued by the next one: what is there already is adopted.
"""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from itertools import islice
from typing import TYPE_CHECKING, Any

import httpx2
import openai

from modules.openai.icebreaker_batch_files import ENDPOINT, MOST_LINES, read_result
from modules.openai.icebreaker_prompt import estimated_tokens
from modules.openai.openai_client import RefusedRequest, as_ours
from modules.outreach.dollar_budget import most_usd
from modules.outreach.icebreaker_batch_plans import (
    batch_body,
    batch_file_name,
    end_batch,
    lines_with,
    open_batches,
    plan_batch,
    stored_facts,
    update_batch,
    write_batch_file,
)
from modules.outreach.pages import in_batches
from modules.shared.errors import BudgetExceeded, PermanentError, RetryableError
from modules.shared.logger import get_logger

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from modules.outreach.dollar_budget import DollarBudget
    from modules.outreach.icebreaker_writer import Ask, LineWriter

Json = dict[str, Any]
_logger = get_logger(__name__)
_LISTED_AT_MOST = 1_000
_READ_RETRIES = 3
ENDED = frozenset({"completed", "expired", "cancelled", "failed"})
"""The states in which nothing more comes of a batch."""
KEPT = timedelta(days=30)
"""How long OpenAI keeps results."""


@dataclass(slots=True, kw_only=True)
class BatchReport:
    """What became of batches.

    Attributes:
        submitted: Created now.
        adopted: Found at OpenAI after a run that was killed.
        ended: Taken in now.
        open: Still running.
        lines_submitted: Asked for now.
        lines_answered: Answered.
        lines_requeued: To be asked again.
        stopped_because: Why not all was planned; `None`: all was.
    """

    submitted: int = 0
    adopted: int = 0
    ended: int = 0
    open: int = 0
    lines_submitted: int = 0
    lines_answered: int = 0
    lines_requeued: int = 0
    stopped_because: str | None = None


@dataclass(slots=True, kw_only=True)
class Batches:
    """The batches of one account.

    Attributes:
        client: The package's, synchronous.
        writer: Saves what comes.
        most_enqueued_tokens: The account's limit over all batches that have not ended.
        report: What was done so far.
    """

    client: openai.OpenAI
    writer: LineWriter
    most_enqueued_tokens: int
    report: BatchReport

    def continue_open(self) -> None:
        """Take in what has ended, and go on with what a killed run left behind.

        Raises:
            OutreachError: OpenAI or Supabase stayed out of reach, or key or quota is wrong.
        """
        for batch in open_batches(self.writer.store):
            if batch["state"] == "submitted":
                self._poll(batch)
            else:
                self._submit(batch, is_new=False)

    def plan(self, asks: Sequence[Ask], budget: DollarBudget) -> int:
        """Ask for these in as many batches as the account and the budgets have room for; for how many there was."""
        planned = 0
        room = self.most_enqueued_tokens - sum(batch["estimated_tokens"] for batch in open_batches(self.writer.store))
        remaining = iter(asks)
        while room > 0 and (chunk := list(islice(remaining, MOST_LINES))):
            lines, tokens, dollars = [], 0, 0.0
            for wanted in chunk:
                body = batch_body(self.writer.writing, wanted.work.facts)
                prompt_tokens = estimated_tokens(body) - int(body["max_output_tokens"])
                cost = most_usd(body, prices=self.writer.prices, tier="batch")
                if tokens + prompt_tokens > room:
                    self.report.stopped_because = "tokens enqueued at OpenAI"
                    break
                try:
                    budget.reserve(cost)
                except BudgetExceeded as error:
                    self.report.stopped_because = f"budget of the {error.budget}"
                    break
                lines.append(wanted.work.facts)
                tokens += prompt_tokens
                dollars += cost
            if lines:
                batch = plan_batch(
                    self.writer.store,
                    self.writer.writing,
                    lines,
                    tokens=tokens,
                    dollars=dollars,
                    run_id=self.writer.run_id,
                )
                self._submit(batch, is_new=True)
                planned += len(lines)
                room -= tokens
            if self.report.stopped_because:
                break
        return planned

    def _submit(self, batch: Json, *, is_new: bool) -> None:
        """Upload and create what is not there yet. Only what this run planned itself is known not to be there."""
        try:
            with _their_errors("files and batches"):
                # First of all: one that was created is being paid for, whatever became of the prompt since.
                batch_id = None if is_new else self._created(batch)
                if batch_id is not None:
                    self.report.adopted += 1
                elif self._upload(batch, is_new=is_new):
                    batch_id = self.client.batches.create(
                        input_file_id=batch["input_file_id"],
                        endpoint=ENDPOINT,
                        completion_window="24h",
                        metadata={"plan": batch["id"], "content": batch["content_digest"][:16]},
                    ).id
                    self.report.submitted += 1
                    self.report.lines_submitted += batch["lines"]
                else:
                    self._end(batch, "failed", "the plan is not whole, or was made for another prompt")
                    return
        except RefusedRequest as error:
            # Nothing was created, and it would be refused again; its lines wait for another plan.
            self._end(batch, "failed", str(error))
            raise
        update_batch(self.writer.store, batch, state="submitted", batch_id=batch_id, submitted_at=_now().isoformat())

    def _upload(self, batch: Json, *, is_new: bool) -> bool:
        """Upload the file, if it is not there yet; whether it is the one that was planned."""
        with tempfile.TemporaryFile() as file:
            if not write_batch_file(self.writer.store, self.writer.writing, batch, file):
                return False
            if batch["state"] == "planned":
                file_id = None if is_new else self._uploaded(batch)
                if file_id is None:
                    file.seek(0)
                    upload = (batch_file_name(batch), file, "application/jsonl")
                    file_id = self.client.files.create(file=upload, purpose="batch").id
                update_batch(self.writer.store, batch, state="uploaded", input_file_id=file_id)
        return True

    def _uploaded(self, batch: Json) -> str | None:
        """The file that a killed run uploaded."""
        listed = islice(self._reading.files.list(purpose="batch", limit=100), _LISTED_AT_MOST)
        return next((file.id for file in listed if file.filename == batch_file_name(batch)), None)

    def _created(self, batch: Json) -> str | None:
        """The batch that a killed run created."""
        listed = islice(self._reading.batches.list(limit=100), _LISTED_AT_MOST)
        return next((each.id for each in listed if (each.metadata or {}).get("plan") == batch["id"]), None)

    def _poll(self, batch: Json) -> None:
        """Take a batch in if it has ended.

        Raises:
            PermanentError: OpenAI does not know it, though it keeps results for a month.
        """
        try:
            with _their_errors(f"GET /batches/{batch['batch_id']}"):
                found = self._reading.batches.retrieve(batch["batch_id"])
            if found.status == "failed":
                errors = (found.errors.data if found.errors else None) or []
                self._end(batch, "failed", ", ".join(sorted({str(error.code) for error in errors})) or "failed")
            elif found.status in ENDED:
                for file_id in filter(None, (found.output_file_id, found.error_file_id)):
                    self._take_in(batch, file_id)
                self._end(batch, "ended", None if found.status == "completed" else found.status)
                self.report.ended += 1
            else:
                self.report.open += 1
        except PermanentError as error:
            # A wrong address answers the same; only where results cannot be there any more are the lines given up.
            if error.status != HTTPStatus.NOT_FOUND or not _is_forgotten(batch):
                raise
            self._end(batch, "failed", f"OpenAI keeps results for {KEPT.days} days, and this one is older")

    def _take_in(self, batch: Json, file_id: str) -> None:
        """Save the answers of a file, then note them; a second time changes nothing."""
        with (
            _their_errors(f"GET /files/{file_id}/content"),
            self._reading.files.with_streaming_response.content(file_id) as content,
        ):
            for lines in in_batches(content.iter_lines()):
                results = {result.custom_id: result for result in map(read_result, lines) if result is not None}
                rows = []
                for line in lines_with(self.writer.store, batch, sorted(results)):
                    result = results[line["custom_id"]]
                    if line["state"] == "waiting" and result.state != "requeued":
                        facts = stored_facts(line)
                        rows.append(self.writer.row(facts, result.response, attempt=1, batch=batch))
                self.writer.save(rows)
                notes = [
                    {"custom_id": result.custom_id, "state": result.state, "reason": result.reason}
                    for result in results.values()
                ]
                self.writer.store.call("note_batch_lines", {"wanted_batch": batch["id"], "lines": notes})
                self.report.lines_answered += sum(result.state == "answered" for result in results.values())

    def _end(self, batch: Json, state: str, reason: str | None) -> None:
        self.report.lines_requeued += end_batch(self.writer.store, batch, state, reason)
        if reason:
            _logger.warning("OpenAI: a batch of %s lines ended: %s", batch["lines"], reason)

    @property
    def _reading(self) -> openai.OpenAI:
        """The client for calls that may be repeated."""
        return self.client.with_options(max_retries=_READ_RETRIES)


def _now() -> datetime:
    return datetime.now(UTC)


def _is_forgotten(batch: Json) -> bool:
    return _now() - datetime.fromisoformat(batch["submitted_at"]) > KEPT


@contextmanager
def _their_errors(asked: str) -> Iterator[None]:
    try:
        yield
    except openai.OpenAIError as error:
        raise as_ours(error, asked) from error
    except httpx2.TransportError as error:
        # A body that ends too early is no error of the package, because it is read after the answer.
        raise RetryableError(f"OpenAI: {asked} was cut off ({type(error).__name__}). Try again later.") from error
