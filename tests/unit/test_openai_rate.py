"""How fast requests are let through, by a clock that moves only when somebody waits."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modules.openai.openai_rate import USED_SHARE, RateLimiter, duration_s, pause_asked_s
from tests.fakes.fake_clock import FakeClock, fake_clock

clock = pytest.fixture(fake_clock)
rates = st.floats(1, 5_000)
JUNK = ["", "soon", "-1", "nan", "inf", "1e999", "1,000", "0x10", " ", "é"]
LITTLE = 1e-3


def moments(limiter: RateLimiter, clock: FakeClock, sizes: list[float]) -> list[float]:
    """When each of these requests was let through, in seconds."""

    async def run() -> list[float]:
        passed = []
        for size in sizes:
            await limiter.acquire(size)
            passed.append(clock.now_s)
        return passed

    return asyncio.run(run())


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rates, st.floats(100, 100_000), st.lists(st.floats(1, 5_000), min_size=2, max_size=25))
def test_since_the_start_no_more_is_let_through_than_the_rate_and_one_second_bring(
    clock: FakeClock, requests: float, tokens: float, sizes: list[float]
):
    start_s = clock.now_s
    limiter = RateLimiter(requests, tokens, clock=clock)
    passed = moments(limiter, clock, sizes)
    assert passed == sorted(passed)
    for last, moment in enumerate(passed):
        # What one request takes counts as a minute's at most.
        spent_tokens = sum(min(size, tokens) for size in sizes[: last + 1])
        for rate, spent in ((requests, last + 1.0), (tokens, spent_tokens)):
            allowed = (moment - start_s) * rate * USED_SHARE / 60 + max(rate / 60, 1.0)
            assert spent <= allowed + LITTLE * rate


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rates, st.floats(1, 600))
def test_after_a_pause_no_more_than_a_minute_is_saved_up(clock: FakeClock, requests: float, pause_s: float):
    limiter = RateLimiter(requests, 1e12, clock=clock)
    clock.now_s += pause_s * 100
    before_s = clock.now_s
    passed = moments(limiter, clock, [1.0] * 40)
    at_once = sum(moment == before_s for moment in passed)
    assert at_once <= min(40, max(1.0, requests))


def test_the_whole_rate_is_used_but_for_two_of_a_hundred(clock):
    limiter = RateLimiter(600, 1e9, clock=clock)
    passed = moments(limiter, clock, [1.0] * 600)
    assert passed[-1] - passed[0] == pytest.approx(60 / USED_SHARE, rel=0.03)


def test_the_tighter_of_both_limits_counts(clock):
    limiter = RateLimiter(6_000, 60_000, clock=clock)
    passed = moments(limiter, clock, [6_000.0] * 11)
    assert passed[-1] - passed[0] == pytest.approx(60 / USED_SHARE, rel=0.03)


@pytest.mark.parametrize("tokens", [10_000.0, 1e12])
def test_a_request_larger_than_a_minute_waits_for_a_full_minute_and_not_for_ever(clock, tokens):
    limiter = RateLimiter(100, 1_000, clock=clock)
    [passed] = moments(limiter, clock, [tokens])
    assert 55 < passed < 65


def test_less_than_one_request_a_minute_is_slow_and_not_for_ever(clock):
    limiter = RateLimiter(0.5, 1e9, clock=clock)
    passed = moments(limiter, clock, [1.0, 1.0, 1.0])
    assert passed[2] - passed[1] == pytest.approx(120 / USED_SHARE, rel=0.01)


def headers(kind: str, **values: object) -> dict[str, str]:
    return {f"x-ratelimit-{name}-{kind}": str(value) for name, value in values.items()}


@pytest.mark.parametrize("kind", ["requests", "tokens"])
def test_the_limit_in_an_answer_is_the_one_that_counts_from_then_on(clock, kind):
    limiter = RateLimiter(6_000, 6_000, clock=clock)
    moments(limiter, clock, [1.0])
    limiter.answered(1.0, headers(kind, limit=60))
    passed = moments(limiter, clock, [1.0] * 160)
    assert passed[-1] - passed[-11] == pytest.approx(10 / USED_SHARE, rel=0.01)


def test_what_is_left_in_an_answer_lowers_and_never_raises(clock):
    limiter = RateLimiter(60, 1e9, clock=clock)
    clock.now_s += 60
    moments(limiter, clock, [1.0])
    limiter.answered(1.0, headers("requests", remaining=2))
    passed = moments(limiter, clock, [1.0] * 4)
    assert passed[1] == passed[0]
    assert passed[2] - passed[1] > 0.9
    for _ in range(4):
        limiter.answered(1.0, headers("requests", remaining=59))
    after = moments(limiter, clock, [1.0] * 2)
    assert after[1] - after[0] > 0.9


def test_what_is_under_way_is_taken_from_what_is_left(clock):
    limiter = RateLimiter(60, 1e9, clock=clock)
    clock.now_s += 60
    moments(limiter, clock, [1.0] * 6)
    # Five are under way; whether the service has counted them is not known.
    limiter.answered(1.0, headers("requests", remaining=5))
    before_s = clock.now_s
    [passed] = moments(limiter, clock, [1.0])
    assert passed - before_s > 0.9


@pytest.mark.parametrize("junk", JUNK)
def test_headers_that_say_nothing_change_nothing(clock, junk):
    def passed(told: dict[str, str]) -> list[float]:
        limiter = RateLimiter(60, 1_000, clock=clock)
        start_s = clock.now_s
        first = moments(limiter, clock, [10.0])
        limiter.answered(10.0, told)
        return [moment - start_s for moment in [*first, *moments(limiter, clock, [10.0] * 5)]]

    told = headers("requests", limit=junk, remaining=junk, reset=junk) | headers("tokens", limit=junk, remaining=junk)
    assert passed(told) == pytest.approx(passed({}), abs=LITTLE)
    assert pause_asked_s(told | {"retry-after": junk, "retry-after-ms": junk}) == 1.0


def test_a_limit_of_nothing_is_not_believed(clock):
    limiter = RateLimiter(60, 1_000, clock=clock)
    moments(limiter, clock, [10.0])
    limiter.answered(10.0, headers("requests", limit=0) | headers("tokens", limit="0"))
    assert moments(limiter, clock, [10.0])[0] < 2


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ({"retry-after": "20"}, 20),
        ({"retry-after-ms": "350", "retry-after": "20"}, 0.35),
        ({"x-ratelimit-reset-requests": "2s", "x-ratelimit-reset-tokens": "11.5s"}, 11.5),
        ({"x-ratelimit-reset-requests": "6m0s"}, 1),
        ({}, 1),
        ({"retry-after": "86400"}, 120),
    ],
)
def test_a_refusal_stops_all_as_long_as_it_asks_and_for_two_minutes_at_most(clock, told, seconds):
    limiter = RateLimiter(6_000, 1e9, clock=clock)
    clock.now_s += 60
    moments(limiter, clock, [1.0])
    before_s = clock.now_s
    limiter.refused(1.0, told)
    assert moments(limiter, clock, [1.0])[0] - before_s == pytest.approx(seconds, abs=LITTLE)


def pace_s(limiter: RateLimiter, clock: FakeClock) -> float:
    passed = moments(limiter, clock, [1.0] * 20)
    limiter.in_flight = [0, 0]
    return passed[-1] - passed[-2]


def test_a_refusal_for_speed_halves_the_pace_and_answers_bring_it_back(clock):
    limiter = RateLimiter(60, 1e9, clock=clock)
    usual_s = pace_s(limiter, clock)
    limiter.refused(1.0, {"retry-after-ms": "0"}, too_fast=False)
    assert pace_s(limiter, clock) == pytest.approx(usual_s, rel=0.01), "trouble at the service is no matter of speed"
    limiter.refused(1.0, {"retry-after-ms": "0"})
    assert pace_s(limiter, clock) == pytest.approx(usual_s * 2, rel=0.01)
    for _ in range(10):
        limiter.refused(1.0, {"retry-after-ms": "0"})
    assert pace_s(limiter, clock) == pytest.approx(usual_s * 10, rel=0.01), "and never slower than a tenth"
    for _ in range(50):
        limiter.answered(1.0, {})
    assert pace_s(limiter, clock) == pytest.approx(usual_s, rel=0.01)


def test_whoever_came_first_is_let_through_first(clock):
    limiter = RateLimiter(60, 1e9, clock=clock)
    order: list[int] = []

    async def one(number: int) -> None:
        await limiter.acquire(1.0)
        order.append(number)

    async def all_of_them() -> None:
        await asyncio.gather(*map(one, range(8)))

    asyncio.run(all_of_them())
    assert order == list(range(8))


def test_sizes_are_learned_within_bounds(clock):
    limiter = RateLimiter(60, 1_000, clock=clock)
    for _ in range(60):
        limiter.learn_size(1_000, 700)
    assert limiter.input_share == pytest.approx(0.7, abs=LITTLE)
    for nonsense in (None, "700", 0, -5, 1.5):
        limiter.learn_size(1_000, nonsense)
    limiter.learn_size(0, 700)
    assert limiter.input_share == pytest.approx(0.7, abs=LITTLE)
    for _ in range(60):
        limiter.learn_size(1, 10**9)
    assert limiter.input_share == pytest.approx(4.0, abs=LITTLE)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("84ms", 0.084),
        ("11.054s", 11.054),
        ("6m0s", 360),
        ("1h2m3s", 3_723),
        ("1h", 3_600),
        ("2m", 120),
        ("0s", 0),
        ("1m30.5s", 90.5),
        ("1.5ms", 0.0015),
        *[(text, None) for text in ("", None, "soon", "5", "-1s", "1s2m", "1.5h", "1s ", "s", "1d")],
    ],
)
def test_a_duration_is_read_or_is_none(text, seconds):
    assert duration_s(text) == (None if seconds is None else pytest.approx(seconds))


@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59_999))
def test_every_duration_that_the_service_writes_is_read(hours: int, minutes: int, milliseconds: int):
    text = f"{hours}h{minutes}m{milliseconds / 1000:.3f}s"
    assert duration_s(text) == pytest.approx(hours * 3_600 + minutes * 60 + milliseconds / 1_000)
