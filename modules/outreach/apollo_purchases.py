"""What a run buys from Apollo: addresses and numbers of people, facts on companies, pages of companies.

It ends when everybody is served, a budget has no room, or Apollo has no credits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from modules.apollo.apollo_client import CreditsGone
from modules.apollo.apollo_enrichment import (
    CREDITS_EACH,
    PEOPLE_A_CALL,
    DataKind,
    enrich_organization,
    match_people,
    read_matches,
    read_organization,
)
from modules.apollo.apollo_filters import CompanyFilters
from modules.apollo.apollo_organization_search import read_page, search_organizations
from modules.outreach.apollo_ledger import Ledger, Purchase, buy_again_before
from modules.shared.errors import BudgetExceeded
from modules.shared.logger import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from modules.apollo.apollo_client import ApolloClient
    from modules.apollo.apollo_enrichment import Json, Result

_logger = get_logger(__name__)

MOST_PEOPLE_A_RUN = 1_000
"""Whom one run asks about at most; the next one goes on."""


@dataclass(slots=True, kw_only=True)
class PurchaseReport:
    """How buying went.

    Attributes:
        calls: Paid calls made.
        stopped_because: Why it ended before everybody was served; `None`: everybody was.
    """

    calls: int = 0
    stopped_because: str | None = None


def buy_people(
    ledger: Ledger,
    client: ApolloClient,
    *,
    kind: DataKind = DataKind.email,
    most: int = MOST_PEOPLE_A_RUN,
    search_name: str | None = None,
    webhook_url: str | None = None,
) -> PurchaseReport:
    """Ask about the people who wait, ten a call, best first; see `people_to_enrich` in `sql/` for who waits.

    Args:
        ledger: Of this run.
        client: The team's connection.
        kind: What to buy.
        most: People, at most.
        search_name: Only those of one search; `None`: of all.
        webhook_url: Where Apollo may deliver late results as well.
    """
    parameters = {
        "wanted_kind": kind,
        "most": most,
        "only_search": search_name,
        "bought_before": buy_again_before().isoformat(),
    }
    waiting: list[Json] = ledger.store.call("people_to_enrich", parameters)
    return _buy(
        ledger,
        (
            Purchase(
                operation="/people/bulk_match",
                subject_kind="person",
                data_kind=kind,
                subjects=waiting[start : start + PEOPLE_A_CALL],
                credits_each=CREDITS_EACH[kind],
                bought_before=buy_again_before(),
            )
            for start in range(0, len(waiting), PEOPLE_A_CALL)
        ),
        lambda ids: match_people(client, ids, kind, webhook_url),
        partial(read_matches, kind=kind),
    )


def buy_companies(ledger: Ledger, client: ApolloClient, *, most: int) -> PurchaseReport:
    """Ask about employers of leads that our searches brought, those with most leads first."""
    parameters = {"most": most, "bought_before": buy_again_before().isoformat()}
    waiting: list[Json] = ledger.store.call("companies_to_enrich", parameters)
    return _buy(
        ledger,
        (
            Purchase(
                operation="/organizations/enrich",
                subject_kind="organization",
                data_kind="organization",
                subjects=[{"subject_id": each["subject_id"], "search_name": each["search_name"]}],
                credits_each=1.0,
                bought_before=buy_again_before(),
            )
            for each in waiting
        ),
        lambda domains: enrich_organization(client, domains[0]),
        lambda answer, domains: read_organization(answer, domains[0]),
    )


def buy_company_pages(ledger: Ledger, client: ApolloClient, search: Json) -> PurchaseReport:
    """Read one company search that is due, page by page, but for the pages that were paid for since it was due."""
    filters = CompanyFilters.model_validate(search["filters"])
    interval = timedelta(hours=search["interval_hours"])
    bought_before = datetime.now(UTC) - interval
    if search["read_at"] is not None:
        # When it came due: pages of the last read are a little younger than an interval.
        bought_before = max(bought_before, datetime.fromisoformat(search["read_at"]) + interval)
    name = f"{search['search_name']}/{filters.filters_digest}"
    in_doubt: list[int] = []

    def purchases() -> Iterable[Purchase]:
        page, pages = 1, 1
        while page <= pages:
            yield Purchase(
                operation="/mixed_companies/search",
                subject_kind="page",
                data_kind="company_page",
                subjects=[{"subject_id": f"{name}/{page}", "search_name": search["search_name"]}],
                credits_each=1.0,
                bought_before=bought_before,
            )
            stands = _standing_page(ledger, f"{name}/{page}")
            if stands is None:
                in_doubt.append(page)
            else:
                pages = int(stands["pages"]) if stands else page
            page += 1

    report = _buy(
        ledger,
        purchases(),
        lambda page_ids: search_organizations(client, filters.query(), int(page_ids[0].rpartition("/")[2])),
        lambda answer, page_ids: read_page(answer, page_ids[0]),
    )
    if in_doubt and report.stopped_because is None:
        report.stopped_because = f"the answers of {len(in_doubt)} pages are lost"
    return report


def _standing_page(ledger: Ledger, page_id: str) -> Json | None:
    """What stands of a page: empty where it has no companies; `None`: it may have been paid for, and nothing came."""
    rows = ledger.store.select(
        "apollo_credit_ledger",
        lambda query: query.match({"subject_kind": "page", "subject_id": page_id, "is_current": True}),
    )
    if not rows or rows[0]["settled_at"] is None:
        return None
    return rows[0]["raw_json"] or {}


def _buy(
    ledger: Ledger,
    purchases: Iterable[Purchase],
    ask: Callable[[list[str]], Json],
    read: Callable[[Json, list[str]], Result],
) -> PurchaseReport:
    """One after the other: at any moment at most one call is under way whose answer could be lost."""
    report = PurchaseReport()
    for purchase in purchases:
        try:
            if ledger.buy(purchase, ask, read) is not None:
                report.calls += 1
        except (BudgetExceeded, CreditsGone) as error:
            _logger.info("%s", error)
            report.stopped_because = error.budget if isinstance(error, BudgetExceeded) else "no credits left at Apollo"
            break
    return report
