"""Ten habits of Instantly that bite whoever does not know them: the stand-in has each of them."""

from __future__ import annotations

import orjson
import pytest

from sandbox.instantly.data.timezones import TIMEZONES
from sandbox.instantly.rate_limits import Limits
from sandbox.instantly.world import WorldSettings
from tests.fakes.instantly_server import DRAFT, stand_in_of


def test_bite_1_an_unknown_filter_of_leads_gives_the_whole_workspace():
    stand_in = stand_in_of()
    campaign_id = stand_in.first_campaign(1)
    wrong = stand_in.walk("POST", "/leads/list", 100, campaign_id=campaign_id)
    right = stand_in.walk("POST", "/leads/list", 100, campaign=campaign_id)
    assert 0 < len(right) < len(wrong) == 240


def test_bite_1_what_a_body_may_not_say_is_dropped_while_the_rest_is_done():
    stand_in = stand_in_of()
    before = stand_in.ask("POST", "/campaigns", DRAFT | {"status": 1, "daily_limits": 5})
    assert before["status"] == 0
    assert "daily_limits" not in before
    path = f"/campaigns/{before['id']}"
    after = stand_in.ask("PATCH", path, {"id": "other", "status": 1, "email_lists": [], "name": "Docks"})
    assert {name for name in before if before[name] != after[name]} == {"name", "timestamp_updated"}
    assert stand_in.ask("GET", path) == after


def test_bite_2_leads_have_no_time_filter_and_their_change_mark_does_not_move_with_a_send():
    stand_in = stand_in_of()
    leads = stand_in.walk("POST", "/leads/list", 100, min_timestamp_created="2027-01-01T00:00:00.000Z")
    assert len(leads) == 240
    stale = [row for row in leads if row.get("timestamp_last_contact", "") > row["timestamp_updated"]]
    assert len(stale) > len(leads) / 3


def test_bite_3_the_unibox_may_be_asked_twenty_times_a_minute_and_the_rest_a_hundred_times_a_second():
    stand_in = stand_in_of(limits=Limits(), leads=90)
    assert [stand_in.answer("GET", "/emails")[0] for _ in range(21)] == [200] * 20 + [429]
    others = [stand_in.answer("GET", "/workspaces/current")[0] for _ in range(81)]
    assert others == [200] * 80 + [429]


def test_bite_4_a_page_holds_ten_rows_unless_asked_and_never_more_than_a_hundred():
    stand_in = stand_in_of()
    assert len(stand_in.ask("GET", "/campaigns")["items"]) == 10
    assert len(stand_in.ask("POST", "/leads/list", {})["items"]) == 10
    assert stand_in.answer("GET", "/campaigns?limit=101")[0] == 400


def test_bite_5_what_was_never_set_is_left_out_or_empty_text_but_never_null():
    leads = stand_in_of().walk("POST", "/leads/list", 100)
    assert all(value is not None for row in leads for value in row.values())
    assert {"website" in row for row in leads} == {True, False}
    assert {row["website"] for row in leads if "website" in row} == {""}
    accounts = stand_in_of(accounts=60).walk("GET", "/accounts", 100)
    assert {bool(row["last_name"]) for row in accounts} == {True, False}


@pytest.mark.parametrize("timezone", ["America/New_York", "Europe/London", "UTC"])
def test_bite_6_a_timezone_outside_the_closed_list_is_refused(timezone):
    stand_in = stand_in_of()
    wrong = orjson.loads(orjson.dumps(DRAFT).replace(b"Europe/Belgrade", timezone.encode()))
    status, told = stand_in.answer("POST", "/campaigns", wrong)
    assert (status, told["code"]) == (400, "FST_ERR_VALIDATION")
    assert len(TIMEZONES) == 102
    assert {
        row["campaign_schedule"]["schedules"][0]["timezone"] for row in stand_in.ask("GET", "/campaigns")["items"]
    } <= TIMEZONES


def test_bite_7_activation_succeeds_even_where_nothing_can_be_sent():
    stand_in = stand_in_of()
    campaign = stand_in.ask("POST", "/campaigns", DRAFT)
    assert stand_in.ask("POST", f"/campaigns/{campaign['id']}/activate")["status"] == 1
    assert stand_in.ask("GET", f"/campaigns/{campaign['id']}")["status"] == -1
    healthy = next(row["email"] for row in stand_in.ask("GET", "/accounts?status=1")["items"])
    stand_in.ask("PATCH", f"/campaigns/{campaign['id']}", {"email_list": [healthy]})
    stand_in.ask("POST", f"/campaigns/{campaign['id']}/activate")
    assert stand_in.ask("GET", f"/campaigns/{campaign['id']}")["status"] == 1


def test_bite_8_creating_twice_makes_two_and_a_lead_is_known_only_inside_its_campaign():
    stand_in = stand_in_of()
    one, two = (stand_in.ask("POST", "/campaigns", DRAFT)["id"] for _ in range(2))
    assert one != two
    lead = {"email": "wanda@nordkai.example"}
    told = [
        stand_in.ask("POST", "/leads/add", {"campaign_id": each, "leads": [lead]} | flags)
        for each, flags in ((one, {}), (one, {}), (two, {}), (two, {"skip_if_in_workspace": True}))
    ]
    assert [each["leads_uploaded"] for each in told] == [1, 0, 1, 0]
    assert [each["duplicated_leads"] for each in told] == [0, 1, 0, 1]
    ids = {stand_in.ask("POST", "/leads", lead)["id"] for _ in range(2)}
    assert len(ids) == 2, "without a campaign every call leaves another orphan"


def test_bite_9_deleting_without_a_correct_ids_list_deletes_everybody():
    stand_in = stand_in_of()
    campaign_id = stand_in.first_campaign(1)
    leads = stand_in.walk("POST", "/leads/list", 100, campaign=campaign_id)
    misspelt = {"campaign_id": campaign_id, "lead_ids": [leads[0]["id"]]}
    assert stand_in.ask("DELETE", "/leads", misspelt) == {"count": len(leads)}
    assert stand_in.walk("POST", "/leads/list", 100, campaign=campaign_id) == []


def test_bite_9_a_lead_that_was_added_is_deleted_like_any_other_and_a_second_time_it_is_unknown():
    stand_in = stand_in_of()
    campaign_id = stand_in.first_campaign(1)
    people = [{"email": f"{name}@docks.example"} for name in ("ada", "bo")]
    added = stand_in.ask("POST", "/leads/add", {"campaign_id": campaign_id, "leads": people})["created_leads"]
    first, second = (f"/leads/{each['id']}" for each in added)
    assert stand_in.ask("DELETE", first)["email"] == "ada@docks.example"
    assert [stand_in.answer(method, first)[0] for method in ("GET", "DELETE")] == [404, 404]
    known = stand_in.walk("POST", "/leads/list", 100, contacts=[each["email"] for each in people])
    assert known == [stand_in.ask("GET", second)]
    again = stand_in.ask("POST", "/leads/add", {"campaign_id": campaign_id, "leads": people})
    assert (again["leads_uploaded"], again["duplicated_leads"]) == (1, 1)


def test_bite_10_the_default_agent_of_urllib_never_reaches_the_api():
    status, told = stand_in_of().answer("GET", "/campaigns", **{"user-agent": "Python-urllib/3.11"})
    assert (status, told) == (403, b"error code: 1010")


def test_each_ordered_quirk_shows_and_no_other_can_be_ordered():
    stand_in = stand_in_of(
        leads=1500, quirks=frozenset({"unseen_campaign_status", "lead_status_zero", "end_day_excluded"})
    )
    assert 7 in {row["status"] for row in stand_in.walk("GET", "/campaigns", 100)}
    assert {row["status"] for row in stand_in.walk("POST", "/leads/list", 100, in_list=True)} == {0}
    days = stand_in.ask("GET", "/campaigns/analytics/daily?end_date=2026-11-19")
    assert max(row["date"] for row in days) == "2026-11-18"
    with pytest.raises(ValueError, match="Unknown quirks"):
        WorldSettings(quirks=frozenset({"nonsense"}))
