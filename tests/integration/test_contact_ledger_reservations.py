"""The contact ledger: a person is reserved once, taken by one caller, and never while suppressed or paused."""

from __future__ import annotations

import itertools
import uuid

import pytest

from modules.outreach.launch_ledger import end_launch, reserve_people, take_people
from modules.shared.errors import Refused
from tests.fakes.campaigns import campaign
from tests.fakes.contact_ledger import OTHER_COPY, PLANS, at_once


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


def test_a_late_answer_settles_and_an_old_one_changes_nothing(ledger):
    launch = ledger.ready(1)
    (email,) = ledger.take(launch)
    assert ledger.settle(email, "unknown", "not_created_and_not_found") == {"unknown": 1}
    assert ledger.settle(email, "uploaded", instantly_lead_id="1") == {"uploaded": 1}
    for state, reason in [("released", "in_block_list"), ("reserved", ""), ("unknown", "lost"), ("uploaded", "")]:
        assert ledger.settle(email, state, reason) == {}
    assert ledger.states() == {email: ("uploaded", "")}
