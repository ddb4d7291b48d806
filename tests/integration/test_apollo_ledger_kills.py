"""A run that buys people and companies, killed at every request: nobody is paid for twice, nothing paid for is lost."""

from __future__ import annotations

from random import Random
from signal import SIGKILL
from typing import TYPE_CHECKING

import pytest

from modules.outreach.apollo_ledger import Budgets
from modules.outreach.apollo_recovery import give_up_doubtful
from sandbox.apollo.data.fates import Fate
from sandbox.vendor.clock import utc_today
from tests.fakes.apollo_server import apollo_server
from tests.fakes.apollo_waiting import UNKNOWN_DOMAIN, Stands, Subject, Waiting
from tests.fakes.killable_purchases import Bought, Kill, Place, Watch, connected, purchase, purchase_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from modules.apollo.apollo_client import ApolloClient
    from modules.supabase.row_store import RowStore
    from tests.fakes.apollo_server import ApolloServer

PEOPLE = 23
MOST_CREDITS = 40
"""Room for everybody and for one call that is lost."""
BUDGETS = Budgets(day=MOST_CREDITS)
PAID = ("/people/bulk_match", "/organizations/enrich")
SHARES = 4
PAIRS = 16


@pytest.fixture(scope="module")
def running() -> Iterator[ApolloServer]:
    # Its cycle must hold the moments of the database, which are real ones.
    with apollo_server(people=120, today=utc_today()) as server:
        yield server


class Kills:
    """Purchases in a world, whole or killed, and what an undisturbed one makes of it."""

    def __init__(self, waiting: Waiting, place: Place, store: RowStore, client: ApolloClient, watch: Watch) -> None:
        self.waiting, self.place, self.store, self.client, self.watch = waiting, place, store, client, watch
        self.without: tuple[Fate, ...] = ()
        self.switches: dict[str, bool] = {}
        self.asked: list[str] = []
        self.end: dict[Subject, Stands] = {}
        self.runs = 0

    def prepare(self, *, without: tuple[Fate, ...] = (), **switches: bool) -> None:
        self.without, self.switches = without, switches
        self.begin()
        self.watch.asked.clear()
        self.run()
        self.asked, self.end = list(self.watch.asked), self.waiting.standing()
        assert [self.asked.count(path) for path in PAID] == [3, 4]
        assert self.waiting.states() == {"settled": 7}
        assert self.waiting.counted() == self.waiting.charged() > 0

    def begin(self) -> None:
        self.waiting.reset()
        self.waiting.server.change_world(**self.switches)
        companies = self.waiting.server.world.database.companies
        self.waiting.search("a")
        self.waiting.people(self.waiting.ids(PEOPLE, without=self.without))
        self.waiting.employers([*(companies.domain(number) for number in range(3)), UNKNOWN_DOMAIN])

    def run(self) -> Bought:
        self.runs += 1
        return purchase(self.store, self.client, f"run {self.runs}", BUDGETS)

    def kill(self, kill: Kill, case: str) -> None:
        self.runs += 1
        assert purchase_until(kill, self.place, f"run {self.runs}", BUDGETS) == -SIGKILL, case

    def answer_is_lost_by(self, kill: Kill) -> bool:
        """Whether Apollo answers, and the kill comes before the answer is saved."""
        if kill.moment == "after":
            return self.asked[kill.number - 1] in PAID
        return kill.number > 1 and self.asked[kill.number - 2] in PAID

    def check_nothing_is_lost(self, case: str) -> None:
        """Whoever was charged for has an answer, or is known to lack one; and what was spent is known."""
        standing, unanswered = self.waiting.standing(), self.waiting.unanswered()
        answered = {subject for (_, subject, _), row in standing.items() if row.outcome is not None}
        assert set(self.waiting.charges()) <= answered | unanswered | self.merged(), case
        assert all(self.end[subject] == row for subject, row in standing.items() if row.outcome), case
        assert self.waiting.charged() <= self.waiting.counted() <= MOST_CREDITS, case

    def merged(self) -> set[str]:
        """People whose data is there under another id, beside them."""
        people, standing = self.waiting.server.world.database.people, self.waiting.standing()
        numbers = [number for number in range(people.count) if people.fate(number) == Fate.MERGED]
        return {people.id(each) for each in numbers if ("person", people.id_after_merge(each), "email") in standing}

    def check_is_whole(self, case: str) -> None:
        """Everything is there that an undisturbed run brings, and another run asks for nothing."""
        assert self.waiting.standing() == self.end, case
        before = len(self.waiting.paid_requests())
        self.run()
        assert len(self.waiting.paid_requests()) == before, case


@pytest.fixture
def kills(running, supabase, database) -> Iterator[Kills]:
    watch, place = Watch(), Place.of(supabase, running)
    with connected(place, watch) as (store, client):
        yield Kills(Waiting(database, running), place, store, client, watch)


@pytest.mark.parametrize("share", range(SHARES))
def test_a_run_killed_at_any_request_pays_for_nobody_twice_and_loses_nothing(share, kills):
    kills.prepare()
    numbers = range(1, len(kills.asked) + 1)
    every = [Kill(number, moment) for number in numbers for moment in ("before", "after")]
    for kill in every[share::SHARES]:
        case = f"killed {kill.moment} request {kill.number}, {kills.asked[kill.number - 1]}"
        kills.begin()
        kills.kill(kill, case)
        bought = kills.run()
        kills.check_nothing_is_lost(case)
        charges, unanswered = kills.waiting.charges(), kills.waiting.unanswered()
        assert set(charges.values()) == {1}, case
        # Only what Apollo was asked for and answered, and then only where it cost something, is in doubt.
        assert bool(unanswered) == (kills.answer_is_lost_by(kill) and bool(unanswered & set(charges))), case
        assert bought.recovery.doubtful == (1 if unanswered else 0), case
        if unanswered:
            assert give_up_doubtful(kills.store) == 1, case
            kills.run()
            twice = {subject for subject, times in kills.waiting.charges().items() if times > 1}
            assert twice == unanswered & set(charges), f"{case}: what a person gave up, and nobody else"
            assert kills.waiting.charged() <= kills.waiting.counted() <= MOST_CREDITS, case
        kills.check_is_whole(case)


def paid_for_and_not_saved(kills: Kills, path: str) -> list[Kill]:
    places = [number for number, asked in enumerate(kills.asked, start=1) if asked == path]
    return [kill for place in places for kill in (Kill(place, "after"), Kill(place + 1, "before"))]


def test_where_bought_people_become_contacts_a_lost_answer_is_looked_up_for_nothing(kills):
    # A contact shows the address that the enrichment hides behind a placeholder, so that the look-up knows even more.
    kills.prepare(without=(Fate.MERGED, Fate.PLACEHOLDER), saves_enriched_people=True)
    for kill in paid_for_and_not_saved(kills, "/people/bulk_match"):
        case = f"killed {kill.moment} request {kill.number}"
        kills.begin()
        kills.kill(kill, case)
        bought = kills.run()
        assert (bought.recovery.settled, bought.recovery.doubtful) == (1, 0), case
        assert set(kills.waiting.charges().values()) == {1}, case
        standing = kills.waiting.standing()
        assert {subject: row.outcome for subject, row in standing.items()} == {
            subject: row.outcome for subject, row in kills.end.items()
        }, case
        assert all((row.payload or {}).get("email") for row in standing.values() if row.outcome == "matched_with_email")
        assert kills.waiting.counted() == kills.waiting.charged(), case


def test_a_paid_person_who_is_no_contact_under_the_id_asked_for_keeps_the_call_in_doubt(kills):
    kills.prepare(saves_enriched_people=True)
    [first, *_] = paid_for_and_not_saved(kills, "/people/bulk_match")
    merged = kills.waiting.server.person_id("MERGED")
    kills.begin()
    kills.kill(first, "first call")
    assert kills.waiting.charges()[merged] == 1, "in the first call"
    assert kills.run().recovery.doubtful == 1
    assert merged in kills.waiting.unanswered()
    kills.check_nothing_is_lost("merged")
    assert set(kills.waiting.charges().values()) == {1}


def test_where_asking_again_is_free_giving_up_costs_nobody_a_second_time(kills):
    kills.prepare(repeat_is_free=True)
    for path in PAID:
        for kill in paid_for_and_not_saved(kills, path):
            case = f"killed {kill.moment} request {kill.number}, {path}"
            kills.begin()
            kills.kill(kill, case)
            kills.run()
            give_up_doubtful(kills.store)
            kills.run()
            assert set(kills.waiting.charges().values()) == {1}, case
            kills.check_is_whole(case)


@pytest.mark.parametrize("seed", range(2))
def test_a_run_killed_while_it_mends_what_another_one_left_pays_for_nobody_twice_either(seed, kills):
    kills.prepare()
    rng = Random(seed)  # noqa: S311 - the same kills each time
    paid = [number for number, asked in enumerate(kills.asked, start=1) if asked in PAID][:2]
    for _ in range(PAIRS // 2):
        # Around a paid call, where something is open afterwards, and with enough left to be done.
        first = Kill(rng.choice(paid) + rng.choice((0, 1, 2)), rng.choice(("before", "after")))
        second = Kill(rng.randrange(3, 14), rng.choice(("before", "after")))
        case = f"killed at {first}, then at {second}"
        kills.begin()
        kills.kill(first, case)
        kills.kill(second, case)
        kills.run()
        kills.check_nothing_is_lost(case)
        assert set(kills.waiting.charges().values()) == {1}, case
        kills.run()
        assert set(kills.waiting.charges().values()) == {1}, case
