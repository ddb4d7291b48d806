"""What moves at Instantly: leads, mails, steps and jobs, read where something may have happened."""

from collections.abc import Iterable

from modules.instantly.instantly_api import READERS
from modules.instantly.instantly_lead_rows import EMAILS, LEAD_LISTS, LEADS
from modules.instantly.instantly_rows import CAMPAIGNS
from modules.instantly.instantly_sources import InstantlySource
from modules.instantly.instantly_statistics_rows import STEPS
from modules.instantly.instantly_transform import transform_steps
from modules.instantly.instantly_workspace_rows import BACKGROUND_JOBS
from modules.outreach.instantly_reads import (
    WINDOW,
    due_campaigns,
    due_leads,
    due_scope,
    note_campaigns_read,
    window_start,
)
from modules.shared.raw_table import RawRow, RejectedRow
from modules.shared.row_transform import transform_rows
from modules.supabase.table_sync import Scope, SyncReport
from outreach_pipeline.assets.instantly_tables import TableRead, raw_asset


def _read_leads(to: TableRead) -> SyncReport:
    if to.is_export:
        return to.whole(transform_rows(to.table, to.source.leads()))
    due = dict(due_leads(to.store))

    def read(source: InstantlySource, part: Scope) -> Iterable[RawRow | RejectedRow]:
        return transform_rows(to.table, source.leads(due[part]))

    return to.in_parts(list(due), read, readers=READERS)


def _read_steps(to: TableRead) -> SyncReport:
    if to.is_export:
        return to.whole(transform_steps(to.source.steps()))
    due = due_campaigns(to.store, to.table)
    report = to.whole(transform_steps(to.source.steps(due)), due_scope(due))
    note_campaigns_read(to.store, report.sync_run_id, due)
    return report


instantly_emails_raw = raw_asset(
    EMAILS,
    entity="emails",
    description="Mails that leads answered with, and what they answer. Grain: one mail. Key: `instantly_email_id`. "
    "Read by a window that begins two days before the last complete read.",
    vendor_page="email",
    read=lambda to: to.whole(transform_rows(to.table, to.source.emails(window_start(to.store, to.table))), WINDOW),
)
instantly_leads_raw = raw_asset(
    LEADS,
    entity="leads",
    description="Every lead of every campaign and list. Grain: one address in one campaign or list. "
    "Key: `instantly_lead_id`. Campaigns that may send are swept each hour, the others daily or when something moved.",
    vendor_page="lead",
    read=_read_leads,
    deps=[CAMPAIGNS.name, LEAD_LISTS.name, EMAILS.name],
)
instantly_steps_raw = raw_asset(
    STEPS,
    entity="steps",
    description="What each step and variant achieved. Grain: one variant of one step of one campaign. "
    "Key: `instantly_campaign_id, step, variant`. Campaigns whose totals moved are read each hour, all daily.",
    vendor_page="analytics",
    read=_read_steps,
    deps=[CAMPAIGNS.name, EMAILS.name],
)
instantly_background_jobs_raw = raw_asset(
    BACKGROUND_JOBS,
    entity="background_jobs",
    description="Imports, moves and other jobs of the workspace. Grain: one job. Key: `instantly_job_id`.",
    vendor_page="backgroundjob",
    read=lambda to: to.whole(
        transform_rows(to.table, to.source.background_jobs(window_start(to.store, to.table))), WINDOW
    ),
)
