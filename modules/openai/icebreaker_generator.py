"""One opening line of a model: asked for at the pace of the account, until there is an answer or none is to be had.

Source: OpenAI API, "Create a model response" (POST /v1/responses).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import openai

from modules.openai.openai_client import as_ours
from modules.shared.errors import ContractError, RetryableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from modules.openai.openai_rate import RateLimiter

MOST_TRIES = 5
_TOO_MANY = 429


async def ask(
    client: openai.AsyncOpenAI, body: Mapping[str, Any], *, tokens: float, limiter: RateLimiter
) -> dict[str, Any]:
    """The answer to one request of `POST /responses`, asked again while that may help.

    A lost answer is asked for again as well: it costs a fraction of a cent, and no person hears of it.

    Args:
        client: Without retries of its own.
        body: As the endpoint takes it.
        tokens: By `estimated_tokens`.
        limiter: Shared by all that ask.

    Raises:
        QuotaGone: The account is empty.
        RefusedRequest: This request is wrong.
        PermanentError: Key, model or right is wrong.
        RetryableError: Still down, slow or too busy after `MOST_TRIES`.
    """
    prompt_tokens = tokens - float(body["max_output_tokens"])
    for attempt in range(1, MOST_TRIES + 1):
        charged = prompt_tokens * limiter.input_share + float(body["max_output_tokens"])
        await limiter.acquire(charged)
        try:
            raw = await client.responses.with_raw_response.create(**body)
        except openai.OpenAIError as error:
            headers = getattr(getattr(error, "response", None), "headers", {})
            ours = as_ours(error, "POST /responses")
            too_fast = getattr(error, "status_code", None) == _TOO_MANY
            limiter.refused(charged, headers, too_fast=too_fast and isinstance(ours, RetryableError))
            if not isinstance(ours, RetryableError) or attempt == MOST_TRIES:
                raise ours from error
            continue
        except BaseException:
            limiter.answered(charged, {})
            raise
        limiter.answered(charged, raw.headers)
        try:
            answer = raw.http_response.json()
        except ValueError:
            if attempt == MOST_TRIES:
                raise RetryableError("OpenAI: POST /responses answered something that is no JSON.") from None
            await asyncio.sleep(1)
            continue
        if not isinstance(answer, dict):
            raise ContractError(f"OpenAI: POST /responses answered a {type(answer).__name__}.")
        usage = answer.get("usage")
        if isinstance(usage, dict):
            limiter.learn_size(prompt_tokens, usage.get("input_tokens"))
        return answer
    raise AssertionError("a try either returns or raises")  # pragma: no cover
