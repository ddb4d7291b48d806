"""The contact ledger: a person is reserved once, never while suppressed, and what became of them is never lost."""

from __future__ import annotations

import itertools
import threading
import uuid

import psycopg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from modules.outreach.launch_ledger import begin_launch, end_launch, reserve_people, settle_people, take_people
from modules.shared.errors import PermanentError, Refused
from tests.fakes.campaigns import campaign
from tests.fakes.people import DirectStore, People

PLANS = campaign(caps__people_per_company=50, caps__people_per_domain=50)
OTHER = campaign(name="other", title="Another one")
OTHER_COPY = campaign(offer="We take over plans that live in heads.")
STATES = ("reserved", "uploading", "uploaded", "active", "finished", "unknown", "released")
LEGAL = {
    ("reserved", "uploading"),
    ("reserved", "uploaded"),
    ("reserved", "released"),
    ("uploading", "reserved"),
    ("uploading", "uploaded"),
    ("uploading", "unknown"),
    ("uploading", "released"),
    ("unknown", "reserved"),
    ("unknown", "uploaded"),
    ("unknown", "released"),
    ("uploaded", "active"),
    ("uploaded", "finished"),
    ("active", "finished"),
}


class Ledger(People):
    """People, and launches that reserve them."""

    def begin(self, wanted=PLANS, key="first", *, limit=None, activates=True):
        return begin_launch(self.store, wanted, launch_key=key, limit=limit, activates=activates)

    def reserve(self, launch, wanted=PLANS, most_age_s=None):
        return reserve_people(self.store, launch, wanted, most_age_s or {})

    def prepare(self, launch):
        """Write down for everybody what is to be sent."""
        wanted = {"wanted_launch": launch.launch_id, "after_rank": 0, "most": 1_000}
        people = self.store.call("people_to_prepare", wanted)
        rows = [{"campaign_lead_id": each["campaign_lead_id"], "payload": {"email": each["email"]}} for each in people]
        return self.store.call("prepare_people", {"rows": rows})

    def take(self, launch, most=100, upload=None):
        return [each["email"] for each in take_people(self.store, launch, upload or str(uuid.uuid4()), most)]

    def ready(self, count, wanted=PLANS, key="first", **asked):
        """A launch whose people are reserved, and only have to be sent."""
        for number in range(count):
            self.add(f"person{number:02}@firm{number}.example", score=90 - number)
        self.apply(wanted)
        launch = self.begin(wanted, key, **asked)
        assert self.reserve(launch, wanted) == count
        assert self.prepare(launch) == count
        return launch

    def states(self):
        """State and reason by address, of all rows in the order they were reserved in."""
        rows = self.rows("select email, state, reason from campaign_leads order by reserved_at, rank")
        return {row["email"]: (row["state"], row["reason"]) for row in rows}

    def settle(self, email, state, reason="", instantly_lead_id=None):
        (entry,) = self.rows("select campaign_lead_id from campaign_leads where email = %s", [email])
        row = {"campaign_lead_id": str(entry["campaign_lead_id"]), "state": state, "reason": reason}
        return settle_people(self.store, [{**row, "instantly_lead_id": instantly_lead_id}])

    def set(self, entry, **columns):
        """Write columns of one row, as any program might."""
        assigned = ", ".join(f"{name} = %s" for name in columns)
        values = [Jsonb(value) if isinstance(value, dict) else value for value in columns.values()]
        statement = f"update campaign_leads set {assigned} where campaign_lead_id = %s"
        self.connection.execute(statement, [*values, entry])


@pytest.fixture
def ledger(database):
    return Ledger(database)


# --- what the database itself refuses -------------------------------------------------------------------------------


@pytest.mark.parametrize(("before", "after"), list(itertools.permutations(STATES, 2)))
def test_a_person_only_takes_steps_that_the_ledger_knows(ledger, before, after):
    held = {"payload": {"email": "a"}, "payload_digest": "d", "instantly_lead_id": "1", "reason": "why"}
    entry = ledger.enter(ledger.launch(PLANS), ledger.add("mara@firm.example"), before, **held)
    if (before, after) in LEGAL:
        ledger.set(entry, state=after)
        assert ledger.states() == {"mara@firm.example": (after, "why")}
    else:
        with pytest.raises(psycopg.errors.RaiseException, match=f"cannot go from {before} to {after}"):
            ledger.set(entry, state=after)
        assert ledger.states() == {"mara@firm.example": (before, "why")}


@pytest.mark.parametrize("state", STATES)
def test_no_row_is_ever_deleted(ledger, state):
    ledger.enter(ledger.launch(PLANS), ledger.add("mara@firm.example"), state)
    with pytest.raises(psycopg.errors.RaiseException, match="never deleted"):
        ledger.connection.execute("delete from campaign_leads")
    with pytest.raises(psycopg.errors.Error):
        ledger.connection.execute("delete from leads")
    with pytest.raises(psycopg.errors.Error):
        ledger.connection.execute("delete from launches")
    assert len(ledger.states()) == 1


@pytest.mark.parametrize("column", ["match_key", "email", "campaign_name", "lead_id"])
@pytest.mark.parametrize("state", ["reserved", "active", "released"])
def test_who_a_row_speaks_of_cannot_change(ledger, column, state):
    entry = ledger.enter(ledger.launch(PLANS), ledger.add("mara@firm.example"), state)
    value = ledger.add("teo@firm.example") if column == "lead_id" else "other"
    with pytest.raises(psycopg.errors.RaiseException, match="who a row of campaign_leads speaks of"):
        ledger.set(entry, **{column: value})


def test_what_somebody_is_sent_with_is_written_once(ledger):
    launch = ledger.ready(1)
    entry = ledger.rows("select campaign_lead_id from campaign_leads")[0]["campaign_lead_id"]
    for payload in ({"email": "other"}, None):
        with pytest.raises(psycopg.errors.RaiseException, match="sent with cannot change"):
            ledger.set(entry, payload=payload)
    row = {"campaign_lead_id": str(entry), "payload": {"email": "other"}}
    assert ledger.store.call("prepare_people", {"rows": [row]}) == 0
    assert ledger.take(launch) == ["person00@firm0.example"]
    assert ledger.rows("select payload from campaign_leads") == [{"payload": {"email": "person00@firm0.example"}}]


@pytest.mark.parametrize("state", [state for state in STATES if state != "released"])
def test_a_person_has_one_live_row_also_for_who_writes_past_the_functions(ledger, state):
    lead_id, again = (
        ledger.add("mara@firm.example"),
        ledger.add("mara+fair@firm.example", match_key="mara@firm.example"),
    )
    ledger.enter(ledger.launch(PLANS), lead_id, state)
    other = ledger.launch(OTHER)
    for each in (lead_id, again):
        with pytest.raises(psycopg.errors.UniqueViolation, match="campaign_leads_one_campaign_a_person"):
            ledger.enter(other, each, "reserved")
    ledger.enter(other, again, "released")
    assert len(ledger.states()) == 2


@pytest.mark.parametrize(
    ("state", "columns"),
    [
        ("uploading", {"payload": None, "payload_digest": ""}),
        ("uploaded", {"instantly_lead_id": None}),
        ("active", {"instantly_lead_id": None}),
        ("released", {"reason": ""}),
        ("finished", {"reason": ""}),
        ("unknown", {"reason": ""}),
        ("lost", {}),
        ("reserved", {"payload": {"email": "a"}}),
    ],
)
def test_a_row_that_lacks_what_its_state_says_is_refused(ledger, state, columns):
    with pytest.raises(psycopg.errors.CheckViolation):
        ledger.enter(ledger.launch(PLANS), ledger.add("mara@firm.example"), state, **columns)


def test_a_campaign_has_one_open_launch(ledger):
    ledger.launch(PLANS, "open")
    with pytest.raises(psycopg.errors.UniqueViolation):
        ledger.launch(PLANS, "open")


# --- beginning a launch ---------------------------------------------------------------------------------------------


def test_the_same_key_is_the_same_launch_and_another_key_continues_the_open_one(ledger):
    ledger.apply(PLANS)
    first = ledger.begin(limit=5, activates=False)
    assert ledger.begin(limit=9, activates=False) == first
    assert ledger.begin(key="second", limit=9, activates=False) == first
    assert (first.state, first.people_limit, first.activates) == ("open", 5, False)


def test_an_open_launch_activates_from_when_somebody_asks_for_it(ledger):
    ledger.apply(PLANS)
    assert not ledger.begin(activates=False).activates
    assert ledger.begin(key="second").activates
    # Nobody takes back by not asking.
    assert ledger.begin(activates=False).activates


def test_the_key_of_a_launch_that_has_ended_finds_it_and_does_nothing(ledger):
    launch = ledger.ready(3)
    end_launch(ledger.store, launch, "done", "it sends")
    found = ledger.begin(OTHER_COPY)
    assert (found.launch_id, found.state, found.outcome) == (launch.launch_id, "done", "it sends")
    ledger.add("late@firm.example")
    with pytest.raises(Refused, match="has ended"):
        ledger.reserve(found)
    with pytest.raises(Refused, match="has ended"):
        ledger.take(found)
    assert {state for state, _ in ledger.states().values()} == {"reserved"}
    end_launch(ledger.store, launch, "abandoned", "again")
    assert ledger.begin().outcome == "it sends"
    assert ledger.begin(key="second").launch_id != launch.launch_id


def test_an_open_launch_is_not_continued_with_other_mails(ledger):
    ledger.apply(PLANS)
    launch = ledger.begin()
    with pytest.raises(Refused, match="still open, and what the mails say has changed"):
        ledger.begin(OTHER_COPY)
    with pytest.raises(Refused, match="still open, and what the mails say has changed"):
        ledger.begin(OTHER_COPY, key="second")
    # Whom it is for is no copy.
    assert ledger.begin(campaign(audience__min_score=10), key="third").launch_id == launch.launch_id


def test_the_key_of_another_campaign_and_an_unknown_campaign_are_refused(ledger):
    ledger.apply(PLANS)
    with pytest.raises(PermanentError, match="knows no campaign other"):
        ledger.begin(OTHER)
    ledger.begin()
    ledger.apply(OTHER)
    with pytest.raises(Refused, match="used for plans before"):
        ledger.begin(OTHER)
    assert ledger.begin(OTHER, key="second").campaign_name == "other"


def test_many_that_begin_at_once_begin_one_launch(ledger, supabase):
    ledger.apply(PLANS)

    def begin(place, own):
        return begin_launch(own, PLANS, launch_key=f"key{place % 4}", limit=None, activates=True).launch_id

    assert len(set(at_once(supabase, 8, begin))) == 1
    assert ledger.rows("select count(*) as launches from launches") == [{"launches": 1}]


def at_once(supabase, callers, act):
    """What each of several callers, each over its own connection, answers to doing it at the same time."""
    barrier = threading.Barrier(callers)
    answers = [None] * callers

    def run(place):
        with psycopg.connect(supabase.database_url, autocommit=True) as connection:
            barrier.wait(timeout=20)
            answers[place] = act(place, DirectStore(connection))

    threads = [threading.Thread(target=run, args=[place]) for place in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


# --- reserving ------------------------------------------------------------------------------------------------------


def test_a_launch_reserves_once_and_remembers_how_it_chose(ledger):
    ledger.add("mara@firm.example")
    ledger.add("teo@firm.example", status="replied")
    ledger.apply(PLANS)
    launch = ledger.begin()
    assert ledger.reserve(launch) == 1
    ledger.add("late@other.example")
    assert ledger.reserve(launch) == 0
    assert ledger.states() == {"mara@firm.example": ("reserved", "")}
    assert ledger.begin().funnel == [{"rule": "stopped", "people": 1}, {"rule": "chosen", "people": 1}]


def test_a_launch_that_found_nobody_does_not_look_again(ledger):
    ledger.apply(PLANS)
    launch = ledger.begin()
    assert ledger.reserve(launch) == 0
    ledger.add("mara@firm.example")
    assert ledger.reserve(launch) == 0


def test_a_launch_reserves_no_more_than_its_limit_by_score(ledger):
    for number in range(5):
        ledger.add(f"person{number}@firm{number}.example", score=number)
    ledger.apply(PLANS)
    assert ledger.reserve(ledger.begin(limit=2)) == 2
    assert list(ledger.states()) == ["person4@firm4.example", "person3@firm3.example"]


def test_nobody_is_reserved_on_stale_data_whatever_the_gate_said(ledger):
    ledger.add("mara@firm.example")
    ledger.apply(PLANS)
    launch = ledger.begin()
    with pytest.raises(Refused, match=r"leads has no complete data at all(.|\n)*suppressions has no complete data"):
        ledger.reserve(launch, most_age_s={"suppressions": 10, "leads": 10})
    assert ledger.states() == {}
    # Once it is fresh, the same launch goes on.
    assert ledger.reserve(launch) == 1


def test_nobody_is_reserved_while_paused_and_the_same_launch_goes_on_after(ledger):
    ledger.add("mara@firm.example")
    ledger.apply(PLANS)
    launch = ledger.begin()
    for switch in ("select set_pause('a look first')", "delete from pause_switch"):
        ledger.connection.execute(switch)
        with pytest.raises(Refused, match="Paused"):
            ledger.reserve(launch)
    assert ledger.states() == {}
    ledger.connection.execute("select set_pause(null)")
    assert ledger.reserve(launch) == 1


def test_nobody_is_reserved_for_other_mails_than_the_launch_began_with(ledger):
    ledger.add("mara@firm.example")
    ledger.apply(PLANS)
    with pytest.raises(Refused, match="has changed since the launch began"):
        ledger.reserve(ledger.begin(), OTHER_COPY)
    assert ledger.states() == {}


def test_campaigns_that_reserve_at_the_same_time_share_no_person(ledger, supabase):
    for number in range(30):
        ledger.add(f"person{number}@firm{number}.example")
    campaigns = [campaign(name=f"plans-{place}", caps__people=8) for place in range(5)]
    for each in campaigns:
        ledger.apply(each)
    launches = [ledger.begin(each, key=each.name) for each in campaigns]

    def reserve(place, own):
        return reserve_people(own, launches[place], campaigns[place], {})

    assert sorted(at_once(supabase, 5, reserve)) == [0, 6, 8, 8, 8]
    assert len(ledger.states()) == 30
    assert ledger.rows("select count(distinct match_key) as people from campaign_leads") == [{"people": 30}]


def test_one_launch_run_twice_at_the_same_time_reserves_once(ledger, supabase):
    for number in range(10):
        ledger.add(f"person{number}@firm{number}.example")
    ledger.apply(PLANS)
    launch = ledger.begin(limit=4)
    assert sorted(at_once(supabase, 3, lambda _, own: reserve_people(own, launch, PLANS, {}))) == [0, 0, 4]
    assert len(ledger.states()) == 4


# --- taking people to upload ----------------------------------------------------------------------------------------


def test_people_are_taken_best_first_and_nobody_twice(ledger):
    launch = ledger.ready(5)
    upload = str(uuid.uuid4())
    taken = ledger.take(launch, 2, upload)
    assert taken == ["person00@firm0.example", "person01@firm1.example"]
    assert ledger.take(launch, 2, upload) == taken
    assert ledger.take(launch) == [f"person{number:02}@firm{number}.example" for number in (2, 3, 4)]
    assert ledger.take(launch) == []


def test_callers_at_the_same_time_never_get_the_same_person(ledger, supabase):
    launch = ledger.ready(40)

    def take_all(_, own):
        taken = []
        while people := take_people(own, launch, str(uuid.uuid4()), 3):
            taken += [each["email"] for each in people]
        return taken

    taken = list(itertools.chain.from_iterable(at_once(supabase, 5, take_all)))
    # A caller may end early while another one holds the last ones; nobody is taken by two.
    assert len(taken) == len(set(taken)) == 40


@pytest.mark.parametrize("value", ["person01@firm1.example", "firm1.example"])
def test_who_was_suppressed_since_the_reservation_is_released_and_not_taken(ledger, value):
    launch = ledger.ready(3)
    ledger.suppress(value)
    assert ledger.take(launch) == ["person00@firm0.example", "person02@firm2.example"]
    assert ledger.states()["person01@firm1.example"] == ("released", "suppressed")


def test_nobody_is_taken_while_paused(ledger):
    launch = ledger.ready(2)
    ledger.connection.execute("select set_pause('a look first')")
    with pytest.raises(Refused, match="Paused"):
        ledger.take(launch)
    assert set(ledger.states().values()) == {("reserved", "")}


def test_who_has_nothing_to_be_sent_with_is_not_taken(ledger):
    ledger.add("mara@firm.example")
    ledger.apply(PLANS)
    launch = ledger.begin()
    ledger.reserve(launch)
    assert ledger.take(launch) == []


def test_whom_an_earlier_launch_left_the_next_one_takes(ledger):
    end_launch(ledger.store, ledger.ready(2), "done", "ended early")
    assert ledger.take(ledger.begin(key="second")) == ["person00@firm0.example", "person01@firm1.example"]


# --- what became of people ------------------------------------------------------------------------------------------


def test_a_late_answer_settles_and_an_old_one_changes_nothing(ledger):
    launch = ledger.ready(1)
    (email,) = ledger.take(launch)
    assert ledger.settle(email, "unknown", "not_created_and_not_found") == {"unknown": 1}
    assert ledger.settle(email, "uploaded", instantly_lead_id="1") == {"uploaded": 1}
    for state, reason in [("released", "in_block_list"), ("reserved", ""), ("unknown", "lost"), ("uploaded", "")]:
        assert ledger.settle(email, state, reason) == {}
    assert ledger.states() == {email: ("uploaded", "")}


def test_abandoning_releases_only_whom_instantly_was_never_told_of(ledger):
    launch = ledger.ready(4)
    first, second = ledger.take(launch, 2)
    answer = ledger.store.call("abandon_launch", {"wanted_launch": launch.launch_id})
    assert answer == {"doubtful": 2, "released": 0}
    ledger.settle(first, "uploaded", instantly_lead_id="1")
    ledger.settle(second, "reserved")
    # Found nowhere a moment ago, and the request may still take effect.
    answer = ledger.store.call("abandon_launch", {"wanted_launch": launch.launch_id})
    assert answer == {"doubtful": 1, "released": 0}
    assert ledger.begin().state == "open"
    ledger.connection.execute("update campaign_leads set state_since = now() - interval '11 minutes'")
    answer = ledger.store.call("abandon_launch", {"wanted_launch": launch.launch_id})
    assert answer == {"doubtful": 0, "released": 3}
    states = ledger.states()
    assert states.pop(first) == ("uploaded", "")
    assert set(states.values()) == {("released", "abandoned")}
    assert ledger.begin().state == "abandoned"
    # They can be chosen again; whom Instantly holds cannot.
    assert ledger.reserve(ledger.begin(key="second")) == 3


def test_abandoning_waits_for_who_is_unknown(ledger):
    launch = ledger.ready(1)
    (email,) = ledger.take(launch)
    ledger.settle(email, "unknown", "not_created_and_not_found")
    assert ledger.store.call("abandon_launch", {"wanted_launch": launch.launch_id})["doubtful"] == 1
    assert ledger.states() == {email: ("unknown", "not_created_and_not_found")}


def read_from_instantly(ledger, *, campaign_status="active", state="active", **said):
    """Somebody in the ledger, as the next read of Instantly finds them; then the ledger is brought up to it."""
    entry = ledger.enter(ledger.launch(PLANS), ledger.add("mara@firm.example"), state, instantly_lead_id="lead")
    creation = {"campaign_name": "plans", "marker": "m", "instantly_campaign_id": "campaign"}
    ledger.insert("campaign_creations", creation)
    ledger.insert("campaigns", {"instantly_campaign_id": "campaign", "status": campaign_status})
    row = {"instantly_lead_id": "lead", "instantly_campaign_id": "campaign", "email": "mara@firm.example"}
    row |= {"lead_status": 1, "email_reply_count": 0, "raw_json": {}, "row_digest": "d", "synced_at": "2026-11-20"}
    if said.pop("is_listed", True):
        ledger.insert("instantly_leads_raw", row | said)
    return entry


def refreshed(ledger):
    ledger.connection.execute("select * from refresh_campaign_leads()")
    before = ledger.rows("select xmin::text from campaign_leads")
    ledger.connection.execute("select * from refresh_campaign_leads()")
    # What is known already is not written again.
    assert ledger.rows("select xmin::text from campaign_leads") == before
    return ledger.states()["mara@firm.example"]


@pytest.mark.parametrize("state", ["uploaded", "active"])
@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"lead_status": 3}, "completed"),
        ({"lead_status": -1}, "bounced"),
        ({"lead_status": -2}, "unsubscribed"),
        ({"lead_status": -3}, "skipped"),
        ({"email_reply_count": 1}, "replied"),
        ({"email_reply_count": 1, "interest_status": 1}, "replied"),
        ({"email_reply_count": 1, "lead_status": 3}, "replied"),
        ({"deleted_at": "2026-11-20", "lead_status": 3}, "removed_at_instantly"),
    ],
)
def test_whom_instantly_will_not_write_to_again_is_finished_and_stays_in_the_ledger(ledger, state, said, reason):
    read_from_instantly(ledger, state=state, **said)
    assert refreshed(ledger) == ("finished", reason)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"email_reply_count": 1, "interest_status": 0},
        {"lead_status": 2},
        {"lead_status": None},
        {"lead_status": 99},
        {"is_listed": False},
    ],
)
def test_who_is_out_of_office_paused_or_not_known_goes_on(ledger, said):
    read_from_instantly(ledger, **said)
    assert refreshed(ledger) == ("active", "")


def test_an_automatic_reply_that_instantly_does_not_mark_finishes_nobody(ledger):
    read_from_instantly(ledger, email_reply_count=1)
    mail = {"instantly_email_id": "mail", "instantly_campaign_id": "campaign", "lead_email": "mara@firm.example"}
    mail |= {"email_type": 2, "is_auto_reply": True, "raw_json": {}, "row_digest": "d", "synced_at": "2026-11-20"}
    ledger.insert("instantly_emails_raw", mail)
    assert refreshed(ledger) == ("active", "")
    ledger.connection.execute("update instantly_leads_raw set email_reply_count = 2")
    assert refreshed(ledger) == ("finished", "replied")


@pytest.mark.parametrize(
    ("status", "after"),
    [("active", "active"), ("running_subsequences", "active"), ("draft", "uploaded"), ("paused", "uploaded")],
)
def test_whoever_was_uploaded_is_active_once_their_campaign_sends(ledger, status, after):
    read_from_instantly(ledger, state="uploaded", campaign_status=status)
    assert refreshed(ledger) == (after, "")


@pytest.mark.parametrize("state", ["reserved", "uploading", "unknown", "released", "finished"])
def test_a_read_changes_nobody_whom_instantly_may_not_hold(ledger, state):
    read_from_instantly(ledger, state=state, lead_status=3)
    before = ledger.states()
    assert refreshed(ledger) == before["mara@firm.example"]


@pytest.mark.parametrize("source_key", ["lead:lead", "email:mail"])
def test_a_conversation_stays_in_the_campaign_it_is_in(ledger, source_key):
    read_from_instantly(ledger)
    mail = {"instantly_email_id": "mail", "instantly_campaign_id": "campaign", "lead_email": "mara@firm.example"}
    mail |= {"email_type": 2, "is_auto_reply": False, "raw_json": {}, "row_digest": "d", "synced_at": "2026-11-20"}
    ledger.insert("instantly_emails_raw", mail)
    ledger.suppress("mara@firm.example", "replied", source_key=source_key)
    asked = {"wanted_campaign": "plans", "after_id": None, "most": 10}
    assert ledger.store.call("uploaded_but_suppressed", asked) == []
    # Any other reason, and an answer that somebody gave elsewhere, takes them out.
    ledger.suppress("mara@firm.example", "replied", source_key="email:elsewhere")
    assert [row["email"] for row in ledger.store.call("uploaded_but_suppressed", asked)] == ["mara@firm.example"]
    ledger.lift("mara@firm.example")
    ledger.suppress("firm.example", "unsubscribed")
    assert [row["email"] for row in ledger.store.call("uploaded_but_suppressed", asked)] == ["mara@firm.example"]


# --- any order of events --------------------------------------------------------------------------------------------

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


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
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
