"""OpenAI's stand-in as its own client sees it: every way a response can end, what it used and what it cost."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import httpx2
import openai
import orjson
import pytest
from openai.types.responses import Response
from pydantic import BaseModel, ValidationError

from tests.fakes.openai_server import DEVELOPER_TEXT, OpenAIServer, asked_with, leads, openai_server

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = dict[str, Any]


class Icebreaker(BaseModel):
    fact_ids: list[str]
    evidence: str
    skip_reason: str | None
    line: str | None


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


def judged(response: Response) -> Response:
    """Hold an answer to the client's own types, which the client itself does not."""
    return Response.model_validate(response.to_dict(), strict=False)


def test_a_line_comes_back_in_the_shape_and_the_order_of_the_schema(client):
    response = judged(client.responses.create(**asked_with()))
    answer = orjson.loads(response.output_text)
    assert list(answer) == ["fact_ids", "evidence", "skip_reason", "line"]
    assert response.status == "completed"
    assert (response.model, response.service_tier, response.store) == ("gpt-6-luna", "default", False)
    assert (response.max_output_tokens, response.prompt_cache_key) == (400, "lines-1")
    assert response.output[0].type == "message"


def test_the_clients_own_parser_reads_the_line(client):
    asked = asked_with()
    verbosity = {"verbosity": asked.pop("text")["verbosity"]}
    parsed = client.responses.parse(text_format=Icebreaker, text=verbosity, **asked).output_parsed
    assert parsed is not None
    assert parsed.line
    assert set(parsed.fact_ids) <= {f"f{number}" for number in range(1, 7)}


def test_many_lines_are_written_at_the_same_time_and_latency_holds_up_nobody_else(server):
    server.change_world(latency_s=0.2)
    bodies = [asked_with(facts) for facts in leads(40)]

    async def ask_all() -> list[Response]:
        async with (
            httpx2.AsyncClient(trust_env=False) as http,
            openai.AsyncOpenAI(
                base_url=server.base_url, api_key=server.api_key, max_retries=0, timeout=5, http_client=http
            ) as client,
        ):
            return await asyncio.gather(*[client.responses.create(**body) for body in bodies])

    # One after the other would take eight seconds, and the client gives up after five.
    answers = asyncio.run(ask_all())
    assert len({answer.id for answer in answers}) == 40
    assert len({charge.key for charge in server.charges()}) == 40


def test_the_same_request_gets_the_same_line_and_is_charged_again(client, server):
    first, second = (client.responses.create(**asked_with()) for _ in range(2))
    assert first.output_text == second.output_text
    assert first.id != second.id
    keys = [charge.key for charge in server.charges()]
    assert (len(keys), len(set(keys))) == (2, 1)


@pytest.mark.parametrize(
    ("mishap", "status", "reason"),
    [
        ("refusal", "completed", None),
        ("truncated", "incomplete", "max_output_tokens"),
        ("content_filter", "incomplete", "content_filter"),
        ("failed", "failed", None),
        ("malformed", "completed", None),
    ],
)
def test_a_response_that_ends_badly_says_how(mishap, status, reason, client, server):
    server.change_world(bad_rates_pct={mishap: 100})
    response = judged(client.responses.create(**asked_with()))
    assert response.status == status
    assert (response.incomplete_details.reason if response.incomplete_details else None) == reason
    assert (response.error.code if response.error else None) == ("server_error" if mishap == "failed" else None)
    parts = [part for item in response.output if item.type == "message" for part in item.content]
    assert [part.type for part in parts] == {
        "refusal": ["refusal"],
        "failed": [],
        "content_filter": ["output_text"],
    }.get(mishap, ["output_text"])
    if mishap in {"malformed", "truncated"}:
        with pytest.raises(orjson.JSONDecodeError):
            orjson.loads(response.output_text)
    assert len(server.charges()) == (mishap != "failed")


def test_truncated_json_makes_the_clients_parser_lose_the_response(client, server):
    server.change_world(bad_rates_pct={"truncated": 100})
    asked = asked_with(text=None)
    with pytest.raises(ValidationError):
        client.responses.parse(text_format=Icebreaker, **asked)
    assert len(server.charges()) == 1


def test_a_larger_cap_gets_the_whole_of_a_truncated_answer(client, server):
    server.change_world(bad_rates_pct={"truncated": 100})
    for _ in range(2):
        cut = client.responses.create(**asked_with())
        assert (cut.status, cut.usage.output_tokens) == ("incomplete", 400)
    whole = client.responses.create(**asked_with(max_output_tokens=800))
    assert (whole.status, bool(orjson.loads(whole.output_text)["line"])) == ("completed", True)


def test_a_cap_that_is_too_small_cuts_every_answer(client):
    response = judged(client.responses.create(**asked_with(max_output_tokens=16)))
    assert (response.status, response.usage.output_tokens, len(response.output_text)) == ("incomplete", 16, 64)


def test_reasoning_is_counted_as_output_and_can_leave_nothing_for_the_answer(client):
    thought = judged(client.responses.create(**asked_with(reasoning={"effort": "low"})))
    assert [item.type for item in thought.output] == ["reasoning", "message"]
    assert thought.usage.output_tokens_details.reasoning_tokens == 64
    assert thought.usage.output_tokens > 64
    silent = judged(client.responses.create(**asked_with(reasoning=None, max_output_tokens=200)))
    assert (silent.status, [item.type for item in silent.output]) == ("incomplete", ["reasoning"])
    assert silent.usage.output_tokens_details.reasoning_tokens == 200


def test_only_a_stored_response_can_be_fetched(client):
    kept = client.responses.create(**asked_with(store=None))
    assert client.responses.retrieve(kept.id).output_text == kept.output_text
    client.responses.delete(kept.id)
    for gone in (kept, client.responses.create(**asked_with())):
        with pytest.raises(openai.NotFoundError):
            client.responses.retrieve(gone.id)


def test_a_question_about_something_else_gets_the_least_that_its_schema_allows(client):
    judge = {
        "type": "object",
        "properties": {
            "verdict": {"type": "string", "enum": ["good", "bad"]},
            "score": {"type": "integer", "minimum": 1},
            "notes": {"type": "array", "items": {"$ref": "#/$defs/note"}, "minItems": 1},
        },
        "$defs": {
            "note": {
                "type": "object",
                "properties": {"text": {"anyOf": [{"type": "string"}, {"type": "null"}]}},
                "required": ["text"],
                "additionalProperties": False,
            }
        },
        "required": ["verdict", "score", "notes"],
        "additionalProperties": False,
    }
    shape = {"format": {"type": "json_schema", "name": "verdict", "schema": judge, "strict": True}}
    told = client.responses.create(**asked_with(input="Is this line good?", text=shape)).output_text
    assert orjson.loads(told) == {"verdict": "good", "score": 1, "notes": [{"text": "-"}]}
    assert client.responses.create(model="gpt-6-luna", input="Hello?").output_text == "Understood."


def test_tokens_are_counted_as_a_quarter_of_the_characters(client):
    asked = {"model": "gpt-6-luna", "input": "x" * 41}
    assert client.responses.input_tokens.count(**asked).input_tokens == 11
    usage = client.responses.create(**asked, reasoning={"effort": "none"}).usage
    assert (usage.input_tokens, usage.output_tokens, usage.total_tokens) == (11, 3, 14)


def test_a_model_is_there_or_is_not(client):
    assert client.models.retrieve("gpt-6-luna").id == "gpt-6-luna"
    with pytest.raises(openai.NotFoundError) as refusal:
        client.models.retrieve("gpt-2")
    assert refusal.value.code == "model_not_found"


def test_the_prefix_is_written_once_and_read_until_half_an_hour_has_passed(client, server):
    def details(**change: Any) -> tuple[int, int]:
        told = client.responses.create(**asked_with(**change)).usage.input_tokens_details
        return told.cached_tokens, told.cache_write_tokens

    nothing_read, prefix = details()
    assert nothing_read == 0
    # The schema is a part of the prefix.
    assert prefix > len(DEVELOPER_TEXT) / 4 > 1_024
    assert details() == (prefix, 0)
    assert details(facts={"city": "Solvik", "employees_count": "44"}) == (prefix, 0)
    assert details(prompt_cache_key="lines-2") == (0, prefix)
    verbose = asked_with()["text"]
    verbose["format"]["name"] = "other"
    assert details(text=verbose) == (0, prefix - 1)
    server.change_world(advance_s=1_799)
    assert details() == (prefix, 0)
    server.change_world(advance_s=1_801)
    assert details() == (0, prefix)


def test_a_short_prompt_is_neither_read_nor_written(client):
    for _ in range(2):
        usage = client.responses.create(model="gpt-6-luna", input="x" * 4_000).usage
        assert (usage.input_tokens_details.cached_tokens, usage.input_tokens_details.cache_write_tokens) == (0, 0)


def test_without_explicit_breakpoints_every_leads_own_words_are_written_too(client):
    written = [
        client.responses.create(**asked_with(facts, prompt_cache_options=None)).usage.input_tokens_details
        for facts in leads(3)
    ]
    assert all(each.cache_write_tokens > 0 for each in written)
    assert [each.cached_tokens > 0 for each in written] == [False, True, True]


def test_above_fifteen_requests_a_minute_for_one_key_every_fourth_misses(client, server):
    server.change_world(advance_s=60 - server.world.monotonic_s() % 60)
    hits = [
        client.responses.create(**asked_with(facts)).usage.input_tokens_details.cached_tokens > 0 for facts in leads(27)
    ]
    assert [place for place, is_hit in enumerate(hits, 1) if not is_hit] == [1, 19, 23, 27]


def test_the_bill_has_one_price_for_each_token(client, server):
    for tier in (None, "flex", "fast"):
        client.responses.create(**asked_with(service_tier=tier))
    first, flex, fast = server.charges()
    fresh = first.tokens.input - first.tokens.written
    dear = fresh * 0.10 + first.tokens.written * 0.125 + first.tokens.output * 0.50
    assert first.dollars == pytest.approx(dear / 1e6)
    read = (flex.tokens.input - flex.tokens.cached) * 0.10 + flex.tokens.cached * 0.01 + flex.tokens.output * 0.50
    assert (flex.dollars, fast.dollars) == (pytest.approx(read / 2e6), pytest.approx(read * 2 / 1e6))
    assert server.world.bills.dollars == pytest.approx(sum(charge.dollars for charge in server.charges()))
    assert all(re.fullmatch("req_[0-9a-f]{32}", charge.request_id) for charge in server.charges())
