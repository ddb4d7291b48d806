"""Beginnings of prompts that are kept for half an hour, and what reading and writing them saves and costs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.openai.bills import MODELS

if TYPE_CHECKING:
    from sandbox.openai.prompt import Prompt

LEAST_TOKENS = 1_024
LIFETIME_S = 1_800
REQUESTS_A_MINUTE = 15
SPILL_EVERY = 4
"""Above so many requests a minute for one key, every fourth one lands on a machine that has not seen the prefix."""


@dataclass(slots=True)
class PromptCache:
    """What is kept, by model, cache key and prefix, and until when."""

    _kept_until_s: dict[tuple[str, str, bytes], float] = field(default_factory=dict)
    _asked: Counter[tuple[str, str, bytes]] = field(default_factory=Counter)
    _minute: int = -1

    def use(self, prompt: Prompt, now_s: float) -> tuple[int, int]:
        """Give back how many tokens were read from the cache and how many were written, and keep the prefixes.

        Only prefixes of 1,024 tokens or more count. Models that write for free report nothing as written.
        """
        prefixes = [prefix for prefix in prompt.prefixes if prefix.tokens >= LEAST_TOKENS]
        if not prefixes:
            return 0, 0
        places = [(prompt.model, prompt.cache_key, prefix.digest) for prefix in prefixes]
        cached = 0
        if not self._is_spilled(places[0], now_s):
            hits = (prefix.tokens for prefix, place in zip(prefixes, places, strict=True) if self._has(place, now_s))
            cached = max(hits, default=0)
        for place in places:
            self._kept_until_s[place] = now_s + LIFETIME_S
        is_free = MODELS[prompt.model].cache_write is None
        return cached, 0 if is_free else prefixes[-1].tokens - cached

    def clear(self) -> None:
        """Forget everything."""
        self._kept_until_s.clear()
        self._asked.clear()

    def _has(self, place: tuple[str, str, bytes], now_s: float) -> bool:
        return self._kept_until_s.get(place, now_s) > now_s

    def _is_spilled(self, place: tuple[str, str, bytes], now_s: float) -> bool:
        if int(now_s // 60) != self._minute:
            self._minute = int(now_s // 60)
            self._asked.clear()
            # Prompts of one lead each are kept and never read again; without this they would pile up.
            self._kept_until_s = {each: until for each, until in self._kept_until_s.items() if until > now_s}
        self._asked[place] += 1
        over = self._asked[place] - REQUESTS_A_MINUTE
        return over > 0 and over % SPILL_EVERY == 0
