"""Everything the stand-in knows: its settings, keys, files, batches, cache and bills."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from sandbox.openai.batch_store import Batches
from sandbox.openai.bills import Bills
from sandbox.openai.file_store import Files
from sandbox.openai.prompt_cache import PromptCache
from sandbox.openai.rate_limits import Limits
from sandbox.openai.writer.bad_lines import BAD_RATES_PCT
from sandbox.vendor.repeatable import mix

if TYPE_CHECKING:
    from collections.abc import Mapping

DEMO_API_KEY = "demo-openai-key"
_STORED_RESPONSES = 5_000
Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldSettings:
    """How the stand-in behaves; each of these can be changed while it runs.

    Attributes:
        seed: Same seed, same lines.
        requests_per_minute: Of one key and model; 0: any number. `tokens_per_minute` likewise.
        credit_usd: What may be spent in all; `None`: any sum.
        is_obedient: Whether instructions among the facts are followed.
        bad_rates_pct: Mishaps of a hundred lines, see `writer/bad_lines.py`; one that is not named never happens.
        slow_downs: So many of the next online responses are refused with `slow_down`.
        flex_refusals: So many of the next online responses of the flex tier are refused for want of capacity.
        batch_polls: How often a batch has to be asked for until it is done; 0: done when it is first asked for.
        batch_seconds: How long it takes instead; 0: only polls count.
        batch_failed_pct: Lines of a hundred that come back with a 429 or a 500, uncharged.
        batch_lost_pct: Lines of a hundred that are charged and come back in no file.
        enqueued_tokens: Input tokens of one model that all unfinished batches may hold; 0: any number.
    """

    seed: int = 1
    requests_per_minute: int = 500
    tokens_per_minute: int = 200_000
    credit_usd: float | None = None
    is_obedient: bool = False
    bad_rates_pct: Mapping[str, float] = field(default_factory=lambda: dict(BAD_RATES_PCT))
    slow_downs: int = 0
    flex_refusals: int = 0
    batch_polls: int = 2
    batch_seconds: float = 0.0
    batch_failed_pct: float = 2.0
    batch_lost_pct: float = 0.0
    enqueued_tokens: int = 2_000_000

    def __post_init__(self) -> None:
        """Refuse what makes no sense, before a test waits for it in vain."""
        unknown = set(self.bad_rates_pct) - set(BAD_RATES_PCT)
        if unknown:
            raise ValueError(f"Unknown mishaps {sorted(unknown)}; there are {sorted(BAD_RATES_PCT)}.")
        counts = (self.requests_per_minute, self.tokens_per_minute, self.batch_polls, self.enqueued_tokens)
        if min(*counts, self.batch_seconds, self.slow_downs, self.flex_refusals) < 0:
            raise ValueError("No limit, count or time is below zero.")
        if not 0 <= sum(self.bad_rates_pct.values()) <= 100:
            raise ValueError("All mishaps together befall 0 to 100 of a hundred lines.")

    @property
    def limits(self) -> Limits:
        """Of one key and model."""
        return Limits(self.requests_per_minute, self.tokens_per_minute)


SETTINGS = frozenset(each.name for each in fields(WorldSettings))


class World:
    """The stand-in's memory."""

    def __init__(self, settings: WorldSettings, api_keys: tuple[str, ...] = ()) -> None:
        """Remember the settings; without keys there is the demo key."""
        self.first_settings = settings
        self.first_keys = api_keys or (DEMO_API_KEY,)
        self.reset()

    def reset(self) -> None:
        """Forget everything that was asked and changed."""
        self.settings = self.first_settings
        self.keys = set(self.first_keys)
        self.ahead_s = 0.0
        self.files = Files()
        self.batches = Batches()
        self.cache = PromptCache()
        self.bills = Bills()
        self.responses: dict[str, Json] = {}
        self.caps_that_cut: dict[str, int] = {}
        self._ids = 0

    def change_settings(self, **change: Any) -> None:
        """Change some settings. Raises `TypeError` or `ValueError` for nonsense."""
        self.settings = replace(self.settings, **change)

    def new_id(self, prefix: str) -> str:
        """Give back an id nobody has."""
        self._ids += 1
        parts = (self.settings.seed, self._ids)
        return f"{prefix}{mix(*parts, 1):016x}{mix(*parts, 2):016x}"

    def monotonic_s(self) -> float:
        """Give back the clock of limits and caches."""
        return time.monotonic() + self.ahead_s

    def unix_s(self) -> int:
        """Give back the time that answers tell."""
        return int(time.time() + self.ahead_s)

    @property
    def is_out_of_credit(self) -> bool:
        """Whether nothing more may be spent."""
        credit_usd = self.settings.credit_usd
        return credit_usd is not None and self.bills.dollars >= credit_usd

    def keep_response(self, response: Json) -> None:
        """Keep a response for whoever asks for it; the oldest one goes when there are too many."""
        self.responses[response["id"]] = response
        if len(self.responses) > _STORED_RESPONSES:
            del self.responses[next(iter(self.responses))]
