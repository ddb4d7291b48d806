"""Who is to get an opening line, and what is known of them that may stand in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from modules.openai.icebreaker_facts import IcebreakerFacts, icebreaker_facts
from modules.openai.icebreaker_languages import language_of
from modules.outreach.pages import in_batches, pages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from modules.supabase.row_store import RowStore

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """What all lines of a run have in common.

    Attributes:
        model: Who writes.
        prompt_version: By what instructions.
        least_score: Leads with a lower score get none.
        growth_in_fractions: Whether growth comes as 0.125 rather than 12.5; see `campaigns/scoring.yaml`.
        only_launch: Only people whom this launch has reserved; `None`: everybody.
    """

    model: str
    prompt_version: str
    least_score: int = 0
    growth_in_fractions: bool = False
    only_launch: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One lead that is to get a line.

    Attributes:
        lead_id: Its key.
        audience: Its search or source: lines of one audience must not all open alike.
        facts: What the line may be made of.
    """

    lead_id: str
    audience: str
    facts: IcebreakerFacts


def waiting_work(store: RowStore, writing: Writing) -> Iterator[Work]:
    """Leads without a line, or of whom something changed that a line may speak of, in the order of their ids."""
    leads = pages(
        store,
        "leads_to_introduce",
        key="lead_id",
        wanted_prompt=writing.prompt_version,
        wanted_model=writing.model,
        least_score=writing.least_score,
        only_launch=writing.only_launch,
    )
    for rows in in_batches(leads):
        unchanged = []
        for row in rows:
            work = _work(row, writing)
            if row["written_digest"] == work.facts.facts_digest and row["written_by_this"]:
                unchanged.append(work.lead_id)
            else:
                yield work
        if unchanged:
            store.call("note_facts_seen", {"lead_ids": unchanged})


def _work(row: Json, writing: Writing) -> Work:
    growth = row["headcount_growth_twelve_months"]
    country = row["country"] or row["company_country"]
    facts = icebreaker_facts(
        language=language_of(country),
        first_name=row["first_name"],
        job_title=row["job_title"],
        seniority=row["seniority"],
        company_name=row["company_name"],
        industry=row["industry"],
        employees_count=row["employees_count"],
        annual_revenue=row["annual_revenue"],
        headcount_growth_pct=growth * 100 if growth is not None and writing.growth_in_fractions else growth,
        technologies=row["technologies"],
        founded_year=row["founded_year"],
        city=row["company_city"] or row["city"],
        country=country,
        description=row["description"],
        keywords=row["keywords"],
    )
    return Work(lead_id=row["lead_id"], audience=row["audience"], facts=facts)
