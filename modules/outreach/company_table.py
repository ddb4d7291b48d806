"""`companies`: one row a registrable domain, from every lead and every company of Apollo that has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from modules.apollo.apollo_rows import OrganizationRow, transform_organizations
from modules.outreach.apollo_ledger import purchases_since
from modules.outreach.normalised_tables import last_refresh, noted_refresh
from modules.outreach.pages import add_counts, in_batches, pages
from modules.shared.domains import known_domain, registrable_domain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from modules.apollo.apollo_enrichment import Json
    from modules.supabase.row_store import RowStore

COMPANIES = "companies"
_RANKS = {"apollo_enrichment": 4, "apollo_person": 3, "apollo_search": 2, "lead": 1}
"""The richer source wins; what is paid for about one company knows most of it."""


def refresh_companies(store: RowStore, orchestrator_run_id: str | None = None) -> dict[str, int]:
    """Bring `companies` up to what was learned since the last time; how many rows were inserted, updated, unchanged."""
    since = last_refresh(store, COMPANIES)

    with noted_refresh(store, COMPANIES, made_of="leads", orchestrator_run_id=orchestrator_run_id) as counts:
        employers = pages(
            store, "companies_of_leads", key="domain", after="after_domain", first="", changed_since=since
        )
        for records in (
            ({**row, **_origin("lead")} for row in employers),
            _of_people(purchases_since(store, "person", since)),
            _of_pages(purchases_since(store, "page", since)),
            _of_organizations(purchases_since(store, "organization", since)),
        ):
            for batch in in_batches(records):
                add_counts(counts, store.call("merge_companies", {"rows": batch})[0])
    return counts


def _of_people(rows: Iterable[Json]) -> Iterator[Json]:
    for row in rows:
        yield from _records([row["payload"].get("organization")], "apollo_person")


def _of_pages(rows: Iterable[Json]) -> Iterator[Json]:
    for row in rows:
        yield from _records(row["payload"]["organizations"], "apollo_search")


def _of_organizations(rows: Iterable[Json]) -> Iterator[Json]:
    for row in rows:
        # The company may call another domain its first one; the one that was asked about is the one our leads have.
        yield from _records([row["payload"]], "apollo_enrichment", domain=row["subject_id"])


def _records(payloads: Iterable[Any], source: str, domain: str | None = None) -> Iterator[Json]:
    """Those of the payloads that are companies with a domain of their own."""
    for row in transform_organizations(payload for payload in payloads if isinstance(payload, dict)):
        if not isinstance(row, OrganizationRow):
            continue
        own = domain or registrable_domain(row.primary_domain) or registrable_domain(row.raw_json.get("website_url"))
        known = known_domain(own) if own else None
        if own is None or known is None or known.is_free_mail:
            continue
        yield {
            "domain": own,
            "company_name": row.organization_name,
            "industry": row.industry,
            "employees_count": row.employees_count,
            "annual_revenue": row.annual_revenue,
            "headcount_growth_twelve_months": row.headcount_growth_twelve_months,
            "founded_year": row.founded_year,
            "technologies": row.technologies,
            "country": row.country,
            "city": row.city,
            "linkedin_url": row.raw_json.get("linkedin_url"),
            "apollo_organization_id": row.apollo_organization_id,
            **_origin(source),
        }


def _origin(source: str) -> Json:
    return {"source": source, "source_rank": _RANKS[source]}
