"""Models, their prices in USD per million tokens, and what was charged."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple


class Model(NamedTuple):
    """Prices of one model; `cache_write` is `None` where writing into the cache is free and not counted.

    Models that count it are those which take breakpoints.
    """

    input: float
    cached: float
    cache_write: float | None
    output: float


MODELS = {
    "gpt-6-luna": Model(0.10, 0.01, 0.125, 0.50),
    "gpt-5.6-luna": Model(0.20, 0.02, 0.25, 1.20),
    "gpt-6.1-terra": Model(1.00, 0.05, 1.25, 5.00),
    "gpt-6.1-sol": Model(2.00, 0.10, 2.50, 10.00),
    "gpt-5.4-mini": Model(0.75, 0.075, None, 4.50),
    "gpt-5.4-nano": Model(0.20, 0.02, None, 1.25),
}
TIER_FACTORS = {"default": 1.0, "flex": 0.5, "scale": 1.0, "priority": 2.0}
BATCH_FACTOR = 0.5


class Tokens(NamedTuple):
    """What one response used: `input` holds the cached and the written ones, `output` the reasoning ones."""

    input: int
    cached: int
    written: int
    output: int
    reasoning: int


class Charge(NamedTuple):
    """What was charged for one response.

    Attributes:
        key: A hash of the user message: the same message twice is a line paid for twice.
        request_id: As in the header of the answer, or in the batch's line.
        batch_id: `None` for an online response; then so is `custom_id`.
    """

    key: str
    model: str
    tokens: Tokens
    dollars: float
    request_id: str
    batch_id: str | None
    custom_id: str | None


def price(model: str, tokens: Tokens, factor: float) -> float:
    """Give back what the tokens cost, in USD; each input token has exactly one of three prices."""
    prices = MODELS[model]
    fresh = tokens.input - tokens.cached - tokens.written
    dear = fresh * prices.input + tokens.cached * prices.cached + tokens.written * (prices.cache_write or 0.0)
    return (dear + tokens.output * prices.output) * factor / 1e6


@dataclass(slots=True)
class Bills:
    """Everything that was charged, and the sum."""

    charges: list[Charge] = field(default_factory=list)
    dollars: float = 0.0

    def add(self, charge: Charge) -> None:
        """Charge."""
        self.charges.append(charge)
        self.dollars += charge.dollars
