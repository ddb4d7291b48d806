"""Every fault at every paid request: the state of the call, what is said, and whom the next runs pay for."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx
import pytest

from modules.apollo.apollo_enrichment import Outcome, Result
from modules.apollo.apollo_enrichment import Settled as Row
from modules.apollo.apollo_usage import read_usage
from modules.outreach.apollo_ledger import Budgets, Ledger
from modules.outreach.apollo_recovery import give_up_doubtful, recover_calls
from modules.shared.errors import ContractError, OutcomeUnknown, OutreachError, PermanentError, RetryableError
from sandbox.apollo.data.fates import Fate
from sandbox.apollo.errors import NOT_ENOUGH_CREDITS
from sandbox.vendor.clock import utc_today
from tests.fakes.apollo_server import apollo_server
from tests.fakes.apollo_waiting import Stands, Subject, Waiting
from tests.fakes.killable_purchases import Bought, Place, Watch, connected, purchase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from modules.apollo.apollo_client import ApolloClient
    from modules.supabase.row_store import RowStore
    from tests.fakes.apollo_server import ApolloServer

pytestmark = pytest.mark.usefixtures("instant_retries")

TRIES = 3
"""What `instant_retries` leaves of each request."""
PEOPLE, COMPANIES = "/people/bulk_match", "/organizations/enrich"
PLACES = [(PEOPLE, 1), (PEOPLE, 2), (PEOPLE, 3), (COMPANIES, 1), (COMPANIES, 2)]
EVERYTHING_SENT = 40
"""Requests that a run may make at most, so that a loop would be seen."""


def status(number: int, body: Any = None, **more: Any) -> dict[str, Any]:
    return {"kind": "status", "status": number, "body": body or {"error": "Injected"}, **more}


class Fault(NamedTuple):
    """What befalls a paid request, and what must come of it.

    Attributes:
        action: Ordered at the stand-in; `None`: no connection is made.
        error: What the run ends with; `None`: with a reason in its report.
        says: Part of that.
        tries: How often the request is sent.
        had_effect: Whether Apollo charged for it.
        has_no_time: Whether we give up before the answer comes.
    """

    action: dict[str, Any] | None
    error: type[OutreachError] | None
    says: str
    tries: int = 1
    had_effect: bool = False
    has_no_time: bool = False

    @property
    def state(self) -> str:
        return "intended" if self.error is OutcomeUnknown else "released"


FAULTS = {
    "no connection": Fault(None, RetryableError, "ConnectError", tries=TRIES),
    "429": Fault(status(429, headers={"Retry-After": "1"}), RetryableError, "429", tries=TRIES),
    "429 for an hour": Fault(status(429, headers={"Retry-After": "3600"}), RetryableError, "429"),
    "503 before": Fault(status(503, when="before"), OutcomeUnknown, "503"),
    "503 after": Fault(status(503, when="after"), OutcomeUnknown, "503", had_effect=True),
    "504 after": Fault(status(504, "<html>", when="after"), OutcomeUnknown, "504", had_effect=True),
    "cut before": Fault({"kind": "cut", "when": "before"}, OutcomeUnknown, "failed on the way"),
    "cut after": Fault({"kind": "cut", "when": "after"}, OutcomeUnknown, "failed on the way", had_effect=True),
    "half a body": Fault({"kind": "half_body"}, OutcomeUnknown, "failed on the way", had_effect=True),
    "broken JSON": Fault({"kind": "broken_json"}, OutcomeUnknown, "not JSON", had_effect=True),
    "a page": Fault({"kind": "html"}, OutcomeUnknown, "not JSON", had_effect=True),
    "no object": Fault(status(200, "[]", when="after"), OutcomeUnknown, "a list", had_effect=True),
    "time-out": Fault(
        {"kind": "slow", "seconds": 0.3}, OutcomeUnknown, "no answer in time", had_effect=True, has_no_time=True
    ),
    "no credits": Fault(status(422, {"error": NOT_ENOUGH_CREDITS}), None, "no credits left at Apollo"),
    "401": Fault(status(401, "Invalid API key"), PermanentError, "APOLLO_API_KEY"),
    "403": Fault(status(403, {"error_code": "API_INACCESSIBLE"}), PermanentError, "endpoints"),
    "422": Fault(status(422), PermanentError, "422"),
}


@pytest.fixture(scope="module")
def running() -> Iterator[ApolloServer]:
    # Its cycle must hold the moments of the database, which are real ones.
    with apollo_server(people=120, today=utc_today()) as server:
        yield server


class Faults:
    """Purchases whose paid requests are disturbed, and what an undisturbed one makes of the same world."""

    def __init__(self, waiting: Waiting, store: RowStore, client: ApolloClient, watch: Watch) -> None:
        self.waiting, self.store, self.client, self.watch = waiting, store, client, watch
        self.server = waiting.server
        self.runs = 0
        self.begin()
        self.run()
        self.end: dict[Subject, Stands] = waiting.standing()
        self.begin()

    def begin(self, *, without: tuple[Fate, ...] = ()) -> None:
        self.waiting.reset()
        companies = self.server.world.database.companies
        self.waiting.search()
        self.waiting.people(self.waiting.ids(23, without=without))
        self.waiting.employers([companies.domain(number) for number in range(2)])

    def run(self) -> Bought:
        self.runs += 1
        return purchase(self.store, self.client, f"run {self.runs}")

    def order(self, fault: Fault, path: str, place: int) -> None:
        if fault.action is not None:
            times = 1 if fault.has_no_time else None
            self.server.order_fault(path=path, skip=place - 1, times=times, action=fault.action)
        met = 0

        def meets(request: httpx.Request, _: int, moment: str) -> None:
            nonlocal met
            met += request.url.path.endswith(path) and moment == "before"
            if request.url.path.endswith(path) and met >= place and moment == "before":
                if fault.action is None:
                    raise httpx.ConnectError("refused")
                if fault.has_no_time:
                    request.extensions["timeout"] = {"connect": 5.0, "read": 0.05, "write": 5.0, "pool": 5.0}

        self.watch.meets = meets

    def call_off(self) -> None:
        self.server.stand_in.faults.clear()
        self.watch.meets = lambda *_: None

    def wait_for_effect(self, path: str, times: int) -> None:
        """Until Apollo has done what it does all the same, though nobody waits for it."""
        until_s = time.monotonic() + 5
        while sum(each.path == path and each.had_effect for each in self.server.requests()) < times:
            assert time.monotonic() < until_s
            time.sleep(0.01)

    def asked_about(self) -> set[str]:
        """Subjects of the newest call."""
        rows = self.waiting.database.execute(
            "select subject_id from apollo_credit_ledger where call_id = (select id from apollo_calls order by "
            "intended_at desc limit 1)"
        ).fetchall()
        return {subject for (subject,) in rows}


@pytest.fixture
def faults(running, supabase, database) -> Iterator[Faults]:
    watch = Watch()
    with connected(Place.of(supabase, running), watch) as (store, client):
        yield Faults(Waiting(database, running), store, client, watch)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_at_a_paid_request_leaves_the_call_in_the_state_that_is_true(name, faults):
    fault = FAULTS[name]
    for path, place in PLACES:
        case = f"{name} at {path} {place}"
        faults.begin()
        faults.order(fault, path, place)
        faults.watch.asked.clear()
        error, stopped = None, None
        try:
            bought = faults.run()
            stopped = bought.people.stopped_because or bought.companies.stopped_because
        except OutreachError as caught:
            error = caught
        assert (type(error) if error else None) is fault.error, f"{case}: {error!r}"
        assert fault.says in str(error or stopped), case
        assert sum(asked == path for asked in faults.watch.asked) == place - 1 + fault.tries, case
        assert len(faults.watch.asked) < EVERYTHING_SENT, case
        if fault.has_no_time:
            faults.wait_for_effect(path, place)
        done = place - 1 if path == PEOPLE else place + 2
        if fault.error is not None:
            assert faults.waiting.states() == {
                key: value for key, value in ((fault.state, 1), ("settled", done)) if value
            }
        else:
            assert faults.waiting.states()["released"] == 1, case
        check_nothing_is_lost(faults, fault, case)
        faults.call_off()
        check_the_next_runs(faults, fault, case)


def check_nothing_is_lost(faults: Faults, fault: Fault, case: str) -> None:
    """Everything paid for before the fault is there, and where nothing happened nobody is set aside."""
    standing = faults.waiting.standing()
    assert all(faults.end[subject] == row for subject, row in standing.items() if row.outcome is not None), case
    open_subjects = {subject for (_, subject, _), row in standing.items() if row.outcome is None}
    assert open_subjects == (faults.asked_about() if fault.error is OutcomeUnknown else set()), case
    answered = {subject for (_, subject, _), row in standing.items() if row.outcome is not None}
    merged = faults.server.person_id("MERGED")
    assert set(faults.waiting.charges()) - {merged} <= answered | open_subjects, case


def check_the_next_runs(faults: Faults, fault: Fault, case: str) -> None:
    """Only what was charged for is in doubt; given up, it is bought; nobody else is charged for twice."""
    bought = faults.run()
    assert set(faults.waiting.charges().values()) == {1}, case
    assert bought.recovery.doubtful == int(fault.had_effect), case
    assert bought.recovery.released == int(fault.error is OutcomeUnknown and not fault.had_effect), case
    given_up = faults.waiting.unanswered()
    assert bool(given_up) == fault.had_effect, case
    assert give_up_doubtful(faults.store) == int(fault.had_effect), case
    faults.run()
    twice = {subject for subject, times in faults.waiting.charges().items() if times > 1}
    assert twice <= given_up, case
    assert faults.waiting.standing() == faults.end, case
    assert faults.waiting.charged() <= faults.waiting.counted(), case


def test_a_passing_429_costs_one_more_try_and_nothing_else(faults):
    faults.server.order_fault(path=PEOPLE, skip=1, action=status(429, headers={"Retry-After": "0"}))
    faults.run()
    assert [each.status for each in faults.server.requests() if each.path == PEOPLE] == [200, 429, 200, 200]
    assert set(faults.waiting.charges().values()) == {1}
    assert faults.waiting.standing() == faults.end


def test_credits_that_end_at_apollo_end_the_run_and_what_was_paid_for_stays(faults):
    faults.server.change_world(credits_limit=12)
    bought = faults.run()
    assert bought.people.stopped_because == "no credits left at Apollo"
    assert bought.people.calls == 1
    assert faults.waiting.charged() == faults.waiting.counted() <= 12
    assert all(row.outcome for row in faults.waiting.standing().values())
    faults.server.change_world(credits_limit=5_000)
    faults.run()
    assert faults.waiting.standing() == faults.end
    assert set(faults.waiting.charges().values()) == {1}


def fail_before(faults: Faults, place: int = 2) -> None:
    """A call of people that was never carried out and whose answer is lost."""
    faults.order(FAULTS["503 before"], PEOPLE, place)
    with pytest.raises(OutcomeUnknown):
        faults.run()
    faults.call_off()


def test_credits_that_others_spent_since_leave_the_call_in_doubt(faults):
    fail_before(faults)
    faults.server.change_world(spent_by_others=1)
    assert faults.run().recovery.doubtful == 1
    assert len(faults.waiting.unanswered()) == 10
    # It is looked at anew each time, and says the same.
    again = faults.run()
    assert (again.recovery.doubtful, again.people.calls) == (1, 0)
    assert give_up_doubtful(faults.store) == 1
    faults.run()
    assert faults.waiting.standing() == faults.end
    assert set(faults.waiting.charges().values()) == {1}


def test_credits_that_were_given_back_since_leave_a_charged_call_in_doubt(faults):
    faults.server.change_world(spent_by_others=30)
    faults.order(FAULTS["cut after"], PEOPLE, 2)
    with pytest.raises(OutcomeUnknown):
        faults.run()
    faults.call_off()
    faults.server.change_world(spent_by_others=5)
    assert faults.run().recovery.doubtful == 1
    assert set(faults.waiting.charges().values()) == {1}


def test_a_call_of_a_cycle_that_has_ended_stays_in_doubt(faults):
    fail_before(faults)
    faults.waiting.database.execute("update apollo_calls set intended_at = intended_at - interval '40 days'")
    assert faults.run().recovery.doubtful == 1


def test_a_call_that_may_still_be_under_way_is_left_alone_and_nobody_in_it_is_asked_about(faults):
    fail_before(faults)
    asked_about = faults.asked_about()
    before = len(faults.waiting.paid_requests())
    bought = purchase(faults.store, faults.client, "a retry", under_way_s=900.0)
    assert (bought.recovery.released, bought.recovery.doubtful) == (0, 0)
    assert faults.waiting.states()["intended"] == 1
    asked = [each.body["details"] for each in faults.server.requests() if each.path == PEOPLE][before:]
    assert not asked_about & {detail["id"] for details in asked for detail in details}
    # What the retry bought explains the credits that went since.
    assert faults.run().recovery.released == 1
    assert faults.waiting.standing() == faults.end
    assert set(faults.waiting.charges().values()) == {1}


def test_what_was_looked_up_settles_those_who_were_found_and_frees_the_others(faults):
    faults.begin(without=(Fate.MERGED,))
    faults.server.change_world(saves_enriched_people=True)
    faults.order(FAULTS["cut after"], PEOPLE, 1)
    with pytest.raises(OutcomeUnknown):
        faults.run()
    faults.call_off()
    asked_about = faults.asked_about()
    answer = faults.server.ask("POST", "/contacts/search", body={"per_page": 100}).json()
    answer["contacts"] += [{"person_id": odd, "updated_at": odd} for odd in (["odd"], {"id": "odd"}, 7, None)]
    faults.server.order_fault(path="/contacts/search", action=status(200, answer))
    usage = read_usage(faults.client)
    ledger = Ledger(store=faults.store, budgets=Budgets(), run_id="a look", credits_before=usage.credits_consumed)
    assert recover_calls(ledger, faults.client, under_way_s=0.0).settled == 1
    found = {subject for subject, outcome in faults.waiting.outcomes().items() if outcome} & asked_about
    contacts = {row["person_id"] for row in faults.server.world.database.contacts.rows.values()}
    assert found == asked_about & contacts
    assert asked_about - found, "a miss is in every batch of this world"
    assert not set(faults.waiting.outcomes()) & (asked_about - found)
    assert faults.waiting.counted() == faults.waiting.charged()


def test_an_answer_without_its_list_is_kept_and_stops_every_run_until_it_can_be_read(faults):
    faults.server.order_fault(path=PEOPLE, action={"kind": "rewrite", "change": {"answer_without": ["matches"]}})
    for _ in range(3):
        with pytest.raises(ContractError, match="matches"):
            faults.run()
    assert len(faults.waiting.paid_requests()) == 1
    assert faults.waiting.states() == {"answered": 1}
    # As code would that knows the new shape.
    [(call_id, answer)] = faults.waiting.database.execute("select id::text, answer from apollo_calls").fetchall()
    assert answer["answer"]["credits_consumed"] > 0
    rows = [
        Row(subject_id=subject, outcome=Outcome.no_match, credits=0.0, raw_json=None)
        for subject in faults.asked_about()
    ]
    ledger = Ledger(store=faults.store, budgets=Budgets(), run_id="mended", credits_before=0.0)
    ledger.settle(call_id, Result(rows=rows, credits_consumed=answer["answer"]["credits_consumed"]))
    assert faults.waiting.states() == {"settled": 1}
    faults.run()
    assert set(faults.waiting.charges().values()) == {1}


@pytest.mark.parametrize("function", ["reserve_apollo_call", "save_apollo_answer", "settle_apollo_call"])
def test_an_answer_of_supabase_that_is_lost_is_asked_for_again_and_changes_nothing(function, faults):
    met = 0

    def meets(request: httpx.Request, _: int, moment: str) -> None:
        nonlocal met
        if request.url.path.endswith(function) and moment == "after":
            met += 1
            if met % 2:
                raise httpx.ReadError("the connection was closed")

    faults.watch.meets = meets
    faults.run()
    assert met == 2 * 5, "each time once more than it is needed"
    assert faults.waiting.states() == {"settled": 5}
    assert set(faults.waiting.charges().values()) == {1}
    assert faults.waiting.standing() == faults.end
    assert faults.waiting.counted() == faults.waiting.charged()


def test_an_answer_that_supabase_never_takes_leaves_the_call_in_doubt(faults):
    def meets(request: httpx.Request, _: int, moment: str) -> None:
        if request.url.path.endswith("save_apollo_answer") and moment == "before":
            raise httpx.ConnectError("refused")

    faults.watch.meets = meets
    with pytest.raises(RetryableError, match="Supabase"):
        faults.run()
    faults.call_off()
    assert faults.waiting.states() == {"intended": 1}
    assert faults.run().recovery.doubtful == 1
    assert set(faults.waiting.charges().values()) == {1}
