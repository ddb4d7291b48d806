"""One run of icebreakers: take in what batches brought, store the lines that are paid for, ask for the others."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from modules.openai.openai_client import open_blocking_client
from modules.outreach.icebreaker_batches import Batches, BatchReport
from modules.outreach.icebreaker_online import OnlineRun
from modules.outreach.icebreaker_queue import waiting_work
from modules.outreach.icebreaker_verdicts import StoredLine
from modules.outreach.pages import in_batches, pages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from modules.openai.openai_rate import RateLimiter
    from modules.outreach.dollar_budget import DollarBudget
    from modules.outreach.icebreaker_writer import Ask, LineWriter
    from modules.supabase.row_store import RowStore

Mode = Literal["auto", "online", "batch"]
_BATCH_CALL_S = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The account at OpenAI.

    Attributes:
        base_url: Ends in `/v1`.
        batch_from: From so many leads on they are asked for in bulk, in the mode `auto`.
        most_enqueued_tokens: Of all batches that have not ended.
    """

    api_key: str
    base_url: str
    batch_from: int
    most_enqueued_tokens: int


@dataclass(slots=True, kw_only=True)
class IcebreakerReport:
    """How a run went.

    Attributes:
        queued: Leads for whom an answer was still needed.
        finished: Of these, those that were asked for online and need no further answer.
        planned: Of these, those that are asked for in batches now.
        batches: What became of batches.
        stopped_because: Why not everything was asked; `None`: everything was.
    """

    queued: int = 0
    finished: int = 0
    planned: int = 0
    batches: BatchReport
    stopped_because: str | None = None

    @property
    def left(self) -> int:
        """Of the queued leads, those that wait for the next run."""
        return self.queued - self.finished - self.planned


def write_icebreakers(
    writer: LineWriter, budget: DollarBudget, limiter: RateLimiter, account: Account, *, mode: Mode, most: int
) -> IcebreakerReport:
    """Write the lines of leads that have none.

    Args:
        writer: Saves, judges and stores.
        budget: Of this run and day.
        limiter: Paces what is asked online.
        account: Whom to ask.
        mode: `batch` asks for all first tries in bulk, `online` for none, `auto` from a number of leads on.
        most: Leads to ask about, at most.

    Raises:
        OutreachError: Key, quota or right is wrong, or OpenAI or Supabase stayed out of reach; what came is saved.
    """
    # Without retries of its own: creating a batch twice would pay twice.
    with open_blocking_client(account.api_key, account.base_url, answer_s=_BATCH_CALL_S) as client:
        batches = Batches(
            client=client, writer=writer, most_enqueued_tokens=account.most_enqueued_tokens, report=BatchReport()
        )
        report = IcebreakerReport(batches=batches.report)
        batches.continue_open()
        asks = _asks(writer, most)
        report.queued = len(asks)
        firsts = [wanted for wanted in asks if wanted.attempt == 1]
        if firsts and (mode == "batch" or (mode == "auto" and len(firsts) >= account.batch_from)):
            report.planned = batches.plan(firsts, budget)
            asks = [wanted for wanted in asks if wanted.attempt > 1]
            report.stopped_because = batches.report.stopped_because
    if asks:
        online = OnlineRun(writer=writer, limiter=limiter, budget=budget)
        asyncio.run(online.run(asks, api_key=account.api_key, base_url=account.base_url))
        report.stopped_because = online.stopped_because or report.stopped_because
        report.finished = online.finished
    return report


def stored_lines(store: RowStore, audience: str) -> Iterator[StoredLine]:
    """The lines that an audience has already."""
    rows = pages(store, "audience_lines", key="lead_id", wanted_audience=audience)
    return (StoredLine(**row) for row in rows)


def _asks(writer: LineWriter, most: int) -> list[Ask]:
    """What has to be asked for now: not what waits in a batch."""
    asks: dict[str, Ask] = {}
    for works in in_batches(waiting_work(writer.store, writer.writing)):
        wanted = writer.settle_known(works)
        # Of two leads with the same facts one is asked for; the other takes that answer the next time.
        new = {ask.work.facts.facts_digest: ask for ask in wanted if ask.work.facts.facts_digest not in asks}
        waiting = set(writer.store.call("waiting_digests", {"digests": sorted(new)})) if new else set()
        asks |= {digest: ask for digest, ask in new.items() if digest not in waiting}
        if len(asks) >= most:
            break
    return list(asks.values())[:most]
