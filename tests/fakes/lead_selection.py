"""Whom a campaign would write to, and what is said of everybody else."""

from __future__ import annotations

from modules.outreach.lead_selector import explain_leads, select_leads
from tests.fakes.campaigns import campaign

OPEN = campaign(audience={"regions": {"eu": "legitimate_interest"}})


def told(people, wanted=OPEN, leads=None):
    """What is said of each lead: the rule against it, or its place."""
    rows = explain_leads(people.store, wanted, leads)
    return {row["lead_id"]: row["rule"] or row["rank"] for row in rows}


def funnel(people, wanted=OPEN, **asked):
    return {row["rule"]: row["people"] for row in select_leads(people.store, wanted, **asked).funnel}


def chosen(people, wanted=OPEN, **asked):
    """Addresses, in order."""
    first = select_leads(people.store, wanted, shown=1_000, **asked).first
    email_of = {str(row["lead_id"]): row["email"] for row in people.rows("select lead_id, email from leads")}
    return [email_of[each] for each in first]
