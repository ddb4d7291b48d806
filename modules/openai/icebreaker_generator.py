"""One opening line of a model: asked for at the pace of the account, until there is an answer or none is to be had.

Run alone, it needs OPENAI_API_KEY and a file of JSON lines, each with fields of `icebreaker_facts`; it prints one JSON
object for each, with the line, what it rests on, and the rules that it breaks:

    python -m modules.openai.icebreaker_generator FACTS.jsonl

Source: OpenAI API, "Create a model response" (POST /v1/responses).
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openai
import orjson

from modules.openai.icebreaker_checks import check_line
from modules.openai.icebreaker_facts import icebreaker_facts
from modules.openai.icebreaker_outcomes import classify
from modules.openai.icebreaker_prompt import PROMPT, cache_key, estimated_tokens, request_body
from modules.openai.openai_client import as_ours, open_client
from modules.openai.openai_rate import RateLimiter
from modules.shared.errors import ContractError, OutreachError, RetryableError
from modules.shared.logger import redact
from modules.shared.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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


async def _write_lines(texts: Iterable[bytes]) -> None:
    settings = Settings()
    limiter = RateLimiter(settings.openai_requests_per_minute, settings.openai_tokens_per_minute)
    async with open_client(settings.require("OPENAI_API_KEY"), settings.openai_base_url) as client:
        for text in filter(bytes.strip, texts):
            facts = icebreaker_facts(**orjson.loads(text))
            key = cache_key(PROMPT.version, facts.facts_digest, 1)
            body = request_body(facts, model=settings.openai_model, cache_key=key)
            answer = classify(await ask(client, body, tokens=estimated_tokens(body), limiter=limiter), facts=facts)
            broken = check_line(answer.line or "", facts, evidence=answer.evidence, fact_ids=answer.fact_ids)
            written = {
                "outcome": answer.kind.value,
                "line": answer.line,
                "evidence": answer.evidence,
                "problems": [each.rule for each in broken] if answer.line else [],
            }
            sys.stdout.write(orjson.dumps(written).decode() + "\n")


def main(arguments: list[str] | None = None) -> int:
    """Print a line for each set of facts in a file; nothing is stored, and each costs a fraction of a cent."""
    parser = argparse.ArgumentParser(prog="python -m modules.openai.icebreaker_generator", description=main.__doc__)
    parser.add_argument("file", type=Path, help='JSON lines: {"language": "en", "company_name": "...", ...}')
    options = parser.parse_args(arguments)
    try:
        with options.file.open("rb") as texts:
            asyncio.run(_write_lines(texts))
    except (OutreachError, OSError) as error:
        sys.stderr.write(f"{redact(str(error))}\n")
        return 1
    except (ValueError, TypeError) as error:
        sys.stderr.write(f"{options.file}: a line is not what icebreaker_facts takes ({type(error).__name__}).\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
