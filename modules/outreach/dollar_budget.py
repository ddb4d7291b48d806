"""Dollars that a run may spend on a model, counted before each request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from modules.openai.icebreaker_outcomes import Usage
from modules.openai.icebreaker_prompt import estimated_tokens
from modules.openai.openai_prices import cost_usd
from modules.shared.errors import BudgetExceeded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from modules.openai.openai_prices import Prices


@dataclass(slots=True, kw_only=True)
class DollarBudget:
    """What is left of two budgets; for one process, because only one generates at a time.

    Attributes:
        run: The most that this run may spend.
        day: The most that may be spent on one UTC day.
        spent_run: By this run so far, what is under way included.
        spent_day: The same of the day, other runs and open batches included.
    """

    run: float
    day: float
    spent_run: float = 0.0
    spent_day: float = 0.0

    def reserve(self, dollars: float) -> None:
        """Set aside the most that a request can cost.

        Raises:
            BudgetExceeded: There is not that much left; nothing was set aside.
        """
        for name, allowed, spent in (("run", self.run, self.spent_run), ("day", self.day, self.spent_day)):
            if spent + dollars > allowed:
                raise BudgetExceeded(
                    f"OpenAI was not asked: the budget of the {name} has {max(0.0, allowed - spent):.4f} dollars left, "
                    f"and the next request may cost {dollars:.4f}. Wait, or raise OPENAI_DOLLARS_PER_{name.upper()}.",
                    budget=name,
                )
        self.spent_run += dollars
        self.spent_day += dollars

    def settle(self, reserved: float, cost: float) -> None:
        """Replace what was set aside by what it cost."""
        self.spent_run += cost - reserved
        self.spent_day += cost - reserved


def most_usd(body: Mapping[str, Any], *, prices: Prices, tier: str | None = None) -> float:
    """The most that a request can cost: nothing of it is in the cache yet, and the answer is as long as it may be."""
    output_tokens = int(body["max_output_tokens"])
    input_tokens = estimated_tokens(dict(body)) - output_tokens
    usage = Usage(input_tokens=input_tokens, cache_write_tokens=input_tokens, output_tokens=output_tokens)
    return cost_usd(usage, body["model"], tier, prices=prices).usd
