"""`/batches`. Creating one twice runs and charges it twice: nothing here tells the second from the first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.openai.batch_input import ENDPOINT, batch_error, read_input
from sandbox.openai.batch_store import Batch
from sandbox.openai.endpoint import Endpoint
from sandbox.openai.errors import insufficient_quota, invalid, missing
from sandbox.openai.paging import page
from sandbox.openai.parameters import check_metadata
from sandbox.vendor.refusal import Refusal

if TYPE_CHECKING:
    from sandbox.openai.batch_input import BatchInput
    from sandbox.openai.endpoint import Call
    from sandbox.openai.file_store import StoredFile
    from sandbox.openai.world import World

Json = dict[str, Any]


def _create(call: Call) -> Json:
    body, world = call.body(), call.world
    for name in ("input_file_id", "endpoint", "completion_window"):
        if not body.get(name):
            raise missing(name)
    if body["endpoint"] != ENDPOINT:
        raise invalid("endpoint", f"this stand-in runs {ENDPOINT} only.")
    if body["completion_window"] != "24h":
        raise invalid("completion_window", "there is only '24h'.")
    check_metadata(body)
    file = _input_file(world, str(body["input_file_id"]))
    if world.is_out_of_credit:
        raise insufficient_quota()
    asked = read_input(file.content)
    batch = Batch(
        id=world.new_id("batch_"),
        input_file_id=file.id,
        metadata=body.get("metadata"),
        asked=asked,
        created_s=world.unix_s(),
        errors=asked.errors or _too_many_tokens(world, asked),
    )
    world.batches.batches[batch.id] = batch
    return batch.as_json()


def _input_file(world: World, file_id: str) -> StoredFile:
    try:
        file = world.files.with_id(world, file_id)
    except Refusal as refusal:
        raise invalid("input_file_id", "there is no such file.") from refusal
    if file.purpose != "batch":
        raise invalid("input_file_id", "the purpose of this file is not 'batch'.")
    return file


def _too_many_tokens(world: World, asked: BatchInput) -> list[Json]:
    most, enqueued = world.settings.enqueued_tokens, world.batches.enqueued_tokens(asked.model)
    if not most or enqueued + asked.tokens <= most:
        return []
    told = f"Enqueued token limit reached for {asked.model}: Limit {most}, enqueued {enqueued}, asked {asked.tokens}."
    return [batch_error("token_limit_exceeded", f"{told} Try again when other batches have ended.")]


def _list(call: Call) -> Json:
    batches = list(call.world.batches.batches.values())
    for batch in batches:
        batch.go_on(call.world, is_poll=False)
    rows = [batch.as_json() for batch in reversed(batches)]
    return page(rows, call.asked.query, default_limit=20, most=100)


def _retrieve(call: Call) -> Json:
    batch = call.world.batches.with_id(call.path["batch_id"])
    batch.go_on(call.world, is_poll=True)
    return batch.as_json()


def _cancel(call: Call) -> Json:
    batch = call.world.batches.with_id(call.path["batch_id"])
    batch.go_on(call.world, is_poll=False)
    batch.cancel(call.world)
    return batch.as_json()


ENDPOINTS = [
    Endpoint("POST", "/batches", _create, changes=True),
    Endpoint("GET", "/batches", _list),
    Endpoint("GET", "/batches/{batch_id}", _retrieve, changes=True),
    Endpoint("POST", "/batches/{batch_id}/cancel", _cancel, changes=True),
]
