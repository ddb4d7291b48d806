"""`suppressions` in a real database: what is noted, what holds, what is lifted, and that nothing is changed."""

from __future__ import annotations

import threading
import uuid
from datetime import UTC, datetime

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from modules.outreach.lead_records import Provenance, lead_record
from modules.outreach.lead_table import merge_leads, refresh_leads
from modules.outreach.suppression import Kind, LiftReason, Reason, Suppression, erased_key, suppressed_value
from modules.outreach.suppression_erasure import compare_with_erased, erase
from modules.outreach.suppression_file import read_suppression_file
from modules.outreach.suppression_table import (
    is_suppressed,
    lift,
    missing_stops,
    note,
    refresh_suppressions,
    suppression_reasons,
)
from modules.shared.errors import PermanentError

MARA, TEO, ZOE = "mara.weber@haldenfreight.example", "teo@larkfield.example", "zoe.quist@gmail.com"
KEY = "an invented erasure key"
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
NEITHER = {"inserted": 0, "unchanged": 0, "rejected": 0}


class World:
    """The database beside the pipeline: what Instantly said, and what became of it."""

    def __init__(self, connection, store):
        self.connection = connection
        self.store = store

    def put(self, table, **columns):
        row = {"raw_json": Jsonb(columns.pop("raw_json", {})), "row_digest": "d", "synced_at": NOW, **columns}
        names, places = ", ".join(row), ", ".join(["%s"] * len(row))
        self.connection.execute(f"insert into {table} ({names}) values ({places})", list(row.values()))

    def lead(self, email, *, campaign="a", lead_id=None, **columns):
        """One at Instantly; answers its id there."""
        lead_id = lead_id or str(uuid.uuid4())
        row = {"instantly_campaign_id": campaign, "lead_status": 1, "email_reply_count": 0, **columns}
        self.put("instantly_leads_raw", instantly_lead_id=lead_id, email=email, **row)
        return lead_id

    def mail(self, email, *, campaign="a", **columns):
        """One that Instantly received."""
        row = {
            "instantly_campaign_id": campaign,
            "lead_email": email,
            "email_type": 2,
            "is_auto_reply": False,
            **columns,
        }
        self.put("instantly_emails_raw", instantly_email_id=str(uuid.uuid4()), **row)

    def label(self, number, kind, name):
        self.put(
            "instantly_lead_labels_raw",
            instantly_lead_label_id=name,
            label_name=name,
            label_kind=kind,
            interest_status=number,
        )

    def blocked(self, value, **columns):
        entry = {"blocked_value": value, "is_domain": "@" not in value, **columns}
        self.put("instantly_block_list_raw", instantly_block_list_entry_id=str(uuid.uuid4()), **entry)

    def by_hand(self, text, reason=Reason.by_hand):
        kind, value = suppressed_value(text)
        record = Suppression(kind=kind, value=value, reason=reason, source="hand", created_by="tests")
        return note(self.store, [record])

    def lift(self, text, reason=LiftReason.noted_by_mistake, **options):
        return lift(self.store, text, reason=reason, by="tests", **options)

    def sync(self, **options):
        return refresh_suppressions(self.store, **options)

    def known_lead(self, email, **fields):
        """Somebody from a file."""
        merge_leads(self.store, [lead_record(email, provenance=Provenance(source="csv:a", collected_at=NOW), **fields)])

    def reasons(self, *emails):
        return suppression_reasons(self.store, list(emails), erasure_key=KEY)

    def of_leads(self):
        """What the reserving transaction reads: reasons by address."""
        rows = self.connection.execute(
            "select email, array_agg(distinct reason order by reason) from suppressed_leads join leads using (lead_id) "
            "group by email"
        ).fetchall()
        return dict(rows)

    def acts(self):
        return self.connection.execute("select id, xmin::text, ctid::text from suppressions order by id").fetchall()

    def empty(self):
        self.connection.execute("truncate instantly_leads_raw, suppressions, leads, sync_runs cascade")


@pytest.fixture
def world(database, store):
    return World(database, store)


ADDRESSES = st.sampled_from([MARA, "Mara.Weber+news@HALDENFREIGHT.example", TEO])
EVENTS = st.one_of(
    st.tuples(st.just("said at instantly"), ADDRESSES),
    st.tuples(st.just("synced"), st.just("")),
    st.tuples(st.just("said by hand"), st.one_of(ADDRESSES, st.just("haldenfreight.example"))),
    st.tuples(st.just("lifted"), st.one_of(ADDRESSES, st.just("haldenfreight.example"))),
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(EVENTS, max_size=12))
def test_in_any_order_of_events_the_last_one_that_was_news_decides(world, events):
    world.empty()
    holds: dict[tuple[str, str], bool] = {}
    waiting: list[tuple[str, str]] = []
    for event, text in events:
        if event == "said at instantly":
            world.lead(text.lower(), lead_status=-2)
            waiting.append(suppressed_value(text))
        elif event == "synced":
            world.sync()
            holds |= dict.fromkeys(waiting, True)
            waiting.clear()
        elif event == "said by hand":
            world.by_hand(text)
            holds[suppressed_value(text)] = True
        else:
            world.lift(text)
            holds[suppressed_value(text)] = False
    for email, domain in ((MARA, "haldenfreight.example"), (TEO, "larkfield.example")):
        expected = holds.get((Kind.email, email), False) or holds.get((Kind.domain, domain), False)
        assert is_suppressed(world.store, email.upper()) is expected


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"lead_status": -1}, "bounced"),
        ({"lead_status": -2}, "unsubscribed"),
        ({"interest_status": -1}, "not_interested"),
        ({"interest_status": -3}, "not_interested"),
        ({"interest_status": -2}, "wrong_person"),
        ({"interest_status": 1}, "replied"),
        ({"interest_status": -4}, "replied"),
        ({"email_reply_count": 1}, "replied"),
        ({"interest_status": 77}, "replied"),
        ({"lead_status": -2, "deleted_at": NOW}, "unsubscribed"),
    ],
)
def test_what_instantly_says_of_a_lead_stops_the_person(world, said, reason):
    world.lead(MARA, **said)
    assert world.sync() == {"inserted": 1, "unchanged": 0, "rejected": 0}
    assert world.reasons("Mara.Weber+x@haldenfreight.example", TEO) == [[reason], []]


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"lead_status": 3},
        {"lead_status": -3},
        {"interest_status": 0},
        {"interest_status": 0, "email_reply_count": 1},
    ],
)
def test_who_only_is_out_of_office_or_at_the_end_of_a_campaign_is_not_stopped(world, said):
    world.lead(MARA, **said)
    assert world.sync() == NEITHER


@pytest.mark.parametrize(
    ("kind", "name", "reason"),
    [
        ("neutral", "Do not contact", "do_not_contact"),
        ("neutral", "DNC", "do_not_contact"),
        ("neutral", "Don't email again", "do_not_contact"),
        ("neutral", "Opted out", "do_not_contact"),
        ("neutral", "Bitte nicht mehr kontaktieren", "do_not_contact"),
        ("negative", "Complained", "complaint"),
        ("Negative ", "Too small", "not_interested"),
        ("positive", "Call in spring", "replied"),
    ],
)
def test_labels_of_the_workspace_stop_by_their_meaning_and_by_their_name(world, kind, name, reason):
    world.label(3001, kind, name)
    world.lead(MARA, interest_status=3001)
    world.sync()
    assert world.reasons(MARA) == [[reason]]


def test_a_neutral_label_stops_nobody(world):
    world.label(3001, "neutral", "Second wave")
    world.lead(MARA, interest_status=3001)
    assert world.sync() == NEITHER


def test_a_machine_s_answer_is_no_reply_and_a_person_s_is(world):
    world.lead(MARA, email_reply_count=1)
    world.mail(MARA, is_auto_reply=True)
    world.lead(TEO, email_reply_count=2)
    world.mail(TEO, is_auto_reply=True)
    world.mail(ZOE, is_auto_reply=None)
    world.mail("out@office.example", interest_status=0)
    world.mail("sent@by-us.example", email_type=1)
    world.sync()
    assert world.reasons(MARA, TEO, ZOE, "out@office.example", "sent@by-us.example") == [
        [],
        ["replied"],
        ["replied"],
        [],
        [],
    ]


def test_a_mail_without_a_lead_counts_for_who_wrote_it(world):
    world.mail(None, raw_json={"from_address_email": "Teo@Larkfield.example"})
    world.sync()
    assert world.reasons(TEO) == [["replied"]]


def test_the_block_list_stops_addresses_and_companies_and_never_all_of_a_free_mail_service(world):
    world.blocked(MARA)
    world.blocked("mail.larkfield.example")
    world.blocked("gmail.com")
    world.blocked("taken@off.example", deleted_at=NOW)
    assert world.sync() == {"inserted": 2, "unchanged": 0, "rejected": 1}
    assert world.reasons(MARA, TEO, ZOE, "taken@off.example") == [["block_list"], ["block_list"], [], []]
    ((reason,),) = world.connection.execute("select reason from rejected_rows").fetchall()
    assert reason.startswith("value: gmail.com is a domain where anybody can open a mailbox")
    missing = missing_stops(world.store)
    assert (missing.by_reason, missing.unreadable) == ({}, 1)


def test_a_reply_stops_the_company_only_when_that_is_wanted_and_it_is_one(world):
    world.mail(MARA)
    world.mail(ZOE)
    world.sync()
    colleague = "olaf@haldenfreight.example"
    assert world.reasons(MARA, colleague, ZOE, "other@gmail.com") == [["replied"], [], ["replied"], []]
    # What was noted without it is looked at again.
    assert world.sync(stop_company=True) == {"inserted": 1, "unchanged": 2, "rejected": 0}
    assert world.reasons(MARA, colleague, ZOE, "other@gmail.com") == [["replied"], ["replied"], ["replied"], []]
    assert world.sync(stop_company=True)["inserted"] == 0


def test_a_second_sync_writes_nothing(world):
    world.lead(MARA, lead_status=-2, interest_status=-1, email_reply_count=1)
    world.mail(TEO)
    world.blocked("keepout.example")
    assert world.sync()["inserted"] == 5
    before = world.acts()
    assert world.sync() == NEITHER
    assert world.acts() == before


def test_every_stop_of_more_than_a_page_is_noted(world):
    for number in range(1_203):
        world.lead(f"person{number}@haldenfreight.example", lead_status=-1)
    assert missing_stops(world.store).by_reason == {"bounced": 1_203}
    assert world.sync()["inserted"] == 1_203
    assert missing_stops(world.store).by_reason == {}


def test_a_lift_needs_a_reason_ends_all_that_was_noted_and_news_counts_again(world):
    world.lead(MARA, lead_status=-1)
    world.by_hand(MARA)
    world.sync()
    with pytest.raises(PermanentError, match="reason_is_known"):
        world.lift(MARA, reason="because")
    assert world.lift("Mara.Weber+a@haldenfreight.example") == 2
    assert world.lift(MARA) == 0
    world.sync()
    assert world.reasons(MARA) == [[]]
    world.lead(MARA, campaign="b", lead_status=-2)
    world.sync()
    assert world.reasons(MARA) == [["unsubscribed"]]


def test_lifting_an_address_leaves_its_domain_and_the_other_way_round(world):
    world.by_hand(MARA)
    world.by_hand("haldenfreight.example", Reason.complaint)
    world.lift(MARA)
    assert world.reasons(MARA) == [["complaint"]]
    world.by_hand(MARA)
    world.lift("haldenfreight.example")
    assert world.reasons(MARA) == [["by_hand"]]


def test_what_is_noted_can_neither_be_changed_nor_deleted(world, supabase):
    world.by_hand(MARA)
    with psycopg.connect(supabase.database_url, autocommit=True) as connection:
        for role in ("service_role", "postgres"):
            connection.execute(f"set role {role}")
            for statement in ("update suppressions set note = 'x'", "delete from suppressions"):
                with pytest.raises(psycopg.errors.RestrictViolation, match="only ever added to"):
                    connection.execute(statement)
    assert world.reasons(MARA) == [["by_hand"]]


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "person"},
        {"reason": "because"},
        {"reason": "noted_by_mistake"},
        {"value": ""},
        {"value": "no address"},
        {"kind": "domain", "value": "a@b.example"},
        {"kind": "erased", "value": "a@b.example"},
        {"source": ""},
        {"created_by": ""},
        {"created_by": None},
    ],
)
def test_an_act_that_says_nothing_clear_is_refused(world, wrong):
    row = {"kind": "email", "value": MARA, "reason": "by_hand", "source": "hand", "created_by": "tests"} | wrong
    with pytest.raises(PermanentError):
        world.store.call("note_suppressions", {"rows": [row]})
    assert world.acts() == []


def test_leads_are_stopped_by_mailbox_by_domain_and_by_employer(world):
    world.known_lead("Zoe.Quist+a@googlemail.com", company_domain="larkfield.example")
    world.known_lead(MARA)
    world.known_lead("olaf@mail.haldenfreight.example")
    world.known_lead("free@elsewhere.example")
    world.by_hand(ZOE)
    world.by_hand("larkfield.example", Reason.complaint)
    world.by_hand("haldenfreight.example")
    assert world.of_leads() == {
        "zoe.quist+a@googlemail.com": ["by_hand", "complaint"],
        MARA: ["by_hand"],
        "olaf@mail.haldenfreight.example": ["by_hand"],
    }


def test_a_lead_that_nobody_described_yet_must_not_be_contacted(world):
    world.connection.execute("insert into leads (email, status) values ('odd@@example', 'unknown')")
    assert world.of_leads() == {"odd@@example": ["address_not_described"]}
    assert world.reasons("odd@@example", "") == [["address_not_described"], ["address_not_described"]]


def test_an_erased_person_is_known_by_a_hash_alone_and_stays_blocked(world):
    world.lead(MARA, lead_status=-2, lead_id="at-instantly")
    world.by_hand(MARA)
    world.sync()
    assert erase(world.store, MARA, by="tests", erasure_key=KEY) == 2
    assert erase(world.store, MARA, by="tests", erasure_key=KEY) == 0
    # The raw row may outlive the erasure; it does not bring the address back.
    world.sync(erasure_key=KEY)
    text = str(world.connection.execute("select s.*::text from suppressions as s").fetchall())
    assert "mara" not in text
    assert erased_key(MARA, KEY) in text
    assert world.reasons("Mara.Weber+x@haldenfreight.example", TEO) == [["erased"], []]


def test_who_was_never_suppressed_is_blocked_by_the_erasure_itself(world):
    world.known_lead(MARA)
    world.known_lead(TEO)
    erase(world.store, MARA, by="tests", erasure_key=KEY)
    assert world.of_leads() == {MARA: ["erased"]}


def test_a_lead_that_comes_after_an_erasure_waits_until_it_was_compared(world):
    erase(world.store, MARA, by="tests", erasure_key=KEY)
    world.known_lead(MARA)
    world.known_lead(TEO)
    assert world.of_leads() == {MARA: ["erasure_not_checked"], TEO: ["erasure_not_checked"]}
    assert compare_with_erased(world.store, "another invented key") == 2
    assert world.of_leads() == {MARA: ["erasure_not_checked"], TEO: ["erasure_not_checked"]}
    world.sync(erasure_key=KEY)
    assert world.of_leads() == {MARA: ["erased"]}


def test_without_the_key_of_an_erasure_nobody_may_be_contacted(world):
    assert is_suppressed(world.store, TEO, erasure_key=None) is False
    erase(world.store, MARA, by="tests", erasure_key=KEY)
    for key in (None, "another invented key"):
        assert suppression_reasons(world.store, [TEO], erasure_key=key) == [["erasure_not_checked"]]
    assert world.reasons(TEO, MARA) == [[], ["erased"]]


def test_an_erasure_is_lifted_only_with_its_key(world):
    erase(world.store, MARA, by="tests", erasure_key=KEY)
    assert world.lift(MARA) == 0
    assert world.lift(MARA, reason=LiftReason.asked_for_contact, erasure_key=KEY) == 1
    assert world.reasons(MARA) == [[]]
    erase(world.store, MARA, by="tests", erasure_key=KEY)
    assert world.reasons(MARA) == [["erased"]]


def test_nothing_is_hashed_while_nobody_is_erased(world):
    world.known_lead(MARA)
    world.sync(erasure_key=KEY)
    assert world.connection.execute("select count(*) from lead_erased_keys").fetchone() == (0,)


def test_a_file_is_noted_once_and_again_after_a_lift(world, tmp_path):
    path = tmp_path / "opted_out.csv"
    path.write_text(f"email\n{MARA}\nnobody\n{TEO}\n{MARA}\n")

    def bring_in():
        return note(world.store, read_suppression_file(path, created_by="tests").rows())

    assert bring_in() == {"inserted": 2, "unchanged": 1, "rejected": 1}
    assert bring_in() == {"inserted": 0, "unchanged": 3, "rejected": 1}
    world.lift(MARA)
    assert bring_in()["inserted"] == 1
    assert world.reasons(MARA, TEO) == [["imported"], ["imported"]]
    assert world.connection.execute("select count(*) from rejected_rows").fetchone() == (1,)


def test_what_is_suppressed_shows_its_weightiest_reason(world):
    world.mail(MARA)
    world.sync()
    world.by_hand(MARA)
    world.by_hand(MARA, Reason.unsubscribed)
    ((reason, reasons, sources),) = world.connection.execute(
        "select reason, reasons, sources from suppressed"
    ).fetchall()
    assert (reason, sorted(reasons), sources) == (
        "unsubscribed",
        ["by_hand", "replied", "unsubscribed"],
        ["hand", "instantly"],
    )


def test_a_reservation_sees_what_was_noted_before_it_and_what_comes_later_waits_for_it(world, supabase):
    world.known_lead(MARA)
    told: list[dict[str, int]] = []
    noting = threading.Thread(target=lambda: told.append(world.by_hand(MARA)))
    with psycopg.connect(supabase.database_url) as reserving:
        reserving.execute("select private.hold_suppressions()")
        assert reserving.execute("select * from suppressed_leads").fetchall() == []
        noting.start()
        noting.join(timeout=1)
        assert noting.is_alive(), "a suppression was noted under a reservation that did not see it"
        reserving.commit()
        noting.join(timeout=20)
        assert told == [{"inserted": 1, "unchanged": 0, "rejected": 0}]
        reserving.execute("select private.hold_suppressions()")
        assert len(reserving.execute("select * from suppressed_leads").fetchall()) == 1


def test_a_hundred_thousand_leads_are_joined_by_index(world):
    world.connection.execute(
        "insert into leads (email, match_key, registrable_domain, status) "
        "select name, name, 'firm' || n % 30000 || '.example', 'new' "
        "from generate_series(1, 100000) as n cross join lateral (select 'p' || n || '@firm.example') as made (name)"
    )
    world.connection.execute(
        "insert into suppressions (kind, value, act, reason, source, source_key, created_by) "
        "select 'email', 'p' || n * 50 || '@firm.example', 'suppress', 'bounced', 'instantly', n::text, 'tests' "
        "from generate_series(1, 100) as n"
    )
    world.connection.execute("analyze leads, suppressions, lead_erased_keys")
    rows = world.connection.execute("explain (analyze, timing off) select lead_id from suppressed_leads")
    plan = "\n".join(row[0] for row in rows)
    scanned = [line for line in plan.splitlines() if "Seq Scan on leads" in line and "never executed" not in line]
    by_index = {
        name for name in ("leads_match_key", "leads_registrable_domain", "leads_company_domain") if name in plan
    }
    assert by_index == {"leads_match_key", "leads_registrable_domain", "leads_company_domain"}, plan
    # The branch that compares everybody is executed only while somebody is erased.
    assert scanned == [], plan
    assert world.connection.execute("select count(*) from suppressed_leads").fetchone() == (100,)


def test_leads_of_instantly_are_stopped_under_every_spelling(world):
    world.lead("mara.weber+a@haldenfreight.example")
    world.lead(MARA, campaign="b", lead_status=-2)
    refresh_leads(world.store)
    world.sync()
    assert set(world.of_leads()) == {MARA, "mara.weber+a@haldenfreight.example"}
