"""What a run may still spend, whatever is asked in which order."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modules.openai.icebreaker_facts import icebreaker_facts
from modules.openai.icebreaker_outcomes import Usage
from modules.openai.icebreaker_prompt import estimated_tokens, request_body
from modules.openai.openai_prices import PRICES, cost_usd
from modules.outreach.dollar_budget import DollarBudget, most_usd
from modules.shared.errors import BudgetExceeded, Refused

dollars = st.floats(0, 10)
FACTS = icebreaker_facts(language="en", job_title="Head of Operations", company_name="Haldenfreight")
BODY = request_body(FACTS, model="gpt-6-luna", cache_key="k")


@given(dollars, dollars, dollars, st.lists(st.tuples(dollars, st.floats(0, 1)), max_size=30))
def test_neither_budget_is_ever_overspent_as_long_as_nothing_costs_more_than_was_set_aside(
    run: float, day: float, spent_day: float, requests: list[tuple[float, float]]
):
    budget = DollarBudget(run=run, day=day, spent_day=spent_day)
    paid = 0.0
    for reserved, share in requests:
        before = (budget.spent_run, budget.spent_day)
        try:
            budget.reserve(reserved)
        except BudgetExceeded:
            assert (budget.spent_run, budget.spent_day) == before
            continue
        assert budget.spent_run <= run
        assert budget.spent_day <= max(day, spent_day)
        budget.settle(reserved, reserved * share)
        paid += reserved * share
        assert math.isclose(budget.spent_run, paid, abs_tol=1e-9)
        assert math.isclose(budget.spent_day, spent_day + paid, abs_tol=1e-9)


@pytest.mark.parametrize(("run", "day", "budget"), [(1.0, 9.0, "run"), (9.0, 1.0, "day")])
def test_what_is_used_up_is_named_with_what_is_left_and_how_to_raise_it(run, day, budget):
    left = DollarBudget(run=run, day=day, spent_run=0.75, spent_day=0.75)
    with pytest.raises(BudgetExceeded) as caught:
        left.reserve(0.5)
    assert isinstance(caught.value, Refused)
    assert caught.value.budget == budget
    for word in ("0.2500 dollars left", "may cost 0.5000", f"OPENAI_DOLLARS_PER_{budget.upper()}"):
        assert word in str(caught.value)
    left.reserve(0.25)


def test_a_budget_that_is_overspent_already_has_nothing_left():
    with pytest.raises(BudgetExceeded, match=r"has 0\.0000 dollars left"):
        DollarBudget(run=1, day=1, spent_run=5).reserve(0.01)


@given(st.integers(0, 3_000), st.integers(0, 3_000), st.integers(0, 400))
def test_nothing_that_a_request_may_use_costs_more_than_was_set_aside(cached: int, written: int, output: int):
    tokens = estimated_tokens(BODY) - BODY["max_output_tokens"]
    usage = Usage(
        input_tokens=tokens,
        cached_tokens=min(cached, tokens),
        cache_write_tokens=min(written, tokens - min(cached, tokens)),
        output_tokens=output,
    )
    for tier in (None, "batch"):
        assert cost_usd(usage, "gpt-6-luna", tier).usd <= most_usd(BODY, prices=PRICES, tier=tier)


def test_a_line_of_a_batch_costs_half_at_most():
    assert most_usd(BODY, prices=PRICES, tier="batch") == pytest.approx(most_usd(BODY, prices=PRICES) / 2)
