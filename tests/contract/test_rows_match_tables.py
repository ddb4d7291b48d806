"""Names that are spelled in Python and in SQL: row classes against the tables of a real database."""

from __future__ import annotations

import pytest

from modules.apollo.apollo_rows import ORGANIZATIONS, PEOPLE
from modules.instantly.instantly_tables import RAW_TABLES

APOLLO_TABLES = (PEOPLE, ORGANIZATIONS)
EACH_TABLE = pytest.mark.parametrize("table", [*RAW_TABLES, *APOLLO_TABLES], ids=lambda table: table.name)
OF_THE_STORE = {"row_digest", "synced_at"}
OF_THE_DATABASE = {"created_at", "updated_at", "deleted_at"}


@EACH_TABLE
def test_the_fields_of_a_row_are_the_columns_of_its_table(store, table):
    columns = store.call("describe_table", {"target_table": table.name})
    of_the_workspace = set() if table in APOLLO_TABLES else {"workspace_id"}
    expected = set(table.row.model_fields) | OF_THE_STORE | OF_THE_DATABASE | of_the_workspace
    assert expected == {row["column_name"] for row in columns}
    assert set(table.key) == {row["column_name"] for row in columns if row["is_key"]}
    assert set(table.preview) <= {row["column_name"] for row in columns}


@EACH_TABLE
def test_a_preview_shows_nothing_of_a_person(table):
    assert not {
        "email",
        "first_name",
        "last_name",
        "raw_json",
        "lead_email",
        "sender_email",
        "blocked_value",
        "resource_id",
    } & set(table.preview)
