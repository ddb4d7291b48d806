"""JSON over HTTP with one policy: limiter, timeouts, bounded retries of reads, errors by what to do next."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from http import HTTPStatus
from threading import Lock
from typing import TYPE_CHECKING, Any, Self

import httpx
import orjson
from pyrate_limiter import Duration, Limiter, Rate

from modules.shared.errors import ContractError, OutcomeUnknown, PermanentError, RetryableError
from modules.shared.logger import redact
from modules.shared.retries import attempts

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

USER_AGENT = "outreach-pipeline/0.1"
LONGEST_RETRY_AFTER_S = 60.0
"""A service that asks for a longer pause is left to the next scheduled run."""

_SHORTEST_KEY = 8
_REASONS = ("message", "error", "error_message", "error_code")
_CODES = ("error_code", "code")
"""Where services say what is wrong, in words and as a code; the first one that is there counts."""

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)

_RETRYABLE_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})


@dataclass(slots=True)
class RequestMeter:
    """Counts the requests of one of several readers that share a connection."""

    requests_made: int = 0


@cache
def certificates() -> ssl.SSLContext:
    """Whom to trust. Reading the certificates takes as long as several requests, so all clients share them."""
    return httpx.create_ssl_context()


class HttpClient:
    """One service's connection: opened once, closed after, safe to share between threads.

    Attributes:
        requests_made: Requests sent so far, repeats included.
    """

    def __init__(
        self,
        *,
        service: str,
        base_url: str,
        headers: Mapping[str, str],
        requests_per_second: float | None,
        requests_per_minute_to: Mapping[str, float] | None = None,
        advice: Mapping[int, str] | None = None,
        most_attempts: int = 6,
        timeout_s: float = 30.0,
        total_s: float = 180.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Nothing is contacted yet.

        Args:
            service: Its name, for messages.
            base_url: With the path prefix.
            headers: Sent with every request, the key among them.
            requests_per_second: Ceiling for this client, over all threads; `None` sets none.
            requests_per_minute_to: Ceilings of their own, by path.
            advice: What a person should do, by HTTP status.
            most_attempts: Tries of one read, the first included.
            timeout_s: For connecting, and for any silence while an answer comes.
            total_s: For one read with all its tries; also the longest that one answer may take to arrive.
            transport: Replaces the network, in tests.
        """
        self.service = service
        self.requests_made = 0
        self._advice = dict(advice or {})
        self._attempts = most_attempts
        self._total_s = total_s
        self._counting = Lock()
        self._limiter = _limiter(requests_per_second)
        self._limiters_to = {
            path: Limiter(Rate(int(most), Duration.MINUTE)) for path, most in (requests_per_minute_to or {}).items()
        }
        # A service may quote the key it was sent, and not every key can be told from its looks.
        self._keys = [word for value in headers.values() for word in value.split() if len(word) >= _SHORTEST_KEY]
        self._http = httpx.Client(
            base_url=base_url,
            headers={"User-Agent": USER_AGENT, "Accept": "application/json", **headers},
            timeout=httpx.Timeout(timeout_s, connect=min(10.0, timeout_s)),
            limits=httpx.Limits(max_connections=32, keepalive_expiry=20),
            transport=transport,
            verify=certificates(),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections, and end what counts the requests: each limiter has a thread of its own."""
        self._http.close()
        for limiter in (self._limiter, *self._limiters_to.values()):
            if limiter is not None:
                limiter.close()

    def read(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: object = None,
        meter: RequestMeter | None = None,
    ) -> Any:
        """The decoded answer of a call that changes nothing, repeated while repeating may help.

        Args:
            method: HTTP method.
            path: Behind the base URL.
            params: The query.
            body: Sent as JSON; `None` sends none.
            meter: Counts these requests too.

        Raises:
            RetryableError: Still down, slow or rate-limited after the last try, or a longer pause was asked for
                than `LONGEST_RETRY_AFTER_S`.
            PermanentError: Any other 4xx.
        """
        for attempt in attempts(may_pass=_pause_before_retry, most=self._attempts, total_s=self._total_s):
            with attempt:
                if meter is not None:
                    meter.requests_made += 1
                return self._send(method, path, params, body)
        raise AssertionError("an attempt either returns or raises")  # pragma: no cover

    def write(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: object = None,
        meter: RequestMeter | None = None,
    ) -> Any:
        """The decoded answer of a call that changes or costs something: repeated only where it surely did not happen.

        Surely not: no connection was made, or the service said 429, which it says before it does anything.

        Raises:
            OutcomeUnknown: It may have happened: no answer, a broken one, or a 5xx.
            RetryableError: It did not happen; still so after the last try.
            PermanentError: Refused (any other 4xx); it did not happen.
        """
        for attempt in attempts(may_pass=_pause_before_retry, most=self._attempts, total_s=self._total_s):
            with attempt:
                if meter is not None:
                    meter.requests_made += 1
                try:
                    return self._send(method, path, params, body)
                except RetryableError as error:
                    if error.status == HTTPStatus.TOO_MANY_REQUESTS or isinstance(error.__cause__, _NEVER_SENT):
                        raise
                    raise OutcomeUnknown(
                        f"{str(error).removesuffix(' Try again later.')} It may have happened all the same.",
                        status=error.status,
                    ) from error
        raise AssertionError("an attempt either returns or raises")  # pragma: no cover

    def _send(self, method: str, path: str, params: Mapping[str, Any] | None, body: object) -> Any:
        asked = f"{self.service}: {method} {redact(path)}"
        for limiter in (self._limiters_to.get(path), self._limiter):
            if limiter is not None:
                limiter.try_acquire("requests")
        with self._counting:
            self.requests_made += 1
        content = (
            {} if body is None else {"content": orjson.dumps(body), "headers": {"Content-Type": "application/json"}}
        )
        try:
            with self._http.stream(method, path, params=params, **content) as response:  # type: ignore[arg-type]
                answer = self._receive(response, asked)
        except httpx.TimeoutException as error:
            raise RetryableError(
                f"{asked} gave no answer in time ({type(error).__name__}). Try again later."
            ) from error
        except httpx.HTTPError as error:
            raise RetryableError(
                f"{asked} failed on the way ({type(error).__name__}: {self._clean(str(error))}). "
                "Check the address and the network, then try again."
            ) from error
        if not response.is_success:
            raise self._error(asked, response, answer)
        try:
            return orjson.loads(answer)
        except orjson.JSONDecodeError as error:
            raise RetryableError(
                f"{asked} answered {response.status_code} with {len(answer)} bytes that are not JSON "
                f"(content type {self._clean(response.headers.get('content-type', 'missing'))!r}). Try again later.",
                status=response.status_code,
            ) from error

    def _receive(self, response: httpx.Response, asked: str) -> bytes:
        """The whole body. A server that dribbles never trips httpx's timeouts, so the clock is read here as well."""
        deadline = time.monotonic() + self._total_s
        chunks = []
        for chunk in response.iter_bytes():
            chunks.append(chunk)
            if time.monotonic() > deadline:
                raise RetryableError(f"{asked} was still answering after {self._total_s:.0f} s. Try again later.")
        return b"".join(chunks)

    def _error(self, asked: str, response: httpx.Response, answer: bytes) -> RetryableError | PermanentError:
        status = response.status_code
        reason, code = self._reason(answer)
        message = f"{asked} answered {status}{reason}."
        if status in _RETRYABLE_STATUSES:
            wait_s = retry_after_s(response.headers.get("retry-after"), now=datetime.now(UTC))
            return RetryableError(f"{message} Try again later.", status=status, code=code, retry_after_s=wait_s)
        return PermanentError(f"{message} {self._advice.get(status, 'Check the request.')}", status=status, code=code)

    def _reason(self, answer: bytes) -> tuple[str, str | None]:
        """What the service says of its error, short, and the code it gives it."""
        try:
            body = orjson.loads(answer)
        except orjson.JSONDecodeError:
            text, code = answer.decode("utf-8", "replace").strip(), None
        else:
            fields = body if isinstance(body, dict) else {"message": body}
            details = fields.get("error_details")
            fields = (details if isinstance(details, dict) else {}) | fields
            text = str(next(filter(None, map(fields.get, _REASONS)), ""))
            code = next((value for value in map(fields.get, _CODES) if isinstance(value, str)), None)
        return (f" ({self._clean(text)[:200]})" if text else ""), code

    def _clean(self, text: str) -> str:
        """Without people and keys."""
        for key in self._keys:
            text = text.replace(key, "[key]")
        return redact(text)


def retry_after_s(value: str | None, *, now: datetime) -> float | None:
    """Seconds that a `Retry-After` header asks for, never negative; `None` when it is missing or unreadable.

    Source: RFC 9110, section 10.2.3: either seconds or a date.
    """
    if value is None:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(value) - now).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None


def expect_list(answer: object, asked: str) -> list[Any]:
    """The answer as a list; its items are judged one by one later, so that one bad item costs one row.

    Raises:
        ContractError: It is something else.
    """
    if not isinstance(answer, list):
        raise ContractError(f"{asked} answered a {type(answer).__name__} where a list is documented.")
    return answer


def _pause_before_retry(error: Exception) -> bool | float:
    """Whether to try again: `True` after stamina's own back-off, a number after that many seconds."""
    if not isinstance(error, RetryableError):
        return False
    if error.retry_after_s is None:
        return True
    return error.retry_after_s if error.retry_after_s <= LONGEST_RETRY_AFTER_S else False


def _limiter(requests_per_second: float | None) -> Limiter | None:
    if requests_per_second is None:
        return None
    # Below one a second the window grows instead, because a bucket counts whole requests.
    if requests_per_second >= 1:
        return Limiter(Rate(int(requests_per_second), Duration.SECOND))
    return Limiter(Rate(1, int(1000 / requests_per_second)))
