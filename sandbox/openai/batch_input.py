"""The lines of a batch's input, and what is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from sandbox.openai.bills import MODELS
from sandbox.openai.errors import INVALID
from sandbox.openai.prompt import estimated_tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = dict[str, Any]
ENDPOINT = "/v1/responses"
_MOST_LINES = 50_000
_ERRORS_TOLD = 100


class Line(NamedTuple):
    """One request of a batch."""

    custom_id: str
    body: Json


class BatchInput(NamedTuple):
    """A file, read.

    Attributes:
        model: `None` when there is no line that names one.
        tokens: About; what counts as enqueued.
        errors: As a batch tells them; empty: nothing is wrong.
    """

    lines: list[Line]
    model: str | None
    tokens: int
    errors: list[Json]


def read_input(content: bytes) -> BatchInput:
    """Give back the lines of a file and what is wrong with them."""
    raw_lines = [(number, raw) for number, raw in enumerate(content.split(b"\n"), 1) if raw.strip()]
    if not raw_lines:
        return BatchInput([], None, 0, [batch_error("empty_file", "The input file has no line.")])
    if len(raw_lines) > _MOST_LINES:
        told = f"The input file has {len(raw_lines)} lines; a batch takes {_MOST_LINES}."
        return BatchInput([], None, 0, [batch_error("too_many_requests", told)])
    lines: list[Line] = []
    errors: list[Json] = []
    model: str | None = None
    seen: set[str] = set()
    for number, raw in raw_lines:
        asked = _decoded(raw)
        problem = _problem(asked, seen, model)
        if problem is not None:
            errors.append(batch_error(problem[0], problem[2], line=number, param=problem[1]))
            continue
        model = asked["body"]["model"]
        seen.add(asked["custom_id"])
        lines.append(Line(asked["custom_id"], asked["body"]))
    return BatchInput(lines, model, sum(_tokens(line.body) for line in lines), errors[:_ERRORS_TOLD])


def batch_error(code: str, message: str, *, line: int | None = None, param: str | None = None) -> Json:
    """Give back one entry of a batch's errors; `line` counts from 1."""
    return {"code": code, "message": message, "line": line, "param": param}


def _decoded(raw: bytes) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None


def _problem(asked: Any, seen: set[str], model: str | None) -> tuple[str, str | None, str] | None:
    """Give back code, parameter and words for the first thing that is wrong with a line."""
    return next(_problems(asked, seen, model), None)


def _problems(asked: Any, seen: set[str], model: str | None) -> Iterator[tuple[str, str | None, str]]:
    if not isinstance(asked, dict):
        yield "invalid_json_line", None, "This line is not an object of JSON."
        return
    custom_id, body = asked.get("custom_id"), asked.get("body")
    if not isinstance(custom_id, str) or not custom_id:
        yield "missing_required_parameter", "custom_id", "This line has no custom_id."
    if custom_id in seen:
        yield "duplicate_custom_id", "custom_id", "This custom_id stands in an earlier line as well."
    if asked.get("method") != "POST":
        yield "invalid_method", "method", "The method of every line is POST."
    if asked.get("url") != ENDPOINT:
        yield "mismatched_endpoint", "url", f"The url of every line is that of the batch, {ENDPOINT}."
    if not isinstance(body, dict) or str(body.get("model")) not in MODELS:
        yield "model_not_found", "body.model", "The body of this line names no model that is open to this key."
    elif model not in {None, body["model"]}:
        yield "mismatched_model", "body.model", "All lines of a batch name the same model."
    elif body.get("stream"):
        yield INVALID, "body.stream", "A batch does not stream."


def _tokens(body: Json) -> int:
    return estimated_tokens(len(orjson.dumps(body.get("input"))))
