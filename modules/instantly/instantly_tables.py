"""Every raw table of Instantly, by what a source calls its rows."""

from __future__ import annotations

from modules.instantly.instantly_lead_rows import BLOCK_LIST, EMAILS, LEAD_LABELS, LEAD_LISTS, LEADS
from modules.instantly.instantly_rows import ACCOUNTS, CAMPAIGNS
from modules.instantly.instantly_statistics_rows import ACCOUNT_DAILY, ACCOUNT_WARMUP, DAILY_ANALYTICS, STEPS
from modules.instantly.instantly_workspace_rows import BACKGROUND_JOBS, TAG_MAPPINGS, TAGS, WORKSPACES

TABLE_OF = {
    "workspace": WORKSPACES,
    "campaigns": CAMPAIGNS,
    "accounts": ACCOUNTS,
    "account_warmup": ACCOUNT_WARMUP,
    "account_daily": ACCOUNT_DAILY,
    "daily_analytics": DAILY_ANALYTICS,
    "steps": STEPS,
    "lead_lists": LEAD_LISTS,
    "lead_labels": LEAD_LABELS,
    "leads": LEADS,
    "emails": EMAILS,
    "block_list": BLOCK_LIST,
    "tags": TAGS,
    "tag_mappings": TAG_MAPPINGS,
    "background_jobs": BACKGROUND_JOBS,
}
RAW_TABLES = tuple(TABLE_OF.values())
