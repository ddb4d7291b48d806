"""The door to people, over HTTP: what it asks for, what it gives back, and what becomes of lost answers."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from modules.instantly.instantly_client import InstantlyClient
from modules.instantly.instantly_uploader import (
    MOST_LEADS,
    activate,
    add_leads,
    create_campaign,
    find_campaigns,
    look_up,
    read_campaign,
    sending_status,
    watch_sending,
)
from modules.shared.errors import (
    ContractError,
    OutcomeUnknown,
    OutreachError,
    PermanentError,
    Refused,
    RetryableError,
)
from sandbox.instantly.endpoint import PREFIX
from tests.contract.vendor_documents import assert_request_conforms
from tests.fakes.instantly_server import DRAFT, TODAY, InstantlyServer, instantly_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MARK = "oc-7f3a"
OURS = DRAFT | {"name": f"Dock times [{MARK}]"}
ADA = {"email": "ada@quayworks.example", "first_name": "Ada", "personalization": "Saw the new dock."}
BO = {"email": "bo@quayworks.example", "first_name": "Bo", "custom_variables": {"fleet_size": 41}}
UNKNOWN = "019ffad2-9b9f-79cc-82ca-2b31778b13de"
NO_UUIDS = ["", "../accounts", "42", f"{UNKNOWN}/pause", f"{UNKNOWN}?", f" {UNKNOWN}"]


def free() -> None:
    """No pause is ordered."""


def paused() -> None:
    raise Refused("Outreach is paused.")


@pytest.fixture(scope="module")
def running() -> Iterator[InstantlyServer]:
    with instantly_server(leads=120, today=TODAY) as server:
        yield server


@pytest.fixture
def server(running: InstantlyServer) -> InstantlyServer:
    running.reset()
    running.stand_in.world.settles_after_s = 0.0
    return running


@pytest.fixture
def client(server: InstantlyServer) -> Iterator[InstantlyClient]:
    """Every request that it made and that was understood is judged by the vendor's document at the end."""
    with client_of(server) as connected:
        yield connected
    for entry in server.requests:
        if entry.status == 200:
            assert_request_conforms("instantly", entry.method, PREFIX + entry.path, entry.query, entry.body)


def client_of(server: InstantlyServer) -> InstantlyClient:
    return InstantlyClient(server.api_key, base_url=server.base_url, requests_per_second=None)


def healthy_sender(server: InstantlyServer) -> str:
    return next(row["email"] for row in server.workspace.accounts.after(None) if row["status"] == 1)


def effects(server: InstantlyServer) -> list[str | None]:
    return [entry.operation for entry in server.requests if entry.had_effect]


# Campaigns


def test_a_created_campaign_is_a_draft_that_is_found_by_its_mark_alone(client, server):
    campaign_id = create_campaign(client, OURS, check_pause=free)
    others = [f"Dock times [{MARK}] copy", f"[{MARK}] Dock times", f"Dock times [{MARK}x]", f"Dock times {MARK}"]
    for name in others:
        create_campaign(client, OURS | {"name": name}, check_pause=free)
    found = find_campaigns(client, MARK)
    assert [(each.id, each.name, each.status) for each in found] == [(campaign_id, OURS["name"], 0)]
    assert found[0].payload == read_campaign(client, campaign_id) == server.workspace.campaigns.find(campaign_id)


def test_campaigns_with_one_mark_come_oldest_first_whatever_their_ids(client):
    made = [create_campaign(client, OURS, check_pause=free) for _ in range(6)]
    assert made != sorted(made)
    assert [each.id for each in find_campaigns(client, MARK)] == made


def test_a_search_that_is_ignored_finds_the_same():
    world = {"leads": 30, "campaigns": 130, "today": TODAY, "quirks": frozenset({"filters_ignored"})}
    with instantly_server(**world) as server, client_of(server) as client:
        campaign_id = create_campaign(client, OURS, check_pause=free)
        assert [each.id for each in find_campaigns(client, MARK)] == [campaign_id]
        assert find_campaigns(client, "nobody") == []


def test_a_search_that_misses_is_not_believed_before_the_whole_list_was_read(client, server):
    campaign_id = create_campaign(client, OURS, check_pause=free)
    server.order_fault(path="/campaigns", where={"search": MARK}, times=None, action=rewritten({"rows": "none"}))
    server.order_fault(
        path="/campaigns",
        where={"search": MARK},
        times=None,
        action=rewritten({"answer_without": ["next_starting_after"]}),
    )
    assert [each.id for each in find_campaigns(client, MARK)] == [campaign_id]


def test_without_a_mark_nothing_is_looked_for(client, server):
    with pytest.raises(ValueError, match="marker"):
        find_campaigns(client, "")
    assert server.requests == []


def test_an_item_that_is_no_campaign_is_an_error_and_not_a_miss(client, server):
    server.order_fault(path="/campaigns", times=None, action=rewritten({"row": 0, "remove": ["name"]}))
    with pytest.raises(ContractError, match="without id, name, status"):
        find_campaigns(client, MARK)


@pytest.mark.parametrize("wrong", [{"status": 1}, {"name": "Dock times"}, {"id": "7"}, {"status": None}])
def test_a_created_campaign_that_is_not_the_draft_that_was_asked_for_is_an_error(wrong, client, server):
    server.order_fault(method="POST", path="/campaigns", action=rewritten({"answer": wrong}))
    with pytest.raises(ContractError, match="POST /campaigns"):
        create_campaign(client, OURS, check_pause=free)


def test_a_campaign_that_is_not_there_is_a_404_and_another_one_than_asked_for_is_an_error(client, server):
    with pytest.raises(PermanentError) as caught:
        read_campaign(client, UNKNOWN)
    assert caught.value.status == 404
    campaign_id = create_campaign(client, OURS, check_pause=free)
    server.order_fault(method="GET", path="/campaigns/*", action=rewritten({"answer": {"id": UNKNOWN}}))
    with pytest.raises(ContractError, match="answered campaign"):
        read_campaign(client, campaign_id)


# Leads


def test_added_leads_are_mapped_by_their_place_and_every_flag_is_sent(client, server):
    campaign_id = create_campaign(client, OURS, check_pause=free)
    answer = add_leads(client, campaign_id, [ADA, BO], check_pause=free)
    found = look_up(client, [ADA["email"], BO["email"]])
    assert answer.created == {0: found[ADA["email"]][0].id, 1: found[BO["email"]][0].id}
    assert (answer.counts["leads_uploaded"], sum(answer.counts.values())) == (2, 2)
    assert answer.remaining_in_plan == server.workspace.lead_limit - len(server.workspace.leads)
    sent = next(entry.body for entry in server.requests if entry.path == "/leads/add")
    assert sent == {
        "campaign_id": campaign_id,
        "skip_if_in_campaign": True,
        "skip_if_in_workspace": False,
        "skip_if_in_list": False,
        "verify_leads_on_import": False,
        "leads": [ADA, BO],
    }


def test_leads_that_are_not_created_are_counted_and_the_others_keep_their_places(client, server):
    first = create_campaign(client, OURS, check_pause=free)
    second = create_campaign(client, OURS, check_pause=free)
    add_leads(client, first, [ADA], check_pause=free)
    add_leads(client, second, [BO], check_pause=free)
    server.workspace.block_list.add("rivalfreight.example")
    listed = {"email": "listed@quayworks.example"}
    server.ask("POST", "/leads/add", body={"list_id": server.workspace.small.lists[0]["id"], "leads": [listed]})
    leads = [
        {"email": "not an address"},
        ADA,
        {"email": "cy@rivalfreight.example"},
        BO,
        {"email": "Dee@quayworks.example"},
        {"email": "dee@quayworks.example"},
        listed,
    ]
    answer = add_leads(client, first, leads, check_pause=free)
    assert answer.created.keys() == {4, 6}
    assert answer.counts == {
        "leads_uploaded": 2,
        "in_blocklist": 1,
        "duplicated_leads": 1,
        "skipped_count": 1,
        "invalid_email_count": 1,
        "incomplete_count": 0,
        "duplicate_email_count": 1,
    }


def test_what_the_plan_has_no_room_for_is_counted_and_the_room_is_told(client, server):
    campaign_id = create_campaign(client, OURS, check_pause=free)
    server.workspace.lead_limit = len(server.workspace.leads) + 1
    answer = add_leads(client, campaign_id, [ADA, BO], check_pause=free)
    assert (answer.created.keys(), answer.remaining_in_plan) == ({0}, 0)


@pytest.mark.parametrize("leads", [[], [ADA] * (MOST_LEADS + 1), [{"first_name": "Ada"}], [{"email": " "}]])
def test_an_upload_that_cannot_be_one_is_not_sent(leads, client, server):
    with pytest.raises(ValueError, match=r"1 to 1000 leads|needs its email"):
        add_leads(client, UNKNOWN, leads, check_pause=free)
    assert server.requests == []


def test_a_thousand_leads_go_in_one_request(client, server):
    campaign_id = create_campaign(client, OURS, check_pause=free)
    leads = [{"email": f"person{number}@quayworks.example"} for number in range(MOST_LEADS)]
    assert len(add_leads(client, campaign_id, leads, check_pause=free).created) == MOST_LEADS
    assert [entry.path for entry in server.changing_requests] == ["/campaigns", "/leads/add"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"answer": {"leads_uploaded": 1}},
        {"answer": {"duplicated_leads": 1}},
        {"answer": {"created_leads": []}},
        {"answer_without": ["skipped_count"]},
        {"answer_without": ["created_leads"]},
        {"answer": {"created_leads": [{"index": 2, "id": UNKNOWN, "email": ADA["email"]}]}},
        {"answer": {"created_leads": [{"index": 1, "id": UNKNOWN, "email": ADA["email"]}]}},
    ],
)
def test_an_upload_whose_answer_does_not_add_up_is_an_error_that_names_nobody(wrong, client, server):
    campaign_id = create_campaign(client, OURS, check_pause=free)
    server.order_fault(path="/leads/add", action=rewritten(wrong))
    with pytest.raises(ContractError, match="look up every address") as caught:
        add_leads(client, campaign_id, [ADA, BO], check_pause=free)
    assert "@" not in str(caught.value)
    assert all(look_up(client, [ADA["email"], BO["email"]]).values()), "they are there all the same"


def test_a_look_up_tells_every_place_of_every_address_and_nowhere_as_nothing(client, server):
    list_id = server.workspace.small.lists[0]["id"]
    first = create_campaign(client, OURS, check_pause=free)
    second = create_campaign(client, OURS, check_pause=free)
    for container in ({"campaign_id": first}, {"campaign_id": second}, {"list_id": list_id}):
        server.ask("POST", "/leads/add", body=container | {"leads": [{"email": "Ada@Quayworks.example"}]})
    emails = ["ADA@quayworks.example", "ada@quayworks.example", "Nobody@quayworks.example"]
    found = look_up(client, emails)
    assert list(found) == emails
    here = [(lead.campaign_id, lead.list_id) for lead in found["ada@quayworks.example"]]
    assert sorted(here, key=str) == sorted([(first, None), (second, None), (None, list_id)], key=str)
    assert found["ADA@quayworks.example"] == found["ada@quayworks.example"]
    assert found["Nobody@quayworks.example"] == []
    asked = [entry.body["contacts"] for entry in server.requests if entry.path == "/leads/list"]
    assert asked == [[*emails, "nobody@quayworks.example"]] * 2, "a page of leads is followed by an empty one"


def test_a_look_up_reads_all_pages_in_batches_of_a_hundred(client, server):
    campaign_id = create_campaign(client, OURS, check_pause=free)
    emails = [f"person{number}@quayworks.example" for number in range(230)]
    add_leads(client, campaign_id, [{"email": each} for each in emails[:215]], check_pause=free)
    server.stand_in.log.clear()
    found = look_up(client, emails)
    assert [email for email, leads in found.items() if leads] == emails[:215]
    assert {lead.campaign_id for leads in found.values() for lead in leads} == {campaign_id}
    assert {len(entry.body["contacts"]) for entry in server.requests} == {100, 30}
    assert server.changing_requests == []


def test_a_look_up_whose_filter_is_ignored_stops_at_the_first_page():
    with instantly_server(leads=240, today=TODAY, quirks=frozenset({"filters_ignored"})) as server:
        with client_of(server) as client, pytest.raises(ContractError, match="not asked for"):
            look_up(client, ["nobody@quayworks.example"])
        assert len(server.requests) == 1


def test_a_look_up_of_nobody_asks_nothing(client, server):
    assert look_up(client, []) == {}
    assert server.requests == []


# Activating, and what comes of it


def launchable(client: InstantlyClient, server: InstantlyServer, **fields: Any) -> str:
    every_day = OURS["campaign_schedule"]["schedules"][0] | {"days": {str(day): True for day in range(7)}}
    payload = OURS | {"email_list": [healthy_sender(server)], "campaign_schedule": {"schedules": [every_day]}}
    campaign_id = create_campaign(client, payload | fields, check_pause=free)
    add_leads(client, campaign_id, [ADA], check_pause=free)
    return campaign_id


@pytest.mark.parametrize("status", [0, 2])
def test_a_draft_and_a_paused_campaign_are_activated(status, client, server):
    campaign_id = launchable(client, server)
    server.workspace.campaigns.change(campaign_id, {"status": status})
    activate(client, campaign_id, check_pause=free)
    assert read_campaign(client, campaign_id)["status"] == 1
    assert sending_status(client, campaign_id).verdict == "sending"


@pytest.mark.parametrize("status", [1, 4])
def test_a_campaign_that_runs_is_left_as_it_is(status, client, server):
    campaign_id = server.workspace.plans.id_of({1: 0, 4: 6}[status])
    assert server.workspace.campaigns.find(campaign_id)["status"] == status
    activate(client, campaign_id, check_pause=paused)
    assert server.changing_requests == []


@pytest.mark.parametrize(("status", "words"), [(3, "completed"), (-1, "unhealthy"), (-2, "bounce"), (7, "status 7")])
def test_any_other_campaign_is_refused_in_words(status, words, client, server):
    campaign_id = launchable(client, server)
    server.workspace.campaigns.change(campaign_id, {"status": status})
    server.stand_in.log.clear()
    with pytest.raises(Refused, match=words):
        activate(client, campaign_id, check_pause=free)
    assert server.changing_requests == []


def test_whoever_watches_sees_an_activated_campaign_that_cannot_send_fail(client, server):
    server.stand_in.world.settles_after_s = 0.2
    campaign_id = create_campaign(client, OURS, check_pause=free)
    activate(client, campaign_id, check_pause=free)
    assert sending_status(client, campaign_id).code == "waiting_for_leads"
    status = watch_sending(client, campaign_id, for_s=5, every_s=0.05)
    assert (status.code, status.verdict) == ("campaign_accounts_unhealthy", "failed")


def test_each_state_of_a_launch_has_its_verdict(client, server):
    campaign_id = launchable(client, server)
    seen = [sending_status(client, campaign_id)]
    activate(client, campaign_id, check_pause=free)
    seen.append(sending_status(client, campaign_id))
    server.ask("PATCH", f"/campaigns/{campaign_id}", body={"campaign_schedule": OURS["campaign_schedule"]})
    seen.append(sending_status(client, campaign_id))
    server.ask("POST", f"/campaigns/{campaign_id}/pause")
    seen.append(sending_status(client, campaign_id))
    assert [(each.code, each.verdict) for each in seen] == [
        ("campaign_draft", "waiting"),
        ("healthy", "sending"),
        ("out_of_schedule", "waiting"),
        ("campaign_paused", "waiting"),
    ]


def said(server: InstantlyServer, *codes: str | None) -> None:
    """Let the stand-in say these one after the other, and the last one for ever."""
    for place, code in enumerate(codes):
        answer = {"diagnostics": None, "summary": code and {"status": code}}
        times = 1 if place < len(codes) - 1 else None
        action = rewritten({"answer": answer})
        server.order_fault(path="/campaigns/*/sending-status", skip=place, times=times, action=action)


@pytest.mark.parametrize(
    ("codes", "asked", "last"),
    [
        (["waiting_for_leads", "daily_limit_met", "healthy"], 3, ("healthy", "sending")),
        (["campaign_draft", "out_of_schedule"], 2, ("out_of_schedule", "waiting")),
        ([None, "brand_new_code", "no_accounts_available"], 3, ("no_accounts_available", "failed")),
        (["brand_new_code"], 6, ("brand_new_code", "unknown")),
        ([None], 6, ("unknown", "unknown")),
        (["campaign_paused"], 6, ("campaign_paused", "waiting")),
    ],
)
def test_watching_ends_when_it_is_settled_or_the_time_is_over(codes, asked, last, client, server):
    campaign_id = create_campaign(client, OURS, check_pause=free)
    said(server, *codes)
    pauses_s: list[float] = []
    status = watch_sending(
        client, campaign_id, for_s=50, every_s=10, sleep=pauses_s.append, clock=lambda: sum(pauses_s)
    )
    assert (status.code, status.verdict) == last
    assert server.stand_in.log.counts["GET /campaigns/{id}/sending-status"] == asked


# Pause, ids, and faults: the same for everything that has an effect


def _create(client: InstantlyClient, _: str, check_pause: Callable[[], None]) -> Any:
    return create_campaign(client, OURS | {"name": f"Second [{MARK}-2]"}, check_pause=check_pause)


def _add(client: InstantlyClient, campaign_id: str, check_pause: Callable[[], None]) -> Any:
    return add_leads(client, campaign_id, [BO], check_pause=check_pause)


def _activate(client: InstantlyClient, campaign_id: str, check_pause: Callable[[], None]) -> Any:
    return activate(client, campaign_id, check_pause=check_pause)


EFFECTS = {
    "POST /campaigns": (_create, "/campaigns"),
    "POST /leads/add": (_add, "/leads/add"),
    "POST /campaigns/{id}/activate": (_activate, "/campaigns/*/activate"),
}
each_effect = pytest.mark.parametrize("operation", EFFECTS)


@each_effect
def test_a_pause_is_read_directly_before_the_request_and_lets_nothing_through(operation, client, server):
    campaign_id = launchable(client, server)
    before = server.snapshot()
    server.stand_in.log.clear()
    with pytest.raises(Refused):
        EFFECTS[operation][0](client, campaign_id, paused)
    assert (server.changing_requests, server.snapshot()) == ([], before)
    asked: list[int] = []
    EFFECTS[operation][0](client, campaign_id, lambda: asked.append(len(server.requests)))
    assert [entry.operation for entry in server.requests[asked[0] :]] == [operation]
    assert len(asked) == 1


@pytest.mark.parametrize("campaign_id", NO_UUIDS)
@pytest.mark.parametrize(
    "call",
    [
        read_campaign,
        sending_status,
        lambda client, campaign_id: _add(client, campaign_id, free),
        lambda client, campaign_id: _activate(client, campaign_id, free),
        lambda client, campaign_id: watch_sending(client, campaign_id, for_s=1, every_s=1),
    ],
)
def test_what_is_no_uuid_never_gets_into_a_path(call, campaign_id, client, server):
    with pytest.raises(ValueError, match="UUID"):
        call(client, campaign_id)
    assert server.requests == []


def rewritten(change: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "rewrite", "change": change}


def status_of(status: int, when: str = "before") -> dict[str, Any]:
    return {"kind": "status", "status": status, "when": when}


LOST = {
    "a 503 before the effect": (status_of(503), False),
    "a 503 after the effect": (status_of(503, "after"), True),
    "a 500 after the effect": (status_of(500, "after"), True),
    "a cut connection before the effect": ({"kind": "cut"}, False),
    "a cut connection after the effect": ({"kind": "cut", "when": "after"}, True),
    "half a body": ({"kind": "half_body"}, True),
    "broken JSON": ({"kind": "broken_json"}, True),
    "a page": ({"kind": "html"}, True),
}


@each_effect
@pytest.mark.parametrize("fault", LOST)
def test_a_lost_answer_is_never_followed_by_a_second_request(operation, fault, client, server):
    call, path = EFFECTS[operation]
    campaign_id = launchable(client, server)
    action, happened = LOST[fault]
    server.stand_in.log.clear()
    server.order_fault(method="POST", path=path, action=action)
    if operation.endswith("activate") and happened:
        call(client, campaign_id, free)  # a look at the campaign has settled it
    else:
        with pytest.raises(OutcomeUnknown) as caught:
            call(client, campaign_id, free)
        assert "@" not in str(caught.value)
    assert len(server.changing_requests) == 1
    assert effects(server) == ([operation] if happened else [])
    settled = {
        "POST /campaigns": lambda: bool(find_campaigns(client, f"{MARK}-2")),
        "POST /leads/add": lambda: bool(look_up(client, [BO["email"]])[BO["email"]]),
        "POST /campaigns/{id}/activate": lambda: read_campaign(client, campaign_id)["status"] == 1,
    }
    assert settled[operation]() is happened


@each_effect
def test_an_effect_that_comes_after_the_client_gave_up_stays_unknown(operation, client, server):
    call, path = EFFECTS[operation]
    campaign_id = launchable(client, server)
    client._http._http.timeout = httpx.Timeout(0.15)
    server.stand_in.log.clear()
    server.order_fault(method="POST", path=path, action={"kind": "slow", "seconds": 0.5})
    with pytest.raises(OutcomeUnknown):
        call(client, campaign_id, free)
    assert len(server.changing_requests) == 1


@pytest.mark.usefixtures("instant_retries")
@each_effect
def test_a_429_is_asked_again_because_nothing_happened(operation, client, server):
    call, path = EFFECTS[operation]
    campaign_id = launchable(client, server)
    server.stand_in.log.clear()
    server.order_fault(method="POST", path=path, action=status_of(429), times=2)
    call(client, campaign_id, free)
    assert (len(server.changing_requests), effects(server)) == (3, [operation])


@pytest.mark.usefixtures("instant_retries")
@each_effect
def test_an_endless_429_ends_as_something_to_try_later(operation, client, server):
    call, path = EFFECTS[operation]
    campaign_id = launchable(client, server)
    server.stand_in.log.clear()
    server.order_fault(method="POST", path=path, action=status_of(429), times=None)
    with pytest.raises(RetryableError):
        call(client, campaign_id, free)
    assert (len(server.changing_requests), effects(server)) == (3, [])


@each_effect
@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 409])
def test_a_refusal_is_permanent_and_changes_nothing(operation, status, client, server):
    call, path = EFFECTS[operation]
    campaign_id = launchable(client, server)
    before = server.snapshot()
    server.stand_in.log.clear()
    server.order_fault(method="POST", path=path, action=status_of(status))
    with pytest.raises(PermanentError) as caught:
        call(client, campaign_id, free)
    assert (caught.value.status, len(server.changing_requests)) == (status, 1)
    assert server.snapshot() == before


@pytest.mark.usefixtures("instant_retries")
@each_effect
def test_where_nobody_listens_it_surely_did_not_happen(operation):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    client = InstantlyClient("key", base_url=f"http://127.0.0.1:{port}", requests_per_second=None)
    with client, pytest.raises(RetryableError):
        EFFECTS[operation][0](client, UNKNOWN, free)


@pytest.mark.usefixtures("instant_retries")
def test_a_lost_activation_that_cannot_be_looked_at_stays_unknown(client, server):
    campaign_id = launchable(client, server)
    server.stand_in.log.clear()
    server.order_fault(method="POST", path="/campaigns/*/activate", action=status_of(503, "after"))
    server.order_fault(method="GET", path="/campaigns/*", skip=1, times=None, action=status_of(503))
    with pytest.raises(OutcomeUnknown, match="Read the campaign again") as caught:
        activate(client, campaign_id, check_pause=free)
    assert caught.value.status == 503
    assert effects(server) == ["POST /campaigns/{id}/activate"]


@pytest.mark.parametrize("status", [2, 7])
def test_a_lost_activation_is_settled_only_by_a_status_that_means_it(status, client, server):
    campaign_id = launchable(client, server)
    server.order_fault(method="POST", path="/campaigns/*/activate", action={"kind": "cut"})
    rule = {"answer": {"status": status}}
    server.order_fault(method="GET", path="/campaigns/*", skip=1, action=rewritten(rule))
    with pytest.raises(OutcomeUnknown):
        activate(client, campaign_id, check_pause=free)


READS: dict[str, Callable[[InstantlyClient, str], Any]] = {
    "/campaigns": lambda client, _: find_campaigns(client, MARK),
    "/campaigns/*": read_campaign,
    "/leads/list": lambda client, _: look_up(client, [ADA["email"]]),
    "/campaigns/*/sending-status": sending_status,
}


@pytest.mark.usefixtures("instant_retries")
@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize("action", [status_of(429), status_of(503), {"kind": "cut"}, {"kind": "broken_json"}])
def test_reads_are_asked_again_and_then_give_up(path, action, client, server):
    campaign_id = launchable(client, server)
    expected = READS[path](client, campaign_id)
    server.order_fault(path=path, times=2, action=action)
    assert READS[path](client, campaign_id) == expected
    server.stand_in.faults.clear()
    server.order_fault(path=path, times=None, action=action)
    with pytest.raises(OutreachError) as caught:
        READS[path](client, campaign_id)
    assert isinstance(caught.value, RetryableError)
