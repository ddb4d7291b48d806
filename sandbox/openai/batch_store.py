"""Batches and where they stand: checked, half done, done, cancelled, expired."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.openai.batch_lines import Results, run_line, unfinished_line
from sandbox.openai.errors import not_found, refused
from sandbox.vendor.repeatable import mix

if TYPE_CHECKING:
    from sandbox.openai.batch_input import BatchInput
    from sandbox.openai.world import World

Json = dict[str, Any]
FINAL = frozenset({"failed", "completed", "expired", "cancelled"})
WINDOW_S = 86_400
_FINALIZING = 0.75
_ENDS = {"expired": "batch_expired", "cancelled": "batch_cancelled"}


@dataclass(slots=True, kw_only=True)
class Batch:
    """One batch; it goes on when it is looked at.

    Attributes:
        ran: How many lines have run.
        moments: When it came into which state, in seconds since 1970.
    """

    id: str
    input_file_id: str
    metadata: Json | None
    asked: BatchInput
    created_s: int
    status: str = "validating"
    polls: int = 0
    ran: int = 0
    results: Results = field(default_factory=Results)
    moments: dict[str, int] = field(default_factory=dict)
    errors: list[Json] = field(default_factory=list)
    output_file_id: str | None = None
    error_file_id: str | None = None

    @property
    def is_final(self) -> bool:
        """Whether it stays as it is."""
        return self.status in FINAL

    def go_on(self, world: World, *, is_poll: bool) -> None:
        """Do what polls or time have brought about since the batch was looked at last."""
        if self.is_final:
            return
        self.polls += is_poll
        if self.status == "cancelling":
            if is_poll:
                self.end(world, "cancelled")
            return
        if self.errors:
            if is_poll or world.settings.batch_seconds:
                self._enter(world, "failed")
            return
        if world.unix_s() >= self.created_s + WINDOW_S:
            self.end(world, "expired")
            return
        share = self._share(world)
        if share >= 1:
            self._run(world, len(self.asked.lines))
            self.end(world, "completed")
        elif share > 0:
            self._run(world, int(len(self.asked.lines) * share))
            self._enter(world, "finalizing" if share >= _FINALIZING else "in_progress")

    def cancel(self, world: World) -> None:
        """Begin to cancel. Raises the 409 of a batch that has ended."""
        if self.is_final:
            raise refused(409, f"A batch with the status '{self.status}' cannot be cancelled.", code="batch_ended")
        self._enter(world, "cancelling")

    def end(self, world: World, status: str) -> None:
        """Write the files and leave it; lines that did not run are told in the error file."""
        if status in _ENDS:
            for line in self.asked.lines[self.ran :]:
                self.results.errors.append(unfinished_line(world, line.custom_id, _ENDS[status]))
        # They come back in another order than they went.
        for name, lines in (("output", self.results.lines), ("error", self.results.errors)):
            if lines:
                numbered = sorted(enumerate(lines), key=lambda each: mix(world.settings.seed, each[0], len(lines)))
                content = b"".join(line + b"\n" for _, line in numbered)
                file = world.files.add(world, f"{self.id}_{name}.jsonl", "batch_output", content)
                setattr(self, f"{name}_file_id", file.id)
        if status == "completed":
            self.moments.setdefault("finalizing", world.unix_s())
        self._enter(world, status)

    def as_json(self) -> Json:
        """Give back the batch as the API tells it."""
        states = ("in_progress", "finalizing", "completed", "failed", "expired", "cancelling", "cancelled")
        return {
            "id": self.id,
            "object": "batch",
            "endpoint": "/v1/responses",
            "model": self.asked.model,
            "input_file_id": self.input_file_id,
            "completion_window": "24h",
            "status": self.status,
            "output_file_id": self.output_file_id,
            "error_file_id": self.error_file_id,
            "errors": {"object": "list", "data": self.errors} if self.status == "failed" else None,
            "created_at": self.created_s,
            "expires_at": self.created_s + WINDOW_S,
            **{f"{state}_at": self.moments.get(state) for state in states},
            "request_counts": {
                "total": 0 if self.status in {"validating", "failed"} else len(self.asked.lines),
                "completed": self.results.completed,
                "failed": self.results.failed,
            },
            "usage": self.results.usage(),
            "metadata": self.metadata,
        }

    def _share(self, world: World) -> float:
        settings = world.settings
        if settings.batch_seconds:
            return (world.unix_s() - self.created_s) / settings.batch_seconds
        if not self.polls:
            return 0.0
        return self.polls / settings.batch_polls if settings.batch_polls else 1.0

    def _run(self, world: World, until: int) -> None:
        for line in self.asked.lines[self.ran : until]:
            run_line(world, self.id, line, self.results)
        self.ran = max(self.ran, until)

    def _enter(self, world: World, status: str) -> None:
        if status in {"completed", "finalizing"}:
            self.moments.setdefault("in_progress", world.unix_s())
        self.status = status
        self.moments.setdefault(status, world.unix_s())


@dataclass(slots=True)
class Batches:
    """All batches, the oldest first."""

    batches: dict[str, Batch] = field(default_factory=dict)

    def with_id(self, batch_id: str) -> Batch:
        """Give back a batch. Raises the 404."""
        if batch_id not in self.batches:
            raise not_found("Batch", batch_id)
        return self.batches[batch_id]

    def enqueued_tokens(self, model: str | None) -> int:
        """Give back the input tokens of one model in all batches that may still run."""
        waiting = (each for each in self.batches.values() if not each.is_final and not each.errors)
        return sum(each.asked.tokens for each in waiting if each.asked.model == model)
