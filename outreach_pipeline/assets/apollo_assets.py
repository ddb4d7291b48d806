"""Apollo: who fits our searches, which costs nothing; and what is bought of them, which does."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import dagster as dg
from pydantic import Field

from modules.apollo.apollo_client import ApolloClient
from modules.apollo.apollo_enrichment import DataKind
from modules.apollo.apollo_rows import ORGANIZATIONS, PEOPLE
from modules.apollo.apollo_usage import Usage, read_usage
from modules.outreach.apollo_ledger import Ledger
from modules.outreach.apollo_organizations import buy_due_company_searches, fill_organizations
from modules.outreach.apollo_purchases import MOST_PEOPLE_A_RUN, PurchaseReport, buy_companies, buy_people
from modules.outreach.apollo_reads import ApolloSource, PeopleReads
from modules.outreach.apollo_recovery import recover_calls
from modules.supabase.part_sync import sync_parts
from modules.supabase.row_store import RowStore
from outreach_pipeline.assets.asset_defaults import KINDS, OWNERS, RETRY_ONCE, numbers
from outreach_pipeline.assets.table_results import PREVIEW_ROWS, markdown_table, table_metadata
from outreach_pipeline.failures import dagster_failures
from outreach_pipeline.resources.apollo_resource import ApolloResource

POOL = "apollo"
"""One of these at a time, over all runs: what is bought is counted before it is bought again."""
_CREDITS_SHOWN = ("search_name", "people_waiting", "people_asked", "credits_spent", "credits_in_doubt")
_PAGES = "https://docs.apollo.io/reference"


class CollectConfig(dg.Config):
    """Which searches to read. Without any of it: those that are due."""

    search: str | None = Field(default=None, description="One search by its name, due or not.")
    narrow: dict[str, Any] = Field(
        default={},
        description="Filters to add to that search, or to put in the place of its own: another slice of it. "
        'For example {"person_locations": ["Austria"]}.',
    )


class EnrichConfig(dg.Config):
    """Whom to ask about. Without any of it: everybody who waits, within the budgets."""

    search: str | None = Field(default=None, description="Only people of this search.")
    data_kind: DataKind = Field(default=DataKind.email, description="What to buy of each.")
    most: int = Field(default=MOST_PEOPLE_A_RUN, ge=0, description="People, at most.")
    credits: float | None = Field(
        default=None, ge=0, description="Budget of this run; default: APOLLO_CREDITS_PER_RUN."
    )


class CompanyConfig(dg.Config):
    """Which companies to ask about."""

    most: int = Field(default=50, ge=0, description="Companies to enrich, at most; one credit each.")
    credits: float | None = Field(
        default=None, ge=0, description="Budget of this run; default: APOLLO_CREDITS_PER_RUN."
    )


def _bought_or_found(page: str, *deps: str) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """An asset that asks Apollo, with a page of its documents."""
    return dg.asset(
        deps=list(deps),
        group_name="apollo",
        owners=OWNERS,
        kinds=KINDS,
        retry_policy=RETRY_ONCE,
        pool=POOL,
        metadata={"vendor_documents": dg.MetadataValue.url(f"{_PAGES}/{page}")},
    )


@_bought_or_found("people-api-search")
def apollo_people_raw(
    context: dg.AssetExecutionContext,
    config: CollectConfig,
    apollo: ApolloResource,
    store: dg.ResourceParam[RowStore],
) -> dg.MaterializeResult[None]:
    """Whom our searches find, without address and surname; costs nothing. Grain: one person. Key: `apollo_person_id`.

    A search that finds more than Apollo shows is cut into slices.
    """
    with dagster_failures(), apollo.open() as client:
        reads = PeopleReads.due(store, config.search, config.narrow)
        report = sync_parts(
            store,
            PEOPLE,
            reads.scopes(),
            source=ApolloSource(client=client),
            read=reads.read,
            readers=1,
            orchestrator_run_id=context.run.run_id,
        )
        searches = [
            {
                "search": name,
                "found": collection.total_entries,
                "read": collection.people_read,
                "slices": collection.slices,
                "unreachable": collection.unreachable,
            }
            for name, collection in reads.collections.items()
        ]
        return dg.MaterializeResult(
            metadata={
                **table_metadata(store, PEOPLE, report),
                **numbers({"people_new": reads.people_new, "searches_read": len(searches)}),
                "searches": markdown_table(searches, ("search", "found", "read", "slices", "unreachable")),
            }
        )


@_bought_or_found("bulk-people-enrichment", "apollo_people_raw")
def apollo_credit_ledger(
    context: dg.AssetExecutionContext,
    config: EnrichConfig,
    apollo: ApolloResource,
    store: dg.ResourceParam[RowStore],
) -> dg.MaterializeResult[None]:
    """What was bought of whom, misses as well. Grain: one person, company or page of one paid call.

    First the calls that an earlier run left open are settled, then the people who wait are asked about, within the
    budgets. Nobody is paid for twice.
    """
    with _buying(context, apollo, store, config.credits) as (client, ledger):
        recovery = recover_calls(ledger, client)
        report = buy_people(
            ledger,
            client,
            kind=config.data_kind,
            most=config.most,
            search_name=config.search,
            webhook_url=apollo.webhook_url,
        )
        recovered = {f"earlier_calls_{name}": value for name, value in asdict(recovery).items() if value}
        latest = store.select("apollo_credit_ledger", lambda query: query.order("id", desc=True).limit(PREVIEW_ROWS))
        return dg.MaterializeResult(
            metadata={
                **_spending(ledger, report),
                **numbers(recovered),
                **_hit_rate(ledger),
                "preview": markdown_table(latest, ("search_name", "data_kind", "outcome", "credits")),
                "credits_by_search": markdown_table(store.select("credits"), _CREDITS_SHOWN),
                "dagster/table_name": dg.MetadataValue.text("public.apollo_credit_ledger"),
            }
        )


@_bought_or_found("organization-enrichment", "leads")
def apollo_organizations_raw(
    context: dg.AssetExecutionContext,
    config: CompanyConfig,
    apollo: ApolloResource,
    store: dg.ResourceParam[RowStore],
) -> dg.MaterializeResult[None]:
    """Companies at Apollo, for the score: employers of leads, and what company searches find. Grain: one company.

    Key: `apollo_organization_id`. Each company, and each page of a search, costs a credit.
    """
    with _buying(context, apollo, store, config.credits) as (client, ledger):
        reports = [*buy_due_company_searches(ledger, client), buy_companies(ledger, client, most=config.most)]
        filled = fill_organizations(store, context.run.run_id)
        stops = [report.stopped_because for report in reports if report.stopped_because]
        bought = PurchaseReport(
            calls=sum(report.calls for report in reports), stopped_because=stops[0] if stops else None
        )
        return dg.MaterializeResult(
            metadata={**table_metadata(store, ORGANIZATIONS, filled), **_spending(ledger, bought)}
        )


@_bought_or_found("view-credit-usage-stats", "apollo_credit_ledger", "apollo_organizations_raw")
def apollo_usage(apollo: ApolloResource, store: dg.ResourceParam[RowStore]) -> dg.MaterializeResult[None]:
    """Apollo's own count of the team's credits beside ours; costs nothing. Grain: one UTC day. Key: `usage_date`."""
    with dagster_failures(), apollo.open() as client:
        usage = read_usage(client)
        store.call("note_apollo_usage", {"usage": _as_json(usage)})
        [row] = store.select("apollo_usage", lambda query: query.order("usage_date", desc=True).limit(1))
    return dg.MaterializeResult(
        metadata={
            "credits_consumed": dg.MetadataValue.float(usage.credits_consumed),
            "credits_left": dg.MetadataValue.float(usage.credits_left)
            if usage.credits_left is not None
            else "not said",
            "credits_of_our_calls": dg.MetadataValue.float(float(row["ledger_credits"])),
            "dagster/table_name": dg.MetadataValue.text("public.apollo_usage"),
        }
    )


@contextmanager
def _buying(
    context: dg.AssetExecutionContext, apollo: ApolloResource, store: RowStore, credits_per_run: float | None
) -> Iterator[tuple[ApolloClient, Ledger]]:
    with dagster_failures(), apollo.open() as client:
        usage = read_usage(client)
        store.call("note_apollo_usage", {"usage": _as_json(usage)})
        yield (
            client,
            Ledger(
                store=store,
                budgets=apollo.budgets(credits_per_run),
                run_id=context.run.run_id,
                credits_before=usage.credits_consumed,
            ),
        )


def _as_json(usage: Usage) -> dict[str, Any]:
    return {
        **asdict(usage),
        "cycle_started_at": usage.cycle_started_at.isoformat() if usage.cycle_started_at else None,
        "cycle_ends_at": usage.cycle_ends_at.isoformat() if usage.cycle_ends_at else None,
    }


def _spending(ledger: Ledger, report: PurchaseReport) -> dict[str, dg.MetadataValue]:
    return {
        **numbers({"paid_calls": report.calls}),
        "credits_spent": dg.MetadataValue.float(ledger.credits_spent),
        "stopped_because": dg.MetadataValue.text(report.stopped_because or "everybody who waits was served"),
    }


def _hit_rate(ledger: Ledger) -> dict[str, dg.MetadataValue]:
    asked = sum(ledger.outcomes.values())
    hits = sum(
        count for outcome, count in ledger.outcomes.items() if outcome in {"matched_with_email", "matched_with_phone"}
    )
    rate = {"hit_rate": dg.MetadataValue.float(hits / asked)} if asked else {}
    return {**numbers(ledger.outcomes), **rate}
