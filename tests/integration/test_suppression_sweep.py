"""Suppression reaches back to people at Instantly: on its stand-in, with answers that get lost."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from psycopg.types.json import Jsonb

from modules.instantly.instantly_client import InstantlyClient
from modules.outreach.lead_table import refresh_leads
from modules.outreach.suppression import LiftReason, Reason, Suppression, suppressed_value
from modules.outreach.suppression_sweep import SweepResult, suppressed_at_instantly, sweep
from modules.outreach.suppression_table import lift, note, refresh_suppressions
from modules.shared.errors import ContractError, PermanentError, Refused
from tests.fakes.instantly_server import DRAFT, instantly_server

MARA, TEO, ZOE = "mara.weber@haldenfreight.example", "teo@larkfield.example", "zoe@bruckworks.example"
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
NOTHING = SweepResult(removed=0, still_there=(), blocked=0, not_blocked=0)
LOST = [
    {"kind": "cut", "when": "before"},
    {"kind": "cut", "when": "after"},
    {"kind": "half_body"},
    {"kind": "status", "status": 503, "when": "before"},
    {"kind": "status", "status": 503, "when": "after"},
    {"kind": "broken_json"},
]


class Place:
    """Instantly's stand-in, and the database as a read of it leaves it."""

    def __init__(self, server, connection, store):
        self.server, self.connection, self.store = server, connection, store
        self.client = InstantlyClient(server.api_key, base_url=server.base_url, requests_per_second=None)
        self.campaigns = {}

    def campaign(self, name, status=1):
        campaign_id = self.server.ask("POST", "/campaigns", body=DRAFT | {"name": name}).json()["id"]
        self.campaigns[name] = campaign_id
        self.put("instantly_campaigns_raw", instantly_campaign_id=campaign_id, campaign_status=status)

    def put(self, table, **columns):
        row = {"raw_json": Jsonb({}), "row_digest": "d", "synced_at": NOW, **columns}
        names, places = ", ".join(row), ", ".join(["%s"] * len(row))
        self.connection.execute(f"insert into {table} ({names}) values ({places})", list(row.values()))

    def person(self, email, campaign="a", **said):
        """Somebody in a campaign there, and in the raw table; answers the lead's id."""
        campaign_id = self.campaigns[campaign]
        lead_id = self.server.ask("POST", "/leads", body={"email": email, "campaign": campaign_id}).json()["id"]
        row = {"lead_status": 1, "email_reply_count": 0, **said}
        self.put(
            "instantly_leads_raw", instantly_lead_id=lead_id, instantly_campaign_id=campaign_id, email=email, **row
        )
        return lead_id

    def suppress(self, text, reason=Reason.by_hand):
        kind, value = suppressed_value(text)
        note(self.store, [Suppression(kind=kind, value=value, reason=reason, source="hand", created_by="tests")])

    def sync(self, **options):
        refresh_leads(self.store)
        refresh_suppressions(self.store, **options)

    def sweep(self, **options):
        """What it did, and the requests it made that were to change something."""
        self.server.stand_in.log.clear()
        result = sweep(self.store, self.client, suppressed_at_instantly(self.store), **options)
        return result, [entry.operation for entry in self.server.changing_requests]

    def is_there(self, lead_id):
        return self.server.ask("GET", f"/leads/{lead_id}").status_code == 200

    def block_list(self):
        entries = self.server.ask("GET", "/block-lists-entries", {"limit": 100}).json()["items"]
        return [entry["bl_value"] for entry in entries]


@pytest.fixture(scope="module")
def running():
    with instantly_server(campaigns=4, leads=20) as server:
        yield server


@pytest.fixture
def place(running, database, store, instant_retries):
    assert instant_retries is None
    running.reset()
    place = Place(running, database, store)
    place.campaign("a")
    place.campaign("b")
    with place.client:
        yield place


def test_who_unsubscribed_in_one_campaign_is_taken_out_of_the_other_and_blocked_everywhere(place):
    stopped = place.person(MARA, "a", lead_status=-2)
    going_on = place.person(MARA, "b")
    other = place.person(TEO, "b")
    place.sync()
    result, changes = place.sweep()
    assert result == SweepResult(removed=1, still_there=(), blocked=1, not_blocked=0)
    assert changes == ["DELETE /leads/{id}", "POST /block-lists-entries/bulk-create"]
    # Instantly had stopped the first one itself.
    assert [place.is_there(each) for each in (stopped, going_on, other)] == [True, False, True]
    assert MARA in place.block_list()


def test_a_second_sweep_changes_nothing(place):
    place.person(MARA, "a")
    place.suppress(MARA)
    place.suppress("larkfield.example")
    place.sync()
    assert place.sweep()[0] == SweepResult(removed=1, still_there=(), blocked=2, not_blocked=0)
    assert place.sweep() == (NOTHING, [])


def test_a_suppressed_domain_reaches_everybody_there(place):
    people = [place.person(f"{name}@haldenfreight.example", campaign) for name, campaign in ("xa", "yb", "zb")]
    place.suppress("haldenfreight.example")
    place.sync()
    assert place.sweep()[0].removed == 3
    assert not any(map(place.is_there, people))
    assert "haldenfreight.example" in place.block_list()


def test_a_conversation_stays_in_its_campaign_and_ends_the_others(place):
    answered = place.person(MARA, "a", email_reply_count=1)
    place.put(
        "instantly_emails_raw",
        instantly_email_id="mail",
        instantly_campaign_id=place.campaigns["a"],
        lead_email=MARA,
        email_type=2,
        is_auto_reply=False,
    )
    other = place.person(MARA, "b")
    place.sync()
    result, changes = place.sweep()
    # A person goes on writing to them: no block list.
    assert (result.removed, result.blocked, changes) == (1, 0, ["DELETE /leads/{id}"])
    assert [place.is_there(answered), place.is_there(other)] == [True, False]


def test_a_reply_stops_colleagues_where_that_is_wanted(place):
    answered = place.person(MARA, "a", email_reply_count=1)
    colleague = place.person("olaf@haldenfreight.example", "a")
    place.sync(stop_company=True)
    assert place.sweep()[0].removed == 1
    assert [place.is_there(answered), place.is_there(colleague)] == [True, False]


@pytest.mark.parametrize("status", [-1, -2, 3])
def test_whom_instantly_stopped_itself_stays_where_they_are(place, status):
    lead_id = place.person(MARA, "a", lead_status=status)
    place.suppress(MARA)
    place.sync()
    assert place.sweep()[0].removed == 0
    assert place.is_there(lead_id)


def test_a_completed_campaign_is_left_alone_and_an_unknown_one_is_not(place):
    place.campaign("done", status=3)
    place.campaign("new", status=99)
    done, new = place.person(MARA, "done"), place.person(MARA, "new")
    place.suppress(MARA)
    place.sync()
    assert place.sweep()[0].removed == 1
    assert [place.is_there(done), place.is_there(new)] == [True, False]


def test_who_is_gone_already_is_done(place):
    lead_id = place.person(MARA, "a")
    place.suppress(MARA)
    place.sync()
    place.server.ask("DELETE", f"/leads/{lead_id}")
    assert place.sweep()[0] == SweepResult(removed=1, still_there=(), blocked=1, not_blocked=0)
    assert place.sweep() == (NOTHING, [])


@pytest.mark.parametrize("action", LOST, ids=str)
def test_a_lost_answer_is_never_repeated_and_the_read_back_tells_what_became_of_it(place, action):
    lead_id = place.person(MARA, "a")
    place.suppress(MARA)
    place.sync()
    place.server.order_fault(method="DELETE", path="/leads/*", action=action)
    place.server.order_fault(method="POST", path="/block-lists-entries/bulk-create", action=action)
    result, _ = place.sweep()
    asked = [(entry.method, entry.path) for entry in place.server.changing_requests]
    assert asked == [("DELETE", f"/leads/{lead_id}"), ("POST", "/block-lists-entries/bulk-create")]
    happened = action.get("when", "after") == "after"
    assert place.is_there(lead_id) is not happened
    assert result == SweepResult(
        removed=int(happened),
        still_there=() if happened else (lead_id,),
        blocked=int(happened),
        not_blocked=int(not happened),
    )
    assert result.is_complete is happened
    # The next one ends what this one could not, and adds nothing twice.
    place.sweep()
    assert not place.is_there(lead_id)
    assert place.block_list().count(MARA) == 1


def test_a_key_that_may_not_delete_fails_and_says_which_scope_it_lacks(place):
    place.person(MARA, "a")
    place.suppress(MARA)
    place.sync()
    refusal = {"kind": "status", "status": 403, "body": {"error": "Forbidden"}}
    place.server.order_fault(method="DELETE", path="/leads/*", action=refusal)
    with pytest.raises(PermanentError, match="leads:delete"):
        place.sweep()


def test_a_look_up_that_ignores_its_filter_is_not_believed(place):
    lead_id = place.person(MARA, "a")
    place.person(TEO, "a")
    place.suppress(MARA)
    place.sync()
    stranger = place.server.ask("POST", "/leads/list", body={"contacts": [TEO]}).json()
    answer = {"kind": "status", "status": 200, "body": stranger}
    place.server.order_fault(method="POST", path="/leads/list", action=answer)
    with pytest.raises(ContractError, match="other addresses"):
        place.sweep()
    (deleted_at,) = place.connection.execute(
        "select deleted_at from instantly_leads_raw where instantly_lead_id = %s", [lead_id]
    ).fetchone()
    assert deleted_at is None


def test_the_pause_is_asked_before_each_effect(place):
    lead_id = place.person(MARA, "a")
    place.suppress(MARA)
    place.sync()

    def paused():
        raise Refused("paused")

    with pytest.raises(Refused):
        place.sweep(check_pause=paused)
    assert place.is_there(lead_id)
    assert place.server.changing_requests == []
    asked = []
    place.sweep(check_pause=lambda: asked.append(1))
    assert len(asked) == 2


def test_the_address_that_is_written_to_is_blocked_and_not_the_key_it_is_compared_by(place):
    place.person("zoe.quist+berlin@gmail.com", "a")
    place.suppress("zoequist@gmail.com", Reason.unsubscribed)
    place.sync()
    assert place.sweep()[0].blocked == 1
    assert "zoe.quist+berlin@gmail.com" in place.block_list()


def test_more_values_than_one_request_takes_are_blocked_in_several(place):
    records = [
        Suppression(kind="email", value=f"p{n}@firm.example", reason=Reason.bounced, source="csv:a", created_by="tests")
        for n in range(1_204)
    ]
    note(place.store, records)
    result, changes = place.sweep()
    assert (result.blocked, result.not_blocked) == (1_204, 0)
    assert changes == ["POST /block-lists-entries/bulk-create"] * 2
    assert place.sweep() == (NOTHING, [])


def test_our_own_entries_of_the_block_list_do_not_undo_a_lift(place):
    place.suppress(ZOE)
    place.sweep()
    entry = next(
        each
        for each in place.server.ask("GET", "/block-lists-entries", {"limit": 100}).json()["items"]
        if each["bl_value"] == ZOE
    )
    lift(place.store, ZOE, reason=LiftReason.asked_for_contact, by="tests")
    place.put("instantly_block_list_raw", instantly_block_list_entry_id=entry["id"], blocked_value=ZOE, is_domain=False)
    place.sync()
    assert place.store.select("suppressed") == []
    assert place.sweep() == (NOTHING, [])


def test_an_entry_that_a_person_took_off_the_list_at_instantly_is_not_put_back(place):
    place.put("instantly_block_list_raw", instantly_block_list_entry_id="e", blocked_value=ZOE, is_domain=False)
    place.sync()
    assert [row["reason"] for row in place.store.select("suppressed")] == ["block_list"]
    assert place.sweep() == (NOTHING, [])


def test_people_of_more_than_a_page_are_all_taken_out(place):
    people = [place.person(f"p{n}@haldenfreight.example") for n in range(104)]
    place.suppress("haldenfreight.example")
    place.sync()
    assert place.sweep()[0].removed == 104
    assert not any(map(place.is_there, people[::20]))
