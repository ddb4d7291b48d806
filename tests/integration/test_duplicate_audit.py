"""Who is in more than one live campaign at Instantly, counted in a real database."""

from __future__ import annotations

import pytest

from modules.outreach.duplicate_audit import refresh_duplicate_audit

ANNA, ANNA_TAGGED, BENNO = "anna@firm.example", "anna+news@firm.example", "benno@firm.example"
LIVE, OVER = (0, 1, 2, 4, -1, -2, 77, None), (3, -99)


def twice(tables):
    return tables.rows("select * from people_in_several_campaigns order by match_key")


def audit(tables):
    return tables.rows("select campaign_ids, people from duplicate_audit order by campaign_ids")


@pytest.mark.parametrize("status", LIVE)
def test_somebody_in_two_live_campaigns_is_found_and_an_unseen_status_counts_as_live(tables, status):
    tables.campaign("a")
    tables.campaign("b", campaign_status=status)
    for name in "ba":
        tables.lead(ANNA, instantly_campaign_id=name)
    assert twice(tables) == [{"match_key": ANNA, "campaigns_count": 2, "campaign_ids": ["a", "b"]}]


@pytest.mark.parametrize("status", OVER)
def test_a_campaign_that_is_over_holds_nobody_any_more(tables, status):
    tables.campaign("a")
    tables.campaign("b", campaign_status=status)
    for name in "ab":
        tables.lead(ANNA, instantly_campaign_id=name)
    assert twice(tables) == []


def test_once_in_a_campaign_twice_in_one_and_once_in_a_list_is_in_one_campaign(tables):
    tables.campaign("a")
    tables.campaign("b")
    tables.lead(ANNA)
    tables.lead(ANNA)
    tables.lead(ANNA, instantly_campaign_id=None, instantly_list_id="list")
    tables.lead(ANNA, instantly_campaign_id="a campaign nobody has read")
    tables.lead(BENNO, instantly_campaign_id="b")
    tables.lead(None, instantly_campaign_id="a")
    tables.lead(None, instantly_campaign_id="b")
    assert twice(tables) == []


def test_leads_and_campaigns_that_are_deleted_at_instantly_do_not_count(tables):
    for name in "abc":
        tables.campaign(name)
        tables.lead(ANNA, instantly_campaign_id=name)
    tables.change("update instantly_campaigns_raw set deleted_at = now() where instantly_campaign_id = 'a'")
    assert [row["campaign_ids"] for row in twice(tables)] == [["b", "c"]]
    tables.change("update instantly_leads_raw set deleted_at = now() where instantly_campaign_id = 'b'")
    assert twice(tables) == []


def test_two_spellings_of_one_mailbox_are_one_person_once_they_are_described(tables):
    tables.campaign("a")
    tables.campaign("b")
    tables.lead(ANNA)
    tables.lead(ANNA_TAGGED, instantly_campaign_id="b")
    assert twice(tables) == []
    for email in (ANNA, ANNA_TAGGED):
        tables.put("leads", email=email, match_key=ANNA)
    assert [(row["match_key"], row["campaigns_count"]) for row in twice(tables)] == [(ANNA, 2)]


def test_the_audit_counts_people_by_the_campaigns_that_share_them(tables, store):
    for name in "abc":
        tables.campaign(name)
    for email, names in ((ANNA, "ab"), (BENNO, "ab"), ("carla@firm.example", "abc"), ("dirk@firm.example", "c")):
        for name in names:
            tables.lead(email, instantly_campaign_id=name)
    assert refresh_duplicate_audit(store) == {"inserted": 2, "updated": 0, "unchanged": 0, "ended": 0}
    assert audit(tables) == [
        {"campaign_ids": ["a", "b"], "people": 2},
        {"campaign_ids": ["a", "b", "c"], "people": 1},
    ]


def test_what_is_found_again_is_not_touched_and_what_is_over_goes(tables, store):
    tables.campaign("a")
    tables.campaign("b")
    for email in (ANNA, BENNO):
        for name in "ab":
            tables.lead(email, instantly_campaign_id=name)
    refresh_duplicate_audit(store)
    before = tables.versions("duplicate_audit")
    assert refresh_duplicate_audit(store) == {"inserted": 0, "updated": 0, "unchanged": 1, "ended": 0}
    assert tables.versions("duplicate_audit") == before
    tables.change("delete from instantly_leads_raw where email = %s", [BENNO])
    assert refresh_duplicate_audit(store) == {"inserted": 0, "updated": 1, "unchanged": 0, "ended": 0}
    tables.change("delete from instantly_leads_raw where instantly_campaign_id = 'b'")
    assert refresh_duplicate_audit(store) == {"inserted": 0, "updated": 0, "unchanged": 0, "ended": 1}
    assert audit(tables) == []


def test_the_audit_is_as_old_as_the_leads_it_is_made_of(tables, store):
    refresh_duplicate_audit(store)
    [never] = tables.rows("select * from sync_status where table_name = 'duplicate_audit'")
    tables.read("instantly_leads_raw")
    refresh_duplicate_audit(store)
    [status] = tables.rows("select * from sync_status where table_name = 'duplicate_audit'")
    [leads] = tables.rows("select * from sync_status where table_name = 'instantly_leads_raw'")
    assert never["complete_as_of"].year == 2000
    assert status["complete_as_of"] == leads["complete_as_of"]


def test_no_address_is_kept_in_the_audit(tables, store):
    tables.campaign("a")
    tables.campaign("b")
    for name in "ab":
        tables.lead(ANNA, instantly_campaign_id=name)
    refresh_duplicate_audit(store)
    assert "anna" not in str(tables.rows("select * from duplicate_audit"))
