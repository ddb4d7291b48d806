"""A launch whose requests to Instantly fail in every way: each person once, one campaign, nobody lost."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.fakes.launch_trials import trials_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes.launch_trials import Trials

SHARES = 4
PAIRS = 32
MANY = 1_000


def status(code: int, when: str = "before") -> dict[str, Any]:
    return {"kind": "status", "status": code, "when": when}


FAULTS: dict[str, dict[str, Any]] = {
    "400": {"action": status(400)},
    "403": {"action": status(403)},
    "429": {"action": status(429)},
    "429 for good": {"action": status(429), "times": 3},
    "503 before its effect": {"action": status(503)},
    "503 before its effect, again and again": {"action": status(503), "times": 3},
    "503 after its effect": {"action": status(503, "after")},
    "cut before its effect": {"action": {"kind": "cut"}},
    "cut after its effect": {"action": {"kind": "cut", "when": "after"}},
    "half a body": {"action": {"kind": "half_body"}},
    "broken JSON": {"action": {"kind": "broken_json"}},
    "no effect until the next request": {"action": {"kind": "late", "requests": 1}},
    "no effect until the second request": {"action": {"kind": "late", "requests": 2}},
    "no effect until the third request": {"action": {"kind": "late", "requests": 3}},
    "no effect until the sixth request": {"action": {"kind": "late", "requests": 6}},
    "no effect until all is done": {"action": {"kind": "late", "requests": MANY}},
}
OF_READS = ("403", "503 before its effect, again and again")
"""Of requests that have no effect; those that pass are met all at once."""
PASSING = ("429", "503 before its effect", "cut before its effect", "half a body", "broken JSON")
TOO_LATE = ("POST /campaigns", "no effect until all is done")
WRITES = ("POST /campaigns", "POST /leads/add")


@pytest.fixture
def trials(launch_world, supabase) -> Iterator[Trials]:
    with trials_in(launch_world, supabase) as trials:
        yield trials


def is_write(trials: Trials, number: int) -> bool:
    what = trials.asked[number - 1][1]
    return what in WRITES or what.endswith("/activate")


def may_have_effect(action: dict[str, Any]) -> bool:
    return action["kind"] in {"late", "half_body", "broken_json"} or action.get("when") == "after"


def order(trials: Trials, place: int, fault: str) -> None:
    """At the request to Instantly with this place, from 0."""
    trials.world.server.order_fault(**{"skip": place, **FAULTS[fault]})


def cases(trials: Trials) -> list[tuple[int, int, str]]:
    """Place among the requests to Instantly, number among all, and what befalls it."""
    return [
        (place, number, fault)
        for place, number in enumerate(trials.requests_to("instantly"))
        for fault in (FAULTS if is_write(trials, number) else OF_READS)
        if (trials.asked[number - 1][1], fault) != TOO_LATE
    ]


def try_all(trials: Trials, cases: list[tuple[int, int, str]]) -> None:
    for turn, (place, number, fault) in enumerate(cases):
        case = f"{fault} at request {place}, {trials.asked[number - 1][1]}"
        trials.begin()
        order(trials, place, fault)
        if trials.launch("first") == "done":
            trials.check_whole(case)
        else:
            trials.finish(("first", "another")[turn % 2], case)


@pytest.mark.parametrize("share", range(SHARES))
def test_any_fault_at_any_request_leaves_everything_as_if_nothing_had_happened(share, trials):
    trials.prepare()
    try_all(trials, cases(trials)[share::SHARES])


@pytest.mark.parametrize("share", range(2))
def test_answers_lost_at_uploads_do_no_harm_where_the_campaign_is_there_and_somebody_in_it(share, trials):
    trials.prepare(is_there=True)
    lost = [fault for fault, ordered in FAULTS.items() if may_have_effect(ordered["action"])]
    uploads = [case for case in cases(trials) if trials.asked[case[1] - 1][1] == "POST /leads/add" and case[2] in lost]
    try_all(trials, uploads[share::2])


def test_a_campaign_that_is_made_later_than_anybody_waits_for_it_stays_a_second_one_without_people(trials):
    # Instantly knows no key that would stop it.
    trials.prepare()
    [number] = [each for each in trials.requests_to("instantly") if trials.asked[each - 1][1] == "POST /campaigns"]
    trials.begin()
    order(trials, trials.requests_to("instantly").index(number), TOO_LATE[1])
    assert trials.launch("first") == "OutcomeUnknown"
    assert trials.launch("first") == "done"
    assert trials.standing() == trials.people
    assert trials.server_snapshot() == trials.snapshot
    trials.world.server.stand_in.catch_up()
    ours = [each for each in trials.server_snapshot()["campaigns"] if "[outreach:" in each["name"]]
    assert sorted((each["status"], len(each["leads"])) for each in ours) == [(0, 0), (1, 6)]


@pytest.mark.parametrize("fault", PASSING)
def test_a_fault_that_passes_at_every_read_disturbs_no_launch(fault, trials):
    trials.prepare()
    trials.begin()
    met: set[int] = set()
    for place, number in enumerate(trials.requests_to("instantly")):
        if not is_write(trials, number):
            # Each read that was hit comes again, and moves the next one by one.
            order(trials, place + len(met), fault)
            met.add(number)
    assert trials.launch("first") == "done"
    trials.check_whole(fault)
    assert len(trials.world.server.requests) == len(trials.requests_to("instantly")) + len(met)


def test_an_answer_that_comes_too_late_after_the_effect_is_looked_up(trials):
    trials.prepare()
    for number in trials.requests_to("instantly"):
        if is_write(trials, number):
            case = f"too late at {trials.asked[number - 1][1]}"

            def give_up(at: int, moment: str, number: int = number) -> None:
                if (at, moment) == (number, "after"):
                    raise httpx.ReadTimeout("too late")

            trials.begin()
            trials.watch.meets = give_up
            if trials.launch("first") == "done":
                trials.check_whole(case)
            else:
                trials.finish("first", case)


@pytest.mark.parametrize("seed", range(SHARES))
def test_two_faults_in_one_launch_do_no_more_harm_than_one(seed, trials):
    trials.prepare()
    rng = Random(seed)  # noqa: S311 - the same faults each time
    places = range(len(trials.requests_to("instantly")))
    for _ in range(PAIRS // SHARES):
        first, second = sorted(rng.sample(places, 2))
        kinds = rng.choices(sorted(FAULTS), k=2)
        case = f"{kinds[0]} at request {first}, {kinds[1]} at request {second}, by the undisturbed count"
        trials.begin()
        order(trials, first, kinds[0])
        order(trials, second, kinds[1])
        trials.finish("first", case)
