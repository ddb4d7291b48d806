"""Companies that fit a search, a page a credit. Source: docs.apollo.io/reference, "Organization Search"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from modules.apollo.apollo_enrichment import Outcome, Result, Settled
from modules.shared.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from modules.apollo.apollo_client import ApolloClient
    from modules.apollo.apollo_enrichment import Json

ORGANIZATIONS_A_PAGE = 100
"""The documented maximum; a page costs the same however few it holds."""
MOST_PAGES = 500
"""What Apollo shows of a search."""


def search_organizations(client: ApolloClient, query: Mapping[str, Any], page: int) -> Json:
    """One page. Costs a credit if it holds anything; errors as `ApolloClient.pay`."""
    params = {**query, "page": page, "per_page": ORGANIZATIONS_A_PAGE}
    return client.pay("POST", "/mixed_companies/search", params=params)


def read_page(answer: Mapping[str, Any], page_id: str) -> Result:
    """What one page holds: its `raw_json` has the companies, and how many pages there are.

    Companies that the team saved come apart, as accounts; both are kept as they came.
    """
    organizations = [*_rows(answer, "organizations"), *_rows(answer, "accounts")]
    row = Settled(
        subject_id=page_id,
        outcome=Outcome.found if organizations else Outcome.no_match,
        credits=1.0 if organizations else 0.0,
        raw_json={"organizations": organizations, "pages": pages_of(answer)} if organizations else None,
    )
    return Result(rows=[row], credits_consumed=row.credits)


def pages_of(answer: Mapping[str, Any]) -> int:
    """How many pages the search has, as far as Apollo shows them.

    Raises:
        ContractError: The answer does not say.
    """
    pagination = answer.get("pagination")
    pages = pagination.get("total_pages") if isinstance(pagination, dict) else None
    if isinstance(pages, bool) or not isinstance(pages, int):
        raise ContractError("Apollo: POST /mixed_companies/search does not say how many pages there are.")
    return min(pages, MOST_PAGES)


def _rows(answer: Mapping[str, Any], name: str) -> list[Json]:
    rows = answer.get(name)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
