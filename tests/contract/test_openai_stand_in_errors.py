"""What OpenAI's stand-in refuses, as the exceptions of its own client, and what faults can be ordered."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import openai
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openai.types.responses import Response

from sandbox.openai.rate_limits import go_duration
from sandbox.openai.server import ENDPOINTS
from tests.fakes.openai_server import FACTS, SCHEMA, OpenAIServer, asked_with, leads, openai_server

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = dict[str, Any]
ROOT = Path(__file__).parents[2]
PROPERTIES = SCHEMA["properties"]


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


def formatted(schema: Any) -> Json:
    return {"format": {"type": "json_schema", "name": "icebreaker", "schema": schema, "strict": True}}


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
def test_every_operation_refuses_a_wrong_key_and_does_not_repeat_it(endpoint, server):
    path = re.sub(r"\{\w+\}", "x", endpoint.path)
    refusal = server.ask(endpoint.method, path, headers={"authorization": "Bearer wrong-key"})
    assert (refusal.status_code, refusal.json()["error"]["code"]) == (401, "invalid_api_key")
    assert "wrong-key" not in refusal.text
    assert refusal.headers["x-request-id"].startswith("req_")
    assert server.ask(endpoint.method, path, headers={"authorization": ""}).status_code == 401


def test_a_wrong_key_is_the_clients_authentication_error(server):
    with server.client(api_key="wrong") as stranger, pytest.raises(openai.AuthenticationError) as refusal:
        stranger.responses.create(**asked_with())
    assert refusal.value.request_id.startswith("req_")
    assert server.charges() == []


@pytest.mark.parametrize(("method", "path"), [("POST", "/chat/completions"), ("GET", "/responses"), ("PUT", "/files")])
def test_a_path_that_nothing_answers_is_a_404_in_the_vendors_words(method, path, server):
    refusal = server.ask(method, path)
    assert refusal.status_code == 404
    assert refusal.json()["error"] == {
        "message": f"Invalid URL ({method} /v1{path})",
        "type": "invalid_request_error",
        "param": None,
        "code": None,
    }


@pytest.mark.parametrize(
    ("change", "code", "param"),
    [
        ({"model": None}, "missing_required_parameter", "model"),
        ({"input": None}, "missing_required_parameter", "input"),
        ({"seed": 7}, "unknown_parameter", "seed"),
        ({"temperature": 0.2, "reasoning": {"effort": "low"}}, "unsupported_parameter", "temperature"),
        ({"top_p": 0.2, "reasoning": None}, "unsupported_parameter", "top_p"),
        ({"reasoning": {"effort": "some"}}, "invalid_value", "reasoning.effort"),
        ({"max_output_tokens": 8}, "integer_below_min_value", "max_output_tokens"),
        ({"max_output_tokens": 200_000}, "integer_above_max_value", "max_output_tokens"),
        ({"model": "gpt-5.4-mini"}, "unsupported_parameter", "prompt_cache_options"),
        ({"service_tier": "slow"}, "invalid_value", "service_tier"),
        ({"safety_identifier": "x" * 129}, "string_above_max_length", "safety_identifier"),
        ({"metadata": {"key": "x" * 513}}, "invalid_value", "metadata.key"),
        ({"metadata": {str(number): "" for number in range(17)}}, "invalid_value", "metadata"),
        ({"stream": True}, "invalid_value", "stream"),
        ({"input": [{"role": "customer", "content": "?"}]}, "invalid_value", "input[0].role"),
        ({"input": [{"role": "user", "content": [{"type": "image"}]}]}, "invalid_value", "input[0].content[0].type"),
        ({"input": "x" * 4_300_000}, "context_length_exceeded", "input"),
        ({"text": formatted(PROPERTIES)}, "invalid_json_schema", "text.format.schema"),
        ({"text": formatted([])}, "missing_required_parameter", "text.format.schema"),
        ({"text": formatted("object")}, "invalid_json_schema", "text.format.schema"),
        ({"text": formatted(SCHEMA | {"required": ["line"]})}, "invalid_json_schema", "text.format.schema"),
        ({"text": formatted(SCHEMA | {"additionalProperties": True})}, "invalid_json_schema", "text.format.schema"),
        (
            {"text": formatted(SCHEMA | {"properties": PROPERTIES | {"line": {"type": "string", "default": ""}}})},
            "invalid_json_schema",
            "text.format.schema",
        ),
    ],
)
def test_a_request_that_cannot_be_served_is_a_bad_request_with_its_code(change, code, param, server):
    refusal = server.ask("POST", "/responses", json=asked_with(**change))
    assert refusal.status_code == 400
    assert (refusal.json()["error"]["code"], refusal.json()["error"]["param"]) == (code, param)
    assert server.charges() == []


def test_the_client_knows_a_bad_schema_and_an_unknown_model(client):
    with pytest.raises(openai.BadRequestError, match="'default' is not permitted") as refusal:
        client.responses.create(
            **asked_with(text=formatted(SCHEMA | {"properties": PROPERTIES | {"line": {"default": 1}}}))
        )
    assert refusal.value.code == "invalid_json_schema"
    with pytest.raises(openai.NotFoundError) as unknown:
        client.responses.create(**asked_with(model="gpt-2"))
    assert unknown.value.code == "model_not_found"


def test_temperature_is_taken_where_there_is_no_reasoning(client):
    assert client.responses.create(**asked_with(temperature=0.2)).temperature == 0.2


OTHER_PARAMETERS = (
    "metadata",
    "temperature",
    "truncation",
    "safety_identifier",
    "service_tier",
    "instructions",
    "user",
)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 2**40) | st.text(max_size=5) | st.sampled_from(["object", "user"]),
    lambda each: (
        st.lists(each, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "role", "content", "properties", "format", "schema", "effort", "mode", "anyOf", "enum"]
            )
            | st.text(max_size=3),
            each,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(name=st.sampled_from(sorted({*asked_with(), *OTHER_PARAMETERS})), value=ANY_JSON)
def test_whatever_stands_in_a_parameter_is_served_or_refused(name, value, server):
    answer = server.ask("POST", "/responses", json=asked_with() | {name: value})
    assert answer.status_code in {200, 400, 404}
    if answer.status_code == 200:
        Response.model_validate(answer.json())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(schema=ANY_JSON, is_strict=st.booleans())
def test_whatever_is_given_as_a_schema_is_served_or_refused(schema, is_strict, server):
    shape = {"format": {"type": "json_schema", "name": "any", "schema": schema, "strict": is_strict}}
    for asked in (asked_with(text=shape), asked_with(text=shape, input="Something else?")):
        assert server.ask("POST", "/responses", json=asked).status_code in {200, 400}


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"input":' + b"[" * 900 + b"]" * 900 + b"}"])
def test_a_body_that_is_no_request_is_refused(content, server):
    assert server.ask("POST", "/responses", content=content).status_code == 400


def test_requests_a_minute_run_out_and_come_back_with_time(client, server):
    server.change_world(requests_per_minute=6)
    bodies = [asked_with(facts) for facts in leads(8)]
    answers = [client.responses.with_raw_response.create(**body) for body in bodies[:6]]
    assert [answer.headers["x-ratelimit-remaining-requests"] for answer in answers] == ["5", "4", "3", "2", "1", "0"]
    assert answers[0].headers["x-ratelimit-limit-requests"] == "6"
    assert re.fullmatch(r"\d+(\.\d+)?m?s", answers[0].headers["x-ratelimit-reset-requests"])
    assert "x-ratelimit-limit-tokens" not in answers[0].headers
    with pytest.raises(openai.RateLimitError) as refusal:
        client.responses.create(**bodies[6])
    assert (refusal.value.code, refusal.value.type) == ("rate_limit_exceeded", "requests")
    told = refusal.value.response.headers
    assert 0 < int(told["retry-after-ms"]) <= 16_000
    assert int(told["retry-after"]) == -(-int(told["retry-after-ms"]) // 1000)
    # The refused request counts as well, but never more than a tenth of a minute.
    server.change_world(advance_s=17)
    assert client.responses.create(**bodies[6]).status == "completed"
    assert len(server.charges()) == 7


def test_a_refused_request_counts_as_one(client, server):
    server.change_world(requests_per_minute=2)
    assert server.ask("POST", "/responses", json=asked_with(max_output_tokens=1)).status_code == 400
    assert server.ask("POST", "/responses", json=asked_with()).status_code == 200
    assert server.ask("POST", "/responses", json=asked_with()).status_code == 429


def test_tokens_a_minute_are_input_and_cap_together(client, server):
    wanted = client.responses.input_tokens.count(model="gpt-6-luna", input="x" * 4_000).input_tokens + 100
    server.change_world(tokens_per_minute=2 * wanted)
    asked: Json = {"model": "gpt-6-luna", "input": "x" * 4_000, "reasoning": {"effort": "none"}}
    first = client.responses.with_raw_response.create(**asked, max_output_tokens=100)
    assert first.headers["x-ratelimit-remaining-tokens"] == str(wanted)
    with pytest.raises(openai.RateLimitError) as refusal:
        client.responses.create(**asked, max_output_tokens=300)
    assert (refusal.value.code, refusal.value.type) == ("rate_limit_exceeded", "tokens")
    assert "retry-after" in refusal.value.response.headers
    with pytest.raises(openai.RateLimitError, match=f"Request too large.*Requested {wanted + 1_900}") as too_large:
        client.responses.create(**asked, max_output_tokens=2_000)
    assert "retry-after" not in too_large.value.response.headers


def test_each_key_and_each_model_has_its_own_limits(server):
    server.change_world(requests_per_minute=1, key="second")
    with server.client() as first, server.client(api_key="second") as second:
        for client, model in ((first, "gpt-6-luna"), (first, "gpt-5.6-luna"), (second, "gpt-6-luna")):
            assert client.responses.create(**asked_with(model=model)).status == "completed"
        with pytest.raises(openai.RateLimitError):
            second.responses.create(**asked_with())


def test_an_empty_balance_is_a_429_without_a_time_to_wait(client, server):
    server.change_world(credit_usd=0.0001)
    client.responses.create(**asked_with())
    with pytest.raises(openai.RateLimitError) as refusal:
        client.responses.create(**asked_with())
    assert (refusal.value.code, refusal.value.type) == ("insufficient_quota", "insufficient_quota")
    assert "retry-after" not in refusal.value.response.headers
    server.change_world(credit_usd=1)
    assert client.responses.create(**asked_with()).status == "completed"


def test_traffic_can_be_told_to_slow_down_and_flex_can_be_full(client, server):
    server.change_world(slow_downs=1, flex_refusals=1)
    with pytest.raises(openai.RateLimitError) as slow:
        client.responses.create(**asked_with())
    assert (slow.value.code, slow.value.type) == ("slow_down", "rate_limit_error")
    with pytest.raises(openai.RateLimitError) as full:
        client.responses.create(**asked_with(service_tier="flex"))
    assert full.value.code == "resource_unavailable"
    assert server.charges() == []
    assert client.responses.create(**asked_with(service_tier="flex")).service_tier == "flex"


@given(st.floats(0, 100_000))
def test_a_duration_of_go_can_be_read_back(seconds):
    units = {"h": 3600, "m": 60, "s": 1, "ms": 0.001}
    told = re.findall(r"([\d.]+)(ms|h|m|s)", go_duration(seconds))
    assert "".join(number + unit for number, unit in told) == go_duration(seconds)
    assert sum(float(number) * units[unit] for number, unit in told) == pytest.approx(seconds, abs=0.00051)


def test_durations_are_written_as_go_writes_them():
    assert [go_duration(each) for each in (0, 0.084, 11.054, 360, 3723)] == ["0s", "84ms", "11.054s", "6m0s", "1h2m3s"]


@pytest.mark.parametrize(
    ("action", "error", "was_charged"),
    [
        ({"kind": "status", "status": 503, "body": {"error": {"code": "server_is_overloaded"}}}, "Internal", False),
        ({"kind": "status", "status": 500, "when": "after"}, "Internal", True),
        ({"kind": "cut"}, "Connection", False),
        ({"kind": "cut", "when": "after"}, "Connection", True),
        ({"kind": "half_body"}, "Connection", True),
    ],
)
def test_a_fault_befalls_a_request_before_or_after_it_was_charged(action, error, was_charged, client, server):
    server.order_fault(action=action, method="POST", path="/responses")
    kinds = {"Internal": openai.InternalServerError, "Connection": openai.APIConnectionError}
    with pytest.raises(kinds[error]):
        client.responses.create(**asked_with())
    assert len(server.charges()) == was_charged
    assert client.responses.create(**asked_with()).status == "completed"


@pytest.mark.parametrize("kind", ["broken_json", "html"])
def test_an_answer_that_is_no_json_was_charged_all_the_same(kind, client, server):
    server.order_fault(action={"kind": kind})
    answer = client.responses.with_raw_response.create(**asked_with())
    with pytest.raises(ValueError, match=r"JSON|Expecting|Unterminated"):
        json.loads(answer.http_response.text)
    assert len(server.charges()) == 1


def test_a_slow_answer_is_the_clients_timeout(client, server):
    server.order_fault(action={"kind": "slow", "seconds": 1})
    with pytest.raises(openai.APITimeoutError):
        client.with_options(timeout=0.2).responses.create(**asked_with())


def test_the_admin_shows_requests_and_bills_and_starts_over(client, server):
    client.responses.create(**asked_with())
    with httpx2.Client(base_url=server.admin_url, trust_env=False) as admin:
        log = admin.get("/requests").json()
        assert log["counts"] == {"POST /responses": 1}
        assert log["requests"][0]["body"] == asked_with()
        facts = admin.get("/world").json()
        assert facts["charges"][0]["tokens"]["input"] > 1_024
        assert facts["dollars"] == facts["charges"][0]["dollars"]
        for wrong in ({"advance_weeks": 1}, {"bad_rates_pct": {"rude": 1}}, {"requests_per_minute": -1}):
            assert admin.post("/world", json=wrong).status_code == 400
        assert admin.post("/world", json={"is_obedient": True, "latency_s": 0.01}).status_code == 200
        told = admin.get("/world").json()
        assert (told["settings"]["is_obedient"], told["latency_s"]) == (True, 0.01)
        assert admin.post("/reset").status_code == 200
        told = admin.get("/world").json()
        assert (told["settings"]["is_obedient"], told["latency_s"], told["charges"]) == (False, 0.0, [])


def test_the_log_keeps_a_long_text_once(client, server):
    for facts in leads(3):
        client.responses.create(**asked_with(facts))
    texts = [entry.body["input"][0]["content"][0]["text"] for entry in server.requests()]
    assert len({id(text) for text in texts}) == 1
    assert FACTS["job_title"] in server.requests()[0].body["input"][1]["content"][0]["text"]


def test_the_process_says_where_it_serves_and_knows_openais_options():
    options = ["--openai-key", "invented", "--openai-requests-per-minute", "2", "--openai-latency-ms", "1"]
    options += ["--openai-tokens-per-minute", "0", "--openai-obedient", "--openai-credit-usd", "3"]
    command = [sys.executable, "-m", "sandbox", *options, "--openai-batch-polls", "1"]
    environment = {**os.environ, "PYTHONWARNINGS": "error"}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as started:
        try:
            assert started.stdout is not None
            address = json.loads(started.stdout.readline())["openai"]
            assert address.endswith("/openai/v1")
            headers = {"authorization": "Bearer invented"}
            with httpx2.Client(headers=headers, trust_env=False) as client:
                answers = [client.post(f"{address}/responses", json=asked_with()) for _ in range(3)]
                told = client.get(address.removesuffix("/v1") + "/_admin/world").json()
        finally:
            started.kill()
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    chosen = ("is_obedient", "credit_usd", "batch_polls", "tokens_per_minute")
    assert [told["settings"][name] for name in chosen] == [True, 3.0, 1, 0]
    assert told["latency_s"] == 0.001
