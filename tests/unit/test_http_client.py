from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyrate_limiter import BucketFactory

from modules.shared.errors import ContractError, OutcomeUnknown, OutreachError, PermanentError, RetryableError
from modules.shared.http_client import USER_AGENT, HttpClient, expect_list, retry_after_s
from modules.shared.logger import person_token

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 11, 24, 4, 30, tzinfo=UTC)
KEY = "MDE5YTFjNTItaW52ZW50ZWQ="
MARA = "mara.okonedo@haldenfreight.example"


class Vendor(httpx.BaseTransport):
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


class Body(httpx.SyncByteStream):
    """A body that comes in pieces, slowly, and may break off."""

    def __init__(self, *pieces: bytes, pause_s: float = 0.0, error: Exception | None = None) -> None:
        self.pieces, self.pause_s, self.error = pieces, pause_s, error

    def __iter__(self) -> Iterator[bytes]:
        for piece in self.pieces:
            time.sleep(self.pause_s)
            yield piece
        if self.error:
            raise self.error


def client(vendor: Vendor, **options) -> HttpClient:
    defaults = {"requests_per_second": None, "advice": {401: "Check the key."}}
    headers = {"Authorization": f"Bearer {KEY}"}
    return HttpClient(
        service="Vendor",
        base_url="https://vendor.example/api/v2",
        headers=headers,
        transport=vendor,
        **defaults | options,
    )


def failure_of(vendor: Vendor, path: str = "/things", **options) -> OutreachError:
    with client(vendor, **options) as http, pytest.raises(OutreachError) as caught:
        http.read("GET", path)
    return caught.value


def failure_of_writing(vendor: Vendor, **options) -> OutreachError:
    with client(vendor, **options) as http, pytest.raises(OutreachError) as caught:
        http.write("POST", "/things", body={})
    return caught.value


@pytest.mark.usefixtures("instant_retries")
@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524])
def test_a_passing_trouble_is_tried_again_and_each_try_counts(status: int):
    vendor = Vendor(httpx.Response(status), httpx.Response(status), httpx.Response(200, json={"fine": True}))
    with client(vendor) as http:
        assert http.read("GET", "/things") == {"fine": True}
        assert http.requests_made == len(vendor.asked) == 3


@pytest.mark.usefixtures("instant_retries")
def test_a_lasting_trouble_ends_as_a_retryable_error_with_its_status():
    error = failure_of(vendor := Vendor(httpx.Response(503, json={"message": "Upstream is away"})))
    assert isinstance(error, RetryableError)
    assert error.status == 503
    assert str(error) == "Vendor: GET /things answered 503 (Upstream is away). Try again later."
    assert len(vendor.asked) == 3


@pytest.mark.usefixtures("instant_retries")
@pytest.mark.parametrize("status", [301, 400, 401, 402, 403, 404, 409, 413, 422])
def test_a_refusal_is_not_tried_again(status: int):
    error = failure_of(vendor := Vendor(httpx.Response(status), httpx.Response(200, json=[])))
    assert isinstance(error, PermanentError)
    assert error.status == status
    assert len(vendor.asked) == 1


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (httpx.Response(401, json={"statusCode": 401, "error": "Unauthorized", "message": "No key"}), " (No key)"),
        (httpx.Response(401, json={"error": "Invalid key"}), " (Invalid key)"),
        (httpx.Response(401, json=["odd"]), " (['odd'])"),
        (httpx.Response(401, text="error code: 1010\n"), " (error code: 1010)"),
        (httpx.Response(401), ""),
    ],
)
def test_a_refusal_carries_the_vendors_reason_and_our_advice(answer: httpx.Response, reason: str):
    assert str(failure_of(Vendor(answer))) == f"Vendor: GET /things answered 401{reason}. Check the key."


@pytest.mark.usefixtures("instant_retries")
@pytest.mark.parametrize(
    "trouble",
    [
        httpx.ConnectError("no route"),
        httpx.ConnectTimeout("slow"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("closed"),
        httpx.Response(200, stream=Body(b'{"ha', error=httpx.RemoteProtocolError("peer closed the connection"))),
        httpx.Response(200, html="<html>maintenance</html>"),
        httpx.Response(200, content=b""),
        httpx.Response(200, content=b'{"half": '),
        httpx.Response(200, content=b"NaN"),
        httpx.Response(200, headers={"content-encoding": "gzip"}, stream=Body(b"not gzip")),
    ],
    ids=str,
)
def test_what_breaks_on_the_way_is_tried_again(trouble: httpx.Response | Exception):
    vendor = Vendor(trouble, httpx.Response(200, json=[1]))
    with client(vendor) as http:
        assert http.read("GET", "/things") == [1]
        assert http.requests_made == 2


def test_a_time_out_and_a_broken_connection_say_which_of_the_two_they_were():
    assert "gave no answer in time (ReadTimeout)" in str(failure_of(Vendor(httpx.ReadTimeout("slow")), most_attempts=1))
    assert "failed on the way (ConnectError: no route)" in str(
        failure_of(Vendor(httpx.ConnectError("no route")), most_attempts=1)
    )


def test_an_answer_that_dribbles_is_given_up_after_the_longest_time():
    started = time.monotonic()
    error = failure_of(Vendor(httpx.Response(200, stream=Body(*[b" "] * 1000, pause_s=0.01))), total_s=0.05)
    assert isinstance(error, RetryableError)
    assert "still answering" in str(error)
    assert time.monotonic() - started < 1


@pytest.mark.usefixtures("instant_retries")
@pytest.mark.parametrize(("retry_after", "tries"), [("0", 2), ("59", 2), ("soon", 2), ("61", 1), ("inf", 1)])
def test_a_pause_longer_than_the_cap_is_left_to_the_next_run(retry_after: str, tries: int):
    vendor = Vendor(httpx.Response(429, headers={"Retry-After": retry_after}), httpx.Response(200, json=[]))
    with client(vendor) as http:
        if tries == 1:
            with pytest.raises(RetryableError) as caught:
                http.read("GET", "/things")
            assert caught.value.retry_after_s == float(retry_after)
        else:
            assert http.read("GET", "/things") == []
        assert http.requests_made == tries


def test_the_pause_that_was_asked_for_is_kept():
    vendor = Vendor(httpx.Response(429, headers={"Retry-After": "0.2"}), httpx.Response(200, json=[]))
    started = time.monotonic()
    with client(vendor) as http:
        http.read("GET", "/things")
    assert 0.2 <= time.monotonic() - started < 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("7", 7.0),
        ("1.5", 1.5),
        ("-3", 0.0),
        ("Tue, 24 Nov 2026 04:30:30 GMT", 30.0),
        ("Tue, 24 Nov 2026 04:00:00 GMT", 0.0),
        ("Tue, 24 Nov 2026 04:30:30 -0000", None),
        ("Tue, 24 Nov 2026 04:30:30 +99999999999999999999", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(header: str | None, seconds: float | None):
    assert retry_after_s(header, now=NOW) == seconds


@given(st.text())
def test_no_retry_after_header_breaks_the_client(header: str):
    seconds = retry_after_s(header, now=NOW)
    assert seconds is None or seconds >= 0


@given(st.integers(0, 10**6))
def test_a_retry_after_date_means_the_time_until_then(seconds: int):
    assert retry_after_s(format_datetime(NOW + timedelta(seconds=seconds), usegmt=True), now=NOW) == seconds


def test_every_request_carries_the_key_our_name_and_the_whole_address():
    vendor = Vendor(httpx.Response(200, json=[]))
    with client(vendor) as http:
        http.read("GET", "/things", params={"after": "a&b=c"})
        http.read("POST", "/things/list", body={"limit": 1})
    get, post = vendor.asked
    for request in (get, post):
        assert request.headers["authorization"] == f"Bearer {KEY}"
        assert request.headers["user-agent"] == USER_AGENT
    assert str(get.url) == "https://vendor.example/api/v2/things?after=a%26b%3Dc"
    assert "content-type" not in get.headers
    assert (post.content, post.headers["content-type"]) == (b'{"limit":1}', "application/json")


def test_a_client_that_is_closed_leaves_no_thread_behind(monkeypatch):
    monkeypatch.setattr(BucketFactory, "_leak_interval", 10)
    before = set(threading.enumerate())
    with client(Vendor(), requests_per_second=20, requests_per_minute_to={"/leads": 20}) as closed:
        started = set(threading.enumerate()) - before
        assert len(started) == 2
    for thread in started:
        thread.join(timeout=10)
    assert not any(thread.is_alive() for thread in started), closed


def test_the_limiter_lets_no_more_through_in_a_second_than_it_was_told():
    with client(Vendor(httpx.Response(200, json=[])), requests_per_second=20) as http:
        started = time.monotonic()
        while time.monotonic() - started < 0.4:
            if http.requests_made == 20:
                break
            http.read("GET", "/things")
        assert http.requests_made == 20, "a burst within the limit is not held back"
        http.read("GET", "/things")
    assert time.monotonic() - started > 0.9


def test_a_limit_below_one_a_second_spaces_requests_out():
    with client(Vendor(httpx.Response(200, json=[])), requests_per_second=0.5) as http:
        assert http._limiter is not None
        assert http._limiter.try_acquire("requests", blocking=False)
        time.sleep(0.01)
        assert not http._limiter.try_acquire("requests", blocking=False)


secrets = st.sampled_from([MARA, MARA.replace("@", "%40"), KEY, "sb_secret_invented_1", "//me:pa55word@db.example"])
around = st.text("ab /&=?'\"", max_size=5)


@settings(max_examples=30)
@given(secret=secrets, before=around, after=around)
def test_no_address_and_no_key_enters_an_error(secret: str, before: str, after: str):
    said = f"{before} {secret} {after}"
    vendor = Vendor(
        httpx.Response(400, text=f"<p> {said}"),
        httpx.Response(400, json={"message": said}),
        httpx.Response(503, json={"message": {"nested": [said]}}),
        httpx.Response(200, content=b"!", headers={"content-type": f"text/html; for={secret}"}),
        httpx.ConnectError(said),
        httpx.LocalProtocolError(f"Illegal header value {f'Bearer {KEY}'.encode()!r}"),
    )
    with client(vendor, most_attempts=1) as http:
        for _ in range(6):
            with pytest.raises(OutreachError) as caught:
                http.read("GET", f"/people/{MARA}/sent")
            assert str(caught.value).startswith(f"Vendor: GET /people/{person_token(MARA)}/sent ")
            for forbidden in ("mara.okonedo", KEY, "invented_1", "pa55word"):
                assert forbidden not in str(caught.value)


def test_a_long_reason_is_cut_without_uncovering_an_address():
    message = str(failure_of(Vendor(httpx.Response(400, text="x" * 190 + " " + MARA + "y" * 500)), most_attempts=1))
    assert len(message) < 300
    assert "mara" not in message


def test_a_list_is_a_list_and_everything_else_breaks_the_contract():
    assert expect_list([{}, 1], "Vendor: GET /things") == [{}, 1]
    for other in ({}, None, "[]", 5):
        with pytest.raises(ContractError, match=r"Vendor: GET /things answered a .* where a list is documented"):
            expect_list(other, "Vendor: GET /things")


@pytest.mark.usefixtures("instant_retries")
@pytest.mark.parametrize(
    "trouble",
    [
        httpx.ReadTimeout("slow"),
        httpx.WriteTimeout("slow"),
        httpx.RemoteProtocolError("closed"),
        httpx.ReadError("reset"),
        httpx.Response(200, stream=Body(b'{"ha', error=httpx.RemoteProtocolError("peer closed the connection"))),
        httpx.Response(200, html="<html>maintenance</html>"),
        httpx.Response(200, content=b'{"half": '),
        httpx.Response(200, headers={"content-encoding": "gzip"}, stream=Body(b"not gzip")),
        *(httpx.Response(status) for status in (408, 425, 500, 502, 503, 504, 520, 521, 522, 523, 524)),
    ],
    ids=str,
)
def test_a_write_that_may_have_happened_is_sent_once_and_says_that_it_may_have(trouble):
    error = failure_of_writing(vendor := Vendor(trouble, httpx.Response(200, json={})))
    assert type(error) is OutcomeUnknown
    assert len(vendor.asked) == 1
    assert str(error).startswith("Vendor: POST /things ")
    assert str(error).endswith("It may have happened all the same.")
    if isinstance(trouble, httpx.Response) and trouble.is_error:
        assert error.status == trouble.status_code


@pytest.mark.usefixtures("instant_retries")
@pytest.mark.parametrize(
    "trouble",
    [
        httpx.ConnectError("no route"),
        httpx.ConnectTimeout("slow"),
        httpx.PoolTimeout("busy"),
        httpx.Response(429),
        httpx.Response(429, headers={"Retry-After": "0"}),
    ],
    ids=str,
)
def test_a_write_that_surely_did_not_happen_is_sent_again(trouble):
    vendor = Vendor(trouble, trouble, httpx.Response(200, json={"fine": True}))
    with client(vendor) as http:
        assert http.write("POST", "/things", params={"a": 1}, body={"b": 2}) == {"fine": True}
        assert http.requests_made == len(vendor.asked) == 3
    assert {(str(request.url.query), request.content) for request in vendor.asked} == {("b'a=1'", b'{"b":2}')}
    error = failure_of_writing(lasting := Vendor(trouble))
    assert (type(error), len(lasting.asked)) == (RetryableError, 3)


@pytest.mark.usefixtures("instant_retries")
def test_a_write_that_is_to_wait_for_an_hour_is_left_to_the_next_run():
    error = failure_of_writing(vendor := Vendor(httpx.Response(429, headers={"Retry-After": "3600"})))
    assert isinstance(error, RetryableError)
    assert (error.retry_after_s, len(vendor.asked)) == (3600.0, 1)


@pytest.mark.usefixtures("instant_retries")
@pytest.mark.parametrize("status", [301, 400, 401, 402, 403, 404, 409, 413, 422])
def test_a_write_that_is_refused_did_not_happen_and_is_not_sent_again(status: int):
    error = failure_of_writing(vendor := Vendor(httpx.Response(status), httpx.Response(200, json={})))
    assert (type(error), error.status, len(vendor.asked)) == (PermanentError, status, 1)


@pytest.mark.usefixtures("instant_retries")
def test_a_write_that_is_cut_off_on_a_later_try_may_have_happened():
    error = failure_of_writing(vendor := Vendor(httpx.ConnectError("no route"), httpx.ReadError("reset")))
    assert (type(error), len(vendor.asked)) == (OutcomeUnknown, 2)


def test_a_write_whose_answer_dribbles_for_too_long_may_have_happened():
    body = Body(*[b" "] * 1000, pause_s=0.01)
    error = failure_of_writing(vendor := Vendor(httpx.Response(200, stream=body)), total_s=0.05)
    assert (type(error), len(vendor.asked)) == (OutcomeUnknown, 1)
    assert "still answering" in str(error)


@pytest.mark.parametrize(
    ("body", "code", "reason"),
    [
        ({"error_code": "result_pending", "retry_after_seconds": 10}, "result_pending", "result_pending"),
        (
            {"status": "failed", "error_code": "INVALID_REQUEST", "error_message": "no details"},
            "INVALID_REQUEST",
            "no details",
        ),
        (
            {"error": "Invalid", "error_details": {"code": "AUTH.KEY", "message": "Key is not valid"}},
            "AUTH.KEY",
            "Key is not valid",
        ),
        ({"error_details": {"code": "AUTH.KEY", "error_code": 5}}, "AUTH.KEY", ""),
        ({"error_details": "odd", "code": "A"}, "A", ""),
        ({"error_code": None, "code": 12, "message": "no"}, None, "no"),
        (["odd"], None, "odd"),
        ("text", None, "text"),
    ],
)
def test_a_refusal_carries_the_code_that_the_service_gives_wherever_it_stands(body, code, reason):
    error = failure_of(Vendor(httpx.Response(422, json=body)))
    assert error.code == code
    assert reason in str(error)
    assert failure_of(Vendor(httpx.Response(422, text="<html>"))).code is None


def test_a_lasting_trouble_carries_its_code_as_well():
    error = failure_of(Vendor(httpx.Response(503, json={"error_code": "BUSY"})), most_attempts=1)
    assert (type(error), error.code) == (RetryableError, "BUSY")
