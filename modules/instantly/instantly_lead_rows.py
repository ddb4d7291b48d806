"""Rows of the people Instantly knows: leads, their mails, their lists and labels, and who is never written to."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from modules.shared.raw_table import RawRow, RawTable
from modules.shared.row_fields import Address, Count, Key, Moment


class LeadRow(RawRow):
    """Grain: one lead, which is one address in one campaign or list."""

    instantly_lead_id: Key = Field(validation_alias="id")
    instantly_campaign_id: Key | None = Field(default=None, validation_alias="campaign")
    instantly_list_id: Key | None = Field(default=None, validation_alias="list_id")
    email: Address | None = None
    company_domain: str | None = None
    lead_status: int | None = Field(default=None, validation_alias="status")
    interest_status: int | None = Field(default=None, validation_alias="lt_interest_status")
    verification_status: int | None = None
    email_open_count: Count | None = None
    email_reply_count: Count | None = None
    email_click_count: Count | None = None
    lead_created_at: Moment | None = Field(default=None, validation_alias="timestamp_created")
    last_contacted_at: Moment | None = Field(default=None, validation_alias="timestamp_last_contact")
    last_replied_at: Moment | None = Field(default=None, validation_alias="timestamp_last_reply")

    @model_validator(mode="after")
    def _belongs_somewhere(self) -> Self:
        if self.instantly_campaign_id is None and self.instantly_list_id is None:
            raise ValueError("names neither a campaign nor a list")
        return self


class EmailRow(RawRow):
    """Grain: one mail of the Unibox."""

    instantly_email_id: Key = Field(validation_alias="id")
    instantly_campaign_id: Key | None = Field(default=None, validation_alias="campaign_id")
    lead_email: Address | None = Field(default=None, validation_alias="lead")
    sender_email: Address | None = Field(default=None, validation_alias="eaccount")
    email_type: int | None = Field(default=None, validation_alias="ue_type")
    is_auto_reply: bool | None = None
    interest_status: int | None = Field(default=None, validation_alias="i_status")
    thread_id: str | None = None
    step: str | None = None
    email_sent_at: Moment | None = Field(default=None, validation_alias="timestamp_email")
    email_stored_at: Moment | None = Field(default=None, validation_alias="timestamp_created")


class BlockListRow(RawRow):
    """Grain: one entry of the block list."""

    instantly_block_list_entry_id: Key = Field(validation_alias="id")
    blocked_value: Address = Field(validation_alias="bl_value")
    is_domain: bool | None = None


class LeadListRow(RawRow):
    """Grain: one lead list."""

    instantly_list_id: Key = Field(validation_alias="id")
    list_name: str | None = Field(default=None, validation_alias="name")


class LeadLabelRow(RawRow):
    """Grain: one label that the workspace made for its leads."""

    instantly_lead_label_id: Key = Field(validation_alias="id")
    label_name: str | None = Field(default=None, validation_alias="label")
    label_kind: str | None = Field(default=None, validation_alias="interest_status_label")
    interest_status: int | None = None


LEADS = RawTable(
    name="instantly_leads_raw",
    key=("instantly_lead_id",),
    row=LeadRow,
    preview=("instantly_campaign_id", "lead_status", "interest_status", "email_reply_count", "last_contacted_at"),
)
EMAILS = RawTable(
    name="instantly_emails_raw",
    key=("instantly_email_id",),
    row=EmailRow,
    preview=("instantly_campaign_id", "email_type", "is_auto_reply", "interest_status", "email_stored_at"),
)
BLOCK_LIST = RawTable(
    name="instantly_block_list_raw",
    key=("instantly_block_list_entry_id",),
    row=BlockListRow,
    preview=("instantly_block_list_entry_id", "is_domain", "synced_at"),
)
LEAD_LISTS = RawTable(
    name="instantly_lead_lists_raw", key=("instantly_list_id",), row=LeadListRow, preview=("list_name", "synced_at")
)
LEAD_LABELS = RawTable(
    name="instantly_lead_labels_raw",
    key=("instantly_lead_label_id",),
    row=LeadLabelRow,
    preview=("label_name", "label_kind", "interest_status"),
)
