"""The contact ledger: what the next read of Instantly says of people, and who stays where they are."""

from __future__ import annotations

import pytest

from tests.fakes.contact_ledger import PLANS


def read_from_instantly(ledger, *, campaign_status="active", state="active", **said):
    """Somebody in the ledger, as the next read of Instantly finds them; then the ledger is brought up to it."""
    ledger.enter(ledger.launch(PLANS), ledger.add("mara@firm.example"), state, instantly_lead_id="lead")
    creation = {"campaign_name": "plans", "marker": "m", "instantly_campaign_id": "campaign"}
    ledger.insert("campaign_creations", creation)
    ledger.insert("campaigns", {"instantly_campaign_id": "campaign", "status": campaign_status})
    row = {"instantly_lead_id": "lead", "instantly_campaign_id": "campaign", "email": "mara@firm.example"}
    row |= {"lead_status": 1, "email_reply_count": 0, "raw_json": {}, "row_digest": "d", "synced_at": "2026-11-20"}
    if said.pop("is_listed", True):
        ledger.insert("instantly_leads_raw", row | said)


def read_mail(ledger, *, is_auto_reply):
    """What they sent, as the next read of Instantly finds it."""
    mail = {"instantly_email_id": "mail", "instantly_campaign_id": "campaign", "lead_email": "mara@firm.example"}
    mail |= {"email_type": 2, "is_auto_reply": is_auto_reply, "raw_json": {}, "row_digest": "d"}
    ledger.insert("instantly_emails_raw", {**mail, "synced_at": "2026-11-20"})


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
    read_mail(ledger, is_auto_reply=True)
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
    read_mail(ledger, is_auto_reply=False)
    ledger.suppress("mara@firm.example", "replied", source_key=source_key)
    asked = {"wanted_campaign": "plans", "after_id": None, "most": 10}
    assert ledger.store.call("uploaded_but_suppressed", asked) == []
    # Any other reason, and an answer that somebody gave elsewhere, takes them out.
    ledger.suppress("mara@firm.example", "replied", source_key="email:elsewhere")
    assert [row["email"] for row in ledger.store.call("uploaded_but_suppressed", asked)] == ["mara@firm.example"]
    ledger.lift("mara@firm.example")
    ledger.suppress("firm.example", "unsubscribed")
    assert [row["email"] for row in ledger.store.call("uploaded_but_suppressed", asked)] == ["mara@firm.example"]
