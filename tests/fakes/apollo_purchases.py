"""What Apollo said for credits, put into the ledger the way a run does it, without a server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from modules.apollo.apollo_enrichment import Outcome, Result, Settled
from modules.outreach.apollo_ledger import Budgets, Ledger, Purchase

if TYPE_CHECKING:
    import psycopg

    from modules.supabase.row_store import RowStore

Json = dict[str, Any]
_OPERATIONS = {
    "person": "/people/bulk_match",
    "organization": "/organizations/enrich",
    "page": "/mixed_companies/search",
}
_KINDS = {"person": "email", "organization": "organization", "page": "company_page"}


def bought(
    store: RowStore,
    subjects: dict[str, Json | None],
    *,
    subject_kind: str = "person",
    data_kind: str | None = None,
    search_name: str | None = None,
) -> None:
    """Note one paid call and what it brought of each subject; `None`: nothing."""
    ledger = Ledger(store=store, budgets=Budgets(), run_id="a run", credits_before=0.0)
    purchase = Purchase(
        operation=_OPERATIONS[subject_kind],
        subject_kind=subject_kind,
        data_kind=data_kind or _KINDS[subject_kind],
        subjects=[{"subject_id": subject_id, "search_name": search_name} for subject_id in subjects],
        credits_each=1.0,
        bought_before=datetime.now(UTC) + timedelta(days=1),
    )

    def read(answer: Json, asked: list[str]) -> Result:
        rows = [
            Settled(
                subject_id=subject_id,
                outcome=Outcome.found if subjects[subject_id] else Outcome.no_match,
                credits=1.0,
                raw_json=subjects[subject_id],
            )
            for subject_id in asked
        ]
        return Result(rows=rows, credits_consumed=float(len(rows)))

    ledger.buy(purchase, lambda _: {"said": "as below"}, read)


def search_row(name: str = "operations", **columns: Any) -> Json:
    """A search as `apply_searches` takes it."""
    return {
        "search_name": name,
        "kind": "people",
        "filters": {"person_titles": ["COO"]},
        "is_active": True,
        "people_per_day": 1_000,
        "interval_hours": 24,
        "lawful_basis": "legitimate_interest",
        "region": None,
        "source_file": "searches.yaml",
        **columns,
    }


def doubtful_call(database: psycopg.Connection) -> None:
    """Put in a call of an hour ago for one person, which may have been charged and whose answer is lost."""
    database.execute(
        "with call as ("
        "insert into apollo_calls (id, operation, data_kind, state, credits_reserved, intended_at) "
        "values (gen_random_uuid(), '/people/bulk_match', 'email', 'doubtful', 1, now() - interval '1 hour') "
        "returning id) insert into apollo_credit_ledger (call_id, subject_kind, subject_id, data_kind) "
        "select id, 'person', '0123456789abcdef01234567', 'email' from call"
    )
