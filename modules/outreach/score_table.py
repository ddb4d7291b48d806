"""`lead_scores`: how well each lead fits, scored anew where a lead, its company or the rules changed."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from modules.outreach.lead_score import ScoreFacts, score_lead
from modules.outreach.normalised_tables import noted_refresh
from modules.outreach.pages import add_counts, in_batches, pages
from modules.outreach.regions import Region

if TYPE_CHECKING:
    from modules.apollo.apollo_enrichment import Json
    from modules.outreach.score_rules import ScoreRules
    from modules.supabase.row_store import RowStore

LEAD_SCORES = "lead_scores"


def refresh_scores(store: RowStore, rules: ScoreRules, orchestrator_run_id: str | None = None) -> dict[str, int]:
    """Score the leads that have no score by these rules and of what is known now; how many were inserted, updated."""
    digest = hashlib.blake2b(rules.model_dump_json().encode(), digest_size=16).hexdigest()
    with noted_refresh(store, LEAD_SCORES, made_of="leads", orchestrator_run_id=orchestrator_run_id) as counts:
        for batch in in_batches(pages(store, "leads_to_score", key="lead_id", rules=digest)):
            rows = [_scored(row, rules, digest) for row in batch]
            add_counts(counts, store.call("merge_lead_scores", {"rows": rows})[0])
    return counts


def _scored(row: Json, rules: ScoreRules, digest: str) -> Json:
    facts = ScoreFacts(
        revenue_usd=row["annual_revenue"],
        employees=row["employees_count"],
        headcount_growth=row["headcount_growth_twelve_months"],
        technologies=None if row["technologies"] is None else frozenset(row["technologies"]),
        country=row["country"],
        region=Region(row["region"]) if row["region"] else None,
        seniority=row["seniority"],
        job_title=row["job_title"],
    )
    scored = score_lead(facts, rules)
    return {"lead_id": row["lead_id"], "score": scored.score, "reasons": scored.reasons, "rules_digest": digest}
