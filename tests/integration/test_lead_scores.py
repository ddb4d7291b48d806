"""`lead_scores`: who is scored, when, and what is said of it, in a real database."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from psycopg.rows import dict_row

from modules.outreach.lead_records import Provenance, lead_record
from modules.outreach.lead_table import merge_leads
from modules.outreach.regions import Region
from modules.outreach.score_rules import AnyOf, Band, Place, ScoreRules
from modules.outreach.score_table import refresh_scores

MARA, TEO, INES = "mara@haldenfreight.example", "teo@larkfield.example", "ines@haldenfreight.example"
RULES = ScoreRules(
    employees=(Band(at_least=50, points=10),),
    technologies=(AnyOf(any_of=("SAP",), points=5),),
    places=(Place(any_of=("eu",), points=20),),
    title_words=(AnyOf(any_of=("head",), points=10),),
)


class Scores:
    """The table beside the pipeline."""

    def __init__(self, connection, store):
        self.connection = connection
        self.store = store

    def refresh(self, rules=RULES):
        counts = refresh_scores(self.store, rules)
        return counts.get("inserted", 0), counts.get("updated", 0)

    def lead(self, email, *, region=None, **texts):
        provenance = Provenance(source="csv:fair.csv", collected_at=datetime(2026, 11, 1, tzinfo=UTC), region=region)
        merge_leads(self.store, [lead_record(email, provenance=provenance, **texts)])

    def company(self, domain, **facts):
        row = {"domain": domain, "source": "apollo_enrichment", "source_rank": 4, **facts}
        self.store.call("merge_companies", {"rows": [row]})

    def rows(self):
        with self.connection.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(
                "select email, score, reasons, scored_at from lead_scores join leads using (lead_id)"
            ).fetchall()
        return {row["email"]: row for row in rows}

    def scored_anew(self, rules=RULES):
        """Whose score was made anew by a refresh."""
        before = {email: row["scored_at"] for email, row in self.rows().items()}
        self.refresh(rules)
        return {email for email, row in self.rows().items() if row["scored_at"] != before.get(email)}


@pytest.fixture
def scores(database, store):
    return Scores(database, store)


def test_without_leads_there_is_no_score(scores):
    assert scores.refresh() == (0, 0)
    assert scores.rows() == {}


def test_a_score_is_made_of_the_lead_and_its_company_and_says_why(scores):
    scores.lead(MARA, job_title="Head of Logistics", country="Germany")
    scores.lead(TEO)
    scores.company("haldenfreight.example", employees_count=120, technologies=["sap", "Slack"])
    assert scores.refresh() == (2, 0)
    assert (
        scores.rows()[MARA].items()
        >= {
            "score": 100,
            "reasons": [
                "120 employees: 10 of 10 points",
                "uses SAP: 5 of 5 points",
                "in Germany: 20 of 20 points",
                "job title Head of Logistics: 10 of 10 points",
            ],
        }.items()
    )
    assert (
        scores.rows()[TEO].items()
        >= {
            "score": 0,
            "reasons": [
                "not known: employees",
                "not known: technologies",
                "not known: country",
                "not known: job title",
            ],
        }.items()
    )


def test_the_region_of_a_lead_counts_where_no_country_is_known(scores):
    scores.lead(MARA, region=Region.EU)
    scores.lead(TEO, region=Region.EU)
    scores.company("larkfield.example", country="United States")
    scores.refresh()
    assert "in eu: 20 of 20 points" in scores.rows()[MARA]["reasons"]
    assert "in United States: 0 of 20 points" in scores.rows()[TEO]["reasons"]


def test_what_did_not_change_is_not_scored_again(scores):
    scores.lead(MARA)
    scores.company("haldenfreight.example", employees_count=120)
    scores.refresh()
    scores.lead(MARA)
    scores.company("haldenfreight.example", employees_count=120)
    assert scores.refresh() == (0, 0)


def test_a_lead_that_changes_is_scored_again_and_nobody_else(scores):
    scores.lead(MARA)
    scores.lead(TEO)
    scores.refresh()
    scores.lead(MARA, job_title="Head of Sales")
    assert scores.scored_anew() == {MARA}
    assert scores.rows()[MARA]["score"] == 22


def test_a_company_that_changes_has_its_people_scored_again_and_nobody_else(scores):
    for email in (MARA, INES, TEO):
        scores.lead(email)
    scores.refresh()
    scores.company("haldenfreight.example", employees_count=120)
    assert scores.scored_anew() == {MARA, INES}


def test_other_rules_score_everybody_again_once(scores):
    scores.lead(MARA, job_title="Head of Sales")
    scores.lead(TEO)
    scores.refresh()
    rules = ScoreRules(title_words=(AnyOf(any_of=("sales",), points=1),))
    assert scores.scored_anew(rules) == {MARA, TEO}
    assert {email: row["score"] for email, row in scores.rows().items()} == {MARA: 100, TEO: 0}
    assert scores.scored_anew(rules) == set()


def test_a_lead_that_nobody_has_described_is_not_scored(scores, database):
    database.execute("insert into leads (email) values (%s)", [MARA])
    assert scores.refresh() == (0, 0)


def test_more_leads_than_a_page_are_all_scored(scores):
    provenance = Provenance(source="csv:fair.csv", collected_at=datetime(2026, 11, 1, tzinfo=UTC))
    emails = [f"lead{number}@haldenfreight.example" for number in range(1_201)]
    merge_leads(scores.store, [lead_record(email, provenance=provenance) for email in emails])
    assert scores.refresh() == (1_201, 0)
    assert scores.refresh() == (0, 0)
