"""Instantly's lists: the workspace, campaigns, accounts, and the small ones, each read whole."""

from collections.abc import Callable

from modules.instantly.instantly_lead_rows import BLOCK_LIST, LEAD_LABELS, LEAD_LISTS
from modules.instantly.instantly_rows import ACCOUNTS, CAMPAIGNS
from modules.instantly.instantly_statistics_rows import ACCOUNT_WARMUP
from modules.instantly.instantly_transform import transform_campaigns
from modules.instantly.instantly_workspace_rows import TAG_MAPPINGS, TAGS, WORKSPACES
from modules.shared.row_transform import transform_rows
from modules.supabase.table_sync import SyncReport
from outreach_pipeline.assets.instantly_tables import TableRead, raw_asset


def _listed(entity: str) -> Callable[[TableRead], SyncReport]:
    return lambda to: to.whole(transform_rows(to.table, to.source.listed(entity)))


instantly_workspaces_raw = raw_asset(
    WORKSPACES,
    entity="workspace",
    description="The workspace behind the key, and its plan. Grain: one workspace. Key: `workspace_id`.",
    vendor_page="workspace",
    read=lambda to: to.whole(transform_rows(to.table, to.source.workspace())),
)
instantly_campaigns_raw = raw_asset(
    CAMPAIGNS,
    entity="campaigns",
    description="Every campaign at Instantly, with its sequences, schedule, senders and totals. Grain: one campaign. "
    "Key: `instantly_campaign_id`.",
    vendor_page="campaign",
    read=lambda to: to.whole(transform_campaigns(to.source.campaigns())),
)
instantly_accounts_raw = raw_asset(
    ACCOUNTS,
    entity="accounts",
    description="Every sending account at Instantly, with its state and warm-up. Grain: one mailbox. Key: `email`.",
    vendor_page="account",
    read=_listed("accounts"),
)
instantly_account_warmup_raw = raw_asset(
    ACCOUNT_WARMUP,
    entity="account_warmup",
    description="What became of each account's warm-up mails in the last days. Grain: one mailbox. Key: `email`.",
    vendor_page="account",
    read=lambda to: to.whole(
        transform_rows(to.table, to.source.account_warmup(None if to.is_export else to.store.listed_texts(ACCOUNTS)))
    ),
    deps=[ACCOUNTS.name],
)
instantly_block_list_raw = raw_asset(
    BLOCK_LIST,
    entity="block_list",
    description="Addresses and domains that the workspace never writes to. Grain: one entry. "
    "Key: `instantly_block_list_entry_id`.",
    vendor_page="blocklistentry",
    read=_listed("block_list"),
)
instantly_lead_lists_raw = raw_asset(
    LEAD_LISTS,
    entity="lead_lists",
    description="Lists of leads that are in no campaign yet. Grain: one list. Key: `instantly_list_id`.",
    vendor_page="leadlist",
    read=_listed("lead_lists"),
)
instantly_lead_labels_raw = raw_asset(
    LEAD_LABELS,
    entity="lead_labels",
    description="Names of the interest numbers that the workspace made itself. Grain: one label. "
    "Key: `instantly_lead_label_id`.",
    vendor_page="leadlabel",
    read=_listed("lead_labels"),
)
instantly_tags_raw = raw_asset(
    TAGS,
    entity="tags",
    description="Tags of campaigns and accounts. Grain: one tag. Key: `instantly_tag_id`.",
    vendor_page="customtag",
    read=_listed("tags"),
)
instantly_tag_mappings_raw = raw_asset(
    TAG_MAPPINGS,
    entity="tag_mappings",
    description="Which tag is on which campaign or account. Grain: one tag on one of them. "
    "Key: `instantly_tag_mapping_id`.",
    vendor_page="customtagmapping",
    read=_listed("tag_mappings"),
)
