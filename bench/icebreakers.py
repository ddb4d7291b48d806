"""Opening lines asked for as fast as an account allows: prints as JSON how much of the allowed rate was used.

python -m bench.icebreakers REQUESTS_PER_MINUTE TOKENS_PER_MINUTE SECONDS
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from modules.openai.icebreaker_facts import icebreaker_facts
from modules.openai.icebreaker_generator import ask
from modules.openai.icebreaker_prompt import PROMPT, cache_key, estimated_tokens, request_body
from modules.openai.openai_client import open_client
from modules.openai.openai_rate import RateLimiter

BEGINNING_S = 10.0
"""In which a client that starts anew may be refused."""


@dataclass(slots=True)
class CountingLimiter(RateLimiter):
    """The limiter, noting when it was refused and what was answered when."""

    refusals: list[float] = field(default_factory=list)
    answers: list[tuple[float, float]] = field(default_factory=list)

    def refused(self, tokens: float, headers: Any, *, too_fast: bool = True) -> None:
        """Note the moment."""
        self.refusals.append(self.clock())
        RateLimiter.refused(self, tokens, headers, too_fast=too_fast)

    def answered(self, tokens: float, headers: Any) -> None:
        """Note the moment and the tokens."""
        self.answers.append((self.clock(), tokens))
        RateLimiter.answered(self, tokens, headers)


async def run(requests_per_minute: float, tokens_per_minute: float, seconds: float) -> dict[str, Any]:
    """Ask for so long; the answer counts what came after the beginning."""
    limiter = CountingLimiter(requests_per_minute, tokens_per_minute)
    began_s = time.monotonic()
    usage = {"input_tokens": 0, "cached_tokens": 0}
    number = 0
    async with open_client(os.environ["OPENAI_API_KEY"], os.environ["OPENAI_BASE_URL"]) as client:

        async def work() -> None:
            nonlocal number
            while time.monotonic() - began_s < seconds:
                number += 1
                body = _body(number, limiter)
                answer = await ask(client, body, tokens=estimated_tokens(body), limiter=limiter)
                usage["input_tokens"] += answer["usage"]["input_tokens"]
                usage["cached_tokens"] += answer["usage"]["input_tokens_details"]["cached_tokens"]

        await asyncio.gather(*(work() for _ in range(64)))
    steady = [(at_s, tokens) for at_s, tokens in limiter.answers if BEGINNING_S <= at_s - began_s <= seconds]
    minutes = (seconds - BEGINNING_S) / 60
    return {
        "requests": len(steady),
        "requests_share": len(steady) / minutes / requests_per_minute,
        "tokens_share": sum(tokens for _, tokens in steady) / minutes / tokens_per_minute,
        "refused_early": sum(at_s - began_s < BEGINNING_S for at_s in limiter.refusals),
        "refused_later": sum(at_s - began_s >= BEGINNING_S for at_s in limiter.refusals),
        "cached_share": usage["cached_tokens"] / usage["input_tokens"],
    }


def _body(number: int, limiter: RateLimiter) -> dict[str, Any]:
    facts = icebreaker_facts(
        language="en",
        first_name="Mara",
        job_title="Head of Operations",
        company_name=f"Haldenfreight {number}",
        industry="logistics",
        employees_count=40 + number % 400,
        founded_year=1950 + number % 70,
        city="Leeds",
    )
    body = request_body(facts, model=os.environ.get("OPENAI_MODEL", "gpt-6-luna"), cache_key="")
    per_minute = limiter.answered_per_minute(estimated_tokens(body))
    return body | {"prompt_cache_key": cache_key(PROMPT.version, facts.facts_digest, per_minute)}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run(*map(float, sys.argv[1:4])))))
