"""Runs that write lines, killed at every request: what was answered and saved is never asked again, no batch twice."""

from __future__ import annotations

from signal import SIGKILL
from typing import TYPE_CHECKING, Any

import pytest

from modules.openai.icebreaker_prompt import PROMPT
from tests.fakes.icebreaker_bench import Bench, Place, first_message
from tests.fakes.killable_icebreakers import Kill, Watch, runs_until, watched
from tests.fakes.openai_server import openai_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes.openai_server import OpenAIServer

SHARES = 4
ONLINE_LEADS, BATCH_LEADS, MANY_LEADS = 8, 12, 2_000
MISHAPS = {"bad_rates_pct": {"link": 20.0}}
"""So that some lines are asked for once more."""
BATCH: dict[str, Any] = {"mode": "batch"}
LIFE = [BATCH | {"most": BATCH_LEADS // 2}] * 2 + [BATCH] * 4
"""Two plans, one after the other, and runs until both are taken in."""


@pytest.fixture(scope="module")
def running() -> Iterator[OpenAIServer]:
    with openai_server(batch_polls=2, enqueued_tokens=0) as server:
        yield server


@pytest.fixture
def bench(running, supabase, store, database) -> Bench:
    return Bench(database, store, running, Place.of(supabase, running))


def begin(bench: Bench, leads: int, **world: Any) -> None:
    bench.reset()
    bench.server.change_world(**world)
    bench.leads(leads)


def kills_of(asked: list[str], share: int) -> list[Kill]:
    """Each request when its effect is done, and each that costs something before it is sent, too.

    Before any other one everything is as it was after the request before it.
    """
    afterwards = [Kill(number, "after") for number in range(1, len(asked) + 1)]
    before = [Kill(number, "before") for number, name in enumerate(asked, 1) if name.startswith("POST /v1/")]
    return sorted([*afterwards, *before])[share::SHARES]


def check_is_whole(bench: Bench, leads: int, case: str) -> None:
    """Every lead has its line, every answer is there once, and another run asks for nothing and writes nothing."""
    assert len(bench.icebreakers()) == leads, case
    before, asked = bench.versions(), len(bench.server.requests())
    bench.run(mode="batch")
    assert bench.versions() == before, case
    assert len(bench.server.requests()) == asked, case


@pytest.mark.parametrize("share", range(SHARES))
def test_an_online_run_killed_at_any_request_asks_again_only_for_what_was_not_saved(share, bench):
    begin(bench, ONLINE_LEADS, **MISHAPS)
    watch = Watch()
    with watched(watch):
        bench.run()
    whole = bench.icebreakers()
    assert {row["attempts"] for row in whole.values()} == {1, 2}
    assert set(bench.paid().values()) == {1}
    for kill in kills_of(watch.asked, share):
        case = f"killed {kill.moment} request {kill.number}"
        begin(bench, ONLINE_LEADS, **MISHAPS)
        assert runs_until(kill, bench.place, [{}]) == -SIGKILL, case
        saved = {(row["facts_digest"], row["attempt"]) for row in bench.answers()}
        bench.run()
        paid = bench.paid()
        lost = len(bench.server.charges()) - len(bench.answers())
        assert sum(times - 1 for times in paid.values()) == lost <= ONLINE_LEADS, case
        assert max(paid.values()) <= 2, case
        kept = [row["facts"] for row in bench.icebreakers().values() if (row["facts_digest"], 1) in saved]
        assert {paid[first_message(facts)] for facts in kept} <= {1}, f"{case}: what was saved is not asked again"
        columns = ("source", "line", "evidence", "attempts", "facts_digest")
        assert [[row[name] for name in columns] for row in bench.icebreakers().values()] == [
            [row[name] for name in columns] for row in whole.values()
        ], case
        check_is_whole(bench, ONLINE_LEADS, case)


def live(bench: Bench) -> None:
    """Run until no batch is open and nobody waits."""
    for _ in range(8):
        bench.run(**BATCH)
        if not any(batch["ended_at"] is None for batch in bench.batches()) and len(bench.icebreakers()) == BATCH_LEADS:
            return


@pytest.mark.parametrize("share", range(SHARES))
def test_batches_killed_at_any_request_pay_for_no_line_twice_and_are_created_once(share, bench):
    begin(bench, BATCH_LEADS)
    watch = Watch()
    with watched(watch):
        for options in LIFE:
            bench.run(**options)
    assert bench.server.stand_in.log.counts["POST /batches"] == 2
    check_is_whole(bench, BATCH_LEADS, "undisturbed")
    for kill in kills_of(watch.asked, share):
        case = f"killed {kill.moment} request {kill.number}, {watch.asked[kill.number - 1]}"
        begin(bench, BATCH_LEADS)
        assert runs_until(kill, bench.place, LIFE) == -SIGKILL, case
        live(bench)
        assert set(bench.paid().values()) == {1}, case
        assert len(bench.paid()) == BATCH_LEADS, case
        assert all(charge.batch_id for charge in bench.server.charges()), case
        created = [batch.metadata["plan"] for batch in bench.server.world.batches.batches.values()]
        assert len(created) == len(set(created)), f"{case}: no second batch of one plan"
        check_accounts_for_every_line(bench, case)
        check_is_whole(bench, BATCH_LEADS, case)


def check_accounts_for_every_line(bench: Bench, case: str) -> None:
    """Each line of each plan has an end, and what was answered is among the answers."""
    states = bench.line_states()
    assert set(states) <= {"answered", "requeued"}, case
    assert states["answered"] == len(bench.server.charges()), case
    counts = bench.rows("select batch_id, count(*) as count from openai_batch_lines group by 1")
    lines = {row["batch_id"]: row["count"] for row in counts}
    for batch in bench.batches():
        assert batch["ended_at"] is not None, case
        if batch["state"] == "ended":
            assert lines[batch["id"]] == batch["lines"], case
    # A plan that was not whole is given up, and then nothing of it was asked.
    failed = bench.rows("select 1 from openai_batches where state = 'failed' and batch_id is not null")
    assert failed == [], case
    assert all(row["prompt_version"] == PROMPT.version for row in bench.answers()), case


def test_two_thousand_lines_in_a_batch_killed_twice_are_each_paid_for_once(bench):
    begin(bench, MANY_LEADS, batch_polls=1)
    # While the plan is written down; then while the answers are taken in.
    assert runs_until(Kill(12, "after"), bench.place, [BATCH]) == -SIGKILL
    assert runs_until(Kill(40, "after"), bench.place, [BATCH] * 2) == -SIGKILL
    for _ in range(4):
        bench.run(**BATCH)
    online = [charge for charge in bench.server.charges() if charge.batch_id is None]
    first_tries = [charge for charge in bench.server.charges() if charge.batch_id is not None]
    assert len({charge.key for charge in first_tries}) == len(first_tries) == MANY_LEADS
    assert max(bench.paid().values()) == 1
    assert len(online) < MANY_LEADS * 0.1
    assert len(bench.icebreakers()) == MANY_LEADS
