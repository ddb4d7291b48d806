"""The contact ledger: a launch is begun once, continued under any key, and given up only while nobody is in doubt."""

from __future__ import annotations

import pytest

from modules.outreach.launch_ledger import begin_launch, end_launch
from modules.shared.errors import PermanentError, Refused
from tests.fakes.campaigns import campaign
from tests.fakes.contact_ledger import OTHER_COPY, PLANS, at_once
from tests.fakes.people import OTHER


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
