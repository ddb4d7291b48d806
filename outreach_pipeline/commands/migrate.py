"""`outreach migrate`: the SQL files of `sql/`, applied once each."""

from typing import Annotated

import typer

from modules.shared.settings import Settings
from modules.supabase.migrations import apply_migrations, plan_migrations, read_migrations
from outreach_pipeline.commands.output import AsJson, print_rows


def migrate(
    plan: Annotated[bool, typer.Option("--plan", help="Show what would be applied, and change nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Apply the migrations that are not applied yet, over SUPABASE_DB_URL."""
    database_url = Settings().require("SUPABASE_DB_URL")
    migrations = read_migrations()
    done = (plan_migrations if plan else apply_migrations)(database_url, migrations)
    names = {migration.version for migration in done}
    state = "to apply" if plan else "applied now"
    rows = [
        {"migration": migration.file_name, "state": state if migration.version in names else "applied"}
        for migration in migrations
    ]
    print_rows("Migrations", rows, as_json=as_json)
