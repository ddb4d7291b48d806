"""What tokens cost, from a table of prices with a date. Pure, but for reading a table from a file.

Source: developers.openai.com/api/docs/pricing and the models' own pages, as known in November 2026. Prices change:
a file with newer ones takes the place of this table (`OPENAI_PRICES`).
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Annotated, NamedTuple

from pydantic import Field, ValidationError

from modules.shared.errors import PermanentError
from modules.shared.file_problems import KnownKeys, problems
from modules.shared.yaml_files import read_yaml

if TYPE_CHECKING:
    from pathlib import Path

    from modules.openai.icebreaker_outcomes import Usage

UsdPerMillion = Annotated[float, Field(ge=0, le=10_000, allow_inf_nan=False)]
_MILLION = 1_000_000
_DATED = re.compile(r"-\d{4}-\d{2}-\d{2}$")

TIER_FACTORS = {
    "default": 1.0,
    "standard": 1.0,
    "auto": 1.0,
    "batch": 0.5,
    "flex": 0.5,
    "background_8h": 0.6,
    "background_2h": 0.7,
    "fast": 2.0,
    "priority": 2.0,
}
"""By the tier that the service echoes, or `batch`; the others cost as much as the dearest of these, as an estimate."""


class ModelPrice(KnownKeys):
    """US dollars for a million tokens, at the standard tier."""

    input: UsdPerMillion
    cached: UsdPerMillion
    write: UsdPerMillion | None = None
    """Into the cache; `None` where writing costs what reading anew does."""
    output: UsdPerMillion


class Prices(KnownKeys):
    """A table of prices, and the day it is from."""

    valid_from: date
    models: Annotated[dict[str, ModelPrice], Field(min_length=1)]


PRICES = Prices(
    valid_from=date(2026, 11, 1),
    models={
        "gpt-6-luna": ModelPrice(input=0.10, cached=0.01, write=0.125, output=0.50),
        "gpt-5.6-luna": ModelPrice(input=0.20, cached=0.02, write=0.25, output=1.20),
        "gpt-6.1-terra": ModelPrice(input=1.00, cached=0.05, write=1.25, output=5.00),
        "gpt-6.1-sol": ModelPrice(input=2.00, cached=0.10, write=2.50, output=10.00),
        "gpt-5.4-mini": ModelPrice(input=0.75, cached=0.075, output=4.50),
        "gpt-5.4-nano": ModelPrice(input=0.20, cached=0.02, output=1.25),
    },
)


class Cost(NamedTuple):
    """What an answer cost.

    Attributes:
        usd: US dollars.
        is_estimate: Model or tier are not in the table, and the dearest one there was taken.
    """

    usd: float
    is_estimate: bool


def cost_usd(usage: Usage, model: str | None, tier: str | None = None, *, prices: Prices = PRICES) -> Cost:
    """What these tokens cost.

    Args:
        usage: As the service counted.
        model: As the service echoed it, with a date or without.
        tier: As the service echoed it, or `batch`; `None` is the standard one.
        prices: By `load_prices`, or the table of this module.
    """
    price = prices.models.get(model or "") or prices.models.get(_DATED.sub("", model or ""))
    factor = TIER_FACTORS.get(tier or "default")
    is_estimate = price is None or factor is None
    factor = max(TIER_FACTORS.values()) if factor is None else factor
    usd = (
        _at(usage, price)
        if price is not None
        else max((_at(usage, each) for each in prices.models.values()), default=0.0)
    )
    return Cost(usd * factor, is_estimate)


def load_prices(path: Path) -> Prices:
    """The prices in a YAML or JSON file of the shape of `Prices`.

    Raises:
        PermanentError: The file cannot be read, or is no table of prices; the message says where.
    """
    file = read_yaml(path)
    try:
        return Prices.model_validate({} if file.data is None else file.data)
    except ValidationError as error:
        raise PermanentError("\n".join(file.told(each) for each in problems(error))) from None


def _at(usage: Usage, price: ModelPrice) -> float:
    """Each token of the input is billed once: as read from the cache, as written to it, or as new."""
    new = max(0, usage.input_tokens - usage.cached_tokens - usage.cache_write_tokens)
    write = price.input if price.write is None else price.write
    return (
        new * price.input
        + usage.cached_tokens * price.cached
        + usage.cache_write_tokens * write
        + usage.output_tokens * price.output
    ) / _MILLION
