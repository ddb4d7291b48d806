"""A sync of all tables, killed at any point while the world changes: what stands is true, and the next one is right."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import islice
from random import Random
from signal import SIGKILL
from typing import TYPE_CHECKING, Any

import pytest

from modules.instantly.instantly_rows import WORKSPACE_TOTAL
from modules.instantly.instantly_sources import payloads_of
from modules.instantly.instantly_tables import RAW_TABLES, TABLE_OF
from modules.instantly.instantly_transform import transform_campaigns, transform_daily_analytics, transform_steps
from modules.shared.raw_table import RejectedRow
from modules.shared.row_transform import transform_rows
from tests.fakes.instantly_reading import DAYS, ORDER, instantly_api, stored
from tests.fakes.instantly_server import DRAFT, instantly_server
from tests.fakes.killable_syncs import Order, Syncs

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from modules.instantly.instantly_api import InstantlyApi
    from sandbox.local_supabase import SupabaseEnvironment
    from tests.fakes.instantly_server import InstantlyServer
    from tests.fakes.killable_syncs import Synced

KILLS = 25
# All of the sample's history is younger than the thirty days of mails that a first read takes.
WORLD = {"campaigns": 5, "accounts": 12, "leads": 160, "days": 25}
NOTES = ("sync_runs", "rejected_rows")


@dataclass
class Kills:
    """A database, a world, and syncs from one into the other."""

    server: InstantlyServer
    supabase: SupabaseEnvironment
    database: psycopg.Connection
    source: InstantlyApi
    syncs: Syncs
    rng: Random
    runs: int = 0
    truth: dict[str, set[tuple[str, ...]]] = field(default_factory=dict)

    def sync(self, **kill: Any) -> Synced:
        self.runs += 1
        order = Order(
            supabase_url=self.supabase.url,
            supabase_key=self.supabase.secret_key,
            instantly_url=self.server.base_url,
            instantly_key=self.server.api_key,
            workspace_id=self.server.workspace.id,
            first_day=str(DAYS.first),
            last_day=str(DAYS.last),
            run_id=f"run {self.runs}",
            **kill,
        )
        return self.syncs.run(order)

    def change_the_world(self) -> str:
        """As somebody at Instantly might."""
        self.truth.clear()
        workspace, pick = self.server.workspace, self.rng.choice
        campaigns = [row["id"] for row in workspace.campaigns.after(None)]
        leads = list(islice(workspace.leads.after(None), 500))
        contacted = [row["id"] for row in leads if row.get("campaign") in campaigns and "timestamp_last_contact" in row]
        accounts = [row["email"] for row in workspace.accounts.after(None)]
        blocked = [row["id"] for row in workspace.block_list.after(None)]
        changes = {
            "a lead is deleted": lambda: workspace.leads.delete(pick(leads)["id"]),
            "a lead is changed": lambda: workspace.leads.change(
                pick(leads)["id"], {"lt_interest_status": pick((1, -1))}
            ),
            "a lead answers": lambda: workspace.answer_as(pick(contacted), "Thursday."),
            "a lead is added": lambda: workspace.leads.add(
                {"email": f"new{self.runs}@haldenfreight.example"},
                campaign_id=pick(campaigns),
                list_id=None,
                owner_id=workspace.owner_id,
            ),
            "a campaign is renamed": lambda: workspace.campaigns.change(pick(campaigns), {"name": f"Name {self.runs}"}),
            "a campaign is made": lambda: workspace.campaigns.create(DRAFT),
            "an account is changed": lambda: workspace.accounts.change(pick(accounts), {"status": pick((1, 2, -1))}),
            "an entry is blocked": lambda: workspace.block_list.add(f"keepaway{self.runs}.example"),
        }
        # Those that send are most of the statistics; without them the next read is held for a person.
        idle = [row["id"] for row in workspace.campaigns.after(None) if row["status"] <= 0]
        if idle:
            changes["a campaign is deleted"] = lambda: workspace.campaigns.delete(pick(idle))
        if len(accounts) > 8:
            changes["an account is deleted"] = lambda: workspace.accounts.delete(pick(accounts))
        if len(blocked) > 2:
            changes["an entry is unblocked"] = lambda: workspace.block_list.delete(pick(blocked))
        name = pick(sorted(changes))
        changes[name]()
        return name

    def listed(self, entity: str) -> set[tuple[str, ...]]:
        """Keys of everything that Instantly lists now."""
        if entity not in self.truth:
            match entity:
                case "campaigns":
                    rows = transform_campaigns(self.source.campaigns())
                case "daily_analytics":
                    rows = transform_daily_analytics(self.source.daily_analytics(None, DAYS))
                case "account_daily":
                    rows = transform_rows(TABLE_OF[entity], self.source.account_daily(None, DAYS))
                case "steps":
                    rows = transform_steps(self.source.steps())
                case _:
                    rows = transform_rows(TABLE_OF[entity], payloads_of(self.source, entity))
            self.truth[entity] = {
                row.key if isinstance(row, RejectedRow) else TABLE_OF[entity].key_of(row.__dict__) for row in rows
            }
        return self.truth[entity]

    def kept(self, entity: str) -> dict[tuple[str, ...], str]:
        """What the table says is listed, but for the history of campaigns and accounts that are gone."""
        rows = stored(self.database, TABLE_OF[entity])
        listed = {key: row.text for key, row in rows.items() if not row.is_deleted}
        campaigns = {*self.listed("campaigns"), (WORKSPACE_TOTAL,)}
        match entity:
            case "daily_analytics":
                return {key: text for key, text in listed.items() if key[1:] in campaigns}
            case "account_daily":
                return {key: text for key, text in listed.items() if key[1:] in self.listed("accounts")}
            case "steps":
                return {key: text for key, text in listed.items() if key[:1] in campaigns}
            case "leads":
                ids = {key: json.loads(text)["instantly_campaign_id"] for key, text in listed.items()}
                return {key: text for key, text in listed.items() if ids[key] is None or (ids[key],) in campaigns}
            case _:
                return listed

    def check(self, synced: Synced, case: str) -> None:
        """Nothing is marked as deleted that is there; what is noted as complete is; the rest is not noted so."""
        for entity in TABLE_OF:
            gone = {key for key, row in stored(self.database, TABLE_OF[entity]).items() if row.is_deleted}
            assert not gone or not gone & self.listed(entity), f"{case}: {entity}"
        notes = self.database.execute(
            "select table_name, scope, status from sync_runs where orchestrator_run_id = %s", [f"run {self.runs}"]
        ).fetchall()
        assert {status for _, _, status in notes} <= {"running", "complete"}, case
        wholes = {name: status for name, scope, status in notes if ":" not in scope}
        for place, entity in enumerate(ORDER):
            status = wholes.get(TABLE_OF[entity].name)
            if entity in synced.entities:
                assert status == "complete", f"{case}: {entity}"
            elif place > len(synced.entities):
                assert status is None, f"{case}: {entity} had not begun"
            if status == "complete":
                self.check_complete(entity, notes, case)

    def check_complete(self, entity: str, notes: list[tuple[str, str, str]], case: str) -> None:
        now, listed = self.kept(entity), self.listed(entity)
        if entity == "leads":
            read = {scope for name, scope, status in notes if name == TABLE_OF["leads"].name and status == "complete"}
            now = {key: text for key, text in now.items() if part_of(text) in read}
            assert set(now) <= listed, f"{case}: leads that are not there"
        elif entity in {"emails", "background_jobs"}:
            assert listed <= set(now), f"{case}: {entity} that are missing"
        else:
            assert set(now) == listed, f"{case}: {entity} is noted as complete"

    def check_same_as_a_fresh_database(self, case: str) -> None:
        """A day later one clean run reaches what an empty database reaches."""
        self.database.execute("update sync_runs set started_at = started_at - interval '1 day'")
        assert self.sync().status == 0
        grown = {entity: self.kept(entity) for entity in TABLE_OF}
        names = [*(table.name for table in RAW_TABLES), *NOTES]
        self.database.execute(
            "".join(f"create temporary table kept_{name} as table {name};" for name in names)
            + f"truncate {', '.join(names)} cascade"
        )
        assert self.sync().status == 0
        for entity in TABLE_OF:
            assert grown[entity] == self.kept(entity), f"{case}: {entity}"
            assert set(grown[entity]) == self.listed(entity), f"{case}: {entity}"
        self.database.execute(
            f"truncate {', '.join(names)} cascade;"
            + "".join(
                f"insert into {name} overriding system value table kept_{name}; drop table kept_{name};"
                for name in names
            )
        )


def part_of(text: str) -> str:
    row = json.loads(text)
    campaign_id = row["instantly_campaign_id"]
    return f"campaign:{campaign_id}" if campaign_id else f"list:{row['instantly_list_id']}"


@pytest.fixture
def kills(supabase, database) -> Iterator[Kills]:
    with (
        instantly_server(**WORLD) as server,
        instantly_api(server.base_url, server.api_key) as source,
        Syncs() as syncs,
    ):
        yield Kills(server, supabase, database, source, syncs, Random(5))  # noqa: S311 - the same kills each time


@pytest.mark.parametrize("moment", ["at any moment", "behind any request"])
def test_a_killed_sync_tells_no_lie_and_the_next_one_is_right(moment, kills):
    first = kills.sync()
    assert (first.status, first.entities) == (0, list(ORDER))
    kills.check(first, "undisturbed")
    before = len(kills.server.requests)
    fastest_s = kills.sync().took_s
    requests = len(kills.server.requests) - before
    killed = 0
    for number in range(2 * KILLS):
        change = kills.change_the_world()
        # Spread over the whole of a sync, each part of it met before any is met again.
        share = (number * 7 % KILLS + kills.rng.random()) / KILLS
        if moment == "at any moment":
            synced = kills.sync(kill_after_s=share * fastest_s)
        else:
            synced = kills.sync(kill_after_answers=1 + int(share * requests))
        case = f"kill {killed} at {share:.0%}, behind {synced.entities[-1:]}, when {change}"
        assert synced.status in {-SIGKILL, 0}, case
        kills.check(synced, case)
        if synced.status == 0:
            fastest_s = min(fastest_s, synced.took_s)
            continue
        killed += 1
        if killed % 5 == 0:
            kills.check_same_as_a_fresh_database(case)
        if killed == KILLS:
            break
    assert killed == KILLS
