"""Instantly's statistics by day: one run covers a whole range of days."""

from modules.instantly.instantly_rows import ACCOUNTS, CAMPAIGNS, Days
from modules.instantly.instantly_statistics_rows import ACCOUNT_DAILY, DAILY_ANALYTICS
from modules.instantly.instantly_transform import transform_daily_analytics
from modules.outreach.instantly_reads import days_scope
from modules.shared.errors import Refused
from modules.shared.raw_table import RawTable
from modules.shared.row_transform import transform_rows
from modules.supabase.row_store import RowStore
from modules.supabase.table_sync import SyncReport
from outreach_pipeline.assets.instantly_tables import TableRead, raw_asset


def _read_campaign_days(to: TableRead) -> SyncReport:
    days, ids = _days(to), None if to.is_export else _asked(to.store, CAMPAIGNS)
    return to.whole(transform_daily_analytics(to.source.daily_analytics(ids, days)), days_scope(days, ids))


def _read_account_days(to: TableRead) -> SyncReport:
    days, emails = _days(to), None if to.is_export else _asked(to.store, ACCOUNTS)
    return to.whole(transform_rows(to.table, to.source.account_daily(emails, days)), days_scope(days, emails))


def _days(to: TableRead) -> Days:
    if to.days is None:
        raise ValueError(f"{to.table.name} is read by days, and the run names none")
    return to.days


def _asked(store: RowStore, table: RawTable) -> list[str]:
    """The campaigns or accounts to ask about.

    Raises:
        Refused: They were never read, so that nothing would be read here while all looked well.
    """
    ids = store.listed_texts(table)
    if not ids and not store.select("sync_status", lambda query: query.eq("table_name", table.name)):
        raise Refused(f"{table.name} was never read, and it names what to ask about: materialize it first.")
    return ids


instantly_daily_analytics_raw = raw_asset(
    DAILY_ANALYTICS,
    entity="daily_analytics",
    description="What each campaign did each day. Grain: one UTC day of one campaign, and of the workspace. "
    "Key: `analytics_date, instantly_campaign_id`. One run covers a whole range of days, at one request a campaign.",
    vendor_page="analytics",
    read=_read_campaign_days,
    deps=[CAMPAIGNS.name],
    is_by_day=True,
)
instantly_account_daily_raw = raw_asset(
    ACCOUNT_DAILY,
    entity="account_daily",
    description="What each account sent each day, and what bounced. Grain: one UTC day of one mailbox. "
    "Key: `analytics_date, email`. One run covers a whole range of days, 200 accounts and 30 days a request.",
    vendor_page="account",
    read=_read_account_days,
    deps=[ACCOUNTS.name],
    is_by_day=True,
)
