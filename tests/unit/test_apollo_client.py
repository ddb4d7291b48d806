from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modules.apollo.apollo_client import SEARCHES_A_MINUTE, ApolloClient, CreditsGone
from modules.apollo.apollo_usage import Usage, read_usage
from modules.shared.errors import ContractError, OutcomeUnknown, OutreachError, PermanentError, RetryableError

KEY = "an-invented-key-of-ours"
PAID = ("POST", "/people/bulk_match")


class Apollo(httpx.BaseTransport):
    """Gives the prepared answers in turn, the last one for ever, and keeps what it was asked."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def client(*answers: httpx.Response | Exception) -> tuple[ApolloClient, Apollo]:
    apollo = Apollo(*answers)
    return ApolloClient(KEY, base_url="https://apollo.example/api/v1", transport=apollo), apollo


def failure_of(*answers: httpx.Response | Exception, call: str = "pay") -> tuple[OutreachError, int]:
    http, apollo = client(*answers)
    with http, pytest.raises(OutreachError) as caught:
        getattr(http, call)(*PAID, body={})
    return caught.value, len(apollo.asked)


def test_a_request_carries_the_key_as_apollo_wants_it():
    http, apollo = client(httpx.Response(200, json={"matches": []}))
    with http:
        assert http.pay(*PAID, params={"a": "true"}, body={"details": []}) == {"matches": []}
        assert (http.requests_made, http.pages_read) == (1, 1)
    [request] = apollo.asked
    assert (request.headers["x-api-key"], request.headers["cache-control"]) == (KEY, "no-cache")
    assert str(request.url) == "https://apollo.example/api/v1/people/bulk_match?a=true"
    assert "authorization" not in request.headers


@pytest.mark.parametrize("key", ["", "  ", "schlüssel", "a\nb", "\x00"])
def test_a_key_that_cannot_be_one_is_refused_before_anything_is_asked(key):
    with pytest.raises(PermanentError, match="APOLLO_API_KEY"):
        ApolloClient(key, base_url="https://apollo.example/api/v1")


@pytest.mark.usefixtures("instant_retries")
@pytest.mark.parametrize(
    "trouble",
    [
        httpx.Response(500),
        httpx.Response(503, json={"error": "away"}),
        httpx.Response(504, html="<html>"),
        httpx.Response(408),
        httpx.Response(200, html="<html>"),
        httpx.Response(200, content=b'{"matches": [{"id"'),
        httpx.Response(200, content=b""),
        httpx.Response(200, json=[]),
        httpx.Response(200, content=b"null"),
        httpx.ReadTimeout("slow"),
        httpx.WriteTimeout("slow"),
        httpx.ReadError("reset"),
        httpx.WriteError("reset"),
        httpx.RemoteProtocolError("closed"),
    ],
    ids=str,
)
def test_what_may_have_been_charged_is_not_sent_again_and_says_so(trouble):
    error, sent = failure_of(trouble, httpx.Response(200, json={}))
    assert type(error) is OutcomeUnknown
    assert sent == 1
    assert "Apollo: POST /people/bulk_match" in str(error)
    assert "Try again" not in str(error), "nobody may be led to repeat it"


@pytest.mark.usefixtures("instant_retries")
@pytest.mark.parametrize(
    "trouble",
    [httpx.Response(429), httpx.ConnectError("refused"), httpx.ConnectTimeout("slow"), httpx.PoolTimeout("busy")],
    ids=str,
)
def test_what_surely_did_not_happen_is_sent_again(trouble):
    http, apollo = client(trouble, trouble, httpx.Response(200, json={"fine": True}))
    with http:
        assert http.pay(*PAID) == {"fine": True}
        assert (http.requests_made, len(apollo.asked), http.pages_read) == (3, 3, 1)
    error, sent = failure_of(trouble)
    assert (type(error), sent) == (RetryableError, 3)


@pytest.mark.usefixtures("instant_retries")
def test_after_a_pause_that_did_not_help_a_charge_is_still_possible():
    error, sent = failure_of(httpx.Response(429), httpx.ReadTimeout("slow"), httpx.Response(200, json={}))
    assert (type(error), sent) == (OutcomeUnknown, 2)


@pytest.mark.parametrize(
    "body",
    [
        {"error": "You have insufficient credits for this request. Please upgrade."},
        {"status": "failed", "error_code": "UNKNOWN_ERROR", "error_message": "Insufficient Credits"},
        {"error_details": {"code": "BILLING.CREDITS", "message": "insufficient credits"}},
        "insufficient credits",
    ],
    ids=str,
)
def test_credits_that_are_used_up_are_told_from_any_other_refusal(body):
    error, sent = failure_of(httpx.Response(422, json=body))
    assert (type(error), error.status, sent) == (CreditsGone, 422, 1)
    assert "nothing was charged" in str(error)
    other, _ = failure_of(httpx.Response(422, json={"error": "Required parameter missing"}))
    assert type(other) is PermanentError


@pytest.mark.parametrize("call", ["pay", "read"])
@pytest.mark.parametrize(
    ("answer", "advice", "code"),
    [
        (httpx.Response(401, text="Invalid API key."), "APOLLO_API_KEY", None),
        (
            httpx.Response(401, json={"error": "no", "error_details": {"code": "AUTH.AUTHENTICATION.API_KEY_INVALID"}}),
            "APOLLO_API_KEY",
            "AUTH.AUTHENTICATION.API_KEY_INVALID",
        ),
        (httpx.Response(403, json={"error": "no", "error_code": "API_INACCESSIBLE"}), "allowed", "API_INACCESSIBLE"),
        (httpx.Response(404, text="No route"), "APOLLO_BASE_URL", None),
        (
            httpx.Response(400, json={"error_code": "RECORD_LIMIT_EXCEEDED", "error_message": "too many"}),
            "change in the code",
            "RECORD_LIMIT_EXCEEDED",
        ),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_refusal_carries_apollos_code_and_our_advice(call, answer, advice, code):
    error, sent = failure_of(answer, call=call)
    assert (type(error), error.code, sent) == (PermanentError, code, 1)
    assert advice in str(error)
    assert KEY not in str(error)


@pytest.mark.parametrize("answered", [[], "text", 5])
def test_a_free_answer_that_is_no_object_breaks_the_contract(answered):
    error, _ = failure_of(httpx.Response(200, json=answered), call="read")
    assert type(error) is ContractError


def test_either_kind_of_search_has_its_own_ceiling_and_enrichment_has_none():
    http, _ = client(httpx.Response(200, json={}))
    with http:
        for path in ("/mixed_people/api_search", "/mixed_companies/search"):
            limiter = http._http._limiters_to[path]
            assert [limiter.try_acquire("requests", blocking=False) for _ in range(SEARCHES_A_MINUTE)][-1]
            assert not limiter.try_acquire("requests", blocking=False)
        assert set(http._http._limiters_to) == {"/mixed_people/api_search", "/mixed_companies/search"}


def usage_of(answer: Any) -> Usage:
    http, _ = client(httpx.Response(200, json=answer))
    with http:
        return read_usage(http)


def test_the_balance_is_that_of_the_common_pool():
    usage = usage_of(
        {
            "credit_usage_stats": {
                "lead_credit": {"limit": 4000, "consumed": 880.5, "left_over": 3119.5},
                "direct_dial_credit": {"limit": 200, "consumed": 8, "left_over": 192},
            },
            "current_credit_cycle": {"start_date": "2026-10-01T00:00:00.000Z", "end_date": None},
        }
    )
    assert (usage.credits_limit, usage.credits_consumed, usage.credits_left) == (4000.0, 880.5, 3119.5)
    assert (str(usage.cycle_started_at), usage.cycle_ends_at) == ("2026-10-01 00:00:00+00:00", None)


@pytest.mark.parametrize(
    "answer",
    [{}, {"credit_usage_stats": []}, {"credit_usage_stats": {"lead_credit": {}}}]
    + [{"credit_usage_stats": {"lead_credit": {"consumed": odd}}} for odd in (None, "880", True, [1])],
    ids=str,
)
def test_a_balance_that_does_not_say_what_was_consumed_breaks_the_contract(answer):
    with pytest.raises(ContractError, match="lead credits"):
        usage_of(answer)


anything = (
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=5) | st.lists(st.none(), max_size=1)
)


@given(anything, anything, anything)
def test_what_else_a_balance_says_is_read_or_left_out(limit, left, started):
    usage = usage_of(
        {
            "credit_usage_stats": {"lead_credit": {"consumed": 5, "limit": limit, "left_over": left}},
            "current_credit_cycle": {"start_date": started, "end_date": started} if started else started,
        }
    )
    assert usage.credits_consumed == 5
    assert all(value is None or isinstance(value, float) for value in (usage.credits_limit, usage.credits_left))
