"""What forbids a launch: asked of the stand-in over HTTP, with statistics in a real database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from modules.instantly.instantly_client import InstantlyClient
from modules.outreach.campaign_payload import campaign_payload
from modules.outreach.launch_preflight import preflight
from modules.shared.errors import ContractError, PermanentError, Refused, RetryableError
from tests.fakes.instantly_server import instantly_server
from tests.fakes.launch_campaign import campaign
from tests.fakes.launch_world import ALWAYS


class Launch:
    """A campaign by two mailboxes of the stand-in that are fit, and how to look at it once more."""

    def __init__(self, server, store, tables):
        self.server, self.store, self.tables = server, store, tables
        self.now = datetime.now(UTC).replace(hour=9)
        accounts = server.workspace.accounts
        self.emails = [row["email"] for row in accounts.after(None)][:2]
        for email in self.emails:
            accounts.change(
                email, {"status": 1, "warmup_status": 1, "stat_warmup_score": 97, "enable_slow_ramp": False}
            )
            tables.account(email, days=[(1, 40, 1)])
        days = {"first_day": tables.today - timedelta(14), "last_day": tables.today}
        tables.read("instantly_account_daily_raw", "days", **days)
        tables.read("instantly_daily_analytics_raw", "days", **days)
        self.file(senders={"accounts": self.emails})
        server.stand_in.log.clear()

    def file(self, **changes):
        changes = (
            {"schedule": ALWAYS, "senders": self.campaign.senders.model_dump(exclude_none=True)} | changes
            if hasattr(self, "campaign")
            else {"schedule": ALWAYS} | changes
        )
        changes["schedule"] = ALWAYS | changes["schedule"]
        self.campaign = campaign(**changes)

    def change(self, **fields):
        """Change one of its mailboxes at Instantly."""
        assert self.server.workspace.accounts.change(self.emails[0], fields)

    def create(self, **changes):
        payload = campaign_payload(self.campaign, marker="m1", tag_ids=self.tag_ids()) | changes
        answer = self.server.ask("POST", "/campaigns", body=payload)
        assert answer.is_success, answer.text
        self.server.stand_in.log.clear()
        return answer.json()

    def tag_ids(self):
        return [tag["id"] for tag in self.server.workspace.small.tags if tag["label"] == self.campaign.senders.tag]

    def look(self, instantly_campaign=None, **options):
        with InstantlyClient(self.server.api_key, base_url=self.server.base_url, requests_per_second=None) as client:
            return preflight(
                self.store, client, self.campaign, instantly_campaign=instantly_campaign, now=self.now, **options
            )

    def codes(self, *arguments, **options):
        return [reason.code for reason in self.look(*arguments, **options).refusals]

    def asked(self):
        return [(entry.method, entry.path) for entry in self.server.requests]


@pytest.fixture(scope="module")
def world():
    with instantly_server(seed=3, campaigns=12, accounts=120, leads=60, days=40) as server:
        yield server


@pytest.fixture
def launch(world, store, tables, instant_retries):
    world.reset()
    return Launch(world, store, tables)


def test_a_campaign_of_which_all_is_well_is_ready_and_says_what_today_will_bring(launch):
    found = launch.look()
    found.raise_if_refused()
    assert (found.refusals, found.warnings) == ((), ())
    assert [(verdict.email, verdict.is_eligible) for verdict in found.senders] == [
        (each, True) for each in launch.emails
    ]
    assert (found.capacity.mails_today, found.capacity.new_people_today) == (60, 25)
    assert found.room_on_plan == 25_000 - 60


def test_it_takes_the_pages_of_accounts_the_plan_and_the_campaign_and_no_request_more(launch):
    launch.look()
    accounts = [("GET", "/accounts")] * 3
    assert launch.asked() == [*accounts, ("GET", "/workspace-billing/plan-details")]
    created = launch.create()
    launch.look(created)
    assert launch.asked() == [
        *accounts,
        ("GET", "/workspace-billing/plan-details"),
        ("GET", f"/campaigns/{created['id']}"),
    ]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"status": 2}, "the account is not active: paused"),
        ({"status": -1}, "the account is not active: without connection"),
        ({"status": 77}, "the account is not active: status 77 is not one that is known"),
        ({"setup_pending": True}, "its setup is not finished"),
        ({"warmup_status": 0}, "the warm-up is not active: paused"),
        ({"warmup_status": -4}, "the warm-up is not active: status -4 is not one that is known"),
        ({"stat_warmup_score": 62}, "the warm-up score is 62"),
        ({"stat_warmup_score": None}, "the warm-up score is not known"),
        ({"timestamp_warmup_start": None}, "when the warm-up began is not known"),
        ({"daily_limit": None}, "its daily limit is not known"),
    ],
)
def test_a_sender_that_is_not_fit_is_refused_with_its_reason_though_another_is(launch, fields, reason):
    launch.change(**fields)
    found = launch.look()
    assert [each.code for each in found.refusals] == ["sender_not_eligible"]
    assert reason in found.refusals[0].text
    assert [verdict.is_eligible for verdict in found.senders] == [False, True]
    assert [each.email for each in found.capacity.senders] == launch.emails[1:]


def test_a_sender_that_began_its_warm_up_last_week_is_refused(launch):
    launch.change(timestamp_warmup_start=(launch.now - timedelta(days=7)).isoformat())
    assert "the warm-up began 7 days ago" in launch.look().refusals[0].text


def test_a_field_that_instantly_leaves_out_is_not_taken_to_be_well(launch):
    change = {"row": 0, "remove": ["status", "setup_pending", "warmup_status"]}
    launch.server.order_fault(action={"kind": "rewrite", "change": change}, path="/accounts")
    [reason] = launch.look().refusals
    assert "its status is not known" in reason.text
    assert "whether its setup is finished is not known" in reason.text


def test_a_sender_whose_mails_bounce_is_refused_and_so_is_one_whose_days_were_never_read(launch):
    email = launch.emails[0]
    launch.tables.change("update instantly_account_daily_raw set bounced = 20 where email = %s", [email])
    assert "20 of 40 mails bounced" in launch.look().refusals[0].text
    launch.tables.change("delete from sync_runs")
    assert launch.codes() == ["sender_not_eligible"] * 2 + ["no_eligible_sender"]


def test_an_address_that_instantly_does_not_have_is_refused(launch):
    launch.file(senders={"accounts": [launch.emails[0], "nobody@elsewhere.example"]})
    [reason] = launch.look().refusals
    assert "no account with this address" in reason.text


def test_all_reasons_are_in_one_message_that_says_what_to_do_and_holds_no_address(launch):
    launch.change(status=2, stat_warmup_score=10)
    launch.file(schedule={"end_date": "2020-01-01"})
    with pytest.raises(Refused) as refused:
        launch.look().raise_if_refused()
    message = str(refused.value)
    assert message.startswith("dock-times is not launched:\n- ")
    for part in ("paused", "score is 10", "take the account out of the file", "end_date is 2020-01-01"):
        assert part in message
    assert "@" not in message


def test_a_tag_names_its_accounts_and_every_one_of_them_has_to_be_fit(launch):
    accounts = launch.server.workspace.accounts
    tagged = sorted(
        row["email"]
        for row in accounts.after(None)
        if any(t["label"] == "warm domains" for t in accounts.tags(accounts.number_of(row["email"])))
    )
    assert tagged
    for email in tagged:
        accounts.change(email, {"status": 1, "warmup_status": 1, "stat_warmup_score": 97, "setup_pending": False})
        launch.tables.account(email, days=[])
        launch.tables.change(
            "update instantly_accounts_raw set created_at = now() - interval '1 day' where email = %s", [email]
        )
    launch.file(senders={"tag": "warm domains"})
    found = launch.look()
    assert (found.refusals, [verdict.email for verdict in found.senders]) == ((), tagged)
    created = launch.create()
    assert launch.codes(created) == []
    accounts.change(tagged[0], {"status": 2})
    [reason] = launch.look(created).refusals
    assert "take the tag 'warm domains' off it" in reason.text


def test_a_tag_that_no_account_carries_is_refused(launch):
    launch.file(senders={"tag": "benelux and more"})
    assert launch.codes() == ["unknown_tag"]
    assert launch.codes({"id": launch.server.workspace.plans.id_of(0)}) == ["unknown_tag"]


def test_an_account_that_comes_twice_is_one_sender_and_as_it_came_last(launch):
    rows = list(launch.server.workspace.accounts.after(None))
    paused = rows[0] | {"status": 2}
    launch.server.order_fault(
        action={"kind": "rewrite", "change": {"row": 0, "replace": paused}}, path="/accounts", skip=1
    )
    found = launch.look()
    assert len(found.senders) == 2
    assert "paused" in found.refusals[0].text


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"stop_on_reply": False}, "settings_changed"),
        ({"daily_limit": 5_000}, "settings_changed"),
        ({"open_tracking": True}, "settings_changed"),
        ({"email_list": ["stranger@elsewhere.example"]}, "senders_changed"),
        ({"sequences": []}, "sequence_changed"),
        ({"status": 3}, "campaign_status"),
        ({"status": 42}, "campaign_status"),
    ],
)
def test_what_somebody_changed_at_instantly_by_hand_is_refused(launch, changes, code):
    created = launch.create()
    assert launch.codes(created) == []
    launch.server.workspace.campaigns.change(created["id"], changes)
    assert set(launch.codes(created)) == {code}


def test_a_body_that_instantly_blanked_is_refused(launch):
    created = launch.create()
    blanked = [
        {
            "steps": [
                step | {"variants": [each | {"body": ""} for each in step["variants"]]}
                for step in created["sequences"][0]["steps"]
            ]
        }
    ]
    launch.server.workspace.campaigns.change(created["id"], {"sequences": blanked})
    assert launch.codes(created) == ["sequence_changed"] * 2


def test_a_campaign_that_was_deleted_is_refused_and_one_that_is_another_breaks_the_contract(launch):
    created = launch.create()
    launch.server.order_fault(action={"kind": "rewrite", "change": {"answer": {"id": "x"}}}, path="/campaigns/*")
    with pytest.raises(ContractError, match="something else than that campaign"):
        launch.look(created)
    launch.server.workspace.campaigns.delete(created["id"])
    assert launch.codes(created) == ["campaign_gone"]


def test_a_full_plan_is_refused_until_everybody_is_uploaded(launch):
    launch.server.workspace.lead_limit = 60
    assert launch.codes() == ["no_room_on_plan"]
    assert launch.codes(people_to_upload=3) == ["no_room_on_plan"]
    assert launch.codes(people_to_upload=0) == []


def test_little_room_on_the_plan_is_a_warning(launch):
    launch.server.workspace.lead_limit = 70
    assert [each.code for each in launch.look(people_to_upload=11).warnings] == ["little_room_on_plan"]
    assert launch.look(people_to_upload=10).warnings == ()


@pytest.mark.parametrize(
    "change",
    [{"answer_without": ["subscriptions"]}, {"answer": {"subscriptions": {"outreach": {"total_lead_limit": "many"}}}}],
)
def test_a_plan_that_does_not_say_its_room_is_refused(launch, change):
    launch.server.order_fault(action={"kind": "rewrite", "change": change}, path="/workspace-billing/*")
    assert launch.codes() == ["plan_unknown"]


@pytest.mark.parametrize("path", ["/accounts", "/workspace-billing/*", "/campaigns/*"])
@pytest.mark.parametrize(
    "action", [{"kind": "status", "status": 503}, {"kind": "cut", "when": "before"}], ids=["503", "cut"]
)
def test_while_instantly_is_down_nothing_is_ready(launch, path, action):
    created = launch.create()
    launch.server.order_fault(action=action, path=path, times=None)
    with pytest.raises(RetryableError):
        launch.look(created)


def test_a_list_of_accounts_that_breaks_off_is_no_list(launch):
    launch.server.order_fault(action={"kind": "status", "status": 503}, path="/accounts", skip=1, times=None)
    with pytest.raises(RetryableError):
        launch.look()


def test_without_a_paid_plan_the_error_passes(launch):
    launch.server.workspace.has_paid_plan = False
    with pytest.raises(PermanentError, match="402"):
        launch.look()


def test_what_the_view_of_health_holds_against_a_sender_is_a_warning(launch):
    launch.tables.change(
        "update instantly_account_warmup_raw set health_score = 40 where email = %s", [launch.emails[0]]
    )
    found = launch.look()
    found.raise_if_refused()
    [warning] = found.warnings
    assert "the health score is below 80" in warning.text


def test_what_was_sent_today_leaves_less_and_what_was_not_read_leaves_nothing(launch):
    created = launch.create()
    launch.server.workspace.campaigns.change(created["id"], {"status": 1})
    launch.tables.campaign(created["id"])
    launch.tables.change("update instantly_campaigns_raw set created_at = now() - interval '1 day'")
    launch.tables.day(0, created["id"], sent=50, new_leads_contacted=24)
    found = launch.look(created)
    assert (found.refusals, found.capacity.mails_today, found.capacity.new_people_today) == ((), 10, 1)
    launch.tables.change("delete from sync_runs where table_name = 'instantly_daily_analytics_raw'")
    found = launch.look(created)
    assert [each.code for each in found.warnings] == ["nothing_today", "not_known"]


def test_follow_ups_that_are_due_by_the_same_senders_leave_less_for_new_people(launch):
    steps = [{"type": "email", "delay": 1, "delay_unit": "days"}, {"type": "email", "delay": 0}]
    launch.tables.campaign("another", campaign={"sequences": [{"steps": steps}], "email_list": launch.emails})
    for number in range(28):
        launch.tables.lead(
            f"person{number}@firm.example",
            instantly_campaign_id="another",
            last_contacted_at=launch.now - timedelta(days=3),
            raw_json={"status_summary": {"lastStep": {"from": launch.emails[0], "stepID": "0_0_0"}}},
        )
    launch.file(caps={"new_people_per_day": 50})
    found = launch.look()
    assert (found.capacity.new_people_today, found.capacity.binding) == (32, "other_follow_ups")
