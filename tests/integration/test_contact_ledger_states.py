"""The contact ledger: what the database itself refuses, whoever writes to it."""

from __future__ import annotations

import itertools

import psycopg
import pytest

from tests.fakes.contact_ledger import PLANS
from tests.fakes.people import OTHER

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
