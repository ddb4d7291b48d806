"""What of a campaign at Instantly is not what the file says."""

from __future__ import annotations

from copy import deepcopy

import pytest

from modules.outreach.campaign_payload import campaign_payload, required_settings
from modules.outreach.campaign_read_back import differences
from tests.fakes.launch_campaign import JONAS, MARA, campaign

CAMPAIGN = campaign(schedule={"start_date": "2026-11-02", "end_date": "2026-12-18"})
PAYLOAD = campaign_payload(CAMPAIGN, marker="m1", tag_ids=None)
SETTINGS = required_settings(CAMPAIGN)


def shown(**changes):
    return deepcopy(PAYLOAD) | {"id": "c", "status": 0} | changes


def codes(found):
    return [reason.code for reason in differences(found, PAYLOAD, SETTINGS)]


def texts(found):
    return " ".join(reason.text for reason in differences(found, PAYLOAD, SETTINGS))


def test_a_campaign_as_it_was_written_differs_in_nothing():
    assert codes(shown()) == []


@pytest.mark.parametrize("status", [0, 1, 2])
def test_a_draft_an_active_and_a_paused_campaign_can_be_launched(status):
    assert codes(shown(status=status)) == []


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (3, "completed"),
        (4, "running subsequences"),
        (-1, "its accounts are unhealthy"),
        (-2, "bounce protection"),
        (-99, "suspended"),
        (7, "in a state that is not known (7)"),
        (None, "in a state that is not known (None)"),
        ("1", "in a state that is not known ('1')"),
        ([1], "in a state that is not known ([1])"),
        (True, "in a state that is not known (True)"),
    ],
)
def test_a_campaign_in_any_other_state_is_not(status, told):
    assert codes(shown(status=status)) == ["campaign_status"]
    assert told in texts(shown(status=status))


@pytest.mark.parametrize("name", sorted(SETTINGS.keys() - {"email_list"}))
def test_every_required_setting_is_compared_and_one_that_is_not_shown_is_not_equal(name):
    missing = shown()
    del missing[name]
    other = {True: False, False: True}.get(SETTINGS[name], 7) if isinstance(SETTINGS[name], bool) else 1_000
    for found in (missing, shown(**{name: other}), shown(**{name: None})):
        assert codes(found) == ["settings_changed"]
        assert name in texts(found)


def test_a_number_is_no_switch():
    assert codes(shown(stop_on_reply=1)) == ["settings_changed"]
    assert codes(shown(daily_limit=60.0)) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"email_list": [MARA]},
        {"email_list": [MARA, JONAS, "stranger@elsewhere.example"]},
        {"email_list": None},
        {"email_tag_list": ["0d8f2a3e-0000-4000-8000-000000000001"]},
    ],
)
def test_other_senders_are_refused_by_number_and_without_their_addresses(changes):
    assert codes(shown(**changes)) == ["senders_changed"]
    assert "@" not in texts(shown(**changes))


def test_the_order_and_the_case_of_senders_do_not_matter():
    assert codes(shown(email_list=[JONAS.upper(), MARA])) == []


def schedule(**changes):
    found = deepcopy(PAYLOAD["campaign_schedule"])
    found["schedules"][0] |= changes.pop("window", {})
    return found | changes


@pytest.mark.parametrize(
    "changed",
    [
        schedule(window={"timing": {"from": "08:30", "to": "23:30"}}),
        schedule(window={"timezone": "America/Detroit"}),
        schedule(window={"days": {"0": True, "1": True}}),
        schedule(window={"days": None, "timing": None}),
        schedule(end_date="2027-12-18"),
        schedule(end_date=""),
        schedule(start_date=None),
        schedule(schedules=[]),
        schedule(schedules=PAYLOAD["campaign_schedule"]["schedules"] * 2),
        {},
        None,
    ],
)
def test_another_schedule_is_refused(changed):
    assert set(codes(shown(campaign_schedule=changed))) == {"schedule_changed"}


def test_days_that_are_left_out_are_days_off_and_a_name_means_nothing():
    days = {day: True for day, is_on in PAYLOAD["campaign_schedule"]["schedules"][0]["days"].items() if is_on}
    assert codes(shown(campaign_schedule=schedule(window={"days": days, "name": "Renamed"}))) == []


def test_a_date_that_was_not_chosen_may_be_an_empty_text():
    open_ended = campaign()
    payload = campaign_payload(open_ended, marker="m1", tag_ids=None)
    found = deepcopy(payload) | {"status": 0}
    found["campaign_schedule"] |= {"start_date": "", "end_date": ""}
    assert list(differences(found, payload, required_settings(open_ended))) == []


def sequence(change):
    steps = deepcopy(PAYLOAD["sequences"][0]["steps"])
    change(steps)
    return shown(sequences=[{"steps": steps}])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda steps: steps[1]["variants"][0].update(body=""), "shows no body (mail 2, variant A)"),
        (lambda steps: steps[1]["variants"][0].pop("body"), "shows no body (mail 2, variant A)"),
        (lambda steps: steps[0]["variants"][0].update(body="Hi"), "shows another body (mail 1, variant A)"),
        (lambda steps: steps[0]["variants"][0].update(subject=""), "shows no subject (mail 1, variant A)"),
        (lambda steps: steps[0]["variants"][0].update(v_disabled=True), "switched on that is off"),
        (lambda steps: steps[0]["variants"].append({"subject": "x", "body": "y"}), "has a variant that the file"),
        (lambda steps: steps[0]["variants"].clear(), "lacks a variant"),
        (lambda steps: steps[0].update(variants=None), "lacks a variant"),
        (lambda steps: steps[0].update(delay=1), "waits for another time after mail 1"),
        (lambda steps: steps[0].update(delay_unit="minutes"), "waits for another time after mail 1"),
        (lambda steps: steps[0].update(type="call"), "something else than a mail as number 1"),
        (lambda steps: steps.pop(), "has 1 mails, and the file has 2"),
        (lambda steps: steps.clear(), "has 0 mails, and the file has 2"),
    ],
)
def test_other_mails_are_refused_and_the_place_is_named_but_no_text(change, told):
    found = sequence(change)
    assert codes(found) == ["sequence_changed"]
    assert told in texts(found)
    assert "ten minutes" not in texts(found)


@pytest.mark.parametrize("sequences", [None, [], [None], [{"steps": None}]])
def test_a_campaign_without_mails_is_refused(sequences):
    assert codes(shown(sequences=sequences)) == ["sequence_changed"]


def test_breaks_and_ampersands_may_be_written_in_another_way_and_the_last_wait_leads_nowhere():
    def rewrite(steps):
        body = steps[0]["variants"][0]["body"]
        steps[0]["variants"][0]["body"] = body.replace("<br/>", "<br />\n")
        steps[1]["variants"][0]["body"] = steps[1]["variants"][0]["body"].replace("&amp;", "&#38;")
        steps[1]["delay"] = 3
        del steps[0]["delay_unit"]

    assert codes(sequence(rewrite)) == []
