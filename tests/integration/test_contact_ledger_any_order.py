"""The contact ledger in any order of events, held to a model of it in sets."""

from __future__ import annotations

import itertools
import uuid

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from modules.outreach.launch_ledger import end_launch, settle_people, take_people
from tests.fakes.contact_ledger import PLANS

MAILBOXES = [f"{name}@{domain}" for domain in ("one.example", "two.example") for name in ("ada", "bo")]
VALUES = [*MAILBOXES, "one.example", "two.example"]
events = st.lists(
    st.one_of(
        st.tuples(st.just("suppress"), st.sampled_from(VALUES)),
        st.tuples(st.just("lift"), st.sampled_from(VALUES)),
        st.tuples(st.sampled_from(["reserve", "reserve", "settle", "lose", "end", "abandon"]), st.none()),
        st.tuples(st.just("take"), st.integers(1, 4)),
    ),
    max_size=14,
)


class Model:
    """What has to hold, in sets of mailboxes."""

    def __init__(self, ledger):
        self.ledger, self.keys = ledger, itertools.count()
        self.launch, self.has_reserved = None, False
        self.stopped, self.state, self.told = set(), {}, set()

    def may_be_written_to(self, mailbox):
        return not {mailbox, mailbox.partition("@")[2]} & self.stopped

    def of(self, state):
        return {mailbox for mailbox, now in self.state.items() if now == state}

    def suppress(self, value):
        self.ledger.suppress(value)
        self.stopped.add(value)

    def lift(self, value):
        self.ledger.lift(value)
        self.stopped.discard(value)

    def reserve(self, _):
        if self.launch is None:
            self.launch, self.has_reserved = self.ledger.begin(key=str(next(self.keys))), False
        new = set() if self.has_reserved else {each for each in MAILBOXES if self.may_be_written_to(each)}
        new -= self.state.keys()
        assert self.ledger.reserve(self.launch) == len(new)
        self.state |= dict.fromkeys(new, "reserved")
        self.ledger.prepare(self.launch)
        self.has_reserved = True

    def take(self, most):
        if self.launch is not None:
            stopped = {each for each in self.of("reserved") if not self.may_be_written_to(each)}
            able = self.of("reserved") - stopped
            # Whoever Instantly was told of stays reserved until no lost request can reach them any more.
            for mailbox in stopped - self.told:
                del self.state[mailbox]
            rows = take_people(self.ledger.store, self.launch, str(uuid.uuid4()), most)
            taken = {row["email"].replace("+fair", "") for row in rows}
            assert taken <= able
            assert len(taken) == len(rows) == min(most, len(able))
            assert all(map(self.may_be_written_to, taken))
            self.state |= dict.fromkeys(taken, "uploading")
            self.told |= taken

    def settle(self, _):
        self.become("uploaded")

    def lose(self, _):
        self.become("reserved")

    def become(self, state):
        rows = self.ledger.rows("select campaign_lead_id::text from campaign_leads where state = 'uploading'")
        found = [{**row, "state": state, "instantly_lead_id": row["campaign_lead_id"]} for row in rows]
        if state == "reserved":
            found = [{**row, "instantly_lead_id": None} for row in found]
        settle_people(self.ledger.store, found)
        self.state |= dict.fromkeys(self.of("uploading"), state)

    def end(self, _):
        if self.launch is not None:
            end_launch(self.ledger.store, self.launch, "done", "ended")
            self.launch = None

    def abandon(self, _):
        if self.launch is None:
            return
        answer = self.ledger.store.call("abandon_launch", {"wanted_launch": self.launch.launch_id})
        if answer["doubtful"] == 0:
            ours = self.ledger.rows(
                "select match_key from campaign_leads where launch_id = %s and state = 'released' "
                "and reason = 'abandoned'",
                [self.launch.launch_id],
            )
            for mailbox in (row["match_key"] for row in ours):
                # Nobody is freed of whom Instantly may have been told.
                assert self.state.pop(mailbox) == "reserved"
                assert mailbox not in self.told
            self.launch = None

    def check(self):
        rows = self.ledger.rows("select match_key, state from campaign_leads where state <> 'released'")
        assert len(rows) == len({row["match_key"] for row in rows})
        assert {row["match_key"]: row["state"] for row in rows} == self.state


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(happens=events)
@example(happens=[("reserve", None), ("suppress", MAILBOXES[0]), ("take", 4)])
@example(happens=[("suppress", "one.example"), ("reserve", None), ("lift", "one.example"), ("take", 4)])
@example(happens=[("reserve", None), ("take", 2), ("lose", None), ("suppress", "one.example"), ("take", 4)])
@example(happens=[("reserve", None), ("take", 2), ("lose", None), ("suppress", "two.example"), ("take", 4)])
@example(happens=[("reserve", None), ("take", 1), ("settle", None), ("end", None), ("reserve", None), ("take", 4)])
def test_in_any_order_of_events_a_mailbox_is_reserved_once_and_never_taken_while_suppressed(ledger, happens):
    with ledger.connection.transaction(force_rollback=True):
        ledger.apply(PLANS)
        for number, mailbox in enumerate(MAILBOXES):
            name, _, domain = mailbox.partition("@")
            ledger.add(mailbox, score=50)
            ledger.add(f"{name}+fair@{domain}", match_key=mailbox, score=40 + 10 * number)
        model = Model(ledger)
        for event, about in happens:
            getattr(model, event)(about)
            model.check()
