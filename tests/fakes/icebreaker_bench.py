"""Leads that wait for an opening line, runs that write them, and what both sides know of it afterwards."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import orjson

from modules.openai.icebreaker_prompt import PROMPT
from modules.openai.openai_client import DEFAULT_MODEL
from modules.openai.openai_prices import PRICES
from modules.openai.openai_rate import RateLimiter
from modules.outreach.dollar_budget import DollarBudget
from modules.outreach.icebreaker_queue import Writing
from modules.outreach.icebreaker_run import Account, IcebreakerReport, Mode, stored_lines, write_icebreakers
from modules.outreach.icebreaker_verdicts import Fallback, Judge
from modules.outreach.icebreaker_writer import LineWriter
from tests.fakes.empty_tables import empty_tables

if TYPE_CHECKING:
    import psycopg

    from modules.supabase.row_store import RowStore
    from sandbox.local_supabase import SupabaseEnvironment
    from tests.fakes.openai_server import OpenAIServer

Json = dict[str, Any]
_TABLES = ("leads", "companies", "icebreaker_answers", "icebreakers", "openai_batches", "openai_batch_lines")
_FIRSTS = ["Halden", "Corvane", "Talmark", "Brenner", "Ostrand", "Quellin", "Fernow", "Baldric", "Meridan", "Kestner"]
_FIRSTS += ["Lorvik", "Sandmar", "Wolten"]
_SECONDS = ["Freight", "Foods", "Textiles", "Optics", "Timber", "Ceramics", "Bearings", "Packaging", "Glass", "Paper"]
_SECONDS += ["Bikes", "Pumps", "Tools", "Lamps"]
_TITLES = ("Head of Operations", "Managing Director", "Plant Manager", "Sales Director", "Head of Logistics")
_CITIES = ("Leeds", "Bristol", "Cardiff", "Dundee", "Norwich", "Derby", "Exeter")
_TOOLS = (["Salesforce", "Jira"], ["HubSpot"], ["Zendesk", "Shopify"], ["Pipedrive"])
ENDLESS = 1e9
"""A rate that nobody reaches."""


class Place(NamedTuple):
    """Where both sides are."""

    supabase_url: str
    supabase_key: str
    openai_url: str
    openai_key: str

    @classmethod
    def of(cls, supabase: SupabaseEnvironment, server: OpenAIServer) -> Place:
        """Those of the running servers."""
        return cls(supabase.url, supabase.secret_key, server.base_url, server.api_key)


class Written(NamedTuple):
    """What a run did; `budget` as it was left."""

    writer: LineWriter
    report: IcebreakerReport
    budget: DollarBudget


def write(
    store: RowStore,
    place: Place,
    run_id: str,
    *,
    mode: Mode = "online",
    most: int = 20_000,
    fallback: Fallback = "template",
    prompt_version: str = PROMPT.version,
    model: str = DEFAULT_MODEL,
    least_score: int = 0,
    run_dollars: float = 100.0,
    day_dollars: float = 100.0,
    batch_from: int = 500,
    most_enqueued_tokens: int = 2_000_000_000,
    requests_per_minute: float = ENDLESS,
) -> Written:
    """As the asset does it."""
    writer = LineWriter(
        store=store,
        writing=Writing(model=model, prompt_version=prompt_version, least_score=least_score),
        judge=Judge(fallback=fallback, stored_lines=partial(stored_lines, store)),
        prices=PRICES,
        run_id=run_id,
    )
    budget = DollarBudget(
        run=run_dollars,
        day=day_dollars,
        spent_run=float(store.call("dollars_spent", {"today_only": False, "wanted_run": run_id})),
        spent_day=float(store.call("dollars_spent", {"today_only": True})),
    )
    account = Account(
        api_key=place.openai_key,
        base_url=place.openai_url,
        batch_from=batch_from,
        most_enqueued_tokens=most_enqueued_tokens,
    )
    limiter = RateLimiter(requests_per_minute, ENDLESS)
    return Written(writer, write_icebreakers(writer, budget, limiter, account, mode=mode, most=most), budget)


@dataclass(slots=True)
class Bench:
    """A database with leads, and the stand-in that writes to them."""

    database: psycopg.Connection[Any]
    store: RowStore
    server: OpenAIServer
    place: Place
    runs: int = 0

    def reset(self) -> None:
        """Nobody waits, nothing was asked, at either side."""
        self.server.reset()
        empty_tables(self.database, _TABLES)

    def run(self, **options: Any) -> Written:
        """One more run."""
        self.runs += 1
        return write(self.store, self.place, f"run {self.runs}", **options)

    def leads(self, count: int, *, start: int = 0, audiences: int = 0, **columns: Any) -> list[str]:
        """Add so many leads, each with a company of its own; their ids, in order.

        Args:
            count: All with other facts.
            start: Number of the first one.
            audiences: Into how many searches they are spread; 0: each one is alone in its own.
            columns: Of `leads`, in place of those that make a lead one that may be written to.
        """
        numbers = range(start, start + count)
        with self.database.cursor() as cursor:
            with cursor.copy(
                "copy companies (domain, company_name, industry, employees_count, technologies, city, source, "
                "value_ranks) from stdin"
            ) as companies:
                for number in numbers:
                    companies.write_row(_company(number))
            rows = [_lead(number, number if audiences == 0 else number % audiences) | columns for number in numbers]
            with cursor.copy(f"copy leads ({', '.join(rows[0])}) from stdin") as leads:
                for row in rows:
                    leads.write_row(list(row.values()))
        return [row["lead_id"] for row in rows]

    def change_company(self, number: int, **columns: Any) -> None:
        """Let something become known of a lead's company."""
        settings = ", ".join(f"{name} = %s" for name in columns)
        self.database.execute(
            f"update companies set {settings}, updated_at = now() where domain = %s",
            [*columns.values(), _domain(number)],
        )

    def rows(self, query: str) -> list[Json]:
        """What a query answers, each row by the names of its columns."""
        cursor = self.database.execute(query)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def icebreakers(self) -> dict[str, Json]:
        """The rows of `icebreakers` by lead."""
        return {str(row["lead_id"]): row for row in self.rows("select * from icebreakers order by lead_id")}

    def answers(self) -> list[Json]:
        """The rows of `icebreaker_answers`."""
        return self.rows("select * from icebreaker_answers order by facts_digest, attempt")

    def batches(self) -> list[Json]:
        """The plans, the oldest first."""
        return self.rows("select * from openai_batches order by planned_at")

    def line_states(self) -> Counter[str]:
        """How many planned lines are in which state."""
        return Counter(row["state"] for row in self.rows("select state from openai_batch_lines"))

    def sources(self) -> Counter[str]:
        """How many leads have a line from where."""
        return Counter(row["source"] for row in self.icebreakers().values())

    def versions(self) -> list[Json]:
        """What changes when a row is written, whatever is in it."""
        tables = ("icebreakers", "icebreaker_answers", "openai_batches", "openai_batch_lines")
        return [row for table in tables for row in self.rows(f"select ctid::text, xmin::text from {table} order by 1")]

    def paid(self) -> Counter[str]:
        """How often each message of a user was charged for."""
        return Counter(charge.key for charge in self.server.charges())

    def asked(self) -> int:
        """How many single lines were asked for online."""
        return self.server.stand_in.log.counts["POST /responses"]

    def dollars_counted(self) -> float:
        """What our own rows say that everything cost."""
        return float(self.rows("select coalesce(sum(cost_usd), 0) as sum from icebreaker_answers")[0]["sum"])


def first_message(facts: Json) -> str:
    """What the stand-in's bills call the first message that asks with these facts."""
    return blake2b(orjson.dumps(facts, option=orjson.OPT_SORT_KEYS), digest_size=12).hexdigest()


def _domain(number: int) -> str:
    return f"firm-{number}.example"


def _company(number: int) -> list[Any]:
    first = _FIRSTS[number % len(_FIRSTS)]
    second = _SECONDS[number // len(_FIRSTS) % len(_SECONDS)]
    tools = json.dumps(_TOOLS[number % len(_TOOLS)])
    return [
        _domain(number),
        f"{first} {second}",
        f"{second.lower()} production",
        20 + number,
        tools,
        _CITIES[number % len(_CITIES)],
        "lead",
        "{}",
    ]


def _lead(number: int, audience: int) -> Json:
    return {
        "lead_id": str(UUID(int=number + 1)),
        "email": f"mara.{number}@{_domain(number)}",
        "status": "new",
        "first_name": "Mara",
        "last_name": "Weberlin",
        "job_title": _TITLES[number % len(_TITLES)],
        "country": "United Kingdom",
        "company_domain": _domain(number),
        "source": f"csv:{audience}.csv",
        "lawful_basis": "consent",
        "is_role_address": False,
        "is_disposable": False,
        "email_status": "verified",
    }
