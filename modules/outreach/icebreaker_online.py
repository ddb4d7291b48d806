"""Opening lines asked for one by one, many at a time, as fast as the account allows."""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from modules.openai.icebreaker_generator import ask
from modules.openai.icebreaker_problem import MESSAGES, problem
from modules.openai.icebreaker_prompt import cache_key, estimated_tokens, request_body
from modules.openai.openai_client import RefusedRequest, open_client
from modules.outreach.dollar_budget import most_usd
from modules.shared.errors import BudgetExceeded, OutreachError, RetryableError
from modules.shared.logger import get_logger

if TYPE_CHECKING:
    from collections.abc import Sequence

    import openai

    from modules.openai.openai_rate import RateLimiter
    from modules.outreach.dollar_budget import DollarBudget
    from modules.outreach.icebreaker_writer import Ask, LineWriter

_logger = get_logger(__name__)
_MOST_IN_FLIGHT = 64
_MOST_OUTAGES = 3
"""After so many requests without an answer the service is down, and the others are left for the next run."""


@dataclass(slots=True, kw_only=True)
class OnlineRun:
    """One run of requests.

    Attributes:
        writer: Takes the answers.
        limiter: Paces the requests.
        budget: Stops them.
        stopped_because: Why it ended before everything was asked; `None`: everything was.
        error: What has to be raised once the answers under way are saved; `None`: nothing.
        finished: Leads that got their line, or none for good.
    """

    writer: LineWriter
    limiter: RateLimiter
    budget: DollarBudget
    stopped_because: str | None = None
    error: OutreachError | None = None
    finished: int = 0
    _outages: int = 0
    _asked: int = 0
    _waiting: deque[Ask] = field(default_factory=deque)

    async def run(self, asks: Sequence[Ask], *, api_key: str, base_url: str) -> None:
        """Ask until everything is answered or something stops it; what is under way then is waited for and saved.

        Raises:
            OutreachError: Key, quota or right is wrong, or the service stayed down; what was answered is saved.
        """
        self._waiting.extend(asks)
        self._asked = len(asks)
        # Saving and judging happen one at a time, beside the event loop that waits for the answers.
        with ThreadPoolExecutor(1, thread_name_prefix="save") as one_at_a_time:
            async with open_client(api_key, base_url) as client:
                workers = [self._work(client, one_at_a_time) for _ in range(min(_MOST_IN_FLIGHT, len(asks)))]
                await asyncio.gather(*workers)
        if self.error is not None:
            raise self.error

    async def _work(self, client: openai.AsyncOpenAI, one_at_a_time: ThreadPoolExecutor) -> None:
        while self._waiting and self.stopped_because is None:
            wanted: Ask | None = self._waiting.popleft()
            while wanted is not None and self.stopped_because is None:
                wanted = await self._ask(client, one_at_a_time, wanted)

    async def _ask(self, client: openai.AsyncOpenAI, one_at_a_time: ThreadPoolExecutor, wanted: Ask) -> Ask | None:
        """Ask once; what has to be asked once more of the same lead, or `None`."""
        body = self._body(wanted)
        tokens = estimated_tokens(body)
        reserved = most_usd(body, prices=self.writer.prices)
        try:
            self.budget.reserve(reserved)
        except BudgetExceeded as error:
            self.stopped_because = f"budget of the {error.budget}"
            return None
        response: dict[str, Any] | None = None
        try:
            response = await ask(client, body, tokens=tokens, limiter=self.limiter)
        except RefusedRequest as error:
            _logger.warning("%s", error)
        except OutreachError as error:
            self.budget.settle(reserved, 0.0)
            self._note(error)
            return None
        loop = asyncio.get_running_loop()
        taken = await loop.run_in_executor(one_at_a_time, self.writer.take, wanted, response)
        self.budget.settle(reserved, taken.cost_usd)
        self.finished += taken.further is None
        return taken.further

    def _body(self, wanted: Ask) -> dict[str, Any]:
        facts, writing = wanted.work.facts, self.writer.writing
        problems = [problem(rule) for rule in wanted.problems if rule in MESSAGES]
        body = request_body(facts, model=writing.model, cache_key="", problems=problems)
        # Above fifteen a minute a cache key spills over, so that many leads are spread over several.
        fastest = self.limiter.answered_per_minute(estimated_tokens(body))
        per_minute = min(fastest, self._asked)
        return body | {"prompt_cache_key": cache_key(writing.prompt_version, facts.facts_digest, per_minute)}

    def _note(self, error: OutreachError) -> None:
        """One lost request may be bad luck; what stops one for good, or several, stops all."""
        _logger.warning("%s", error)
        self._outages += isinstance(error, RetryableError)
        if not isinstance(error, RetryableError) or self._outages >= _MOST_OUTAGES:
            self.stopped_because = type(error).__name__
            self.error = error
