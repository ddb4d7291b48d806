"""What each answer of OpenAI's means, how often it is asked again, and what no message may hold."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx2
import openai
import pytest

from modules.openai.icebreaker_facts import icebreaker_facts
from modules.openai.icebreaker_generator import MOST_TRIES, ask
from modules.openai.icebreaker_prompt import estimated_tokens, request_body
from modules.openai.openai_client import QuotaGone, RefusedRequest, as_ours, open_client
from modules.openai.openai_rate import RateLimiter
from modules.shared.errors import ContractError, OutreachError, PermanentError, RetryableError
from tests.fakes.fake_clock import fake_clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fakes.fake_clock import FakeClock

KEY = "sk-invented-0123456789abcdef"
FACTS = icebreaker_facts(language="en", first_name="Mara", job_title="Head of Operations", company_name="Haldenfreight")
BODY = request_body(FACTS, model="gpt-6-luna", cache_key="k")
ANSWER = {"id": "resp_1", "status": "completed", "output": [], "usage": {"input_tokens": 1_500}}
clock = pytest.fixture(fake_clock)


def answer(status: int, content: Any = None, **headers: str) -> httpx2.Response:
    if isinstance(content, str):
        return httpx2.Response(status, text=content, headers=headers)
    return httpx2.Response(status, json=content, headers=headers)


def refusal(status: int, message: str = "No.", **error: str | None) -> httpx2.Response:
    told = {"message": message, "type": "invalid_request_error", "param": None, "code": None} | error
    return answer(status, {"error": told})


def lost(_: httpx2.Request) -> httpx2.Response:
    raise httpx2.ReadTimeout("too slow")


def cut(_: httpx2.Request) -> httpx2.Response:
    raise httpx2.RemoteProtocolError("cut")


@dataclass
class Service:
    """Gives the next of its answers to each request, and the last one for ever."""

    answers: list[httpx2.Response | Callable[[httpx2.Request], httpx2.Response]]
    clock: FakeClock
    asked: int = 0
    limiter: RateLimiter = field(init=False)

    def __post_init__(self) -> None:
        self.limiter = RateLimiter(1e9, 1e12, clock=self.clock)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        chosen = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        if callable(chosen):
            return chosen(request)
        return httpx2.Response(chosen.status_code, content=chosen.content, headers=chosen.headers)

    def ask(self) -> dict[str, Any]:
        """The answer, as the pipeline asks for it."""

        async def asked() -> dict[str, Any]:
            transport = httpx2.MockTransport(self)
            async with (
                httpx2.AsyncClient(transport=transport) as http,
                openai.AsyncOpenAI(
                    api_key=KEY, base_url="http://openai.example/v1", max_retries=0, http_client=http
                ) as client,
            ):
                return await ask(client, BODY, tokens=estimated_tokens(BODY), limiter=self.limiter)

        return asyncio.run(asked())


REFUSALS: list[tuple[httpx2.Response, type[OutreachError], int, str]] = [
    (refusal(429, code="rate_limit_exceeded", type="requests"), RetryableError, MOST_TRIES, "Try again later"),
    (refusal(429, code="rate_limit_exceeded", type="tokens"), RetryableError, MOST_TRIES, "Try again later"),
    (refusal(429, code="slow_down", type="rate_limit_error"), RetryableError, MOST_TRIES, "slow_down"),
    (refusal(429, code="resource_unavailable", type="rate_limit_error"), RetryableError, MOST_TRIES, "429"),
    (refusal(429, "Request too large for gpt-6-luna", code="rate_limit_exceeded"), RefusedRequest, 1, "larger than"),
    (refusal(429, code="insufficient_quota", type="insufficient_quota"), QuotaGone, 1, "add credit"),
    (refusal(429, type="insufficient_quota"), QuotaGone, 1, "add credit"),
    (refusal(429, code="credit_balance_exhausted"), QuotaGone, 1, "add credit"),
    (refusal(403, code="billing_hard_limit_reached"), QuotaGone, 1, "add credit"),
    (refusal(401, code="invalid_api_key"), PermanentError, 1, "OPENAI_API_KEY"),
    (refusal(403), PermanentError, 1, "project"),
    (refusal(404, code="model_not_found"), PermanentError, 1, "OPENAI_MODEL"),
    (refusal(400, code="unsupported_parameter"), RefusedRequest, 1, "unsupported_parameter"),
    (refusal(400, code="invalid_prompt"), RefusedRequest, 1, "invalid_prompt"),
    (refusal(422), RefusedRequest, 1, "422"),
    (refusal(409), RetryableError, MOST_TRIES, "409"),
    (refusal(408), RetryableError, MOST_TRIES, "408"),
    (refusal(500, type="server_error"), RetryableError, MOST_TRIES, "500"),
    (refusal(503, code="server_is_overloaded"), RetryableError, MOST_TRIES, "server_is_overloaded"),
    (answer(502, "<html>Bad gateway</html>"), RetryableError, MOST_TRIES, "502"),
    (answer(504, ""), RetryableError, MOST_TRIES, "504"),
    (answer(401, "<html>Log in</html>"), PermanentError, 1, "OPENAI_API_KEY"),
    (answer(429, {"error": "busy"}), RetryableError, MOST_TRIES, "429"),
    (answer(429, {"error": {"message": None, "code": 7}}), RetryableError, MOST_TRIES, "429"),
]


@pytest.mark.parametrize(("given", "kind", "times", "told"), REFUSALS)
def test_each_refusal_is_named_by_what_to_do_and_asked_again_only_where_that_may_help(clock, given, kind, times, told):
    service = Service([given], clock)
    with pytest.raises(OutreachError) as caught:
        service.ask()
    assert type(caught.value) is kind
    assert service.asked == times
    assert told in str(caught.value)
    assert caught.value.status == given.status_code
    assert service.limiter.in_flight == [0, 0]


@pytest.mark.parametrize("befalls", [lost, cut])
def test_an_answer_that_does_not_come_is_asked_for_again_and_then_given_up(clock, befalls):
    service = Service([befalls], clock)
    with pytest.raises(RetryableError, match="gave no answer"):
        service.ask()
    assert service.asked == MOST_TRIES
    assert service.limiter.in_flight == [0, 0]
    assert Service([befalls, befalls, answer(200, ANSWER)], clock).ask() == ANSWER


def test_a_refusal_in_between_is_waited_out(clock):
    service = Service([answer(429, {}, **{"retry-after": "7"}), refusal(500), answer(200, ANSWER)], clock)
    assert service.ask() == ANSWER
    assert clock.now_s == pytest.approx(7 + 1, abs=0.01)


@pytest.mark.parametrize("content", ["<html>Hello</html>", "", '{"id": "resp'])
def test_an_answer_that_is_no_json_is_asked_for_again_and_then_given_up(clock, content):
    service = Service([answer(200, content)], clock)
    with pytest.raises(RetryableError, match="no JSON"):
        service.ask()
    assert service.asked == MOST_TRIES
    assert service.limiter.in_flight == [0, 0]
    assert Service([answer(200, content), answer(200, ANSWER)], clock).ask() == ANSWER


def test_an_answer_of_another_shape_is_a_matter_for_the_code(clock):
    with pytest.raises(ContractError, match="a list"):
        Service([answer(200, [ANSWER])], clock).ask()


def test_the_size_of_a_prompt_is_learned_from_the_answer(clock):
    service = Service([answer(200, ANSWER)], clock)
    service.ask()
    estimated = estimated_tokens(BODY) - BODY["max_output_tokens"]
    assert (service.limiter.input_share < 1) == (estimated > 1_500)
    without = Service([answer(200, ANSWER | {"usage": None})], clock)
    without.ask()
    assert without.limiter.input_share == 1.0


@pytest.mark.parametrize("status", [400, 401, 429, 500])
def test_no_message_holds_a_key_or_a_person(clock, caplog, status):
    told = f"Incorrect API key provided: {KEY}. Asked about mara.weber@haldenfreight.example, +49 170 1234567."
    with pytest.raises(OutreachError) as caught:
        Service([refusal(status, told)], clock).ask()
    for text in (str(caught.value), caplog.text):
        assert KEY not in text
        assert "mara.weber@haldenfreight.example" not in text


def test_an_error_that_has_no_status_is_a_matter_for_the_code():
    error = openai.APIResponseValidationError(
        response=httpx2.Response(200, request=httpx2.Request("POST", "http://openai.example")), body=None
    )
    assert isinstance(as_ours(openai.OpenAIError("odd"), "POST /responses"), ContractError)
    assert isinstance(as_ours(error, "POST /responses"), OutreachError)


def test_the_client_repeats_nothing_by_itself_and_is_closed():
    async def used() -> openai.AsyncOpenAI:
        async with open_client(KEY, "http://openai.example/v1") as client:
            assert client.max_retries == 0
            assert client.timeout == 60.0
        return client

    assert asyncio.run(used()).is_closed()
