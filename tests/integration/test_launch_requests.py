"""How many requests a launch makes of Instantly: as few as its documents allow."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.fakes.instantly_server import instantly_server
from tests.fakes.launch_world import LaunchWorld

PEOPLE = 3_000
"""Ten thousand take ten uploads and half a minute."""


@pytest.fixture
def world(database, store, instant_retries):
    with instantly_server(seed=3, campaigns=2, accounts=4, leads=0, days=2) as server:
        world = LaunchWorld(server, database, store)
        world.apply()
        yield world


def asked(world: LaunchWorld) -> Counter[str]:
    counts = Counter(each.operation or "" for each in world.server.requests)
    world.server.stand_in.log.clear()
    return counts


def test_uploads_carry_a_thousand_people_each_and_no_other_request_grows_with_them(world):
    world.add_crowd(PEOPLE)
    world.launch("first", limit=10)
    few = asked(world)
    world.launch("second", limit=PEOPLE)
    many = asked(world)
    assert world.ledger() == {"active": PEOPLE}
    assert (few["POST /leads/add"], many["POST /leads/add"]) == (1, PEOPLE // 1_000)
    # Nobody is looked up but the sample before activation: every lead of a clear answer is accounted for by it.
    assert many["POST /leads/list"] == few["POST /leads/list"]
    rest = many - Counter({"POST /leads/add": PEOPLE // 1_000, "GET /campaigns/{id}/sending-status": 1_000})
    assert rest.total() <= few.total()
