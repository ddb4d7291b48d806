"""`/responses`, and `/models/{id}`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.openai.bills import MODELS
from sandbox.openai.completion import Place, complete
from sandbox.openai.endpoint import Endpoint
from sandbox.openai.errors import flex_unavailable, model_not_found, not_found, slow_down
from sandbox.openai.parameters import check_parameters, known_model
from sandbox.openai.prompt import read_prompt
from sandbox.vendor.refusal import Refusal

if TYPE_CHECKING:
    from sandbox.openai.endpoint import Call
    from sandbox.openai.prompt import Prompt

Json = dict[str, Any]
_MODELS_CREATED_S = 1_782_864_000


def _create(call: Call) -> Json:
    body = call.body()
    model = known_model(body)
    world, limits, now_s = call.world, call.world.settings.limits, call.world.monotonic_s()
    try:
        prompt = _read(call, body)
        call.limiter.count(call.key, model, limits, prompt.wanted_tokens, now_s)
    finally:
        call.headers |= call.limiter.headers(call.key, model, limits, now_s)
    if world.settings.slow_downs:
        world.change_settings(slow_downs=world.settings.slow_downs - 1)
        raise slow_down()
    if prompt.tier == "flex" and world.settings.flex_refusals:
        world.change_settings(flex_refusals=world.settings.flex_refusals - 1)
        raise flex_unavailable()
    return complete(world, prompt, body, Place(call.request_id))


def _read(call: Call, body: Json) -> Prompt:
    """Give back the prompt. A request that is refused counts as one all the same."""
    try:
        check_parameters(body)
        return read_prompt(body)
    except Refusal:
        world = call.world
        call.limiter.count(call.key, body["model"], world.settings.limits, 0, world.monotonic_s())
        raise


def _count_tokens(call: Call) -> Json:
    body = call.body()
    known_model(body)
    check_parameters(body)
    return {"object": "response.input_tokens", "input_tokens": read_prompt(body).input_tokens}


def _retrieve(call: Call) -> Json:
    response = call.world.responses.get(call.path["response_id"])
    if response is None:
        raise not_found("Response", call.path["response_id"])
    return response


def _delete(call: Call) -> Json:
    response = _retrieve(call)
    del call.world.responses[response["id"]]
    return {"id": response["id"], "object": "response", "deleted": True}


def _model(call: Call) -> Json:
    model = call.path["model"]
    if model not in MODELS:
        raise model_not_found(model)
    return {"id": model, "object": "model", "created": _MODELS_CREATED_S, "owned_by": "openai"}


ENDPOINTS = [
    Endpoint("POST", "/responses", _create, changes=True),
    Endpoint("POST", "/responses/input_tokens", _count_tokens),
    Endpoint("GET", "/responses/{response_id}", _retrieve),
    Endpoint("DELETE", "/responses/{response_id}", _delete, changes=True),
    Endpoint("GET", "/models/{model}", _model),
]
