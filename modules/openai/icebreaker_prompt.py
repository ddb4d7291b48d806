"""What a model is asked: the fixed instructions, the shape of its answer, and one lead's facts. Pure.

Source: OpenAI API, "Create a model response" (POST /v1/responses), "Structured outputs", "Prompt caching".
"""

from __future__ import annotations

import hashlib
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modules.openai.icebreaker_facts import IcebreakerFacts
    from modules.openai.icebreaker_problem import Problem

CANARY = "kestrelmoos4417"
"""A word of the instructions that stands nowhere else: an answer that holds it has leaked them."""

SKIP_REASONS = ("too_few_facts", "contradicting_facts", "unsafe_facts", "not_a_company")
MOST_OUTPUT_TOKENS = 400
"""A long line has 80 tokens and its evidence as many again; all that is reserved counts against the rate limit."""

_FILE = Path(__file__).with_suffix(".md")
_CHARACTERS_PER_TOKEN = 3.5
_REQUESTS_PER_MINUTE_AND_KEY = 15
"""Beyond this many, requests with one key are spread over machines that do not have the prefix yet."""

# The order is part of the prefix that is cached: evidence goes before the line, so that it is chosen first.
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "fact_ids": {"type": "array", "items": {"type": "string"}},
        "evidence": {"type": "string"},
        "skip_reason": {"anyOf": [{"type": "string", "enum": list(SKIP_REASONS)}, {"type": "null"}]},
        "line": {"anyOf": [{"type": "string"}, {"type": "null"}]},
    },
    "required": ["fact_ids", "evidence", "skip_reason", "line"],
    "additionalProperties": False,
}


class Prompt(NamedTuple):
    """The instructions.

    Attributes:
        version: The number in the file, and a digest of text and schema: `1-3fa90c21`. It changes whenever they do.
        text: The same for every lead.
    """

    version: str
    text: str


def load_prompt(path: Path = _FILE) -> Prompt:
    """The instructions in a file that begins with its version.

    Raises:
        ValueError: It does not.
    """
    match = re.fullmatch(r"---\nversion: (\d+)\n---\n(.+)", path.read_text(encoding="utf-8"), re.DOTALL)
    if match is None:
        raise ValueError(f"{path.name}: it has to begin with three lines: ---, version: and a whole number, ---.")
    text = match[2].strip()
    digest = hashlib.blake2b(text.encode() + orjson.dumps(SCHEMA), digest_size=4).hexdigest()
    return Prompt(f"{match[1]}-{digest}", text)


PROMPT = load_prompt()


def request_body(
    facts: IcebreakerFacts, *, model: str, cache_key: str, problems: Sequence[Problem] = ()
) -> dict[str, Any]:
    """The body of POST /v1/responses, and of a line of a batch.

    Args:
        facts: Of one lead; they stand in the user message and nowhere else.
        model: Its id; one that takes `prompt_cache_options`, which older ones refuse.
        cache_key: By `cache_key`.
        problems: What was wrong with the first try.
    """
    asked = facts.as_mapping()
    if problems:
        asked["problems"] = [each.message for each in problems]
    return {
        "model": model,
        "input": [
            {
                "role": "developer",
                "content": [
                    {"type": "input_text", "text": PROMPT.text, "prompt_cache_breakpoint": {"mode": "explicit"}}
                ],
            },
            {
                "role": "user",
                "content": [{"type": "input_text", "text": orjson.dumps(asked, option=orjson.OPT_SORT_KEYS).decode()}],
            },
        ],
        "text": {
            "format": {"type": "json_schema", "name": "icebreaker", "strict": True, "schema": SCHEMA},
            "verbosity": "low",
        },
        "reasoning": {"effort": "none"},
        "max_output_tokens": MOST_OUTPUT_TOKENS,
        "store": False,
        "prompt_cache_key": cache_key,
        "prompt_cache_options": {"mode": "explicit"},
    }


def estimated_tokens(body: dict[str, Any]) -> int:
    """Tokens that a body takes from a limit of tokens: its text, rounded up, and the most it may answer.

    Three and a half characters a token is more than English needs and about what German does.
    """
    texts = [block["text"] for message in body["input"] for block in message["content"]]
    characters = sum(map(len, texts)) + len(orjson.dumps(body["text"]))
    return math.ceil(characters / _CHARACTERS_PER_TOKEN) + int(body["max_output_tokens"])


def cache_key(prompt_version: str, lead_hash: str, requests_per_minute: float) -> str:
    """The key that this lead's request shares with others of its prompt: as few keys as this rate allows.

    >>> cache_key("1-3fa90c21", "a lead", 15)
    'icebreaker-1-3fa90c21-00'
    """
    keys = max(1, math.ceil(requests_per_minute / _REQUESTS_PER_MINUTE_AND_KEY))
    digest = hashlib.blake2b(lead_hash.encode(), digest_size=8).digest()
    return f"icebreaker-{prompt_version}-{int.from_bytes(digest) % keys:02d}"
