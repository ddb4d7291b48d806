"""Files and batches of OpenAI's stand-in, end to end with its own client, and what they cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import openai
import orjson
import pytest
from openai.types import Batch, FileObject
from openai.types.responses import Response

from tests.fakes.openai_server import OpenAIServer, asked_with, leads, openai_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Json = dict[str, Any]


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[OpenAIServer, openai.OpenAI]]:
    with openai_server() as server, server.client() as client:
        yield server, client


@pytest.fixture
def server(running: tuple[OpenAIServer, openai.OpenAI]) -> OpenAIServer:
    running[0].reset()
    return running[0]


@pytest.fixture
def client(server: OpenAIServer, running: tuple[OpenAIServer, openai.OpenAI]) -> openai.OpenAI:
    return running[1]


def line(custom_id: str, body: Any, **change: Any) -> Json:
    return {"custom_id": custom_id, "method": "POST", "url": "/v1/responses", "body": body} | change


def some_lines(count: int) -> list[Json]:
    return [line(f"lead-{number}", asked_with(facts)) for number, facts in enumerate(leads(count))]


def as_file(lines: list[Json]) -> bytes:
    return b"".join(orjson.dumps(each) + b"\n" for each in lines)


def uploaded(client: openai.OpenAI, content: bytes, name: str = "lines.jsonl") -> FileObject:
    file = client.files.create(file=(name, content, "application/jsonl"), purpose="batch")
    return FileObject.model_validate(file.to_dict())


def begun(client: openai.OpenAI, content: bytes, **metadata: str) -> Batch:
    return client.batches.create(
        input_file_id=uploaded(client, content).id,
        endpoint="/v1/responses",
        completion_window="24h",
        metadata=metadata,
    )


def ended(client: openai.OpenAI, batch: Batch) -> Batch:
    for _ in range(10):
        if batch.status in {"completed", "failed", "expired", "cancelled"}:
            break
        batch = client.batches.retrieve(batch.id)
    return Batch.model_validate(batch.to_dict())


def rows_of(client: openai.OpenAI, file_id: str | None) -> list[Json]:
    if file_id is None:
        return []
    return [orjson.loads(each) for each in client.files.content(file_id).iter_lines()]


def test_a_file_comes_back_byte_for_byte_until_it_is_deleted(client):
    content = 'a line\r\nwith "quotes" and --dashes\r\n\r\nümlaut\n'.encode() + bytes(range(256))
    file = uploaded(client, content, 'run "7" ü.jsonl')
    assert (file.bytes, file.purpose, file.status) == (len(content), "batch", "processed")
    assert client.files.content(file.id).content == content
    assert client.files.retrieve(file.id) == client.files.list().data[0]
    assert client.files.delete(file.id).deleted
    for gone in (client.files.retrieve, client.files.content, client.files.delete):
        with pytest.raises(openai.NotFoundError):
            gone(file.id)


def test_files_are_found_by_name_and_size_page_by_page(client):
    files = [uploaded(client, b"x" * number, f"chunk-{number}.jsonl") for number in range(1, 6)]
    # The client asks for the next page by itself.
    found = [(file.filename, file.bytes) for file in client.files.list(purpose="batch", limit=2)]
    assert found == [(f"chunk-{number}.jsonl", number) for number in range(5, 0, -1)]
    assert [file.id for file in client.files.list(order="asc", after=files[3].id)] == [files[4].id]
    assert client.files.list(purpose="vision").data == []


def test_a_file_expires_after_thirty_days(client, server):
    file = uploaded(client, b"{}")
    server.change_world(advance_s=30 * 86_400)
    with pytest.raises(openai.NotFoundError):
        client.files.retrieve(file.id)


def test_an_upload_without_a_purpose_or_a_form_is_refused(client, server):
    with pytest.raises(openai.BadRequestError):
        client.files.create(file=("a.jsonl", b"{}"), purpose="vision")
    assert server.ask("POST", "/files", files={"file": ("a.jsonl", b"{}")}).json()["error"]["param"] == "purpose"
    assert server.ask("POST", "/files", json={"purpose": "batch"}).status_code == 400


def test_a_batch_goes_through_its_states_and_answers_every_line_once_in_another_order(client, server):
    server.change_world(batch_polls=4)
    lines = some_lines(40)
    batch = begun(client, as_file(lines), run="7", chunk="1")
    seen = [batch.status]
    while batch.status != "completed":
        batch = client.batches.retrieve(batch.id)
        seen.append(batch.status)
    assert seen == ["validating", "in_progress", "in_progress", "finalizing", "completed"]
    batch = Batch.model_validate(batch.to_dict())
    assert batch.metadata == {"run": "7", "chunk": "1"}
    assert (batch.request_counts.total, batch.request_counts.completed, batch.request_counts.failed) == (40, 40, 0)
    assert (batch.model, batch.error_file_id, batch.errors) == ("gpt-6-luna", None, None)
    assert batch.created_at <= batch.in_progress_at <= batch.finalizing_at <= batch.completed_at
    rows = rows_of(client, batch.output_file_id)
    asked_for, came = [each["custom_id"] for each in lines], [row["custom_id"] for row in rows]
    assert came != asked_for
    assert sorted(came) == sorted(asked_for)
    answers = [Response.model_validate(row["response"]["body"]) for row in rows]
    assert all(orjson.loads(answer.output_text)["line"] for answer in answers)
    assert batch.usage.input_tokens == sum(answer.usage.input_tokens for answer in answers)
    assert batch.usage.total_tokens == sum(answer.usage.total_tokens for answer in answers)
    assert {row["error"] for row in rows} == {None}
    assert client.batches.retrieve(batch.id) == batch
    assert len(server.charges()) == 40


def test_a_batch_may_take_time_instead_of_polls(client, server):
    server.change_world(batch_seconds=60)
    batch = begun(client, as_file(some_lines(6)))
    assert [client.batches.retrieve(batch.id).status for _ in range(3)] == ["validating"] * 3
    server.change_world(advance_s=30)
    assert client.batches.list().data[0].status == "in_progress"
    server.change_world(advance_s=31)
    assert client.batches.list().data[0].status == "completed"


def test_a_line_in_a_batch_costs_half_and_says_which_line_it_was(client, server):
    body = asked_with(prompt_cache_key="nobody")
    batch = ended(client, begun(client, as_file([line("only", body)])))
    client.responses.create(**body)
    by_batch, online = server.charges()
    assert (by_batch.key, by_batch.custom_id, by_batch.batch_id) == (online.key, "only", batch.id)
    assert (online.custom_id, online.batch_id) == (None, None)
    plain = by_batch.tokens.input * 0.10 + by_batch.tokens.output * 0.50
    assert by_batch.dollars == pytest.approx(plain / 2e6)
    told = rows_of(client, batch.output_file_id)[0]
    assert told["response"]["request_id"] == by_batch.request_id


def test_the_same_batch_created_twice_runs_twice_and_is_paid_for_twice(client, server):
    content = as_file(some_lines(5))
    file = uploaded(client, content)
    for _ in range(2):
        created = client.batches.create(
            input_file_id=file.id, endpoint="/v1/responses", completion_window="24h", metadata={"sha256": "abc"}
        )
        assert ended(client, created).status == "completed"
    keys = [charge.key for charge in server.charges()]
    assert (len(keys), len(set(keys))) == (10, 5)


def test_some_lines_fail_and_stand_in_the_error_file_uncharged(client, server):
    server.change_world(batch_failed_pct=30)
    batch = ended(client, begun(client, as_file(some_lines(60))))
    assert batch.status == "completed"
    good, bad = rows_of(client, batch.output_file_id), rows_of(client, batch.error_file_id)
    assert (batch.request_counts.completed, batch.request_counts.failed) == (len(good), len(bad))
    assert 0 < len(bad) < 40
    assert {row["response"]["status_code"] for row in bad} == {429, 500}
    assert all(row["response"]["body"]["error"]["message"] for row in bad)
    assert {row["custom_id"] for row in bad}.isdisjoint(row["custom_id"] for row in good)
    assert len(server.charges()) == len(good)


def test_a_line_may_be_paid_for_and_come_back_nowhere(client, server):
    server.change_world(batch_lost_pct=50)
    batch = ended(client, begun(client, as_file(some_lines(20))))
    assert len(rows_of(client, batch.output_file_id)) < 20 == len(server.charges())


def test_a_line_whose_body_is_wrong_fails_alone(client, server):
    lines = [*some_lines(2), line("wrong", asked_with(temperature=1, reasoning=None))]
    batch = ended(client, begun(client, as_file(lines)))
    (bad,) = rows_of(client, batch.error_file_id)
    assert (bad["custom_id"], bad["response"]["status_code"]) == ("wrong", 400)
    assert bad["response"]["body"]["error"]["code"] == "unsupported_parameter"
    assert len(server.charges()) == 2


@pytest.mark.parametrize(
    ("content", "code", "number"),
    [
        (b"\n \n", "empty_file", None),
        (as_file(some_lines(2)) + b"{oops\n", "invalid_json_line", 3),
        (as_file(some_lines(1) * 2), "duplicate_custom_id", 2),
        (as_file([line("", asked_with())]), "missing_required_parameter", 1),
        (as_file([line("a", asked_with(), method="GET")]), "invalid_method", 1),
        (as_file([line("a", asked_with(), url="/v1/chat/completions")]), "mismatched_endpoint", 1),
        (as_file([line("a", asked_with(model="gpt-2"))]), "model_not_found", 1),
        (as_file([line("a", asked_with(model=[]))]), "model_not_found", 1),
        (as_file([line("a", asked_with()), line("b", asked_with(model="gpt-6.1-sol"))]), "mismatched_model", 2),
        (as_file([line("a", asked_with(stream=True))]), "invalid_request_error", 1),
        (b"1\n" * 50_001, "too_many_requests", None),
    ],
)
def test_a_file_with_a_bad_line_fails_the_batch_and_nothing_runs(content, code, number, client, server):
    created = begun(client, content)
    assert (created.status, created.errors) == ("validating", None)
    batch = ended(client, created)
    assert batch.status == "failed"
    assert [(error.code, error.line) for error in batch.errors.data] == [(code, number)]
    assert (batch.output_file_id, batch.error_file_id) == (None, None)
    assert server.charges() == []


def test_more_tokens_than_may_be_enqueued_fail_the_batch_until_another_one_has_ended(client, server):
    content = as_file(some_lines(10))
    server.change_world(enqueued_tokens=int(len(content) / 4 * 1.5), batch_polls=1)
    first, second = begun(client, content), begun(client, content)
    failed = ended(client, second)
    assert (failed.status, failed.errors.data[0].code) == ("failed", "token_limit_exceeded")
    assert ended(client, first).status == "completed"
    assert ended(client, begun(client, content)).status == "completed"


@pytest.mark.parametrize("end", ["expired", "cancelled"])
def test_a_batch_that_is_stopped_gives_back_what_was_done_and_names_the_rest(end, client, server):
    batch = begun(client, as_file(some_lines(10)))
    assert client.batches.retrieve(batch.id).status == "in_progress"
    if end == "expired":
        server.change_world(expire_batch=batch.id)
    else:
        assert client.batches.cancel(batch.id).status == "cancelling"
    batch = ended(client, client.batches.retrieve(batch.id))
    assert batch.status == end
    done, rest = rows_of(client, batch.output_file_id), rows_of(client, batch.error_file_id)
    assert (len(done), len(rest), batch.request_counts.total) == (5, 5, 10)
    assert {(row["response"], row["error"]["code"]) for row in rest} == {(None, f"batch_{end}")}
    assert len(server.charges()) == 5
    with pytest.raises(openai.ConflictError):
        client.batches.cancel(batch.id)


def test_a_batch_expires_by_itself_after_a_day(client, server):
    batch = begun(client, as_file(some_lines(3)))
    server.change_world(advance_s=86_400)
    batch = client.batches.retrieve(batch.id)
    assert (batch.status, batch.output_file_id, batch.request_counts.completed) == ("expired", None, 0)
    assert server.charges() == []


def test_an_empty_balance_stops_new_batches_and_fails_the_lines_that_are_left(client, server):
    server.change_world(batch_polls=1)
    batch = begun(client, as_file(some_lines(4)))
    server.change_world(credit_usd=0.0001)
    batch = ended(client, batch)
    bad = rows_of(client, batch.error_file_id)
    assert 0 < len(bad) < 4
    assert {row["response"]["body"]["error"]["code"] for row in bad} == {"insufficient_quota"}
    with pytest.raises(openai.RateLimitError) as refusal:
        begun(client, as_file(some_lines(1)))
    assert refusal.value.code == "insufficient_quota"


def test_batches_are_listed_the_newest_first_page_by_page(client):
    ids = [begun(client, as_file(some_lines(1)), chunk=str(number)).id for number in range(5)]
    assert [batch.id for batch in client.batches.list(limit=2)] == ids[::-1]
    first = client.batches.list(limit=2)
    assert (first.has_more, [batch.metadata for batch in first.data]) == (True, [{"chunk": "4"}, {"chunk": "3"}])
    assert client.batches.list(after=ids[0]).data == []


@pytest.mark.parametrize(
    "wrong",
    [
        lambda client, _: client.batches.list(limit=101),
        lambda client, _: client.batches.list(after="batch_unknown"),
        lambda client, _: client.batches.create(
            input_file_id="file-unknown", endpoint="/v1/responses", completion_window="24h"
        ),
        lambda client, file: client.batches.create(
            input_file_id=file, endpoint="/v1/embeddings", completion_window="24h"
        ),
        lambda client, file: client.batches.create(
            input_file_id=file, endpoint="/v1/responses", completion_window="48h"
        ),
        lambda client, file: client.batches.create(
            input_file_id=file, endpoint="/v1/responses", completion_window="24h", metadata={"key": "x" * 513}
        ),
    ],
)
def test_a_batch_that_cannot_be_is_a_bad_request(wrong: Callable[[openai.OpenAI, str], Any], client):
    file = uploaded(client, as_file(some_lines(1)))
    with pytest.raises(openai.BadRequestError):
        wrong(client, file.id)


def test_an_unknown_batch_is_not_found(client):
    for ask in (client.batches.retrieve, client.batches.cancel):
        with pytest.raises(openai.NotFoundError):
            ask("batch_unknown")


def test_the_output_of_a_batch_is_no_input_of_another(client):
    batch = ended(client, begun(client, as_file(some_lines(1))))
    with pytest.raises(openai.BadRequestError, match="purpose"):
        client.batches.create(input_file_id=batch.output_file_id, endpoint="/v1/responses", completion_window="24h")


def test_a_creation_whose_answer_was_lost_left_a_batch_that_can_be_found_by_its_metadata(client, server):
    server.order_fault(action={"kind": "cut", "when": "after"}, method="POST", path="/batches")
    with pytest.raises(openai.APIConnectionError):
        begun(client, as_file(some_lines(2)), sha256="abc")
    (found,) = [batch for batch in client.batches.list() if batch.metadata == {"sha256": "abc"}]
    assert ended(client, found).status == "completed"
    assert len(server.charges()) == 2
