"""`outreach icebreakers`: the opening lines, and how good a prompt is."""

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from modules.shared.settings import Settings
from outreach_pipeline.commands.output import AsJson, print_rows
from outreach_pipeline.commands.stores import open_store

app = typer.Typer(help="The opening lines of leads: show them, or score a file of lines.")

_JUDGE_RETRIES = 2
LINE_HEADS = {"source": "source", "language": "lang", "line": "line", "evidence": "rests on"}


@app.callback(invoke_without_command=True)
def show(
    context: typer.Context,
    most: Annotated[int, typer.Option(min=1, max=1_000, help="Lines, at most.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Show the newest lines, and what each rests on."""
    if context.invoked_subcommand is None:
        with open_store() as store:
            rows = store.select("icebreakers", lambda query: query.order("updated_at", desc=True).limit(most))
        print_rows("Icebreakers", rows, as_json=as_json, heads=LINE_HEADS)


@app.command("evaluate")
def score(
    file: Annotated[Path, typer.Argument(help="JSON lines: facts, line, evidence, fact_ids, prompt_version, label.")],
    judge: Annotated[str | None, typer.Option(help="A model that judges the lines that pass, for a price.")] = None,
    as_json: AsJson = False,
) -> None:
    """Score a file of lines by the rules, by prompt version, so that a change of the prompt can be compared."""
    # Imported here, because the package takes a quarter of a second that no other command needs.
    from modules.openai.icebreaker_evaluation import evaluate, read_records
    from modules.openai.icebreaker_judge import ModelJudge
    from modules.openai.openai_client import open_blocking_client

    with ExitStack() as opened:
        model_judge = None
        if judge is not None:
            settings = Settings()
            api_key = settings.require("OPENAI_API_KEY")
            client = open_blocking_client(api_key, settings.openai_base_url, max_retries=_JUDGE_RETRIES)
            model_judge = ModelJudge(opened.enter_context(client), judge)
        evaluation = evaluate(read_records(file), judge=model_judge)
    print_rows(f"Lines of {file.name}, by prompt", evaluation.rows(), as_json=as_json)
    for number, reason in evaluation.unreadable:
        typer.echo(f"Record {number} was not scored: {reason}", err=True)
