"""Every paid call to Apollo between two notes: written down before it is made, its answer saved before it is read.

No person, company or page is paid for twice: the database refuses a second row that stands. No call is made that a
budget has no room for.
"""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from modules.outreach.pages import pages
from modules.shared.errors import BudgetExceeded, ContractError, PermanentError, RetryableError
from modules.supabase.row_batches import without_nul

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from modules.apollo.apollo_enrichment import Json, Result
    from modules.supabase.row_store import RowStore

BUY_AGAIN_AFTER = timedelta(days=90)
"""Who changed at Apollo is asked about again only when last asked longer ago."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budgets:
    """The most credits that may be spent; `None` sets no limit. Days and months are UTC's."""

    run: float | None = None
    day: float | None = None
    month: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """What is to be asked for.

    Attributes:
        operation: Apollo's path, for people who read the table.
        subject_kind: `person`, `organization` or `page`.
        data_kind: Each is paid for once a subject.
        subjects: `subject_id` and `search_name` of each.
        credits_each: The most that one can cost.
        bought_before: Those who were settled later than this are left out.
    """

    operation: str
    subject_kind: str
    data_kind: str
    subjects: Sequence[Json]
    credits_each: float
    bought_before: datetime


@dataclass(slots=True, kw_only=True)
class Ledger:
    """The ledger, for one run.

    Attributes:
        run_id: What the run's own budget is counted by.
        credits_before: Credits that the team had consumed when the run began, and what this one added since.
        credits_spent: What this one's calls cost so far.
        outcomes: How many subjects ended how.
    """

    store: RowStore
    budgets: Budgets
    run_id: str
    credits_before: float
    credits_spent: float = 0.0
    outcomes: dict[str, int] = field(default_factory=dict)

    def buy(
        self,
        purchase: Purchase,
        ask: Callable[[list[str]], Json],
        read: Callable[[Json, list[str]], Result],
    ) -> Result | None:
        """Ask for what nobody has paid for yet, and keep what comes.

        Args:
            purchase: Whom to ask about, in one call.
            ask: Makes the call for those ids.
            read: Says what its answer means.

        Returns:
            What came, also where the rest is still to come; `None` if there was nobody left to ask about.

        Raises:
            BudgetExceeded: A budget has no room; nothing was asked.
            OutcomeUnknown: The answer is lost; the call stays open until `recover_calls` settles it.
            PermanentError, RetryableError: Apollo did not do it; nobody was asked about, and nothing was charged.
            ContractError: The answer, which is saved, cannot be read: that needs a change in the code.
        """
        call_id = str(uuid.uuid4())
        reserved = self._reserve(call_id, purchase)
        if not reserved:
            return None
        try:
            answer = ask(reserved)
        except (PermanentError, RetryableError) as error:
            # These two say that nothing happened; after any other error the call stays open.
            end_call(self.store, call_id, "released", f"{type(error).__name__}: {error}")
            raise
        self.save(call_id, {"answer": answer})
        result = read(answer, reserved)
        self.settle(call_id, result)
        # Only here: what an earlier call cost is in Apollo's count already, and counting it twice would hide a charge.
        self.credits_before += result.credits_consumed
        self.credits_spent += result.credits_consumed
        return result

    def save(self, call_id: str, answer: Json) -> None:
        """Keep an answer as it came: it was paid for."""
        self.store.call("save_apollo_answer", {"call_id": call_id, "answer": without_nul(answer)})

    def settle(self, call_id: str, result: Result) -> None:
        """Note what a call cost and brought, or that the rest is still to come."""
        settled = {
            "call_id": call_id,
            "credits_consumed": result.credits_consumed,
            "request_id": result.request_id,
            "is_pending": result.request_id is not None,
            "rows": [without_nul(asdict(row)) for row in result.rows],
        }
        self.store.call("settle_apollo_call", {"result": settled})
        for row in result.rows:
            self.outcomes[row.outcome.value] = self.outcomes.get(row.outcome.value, 0) + 1

    def _reserve(self, call_id: str, purchase: Purchase) -> list[str]:
        intent = {
            "call_id": call_id,
            "operation": purchase.operation,
            "data_kind": purchase.data_kind,
            "subject_kind": purchase.subject_kind,
            "subjects": list(purchase.subjects),
            "credits_each": purchase.credits_each,
            "budgets": asdict(self.budgets),
            "balance_before": self.credits_before,
            "run_id": self.run_id,
            "bought_before": purchase.bought_before.isoformat(),
        }
        answer = self.store.call("reserve_apollo_call", {"intent": intent})
        if not isinstance(answer, dict):
            raise ContractError("Supabase: reserve_apollo_call answered no object; run `outreach migrate`.")
        if answer["exceeded"] is not None:
            raise BudgetExceeded(
                f"Apollo was not asked: the next one may cost {purchase.credits_each:g} credits, and the budget of the "
                f"{answer['exceeded']} has {answer['credits_left']:g} left. Wait, or raise "
                f"APOLLO_CREDITS_PER_{answer['exceeded'].upper()}.",
                budget=answer["exceeded"],
            )
        return [subject["subject_id"] for subject in answer["subjects"]]


def buy_again_before() -> datetime:
    """The moment before which somebody must have been asked about to be asked about again."""
    return datetime.now(UTC) - BUY_AGAIN_AFTER


def end_call(store: RowStore, call_id: str, state: str, reason: str) -> None:
    """End a call that has no answer: `released`, `doubtful` or `lost`; see `apollo_calls` in `sql/`."""
    store.call("end_apollo_call", {"call_id": call_id, "end_state": state, "reason": reason[:500]})


def purchases_since(store: RowStore, subject_kind: str, since: str | None) -> Iterator[Json]:
    """What was paid for and found since a moment (`None`: ever): `subject_id`, `outcome`, `payload`, its search, ..."""
    return pages(store, "purchases_since", key="id", first=0, wanted_subject_kind=subject_kind, settled_since=since)
