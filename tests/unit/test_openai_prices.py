from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modules.openai.icebreaker_outcomes import Usage
from modules.openai.openai_prices import PRICES, TIER_FACTORS, Cost, cost_usd, load_prices
from modules.shared.errors import PermanentError

if TYPE_CHECKING:
    from pathlib import Path

counts = st.integers(0, 10**6)


def test_each_input_token_is_billed_once_at_its_own_rate():
    usage = Usage(input_tokens=1_000_000, cached_tokens=500_000, cache_write_tokens=200_000, output_tokens=100_000)
    assert cost_usd(usage, "gpt-6-luna").usd == pytest.approx(0.3 * 0.10 + 0.5 * 0.01 + 0.2 * 0.125 + 0.1 * 0.50)


def test_thinking_is_inside_the_output_and_not_billed_twice():
    assert cost_usd(Usage(output_tokens=10, reasoning_tokens=9), "gpt-6-luna") == cost_usd(
        Usage(output_tokens=10), "gpt-6-luna"
    )


def test_writing_costs_what_reading_anew_does_where_it_has_no_price():
    written, new = Usage(input_tokens=1_000, cache_write_tokens=1_000), Usage(input_tokens=1_000)
    assert cost_usd(written, "gpt-5.4-mini") == cost_usd(new, "gpt-5.4-mini")


def test_a_model_with_a_date_costs_what_the_model_does():
    usage = Usage(input_tokens=1_000)
    assert cost_usd(usage, "gpt-6-luna-2026-09-01") == cost_usd(usage, "gpt-6-luna")


@given(st.builds(Usage, counts, counts, counts, counts, counts), st.sampled_from(list(PRICES.models)))
def test_an_unknown_model_or_tier_is_never_cheaper_than_a_known_one_and_says_so(usage: Usage, model: str):
    known = cost_usd(usage, model)
    assert known.is_estimate is False
    assert cost_usd(usage, "gpt-9-nova").usd >= known.usd
    assert cost_usd(usage, model, "scale").usd >= max(cost_usd(usage, model, tier).usd for tier in TIER_FACTORS)
    assert cost_usd(usage, "gpt-9-nova").is_estimate
    assert cost_usd(usage, model, "scale").is_estimate
    assert cost_usd(usage, None).is_estimate


def test_a_batch_costs_half():
    usage = Usage(input_tokens=1_000, output_tokens=100)
    assert cost_usd(usage, "gpt-6-luna", "batch").usd == pytest.approx(cost_usd(usage, "gpt-6-luna").usd / 2)


def test_nothing_costs_nothing():
    assert cost_usd(Usage(), "gpt-6-luna") == Cost(0.0, is_estimate=False)


@pytest.mark.parametrize("name", ["prices.yaml", "prices.json"])
def test_a_file_takes_the_place_of_the_table(tmp_path: Path, name: str):
    path = tmp_path / name
    models = {"gpt-7-luna": {"input": 1, "cached": 0.1, "output": 2}}
    path.write_text(json.dumps({"valid_from": "2027-01-01", "models": models}))
    prices = load_prices(path)
    usage = Usage(input_tokens=1_000_000)
    assert cost_usd(usage, "gpt-7-luna", prices=prices) == Cost(1.0, is_estimate=False)
    assert cost_usd(usage, "gpt-6-luna", prices=prices).is_estimate


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "models"),
        ("valid_from: 2027-01-01\nmodels: {}", "models"),
        ("valid_from: 2027-01-01\nmodels: {luna: {input: -1, cached: 0, output: 1}}", "models.luna.input"),
        ("valid_from: 2027-01-01\nmodels: {luna: {inptu: 1, cached: 0, output: 1}}", "did you mean input"),
        ("valid_from: soon\nmodels: {luna: {input: 1, cached: 0, output: 1}}", "valid_from"),
        ("- 1", "dictionary"),
        ("{", "prices.yaml"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_the_place(tmp_path: Path, text: str, said: str):
    path = tmp_path / "prices.yaml"
    path.write_text(text)
    with pytest.raises(PermanentError, match=said):
        load_prices(path)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path):
    with pytest.raises(PermanentError, match=r"none\.yaml"):
        load_prices(tmp_path / "none.yaml")
