"""The OpenAI API: its client, and its errors by what to do next.

The package's own retries are off: it would ask again where the account is empty, and outside our limiter.
"""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

import openai

from modules.shared.errors import ContractError, OutreachError, PermanentError, RetryableError
from modules.shared.http_client import certificates
from modules.shared.logger import redact

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

DEFAULT_MODEL = "gpt-6-luna"
_ANSWER_S = 60.0
_QUOTA_CODES = frozenset({"insufficient_quota", "credit_balance_exhausted", "billing_hard_limit_reached"})
_TOO_MANY = 429
_SERVER_ERROR = 500
_WAIT = frozenset({408, 409, _TOO_MANY})
_ADVICE = {
    401: "Check OPENAI_API_KEY: it is missing, wrong or revoked.",
    403: "The key's project may not use this model or endpoint.",
    404: "Check OPENAI_MODEL, and OPENAI_BASE_URL, which ends in /v1.",
}


class QuotaGone(PermanentError):  # noqa: N818 - it is the account's state, not a mistake
    """The account has no money left; nothing was charged, and what was to be asked waits."""


class RefusedRequest(PermanentError):  # noqa: N818 - it is an answer
    """OpenAI says that this one request is wrong; others may be right."""


@asynccontextmanager
async def open_client(api_key: str, base_url: str) -> AsyncIterator[openai.AsyncOpenAI]:
    """A client for one event loop, closed after.

    Args:
        api_key: Of a project.
        base_url: Ends in `/v1`.
    """
    http = openai.DefaultAsyncHttpxClient(verify=certificates())
    async with openai.AsyncOpenAI(
        api_key=api_key, base_url=base_url, max_retries=0, timeout=_ANSWER_S, http_client=http
    ) as client:
        yield client


@contextmanager
def open_blocking_client(
    api_key: str, base_url: str, *, answer_s: float = _ANSWER_S, max_retries: int = 0
) -> Iterator[openai.OpenAI]:
    """A client for one thread, closed after.

    Args:
        api_key: Of a project.
        base_url: Ends in `/v1`.
        answer_s: How long an answer may take.
        max_retries: The package's own; only for questions that cost nothing when asked twice.
    """
    http = openai.DefaultHttpxClient(verify=certificates())
    with openai.OpenAI(
        api_key=api_key, base_url=base_url, max_retries=max_retries, timeout=answer_s, http_client=http
    ) as client:
        yield client


def as_ours(error: openai.OpenAIError, asked: str) -> OutreachError:
    """An error of the package, named by what to do next.

    Args:
        error: As it was raised.
        asked: Method and path, for the message.
    """
    if isinstance(error, openai.APIConnectionError):
        return RetryableError(f"OpenAI: {asked} gave no answer ({type(error).__name__}). Try again later.")
    if not isinstance(error, openai.APIStatusError):
        return ContractError(f"OpenAI: {asked}: {type(error).__name__}: {redact(str(error))[:200]}")
    status, code = error.status_code, error.code if isinstance(error.code, str) else None
    kind, advice = _meaning(error, code)
    return kind(f"OpenAI: {asked} answered {status}{f' ({code})' if code else ''}. {advice}", status=status, code=code)


def _meaning(error: openai.APIStatusError, code: str | None) -> tuple[type[OutreachError], str]:
    status = error.status_code
    if code in _QUOTA_CODES or error.type in _QUOTA_CODES:
        return QuotaGone, "The account is empty: add credit at OpenAI. What was to be asked waits."
    if status == _TOO_MANY and "too large" in str(error.message).lower():
        return RefusedRequest, "One request alone is larger than a minute allows."
    if status >= _SERVER_ERROR or status in _WAIT:
        return RetryableError, "Try again later."
    if status in _ADVICE:
        return PermanentError, _ADVICE[status]
    return RefusedRequest, redact(str(error.message))[:200]
