"""One line of a batch: run, charged, and told in the output or in the error file."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import orjson

from sandbox.openai.completion import Place, complete
from sandbox.openai.errors import refused
from sandbox.openai.parameters import check_parameters
from sandbox.openai.prompt import read_prompt
from sandbox.vendor.refusal import Refusal
from sandbox.vendor.repeatable import fraction

if TYPE_CHECKING:
    from sandbox.openai.batch_input import Line
    from sandbox.openai.world import World

Json = dict[str, Any]
_UNFINISHED = {
    "batch_expired": "This request was not executed before the completion window ended.",
    "batch_cancelled": "This request was not executed, as the batch was cancelled.",
}


@dataclass(slots=True)
class Results:
    """What has come of a batch so far.

    Attributes:
        lines: Of the output file, as they are written; `errors` of the error file.
    """

    lines: list[bytes] = field(default_factory=list)
    errors: list[bytes] = field(default_factory=list)
    completed: int = 0
    failed: int = 0
    _tokens: list[int] = field(default_factory=lambda: [0, 0, 0])

    def count(self, usage: Json | None) -> None:
        """Count one line that ran to its end."""
        self.completed += 1
        if usage is not None:
            self._tokens[0] += usage["input_tokens"]
            self._tokens[1] += usage["output_tokens"]
            self._tokens[2] += usage["output_tokens_details"]["reasoning_tokens"]

    def usage(self) -> Json:
        """Give back the tokens of all lines together."""
        asked, told, reasoned = self._tokens
        return {
            "input_tokens": asked,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": told,
            "output_tokens_details": {"reasoning_tokens": reasoned},
            "total_tokens": asked + told,
        }


def run_line(world: World, batch_id: str, line: Line, results: Results) -> None:
    """Run one line. What goes wrong with it is told in its result and stops nothing."""
    request_id = world.new_id("req_")
    try:
        _fail_some(world, batch_id, line)
        check_parameters(line.body)
        prompt = read_prompt(line.body)
        response = complete(world, prompt, line.body, Place(request_id, batch_id, line.custom_id))
    except Refusal as refusal:
        results.failed += 1
        results.errors.append(_told(world, line.custom_id, request_id, refusal.status, refusal.body))
        return
    results.count(response["usage"])
    if _share(world, line.custom_id, batch_id, 2) >= world.settings.batch_lost_pct:
        results.lines.append(_told(world, line.custom_id, request_id, 200, response))


def unfinished_line(world: World, custom_id: str, code: str) -> bytes:
    """Give back the result of a line that never ran."""
    error = {"code": code, "message": _UNFINISHED[code]}
    row = {"id": world.new_id("batch_req_"), "custom_id": custom_id, "response": None, "error": error}
    return orjson.dumps(row)


def _told(world: World, custom_id: str, request_id: str, status: int, body: Any) -> bytes:
    response = {"status_code": status, "request_id": request_id, "body": body}
    row = {"id": world.new_id("batch_req_"), "custom_id": custom_id, "response": response, "error": None}
    return orjson.dumps(row)


def _fail_some(world: World, batch_id: str, line: Line) -> None:
    """Raise what befalls a few lines, others in each batch."""
    if _share(world, line.custom_id, batch_id, 1) >= world.settings.batch_failed_pct:
        return
    if _share(world, line.custom_id, batch_id, 3) < 50:
        raise refused(429, "Rate limit reached within the batch.", code="rate_limit_exceeded", kind="tokens")
    raise refused(500, "The server had an error while processing the request.", kind="server_error")


def _share(world: World, custom_id: str, batch_id: str, purpose: int) -> float:
    """Give back a number from 0 up to 100 that depends on line and batch alone."""
    digest = blake2b(f"{batch_id} {custom_id}".encode(), digest_size=8).digest()
    return fraction(world.settings.seed, int.from_bytes(digest), purpose) * 100
