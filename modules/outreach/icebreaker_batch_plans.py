"""Batches as the database knows them: what each asks for, how far it is, and the file that it becomes."""

from __future__ import annotations

import hashlib
import uuid
from typing import IO, TYPE_CHECKING, Any

from modules.openai.icebreaker_batch_files import MOST_BYTES, batch_line
from modules.openai.icebreaker_facts import Fact, IcebreakerFacts
from modules.openai.icebreaker_prompt import cache_key, request_body
from modules.outreach.pages import in_batches, pages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modules.outreach.icebreaker_queue import Writing
    from modules.supabase.row_store import RowStore

Json = dict[str, Any]


def open_batches(store: RowStore) -> list[Json]:
    """Batches that have not ended, oldest first."""
    return store.select("openai_batches", lambda query: query.is_("ended_at", "null").order("planned_at"))


def plan_batch(
    store: RowStore, writing: Writing, lines: Sequence[IcebreakerFacts], *, tokens: int, dollars: float, run_id: str
) -> Json:
    """A batch that is written down, and nothing more.

    Args:
        store: Where.
        writing: Model and prompt.
        lines: What it asks for, each once.
        tokens: Of all prompts, estimated.
        dollars: The most that it can cost.
        run_id: Of the run that pays.
    """
    ordered = sorted(lines, key=lambda facts: facts.facts_digest)
    digest = hashlib.sha256()
    for facts in ordered:
        digest.update(batch_line(_custom_id(facts), batch_body(writing, facts)))
    batch: Json = {
        "id": str(uuid.uuid4()),
        "state": "planned",
        "model": writing.model,
        "prompt_version": writing.prompt_version,
        "content_digest": digest.hexdigest(),
        "lines": len(ordered),
        "estimated_tokens": tokens,
        "estimated_usd": dollars,
        "orchestrator_run_id": run_id,
    }
    for part in in_batches(ordered):
        rows = [
            {"custom_id": _custom_id(facts), "facts_digest": facts.facts_digest, "facts": facts.as_mapping()}
            for facts in part
        ]
        store.call("plan_openai_batch", {"batch": batch, "planned_lines": rows})
    return batch


def write_batch_file(store: RowStore, writing: Writing, batch: Json, file: IO[bytes]) -> bool:
    """Write the file that is uploaded; whether it is the one that was planned."""
    digest, count = hashlib.sha256(), 0
    for row in pages(
        store, "batch_lines", key="custom_id", after="after_custom_id", first="", wanted_batch=batch["id"]
    ):
        line = batch_line(row["custom_id"], batch_body(writing, stored_facts(row)))
        digest.update(line)
        count += 1
        if file.write(line) and file.tell() > MOST_BYTES:
            return False
    return bool(count == batch["lines"] and digest.hexdigest() == batch["content_digest"])


def lines_with(store: RowStore, batch: Json, custom_ids: Sequence[str]) -> list[Json]:
    """The lines of a batch with these ids."""
    parameters = {
        "wanted_batch": batch["id"],
        "after_custom_id": "",
        "most": len(custom_ids),
        "wanted_ids": list(custom_ids),
    }
    rows: list[Json] = store.call("batch_lines", parameters)
    return rows


def update_batch(store: RowStore, batch: Json, **changes: Any) -> None:
    """Note how far a batch is, in the database and in what is passed around of it."""
    batch |= changes
    store.update("openai_batches", batch["id"], changes)


def end_batch(store: RowStore, batch: Json, state: str, reason: str | None) -> int:
    """End a batch, `ended` or `failed`; how many of its lines have to be asked for again."""
    parameters = {"wanted_batch": batch["id"], "end_state": state, "end_reason": reason}
    requeued: int = store.call("end_openai_batch", parameters)
    return requeued


def batch_body(writing: Writing, facts: IcebreakerFacts) -> Json:
    """The request of one line. When it runs is not ours to say, so that all lines share one cache key."""
    key = cache_key(writing.prompt_version, facts.facts_digest, 1)
    return request_body(facts, model=writing.model, cache_key=key)


def batch_file_name(batch: Json) -> str:
    """By which a file is found again at OpenAI."""
    return f"icebreakers-{batch['id']}.jsonl"


def stored_facts(line: Json) -> IcebreakerFacts:
    """The facts of a stored line."""
    facts = line["facts"]
    return IcebreakerFacts(facts["language"], tuple(Fact(**each) for each in facts["facts"]))


def _custom_id(facts: IcebreakerFacts) -> str:
    return f"facts-{facts.facts_digest}"
