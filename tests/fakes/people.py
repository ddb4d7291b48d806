"""Leads whom a campaign may write to, and what is known of them, put straight into a database."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from tests.fakes.campaigns import campaign
from tests.fakes.direct_store import DirectStore

if TYPE_CHECKING:
    import psycopg

    from modules.outreach.campaign_spec import Campaign
    from modules.supabase.row_store import RowStore

Json = dict[str, Any]

OTHER = campaign(name="other", title="Another one")
"""Not the campaign that a test is about."""
_PERSON: Json = {
    "status": "new",
    "is_role_address": False,
    "is_disposable": False,
    "is_free_mail": False,
    "email_status": "verified",
    "first_name": "Mara",
    "last_name": "Weber",
    "job_title": "Head of Operations",
    "city": "Bremen",
    "country": "Germany",
    "region": "eu",
    "lawful_basis": "legitimate_interest",
    "search_name": "operations",
    "source": "apollo",
}
_HELD = {"uploaded", "active"}
_SENT = {"uploading", "uploaded", "active", "finished", "unknown"}


class LeadTables:
    """Leads, and rows of any other table, put in and read as they are."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection

    def add_lead(self, email: str, *, score: int | None = 90, **columns: Any) -> str:
        """Somebody who may be written to, but for what the columns say; their `lead_id`."""
        domain = email.partition("@")[2]
        row: Json = {"email": email, "match_key": email, "email_domain": domain, "registrable_domain": domain}
        row |= {"company_domain": domain, **_PERSON, **columns}
        lead_id = self.insert("leads", row, returning="lead_id")
        if score is not None:
            self.insert("lead_scores", {"lead_id": lead_id, "score": score, "reasons": [], "rules_digest": "r"})
        return str(lead_id)

    def store_campaign(self, store: RowStore, campaign: Campaign) -> None:
        """Store a campaign as its file, named like it, says it."""
        row = {
            "campaign_name": campaign.name,
            "title": campaign.title,
            "spec": campaign.as_json(),
            "spec_digest": campaign.digest(),
            "copy_digest": campaign.copy_digest(),
            "source_file": f"{campaign.name}.yaml",
        }
        store.call("apply_campaign_files", {"campaigns": [row], "source_files": [row["source_file"]]})

    def rows(self, statement: str, parameters: Any = None) -> list[Json]:
        """Rows of the database as they are."""
        with self.connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(statement, parameters).fetchall()

    def insert(self, table: str, row: Json, *, returning: str = "1", conflict: str | None = None) -> Any:
        """Put one row in; what it answers."""
        values = [Jsonb(value) if isinstance(value, dict | list) else value for value in row.values()]
        places = ", ".join(["%s"] * len(values))
        clash = f" on conflict {conflict}" if conflict else ""
        statement = f"insert into {table} ({', '.join(row)}) values ({places}){clash} returning {returning}"
        found = self.connection.execute(statement, values).fetchone()
        return None if found is None else found[0]


class People(LeadTables):
    """The tables that decide who is written to."""

    def __init__(self, connection: psycopg.Connection) -> None:
        super().__init__(connection)
        self.store = DirectStore(connection)

    def add(self, email: str, *, employees: int | None = 100, **columns: Any) -> str:
        """Somebody who may be written to, and their company, but for what the columns say; their `lead_id`."""
        lead_id = self.add_lead(email, **columns)
        domain = columns.get("company_domain", email.partition("@")[2])
        if domain is not None:
            company = {"domain": domain, "employees_count": employees, "source": "apollo", "value_ranks": {}}
            self.insert("companies", company, conflict="do nothing")
        return lead_id

    def suppress(self, value: str, reason: str = "by_hand", *, source_key: str = "") -> None:
        """Note that a mailbox or a domain must not be contacted."""
        kind = "email" if "@" in value else "domain"
        row = {"kind": kind, "value": value, "reason": reason, "source": "hand", "created_by": "tests"}
        self.store.call("note_suppressions", {"rows": [{**row, "source_key": source_key}]})

    def lift(self, value: str) -> None:
        """Take every suppression of a mailbox or a domain back."""
        kind = "email" if "@" in value else "domain"
        why = {"wanted_kind": kind, "wanted_value": value, "why": "noted_by_mistake", "by_whom": "tests"}
        self.store.call("lift_suppression", why)

    def apply(self, campaign: Campaign) -> None:
        """Store a campaign."""
        self.store_campaign(self.store, campaign)

    def launch(self, campaign: Campaign, state: str = "done") -> str:
        """A launch of the campaign, which is stored as well; its id."""
        self.apply(campaign)
        row: Json = {"campaign_name": campaign.name, "state": state, "activates": True}
        row |= {"spec_digest": campaign.digest(), "copy_digest": campaign.copy_digest()}
        if state != "open":
            row["ended_at"] = "2026-11-20T09:00:00Z"
        return str(self.insert("launches", row, returning="launch_id"))

    def enter(self, launch_id: str, lead_id: str, state: str = "active", **columns: Any) -> str:
        """A row of the contact ledger as it stands; its id."""
        (lead,) = self.rows("select * from leads where lead_id = %s", [lead_id])
        (launch,) = self.rows("select * from launches where launch_id = %s", [launch_id])
        sent = {"payload": {"email": lead["email"]}, "payload_digest": "d"} if state in _SENT else {}
        held = {"instantly_lead_id": str(uuid.uuid4())} if state in _HELD else {}
        row: Json = {
            "launch_id": launch_id,
            "campaign_name": launch["campaign_name"],
            "lead_id": lead_id,
            "match_key": lead["match_key"] or lead["email"],
            "email": lead["email"],
            "company_key": lead["company_domain"] or lead["email"],
            "mail_domain": lead["email_domain"] or "nowhere.example",
            "rank": 1,
            "state": state,
            "reason": "" if state not in {"released", "unknown", "finished"} else "completed",
            "copy_digest": launch["copy_digest"],
        }
        return str(self.insert("campaign_leads", {**row, **sent, **held, **columns}, returning="campaign_lead_id"))
