"""How commands print: a table for people, JSON for programs."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.table import Table

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of a table.")]


def print_rows(title: str, rows: Sequence[Mapping[str, Any]], *, as_json: bool) -> None:
    """Print rows that share their keys. As JSON: one list of objects on standard output, and nothing else."""
    if as_json:
        typer.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())
        return
    table = Table(title=title, title_justify="left", title_style="bold")
    for name, value in (rows[0] if rows else {}).items():
        table.add_column(name.replace("_", " "), justify="right" if isinstance(value, int | float) else "left")
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    Console().print(table if rows else f"{title}: nothing yet.")


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
