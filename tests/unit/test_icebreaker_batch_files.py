"""The lines of batch files: what goes out, and what each line that comes back means."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modules.openai.icebreaker_batch_files import batch_line, read_result

json_values: Any = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def result(status: int | None = None, body: Any = None, error: Any = None, custom_id: Any = "facts-1") -> bytes:
    response = None if status is None else {"status_code": status, "request_id": "req_1", "body": body}
    return orjson.dumps({"id": "batch_req_1", "custom_id": custom_id, "response": response, "error": error})


def test_a_line_is_one_request_and_the_same_bytes_for_the_same_request():
    line = batch_line("facts-1", {"model": "m", "input": "a\nb"})
    assert line == batch_line("facts-1", {"input": "a\nb", "model": "m"})
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert orjson.loads(line) == {
        "custom_id": "facts-1",
        "method": "POST",
        "url": "/v1/responses",
        "body": {"model": "m", "input": "a\nb"},
    }


def test_a_line_that_was_answered_has_its_answer():
    read = read_result(result(200, {"id": "resp_1"}))
    assert read is not None
    assert (read.custom_id, read.state, read.response, read.reason) == ("facts-1", "answered", {"id": "resp_1"}, None)


@pytest.mark.parametrize(
    ("line", "state", "reason"),
    [
        (result(429, {"error": {"code": "rate_limit_exceeded"}}), "requeued", "answered 429 (rate_limit_exceeded)"),
        (result(500, {"error": {"type": "server_error"}}), "requeued", "answered 500 (server_error)"),
        (result(503, None), "requeued", "answered 503"),
        (result(409, {}), "requeued", "answered 409"),
        (result(408, {}), "requeued", "answered 408"),
        (result(400, {"error": {"code": "invalid_prompt"}}), "refused", "answered 400 (invalid_prompt)"),
        (result(404, {"error": {"code": None, "type": None}}), "refused", "answered 404"),
        (result(422, "text"), "refused", "answered 422"),
        (result(error={"code": "batch_expired", "message": "Mara"}), "requeued", "batch_expired"),
        (result(error={"code": "batch_cancelled"}), "requeued", "batch_cancelled"),
        (result(), "requeued", "it did not run"),
        (result(200, "no object"), "requeued", "answered 200"),
        (result(200), "requeued", "answered 200"),
    ],
)
def test_a_line_without_an_answer_is_asked_again_unless_the_request_is_wrong(line, state, reason):
    read = read_result(line)
    assert read is not None
    assert (read.state, read.reason, read.response) == (state, reason, None)


@pytest.mark.parametrize("line", [b"", b"{", b"[]", b"null", b'"x"', b"{}", result(200, {}, custom_id=7), b"\xff"])
def test_what_is_no_result_is_none(line):
    assert read_result(line) is None


@given(json_values)
def test_no_line_is_too_strange_to_be_read(value: Any):
    for strange in (value, {"custom_id": "a", "response": value}, {"custom_id": "a", "response": {"body": value}}):
        read_result(orjson.dumps(strange))
    read = read_result(orjson.dumps({"custom_id": "a", "response": {"status_code": value, "body": {"error": value}}}))
    assert read is not None
    assert read.state != "answered" or value == 200


@given(st.text(), st.dictionaries(st.text(), json_values))
def test_an_answer_comes_back_as_it_was(custom_id: str, body: dict[str, Any]):
    read = read_result(result(200, body, custom_id=custom_id).decode())
    assert read is not None
    assert (read.custom_id, read.response) == (custom_id, body)
