"""Rows of the workspace itself: its plan, its tags, the jobs that run in it."""

from __future__ import annotations

from pydantic import AliasPath, Field

from modules.shared.raw_table import RawRow, RawTable
from modules.shared.row_fields import Count, Key, Moment


class WorkspaceRow(RawRow):
    """Grain: one workspace."""

    workspace_id: Key = Field(validation_alias=AliasPath("workspace", "id"))
    workspace_name: str | None = Field(default=None, validation_alias=AliasPath("workspace", "name"))
    plan_name: str | None = Field(
        default=None, validation_alias=AliasPath("plan", "subscriptions", "outreach", "plan_name")
    )
    lead_limit: Count | None = Field(
        default=None, validation_alias=AliasPath("plan", "subscriptions", "outreach", "total_lead_limit")
    )
    lead_count: Count | None = Field(
        default=None, validation_alias=AliasPath("plan", "subscriptions", "outreach", "current_lead_count")
    )


class TagRow(RawRow):
    """Grain: one tag."""

    instantly_tag_id: Key = Field(validation_alias="id")
    tag_label: str | None = Field(default=None, validation_alias="label")


class TagMappingRow(RawRow):
    """Grain: one tag on one campaign or account."""

    instantly_tag_mapping_id: Key = Field(validation_alias="id")
    instantly_tag_id: Key | None = Field(default=None, validation_alias="tag_id")
    resource_id: Key | None = None
    resource_type: int | None = None


class BackgroundJobRow(RawRow):
    """Grain: one background job."""

    instantly_job_id: Key = Field(validation_alias="id")
    job_type: str | None = Field(default=None, validation_alias="type")
    job_status: str | None = Field(default=None, validation_alias="status")
    progress: float | None = Field(default=None, allow_inf_nan=False)
    entity_type: str | None = None
    entity_id: str | None = None
    job_updated_at: Moment | None = Field(default=None, validation_alias="updated_at")


WORKSPACES = RawTable(
    name="instantly_workspaces_raw",
    key=("workspace_id",),
    row=WorkspaceRow,
    preview=("workspace_id", "workspace_name", "plan_name", "lead_limit", "lead_count"),
)
TAGS = RawTable(name="instantly_tags_raw", key=("instantly_tag_id",), row=TagRow, preview=("tag_label", "synced_at"))
TAG_MAPPINGS = RawTable(
    name="instantly_tag_mappings_raw",
    key=("instantly_tag_mapping_id",),
    row=TagMappingRow,
    preview=("instantly_tag_id", "resource_type", "synced_at"),
)
BACKGROUND_JOBS = RawTable(
    name="instantly_background_jobs_raw",
    key=("instantly_job_id",),
    row=BackgroundJobRow,
    preview=("job_type", "job_status", "progress", "entity_type", "job_updated_at"),
)
