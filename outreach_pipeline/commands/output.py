"""How commands print: a table for people, JSON for programs."""

import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import orjson
import typer
from rich import box
from rich.console import Console
from rich.table import Table

_UNBOUNDED = 1_000
_CENT = 0.01

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of a table.")]


def print_rows(
    title: str, rows: Sequence[Mapping[str, Any]], *, as_json: bool, heads: Mapping[str, str] | None = None
) -> None:
    """Print rows that share their keys. As JSON: one list of objects on standard output, and nothing else.

    Args:
        title: Above the table.
        rows: What to print.
        as_json: For programs.
        heads: For people: the columns to show, and their heads; `None` shows all under their own names.
    """
    if as_json:
        typer.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())
        return
    table = Table(
        title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0)
    )
    shown = heads or {name: name.replace("_", " ") for name in (rows[0] if rows else ())}
    for name, head in shown.items():
        is_number = any(isinstance(row[name], int | float) for row in rows)
        # On a narrow terminal texts are wrapped: half a number would say something else.
        table.add_column(head, justify="right" if is_number else "left", no_wrap=is_number, overflow="fold")
    for row in rows:
        table.add_row(*(_cell(row[name]) for name in shown))
    # A file or a pipe has no width, so nothing is cut there.
    console = Console() if sys.stdout.isatty() else Console(width=_UNBOUNDED)
    console.print(table if rows else f"{title}: nothing yet.")


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.2f}".removesuffix(".00") if value == 0 or abs(value) >= _CENT else f"{value:.6f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
