"""What a materialized table shows in Dagster: counts, columns as its migration describes them, a harmless preview."""

from collections.abc import Mapping, Sequence

import dagster as dg

from modules.shared.raw_table import RawTable
from modules.shared.settings import Settings
from modules.supabase.row_store import RowStore
from modules.supabase.table_sync import SyncReport
from outreach_pipeline.assets.asset_defaults import numbers

PREVIEW_ROWS = 5


def table_metadata(store: RowStore, table: RawTable, report: SyncReport) -> dict[str, dg.MetadataValue]:
    """Metadata of one materialization. Holds no address, no name of a person and no key."""
    counts = report.counts
    counted = {
        "rows_read": counts.read,
        "rows_inserted": counts.inserted,
        "rows_updated": counts.updated,
        "rows_unchanged": counts.unchanged,
        "rows_rejected": counts.rejected,
        "rows_marked_deleted": report.marked_deleted,
        "requests_made": report.requests_made,
        "dagster/row_count": store.count_listed(table),
    }
    return {
        **numbers(counted),
        "dagster/table_name": dg.MetadataValue.text(f"public.{table.name}"),
        "dagster/column_schema": dg.MetadataValue.table_schema(_column_schema(store, table)),
        "data_as_of": dg.MetadataValue.timestamp(report.data_as_of),
        "preview": dg.MetadataValue.md(_preview(store, table)),
        "rows": dg.MetadataValue.url(_rows_url(table)),
    }


def _column_schema(store: RowStore, table: RawTable) -> dg.TableSchema:
    columns = [
        dg.TableColumn(
            name=column["column_name"],
            type=column["data_type"],
            description=column["description"] or None,
            constraints=dg.TableColumnConstraints(
                nullable=not column["is_required"], other=["part of the key"] if column["is_key"] else []
            ),
        )
        for column in store.call("describe_table", {"target_table": table.name})
    ]
    return dg.TableSchema(columns=columns)


def markdown_table(rows: Sequence[Mapping[str, object]], columns: Sequence[str]) -> dg.MetadataValue:
    """Rows as a table; `none` where there are none."""
    return dg.MetadataValue.md(_markdown(rows, columns) if rows else "none")


def _preview(store: RowStore, table: RawTable) -> str:
    rows = store.select(
        table.name, lambda query: query.is_("deleted_at", "null").order("updated_at", desc=True).limit(PREVIEW_ROWS)
    )
    return _markdown(rows, table.preview)


def _markdown(rows: Sequence[Mapping[str, object]], columns: Sequence[str]) -> str:
    lines = [" | ".join(columns), " | ".join("---" for _ in columns)]
    lines += [" | ".join(_cell(row[column]) for column in columns) for row in rows]
    return "\n".join(f"| {line} |" for line in lines)


def _cell(value: object) -> str:
    return "" if value is None else str(value).replace("|", "\\|").replace("\n", " ")


def _rows_url(table: RawTable) -> str:
    """Where a person sees the rows: the project's table editor; for another host the API's own address."""
    url = Settings().require("SUPABASE_URL").rstrip("/")
    host = url.removeprefix("https://")
    if host.endswith(".supabase.co"):
        return f"https://supabase.com/dashboard/project/{host.split('.')[0]}/editor?table={table.name}"
    return f"{url}/rest/v1/{table.name}"
