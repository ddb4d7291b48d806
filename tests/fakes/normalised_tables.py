"""Rows of the raw tables by what they say, and the tables that the database makes of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

OURS = ("campaigns", "leads", "instantly_reconciliation")
VIEWS = ("campaign_daily", "campaign_overview", "lead_overview", "sender_health")
NOTHING = {"inserted": 0, "updated": 0, "unchanged": 0}
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MARA = "mara@try-haldenfreight.example"
TOBIAS = "t.brandl@nordkai-spedition.example"


class Tables:
    """The tables as the pipeline meets them: every statement runs with the rights of the service role."""

    def __init__(self, connection):
        self.connection = connection
        connection.execute("set role service_role")
        self.today = self.rows("select (now() at time zone 'utc')::date as day")[0]["day"]

    def rows(self, statement, parameters=None):
        with self.connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(statement, parameters).fetchall()

    def put(self, table, **columns):
        """One row; what is not given of a raw table does not matter to the test."""
        if table.endswith("_raw"):
            columns = {"raw_json": {}, "row_digest": "d", "synced_at": NOON, **columns}
        values = [Jsonb(value) if isinstance(value, dict) else value for value in columns.values()]
        places = ", ".join(["%s"] * len(values))
        self.connection.execute(f"insert into {table} ({', '.join(columns)}) values ({places})", values)

    def change(self, statement, parameters=None):
        return self.connection.execute(statement, parameters).rowcount

    def campaign(self, name="a", *, campaign=None, analytics=None, **columns):
        """A campaign as its transform leaves it: what has a column of its own is in both places."""
        counts = {
            column: analytics.get(column) if isinstance(analytics, dict) else None
            for column in ("leads_count", "contacted_count", "reply_count", "emails_sent_count")
        }
        payload = {"campaign": campaign, "analytics": analytics}
        row = {"campaign_name": f"Campaign {name}", "campaign_status": 1, "raw_json": payload, **counts, **columns}
        self.put("instantly_campaigns_raw", instantly_campaign_id=name, **row)

    def day(self, days_ago=0, campaign="a", **counts):
        """A day of a campaign, likewise."""
        typed = {
            name: counts.get(name) for name in ("sent", "unique_opened", "replies", "unique_replies", "unique_clicks")
        }
        date = self.today - timedelta(days=days_ago)
        self.put(
            "instantly_daily_analytics_raw",
            analytics_date=date,
            instantly_campaign_id=campaign,
            raw_json={"date": str(date), **counts},
            **{name: value if isinstance(value, int) else None for name, value in typed.items()},
        )

    def lead(self, email=TOBIAS, **columns):
        number = self.rows("select count(*) as number from instantly_leads_raw")[0]["number"]
        row = {"instantly_campaign_id": "a", "lead_status": 1, "email_reply_count": 0, **columns}
        self.put("instantly_leads_raw", instantly_lead_id=f"lead {number}", email=email, **row)

    def label(self, interest_status, kind, name="Call in spring", **columns):
        self.put(
            "instantly_lead_labels_raw",
            **{"instantly_lead_label_id": name, "label_name": name, "label_kind": kind, **columns},
            interest_status=interest_status,
        )

    def account(self, email=MARA, *, health_score=96, days=((1, 40, 0),), **columns):
        """A healthy account, but for what is given; days as (days ago, sent, bounced)."""
        row = {"account_status": 1, "warmup_status": 1, "warmup_score": 97, "raw_json": {"daily_limit": 30}, **columns}
        self.put("instantly_accounts_raw", email=email, **row)
        if health_score is not None:
            self.put("instantly_account_warmup_raw", email=email, health_score=health_score)
        for days_ago, sent, bounced in days:
            date = self.today - timedelta(days=days_ago)
            self.put("instantly_account_daily_raw", analytics_date=date, email=email, sent=sent, bounced=bounced)

    def read(self, table, scope="all", *, status="complete", source="api", first_day=None, last_day=None):
        """A note that a table was read."""
        self.put(
            "sync_runs",
            table_name=table,
            scope=scope,
            source=source,
            status=status,
            reason=None if status == "complete" else "answered 503",
            first_day=first_day,
            last_day=last_day,
            data_as_of=NOON,
            finished_at=datetime.now(UTC),
        )

    def refresh(self, what, *arguments):
        places = ", ".join(["%s"] * len(arguments))
        return self.rows(f"select * from refresh_{what}({places})", arguments)[0]

    def reconcile(self):
        """Rows of the reconciliation by measure and subject."""
        counts = {row["verdict"]: row["rows"] for row in self.rows("select * from refresh_reconciliation()")}
        rows = self.rows("select * from instantly_reconciliation")
        found = [row["verdict"] for row in rows]
        assert counts == {name: found.count(name) for name in ("equal", "within tolerance", "off", "not comparable")}
        return {(row["measure"], row["subject"]): row for row in rows}

    def versions(self, table):
        """Which version of each row is stored; a row that is written again has another one."""
        rows = self.rows(f"select ctid::text, xmin::text from {table}")
        return sorted((row["ctid"], row["xmin"]) for row in rows)
