"""People, senders and a campaign, in a database and a stand-in that begin alike every time; and launches of it."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from modules.instantly.instantly_client import InstantlyClient
from modules.outreach import launch_steps
from modules.outreach.launch_activation import Watch
from modules.outreach.launch_gate import MOST_AGE_S
from modules.outreach.launch_steps import LaunchRequest, LaunchTools
from tests.fakes.campaigns import campaign
from tests.fakes.empty_tables import empty_tables
from tests.fakes.people import LeadTables

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx
    import psycopg

    from modules.outreach.campaign_spec import Campaign
    from modules.supabase.row_store import RowStore
    from tests.fakes.instantly_server import InstantlyServer

Json = dict[str, Any]

LEDGER = ("campaign_leads", "launch_keys", "launches", "campaign_creations")
ALWAYS = {
    "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
    "from": "00:00",
    "until": "23:59",
    "timezone": "Etc/UTC",
}
_MORE_PEOPLE = """
    with more as (
      insert into leads
      select (jsonb_populate_record(known, jsonb_build_object(
               'lead_id', gen_random_uuid(), 'email', name.text, 'match_key', name.text,
               'email_domain', domain.text, 'registrable_domain', domain.text, 'company_domain', domain.text
             ))).*
        from leads as known
        cross join generate_series(1, %s) as number
        cross join lateral (select 'firm' || number || '.example') as domain (text)
        cross join lateral (select 'person' || number || '@' || domain.text) as name (text)
      returning lead_id
    ), scored as (
      insert into lead_scores
      select (jsonb_populate_record(known, jsonb_build_object('lead_id', more.lead_id))).*
        from lead_scores as known, more
    )
    insert into icebreakers
    select (jsonb_populate_record(known, jsonb_build_object('lead_id', more.lead_id))).* from icebreakers as known, more
"""


class LaunchWorld(LeadTables):
    """What a launch meets.

    Attributes:
        emails: The campaign's senders, whom the stand-in holds to be fit.
        people: Addresses of the leads, the best first.
    """

    def __init__(self, server: InstantlyServer, connection: psycopg.Connection, store: RowStore) -> None:
        super().__init__(connection)
        self.server, self.store = server, store
        self.now = datetime.now(UTC)
        self.emails = [row["email"] for row in server.workspace.accounts.after(None)][:2]
        self.people: list[str] = []
        self.make_senders_fit()
        self.refresh()

    def make_senders_fit(self) -> None:
        """As they are after every reset of the stand-in."""
        fit = {"status": 1, "warmup_status": 1, "stat_warmup_score": 97, "enable_slow_ramp": False}
        for email in self.emails:
            self.server.workspace.accounts.change(email, {**fit, "setup_pending": False, "daily_limit": 40})

    def apply(self, **changes: Any) -> Campaign:
        """Store the campaign, by these two senders, at any hour; changes as `tests.fakes.campaigns` takes them."""
        changes = {"schedule": ALWAYS, "senders": {"accounts": self.emails}, "activate": True} | changes
        applied = campaign(**changes)
        self.store_campaign(self.store, applied)
        return applied

    def add_people(self, count: int, *, companies: int | None = None, **columns: Any) -> None:
        """People who may be written to, each with a line and a score; the first ones have the best."""
        first = len(self.people)
        for number in range(first, first + count):
            company = f"firm{number % companies if companies else number}.example"
            email = f"person{number}@{company}"
            self.add_person(email, score=max(0, 100 - number), company_domain=company, **columns)

    def add_person(self, email: str, *, line: str | None = "A line.", **columns: Any) -> str:
        """One person; their `lead_id`."""
        name, _, domain = email.partition("@")
        named = {"first_name": name.title(), "company_name": domain.partition(".")[0].title()}
        lead_id = self.add_lead(email, **(named | columns))
        if line is not None:
            written = {"lead_id": lead_id, "source": "model", "line": line, "language": "en", "evidence": "e"}
            written |= {"facts": {}, "facts_digest": "d", "prompt_version": "p", "model": "m"}
            self.insert("icebreakers", written)
        self.people.append(email)
        return lead_id

    def add_crowd(self, count: int) -> None:
        """Thousands at once, each of a company of their own, else like the first one, who alone is in `people`."""
        self.add_person("person0@firm0.example")
        self.connection.execute(_MORE_PEOPLE, [count - 1])

    def refresh(self, at: datetime | None = None) -> None:
        """Note that everything a launch looks at was read completely, now or at another moment."""
        at = at or datetime.now(UTC)
        today = at.date()
        self.connection.execute("delete from sync_runs")
        for table in [*MOST_AGE_S, "instantly_daily_analytics_raw"]:
            by_day = table in {"instantly_account_daily_raw", "instantly_daily_analytics_raw"}
            days = {"first_day": today - timedelta(14), "last_day": today} if by_day else {}
            scope = f"{today - timedelta(14)}...{today}" if by_day else "all"
            row = {"table_name": table, "scope": scope, "source": "api", "started_at": at, "finished_at": at}
            self.insert("sync_runs", {**row, "data_as_of": at, "status": "complete", **days})
        raw: Json = {"row_digest": "d", "synced_at": at}
        for email in self.emails:
            account = {"email": email, "account_status": 1, "warmup_status": 1, "warmup_score": 97, "raw_json": {}}
            known_since = {"created_at": at - timedelta(days=1)}
            self.insert("instantly_accounts_raw", account | raw | known_since, conflict="do nothing")
            day = {"email": email, "analytics_date": today - timedelta(1), "sent": 30, "bounced": 0, "raw_json": {}}
            self.insert("instantly_account_daily_raw", day | raw, conflict="do nothing")

    def forget(self) -> None:
        """Both sides as before the first launch; people, campaign and suppressions stay as they are."""
        empty_tables(self.connection, LEDGER)
        self.connection.execute("select public.set_pause(null)")
        self.server.reset()
        self.make_senders_fit()

    @contextmanager
    def tools(
        self, store: RowStore | None = None, transport: httpx.BaseTransport | None = None
    ) -> Iterator[LaunchTools]:
        """What a launch works with, in no hurry of the real world."""
        with InstantlyClient(
            self.server.api_key, base_url=self.server.base_url, requests_per_second=None, transport=transport
        ) as client:
            yield LaunchTools(
                store=store or self.store,
                client=client,
                settle_s=0.2,
                watch=Watch(for_s=5.0, every_s=0.05),
            )

    def launch(self, key: str = "first", **request: Any) -> launch_steps.Launch:
        """One launch, from the first step to the last."""
        with self.tools() as tools:
            return run_launch(
                tools, LaunchRequest(**{"campaign_name": "plans", "launch_key": key, "activate": True, **request})
            )

    def ledger(self) -> dict[str, int]:
        """How many people are in each state."""
        rows = self.rows("select state, count(*) as people from campaign_leads group by state")
        return {row["state"]: row["people"] for row in rows}

    def at_instantly(self) -> dict[str, list[str]]:
        """Addresses in each campaign that carries our mark, by its name."""
        campaigns = self.server.stand_in.snapshot()["workspaces"][0]["campaigns"]
        return {
            each["name"]: [lead["email"] for lead in each["leads"]]
            for each in campaigns
            if "[outreach:" in each["name"]
        }


def run_launch(tools: LaunchTools, request: LaunchRequest) -> launch_steps.Launch:
    """The steps one after the other, as the asset runs them, without lines of a model."""
    launch_steps.gate(tools, request)
    launch_steps.candidates(tools, request)
    launch_steps.reserve(tools, request)
    launch_steps.prepare(tools, request)
    launch_steps.upload(tools, request)
    launch_steps.activate(tools, request)
    return launch_steps.confirm(tools, request)
