from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modules.instantly.instantly_sending import sending_status_of
from modules.instantly.instantly_upload_answers import NOT_CREATED, campaign_of, is_uuid, lead_of, upload_answer_of
from modules.shared.errors import ContractError

Json = dict[str, Any]
CREATED = "leads_uploaded"
CAMPAIGN = {
    "id": "4b0d5a3e-91c7-4f3a-8a52-6f1d7c2e9b10",
    "name": "Dock times [oc-7f3a]",
    "status": 0,
    "timestamp_created": "2026-09-03T09:14:22.104Z",
}
LEAD = {"id": "0199b1d4-6c1e-7d20-a7c3-58f0b2d4e911", "email": "ada@quayworks.example", "status": 1}

fates = st.lists(st.sampled_from([CREATED, *NOT_CREATED]), min_size=1, max_size=60)
"""What became of each lead of a request, in its order."""


def lead_id(place: int) -> str:
    return f"0199b1d4-6c1e-7d20-a7c3-{place:012d}"


def emails_of(fate: list[str]) -> list[str]:
    return [f"Person{place}@quayworks.example" for place in range(len(fate))]


def answer_to(fate: list[str]) -> Json:
    """What Instantly answers to a request whose leads met these fates."""
    created = [
        {"index": place, "id": lead_id(place), "email": emails_of(fate)[place].lower()}
        for place, each in enumerate(fate)
        if each == CREATED
    ]
    counts = {name: fate.count(name) for name in (CREATED, *NOT_CREATED)}
    return {"status": "success", "total_sent": len(fate), "remaining_in_plan": 7, "created_leads": created} | counts


@given(fates, st.randoms())
def test_every_lead_sent_is_accounted_for_exactly_once_in_whatever_order_they_are_answered(fate, random):
    answer = answer_to(fate)
    random.shuffle(answer["created_leads"])
    told = upload_answer_of(answer, emails_of(fate))
    assert told.created == {place: lead_id(place) for place, each in enumerate(fate) if each == CREATED}
    assert sum(told.counts.values()) == len(fate)
    assert told.counts[CREATED] == len(told.created)
    assert told.remaining_in_plan == 7


@given(fates, st.sampled_from([CREATED, *NOT_CREATED]), st.sampled_from([-2, -1, 1, 2, None, "1", 0.5, True]))
def test_a_counter_that_is_off_or_missing_is_an_error(fate, name, change):
    answer = answer_to(fate)
    answer[name] = answer[name] + change if type(change) is int else change
    with pytest.raises(ContractError, match="look up every address"):
        upload_answer_of(answer, emails_of(fate))


@given(fates.filter(lambda fate: CREATED in fate), st.data())
def test_a_created_lead_that_is_lost_doubled_moved_or_foreign_is_an_error(fate, data):
    answer = answer_to(fate)
    rows = answer["created_leads"]
    victim = data.draw(st.sampled_from(rows))
    wrongs = [
        {"index": len(fate)},
        {"index": -1},
        {"index": None},
        {"index": "0"},
        {"index": (victim["index"] + 1) % len(fate) if len(fate) > 1 else 1},
        {"email": "somebody.else@quayworks.example"},
        {"email": None},
        {"id": "7"},
        {"id": None},
    ]
    wrong = data.draw(st.sampled_from([*wrongs, "lost", "doubled", "no lead"]))
    if wrong == "lost":
        rows.remove(victim)
    elif wrong == "doubled":
        rows.append(victim)
    elif wrong == "no lead":
        rows[rows.index(victim)] = None
    else:
        victim.update(wrong)
    with pytest.raises(ContractError) as caught:
        upload_answer_of(answer, emails_of(fate))
    assert "@" not in str(caught.value)


def test_two_leads_at_one_place_are_an_error():
    answer = answer_to([CREATED, CREATED])
    answer["created_leads"].append(answer["created_leads"][1] | {"id": lead_id(9)})
    with pytest.raises(ContractError, match="index is missing, repeated or out of range"):
        upload_answer_of(answer, emails_of([CREATED, CREATED]))


def test_two_leads_with_one_id_are_an_error():
    answer = answer_to([CREATED, CREATED])
    answer["created_leads"][1]["id"] = answer["created_leads"][0]["id"]
    with pytest.raises(ContractError, match="missing or repeated"):
        upload_answer_of(answer, emails_of([CREATED, CREATED]))


@pytest.mark.parametrize(("room", "told"), [(0, 0), (24_160, 24_160), (3.0, 3), (None, None), ("12", None)])
def test_room_that_instantly_does_not_tell_as_a_number_is_not_known(room, told):
    answer = answer_to([CREATED]) | {"remaining_in_plan": room}
    assert upload_answer_of(answer, emails_of([CREATED])).remaining_in_plan == told


@pytest.mark.parametrize("answer", [None, [], "success", {}, {"status": "success"}])
def test_what_is_no_report_is_an_error(answer):
    with pytest.raises(ContractError, match="Leads may have been created"):
        upload_answer_of(answer, ["ada@quayworks.example"])


@pytest.mark.parametrize("wrong", [{"id": "7"}, {"name": None}, {"status": "0"}, {"status": True}, {"status": 0.5}])
def test_a_campaign_without_what_it_is_known_by_is_an_error(wrong):
    with pytest.raises(ContractError, match="GET /campaigns answered a campaign without"):
        campaign_of(CAMPAIGN | wrong, "Instantly: GET /campaigns")


def test_a_status_nobody_documented_is_kept():
    assert campaign_of(CAMPAIGN | {"status": 77.0}, "").status == 77


@pytest.mark.parametrize("wrong", [{"id": None}, {"email": None}, {"status": None}])
def test_a_lead_without_what_it_is_known_by_is_an_error(wrong):
    with pytest.raises(ContractError, match="without id, email or status"):
        lead_of(LEAD | wrong, "")


@pytest.mark.parametrize("place", [{}, {"campaign": None, "list_id": ""}])
def test_a_lead_in_no_campaign_and_no_list_is_an_orphan(place):
    lead = lead_of(LEAD | place, "")
    assert (lead.campaign_id, lead.list_id) == (None, None)


@given(st.text(max_size=40))
def test_nothing_but_hexadecimal_digits_and_hyphens_is_an_id(text):
    assert not is_uuid(text) or set(text.lower()) <= set("0123456789abcdef-")
    assert not is_uuid(f"{CAMPAIGN['id']}{text}") or not text


@pytest.mark.parametrize(
    ("answer", "code", "verdict"),
    [
        ({"diagnostics": {"status": "healthy"}, "summary": {"status": "out_of_schedule"}}, "healthy", "sending"),
        ({"diagnostics": {"status": None}, "summary": {"status": "campaign_draft"}}, "campaign_draft", "waiting"),
        ({"diagnostics": None, "summary": {"status": "no_accounts_available"}}, "no_accounts_available", "failed"),
        ({"diagnostics": {"status": "sleeping"}}, "sleeping", "unknown"),
        ({"diagnostics": None, "summary": None}, "unknown", "unknown"),
        ([], "unknown", "unknown"),
    ],
)
def test_the_sending_status_is_read_from_the_diagnostics_else_from_the_summary(answer, code, verdict):
    status = sending_status_of(answer)
    assert (status.code, status.verdict) == (code, verdict)
    assert code in status.message
