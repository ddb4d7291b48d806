"""What one request of a response holds, read and checked."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from sandbox.openai.bills import MODELS, TIER_FACTORS
from sandbox.openai.errors import invalid, missing, unsupported
from sandbox.openai.parameters import check_choice

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = dict[str, Any]
_ROLES = frozenset({"user", "assistant", "developer", "system"})
_TEXT_TYPES = frozenset({"input_text", "output_text"})
_MOST_BREAKPOINTS = 4
_ASSUMED_OUTPUT = 256
"""What is counted against the limit for a request without a cap of its own."""


def estimated_tokens(characters: int) -> int:
    """Give back how many tokens a text of this length has, about."""
    return -(-characters // 4)


class Block(NamedTuple):
    """One text of the input; a breakpoint marks the end of what is reusable."""

    role: str
    text: str
    is_breakpoint: bool


class Prefix(NamedTuple):
    """Everything up to a breakpoint."""

    digest: bytes
    tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One request, read.

    Attributes:
        schema: That the answer must follow; `None`: plain text.
        cap: Of the output's tokens; `None`: none.
        tier: As it is echoed.
        is_explicit: Whether only marked breakpoints count.
    """

    model: str
    blocks: tuple[Block, ...]
    raw_format: bytes
    schema: Json | None
    cap: int | None
    effort: str
    tier: str
    cache_key: str
    is_explicit: bool

    @property
    def input_tokens(self) -> int:
        """All of the input, the schema as well."""
        return estimated_tokens(len(self.raw_format) + sum(len(block.text) for block in self.blocks))

    @property
    def wanted_tokens(self) -> int:
        """What counts against the limit of tokens, before anything is written."""
        return self.input_tokens + (self.cap or _ASSUMED_OUTPUT)

    @property
    def user_text(self) -> str:
        """The last message of the user."""
        return next((block.text for block in reversed(self.blocks) if block.role == "user"), "")

    @property
    def developer_text(self) -> str:
        """What the developer said."""
        return "\n".join(block.text for block in self.blocks if block.role in {"developer", "system"})

    @property
    def user_key(self) -> str:
        """A hash of the user's message."""
        return blake2b(self.user_text.encode(), digest_size=12).hexdigest()

    @property
    def prefixes(self) -> list[Prefix]:
        """The reusable beginnings, the shortest first; the implicit one ends with the last block."""
        found = []
        digest, characters = blake2b(self.raw_format, digest_size=16), len(self.raw_format)
        for place, block in enumerate(self.blocks):
            digest.update(f"\0{block.role}\0{block.text}".encode())
            characters += len(block.text)
            if block.is_breakpoint or (not self.is_explicit and place == len(self.blocks) - 1):
                found.append(Prefix(digest.digest(), estimated_tokens(characters)))
        return found


def read_prompt(body: Json) -> Prompt:
    """Give back the parts of a body that `check_parameters` has passed. Raises the 400s of the input."""
    blocks = tuple(_blocks(body))
    options = body.get("prompt_cache_options") or {}
    takes_breakpoints = MODELS[body["model"]].cache_write is not None
    marked = sum(block.is_breakpoint for block in blocks)
    if (options or marked) and not takes_breakpoints:
        raise unsupported("prompt_cache_options" if options else "prompt_cache_breakpoint", body["model"])
    if marked > _MOST_BREAKPOINTS:
        raise invalid("input", f"at most {_MOST_BREAKPOINTS} blocks may have a prompt_cache_breakpoint, not {marked}.")
    shape = (body.get("text") or {}).get("format") or {}
    tier = body.get("service_tier") or "auto"
    return Prompt(
        model=body["model"],
        blocks=blocks,
        raw_format=orjson.dumps(shape) if shape.get("type") == "json_schema" else b"",
        schema=shape["schema"] if shape.get("type") == "json_schema" else None,
        cap=body.get("max_output_tokens"),
        effort=(body.get("reasoning") or {}).get("effort") or "medium",
        tier={"auto": "default", "fast": "priority"}.get(tier, tier if tier in TIER_FACTORS else "default"),
        cache_key=body.get("prompt_cache_key") or "",
        is_explicit=options.get("mode") == "explicit",
    )


def _blocks(body: Json) -> Iterator[Block]:
    if isinstance(body.get("instructions"), str):
        yield Block("developer", body["instructions"], is_breakpoint=False)
    asked = body.get("input")
    if not asked:
        raise missing("input")
    messages = [{"role": "user", "content": asked}] if isinstance(asked, str) else asked
    if not isinstance(messages, list):
        raise invalid("input", "expected a text or a list of messages.", code="invalid_type")
    for place, message in enumerate(messages):
        if not isinstance(message, dict):
            raise invalid(f"input[{place}]", "expected a message.", code="invalid_type")
        check_choice(f"input[{place}].role", message.get("role"), _ROLES)
        content = message.get("content")
        parts = [{"type": "input_text", "text": content}] if isinstance(content, str) else content
        if not isinstance(parts, list) or not parts:
            raise missing(f"input[{place}].content")
        for number, part in enumerate(parts):
            where = f"input[{place}].content[{number}]"
            if not isinstance(part, dict):
                raise invalid(where, "expected an object.", code="invalid_type")
            check_choice(f"{where}.type", part.get("type"), _TEXT_TYPES)
            if not isinstance(part.get("text"), str):
                raise missing(f"{where}.text")
            yield Block(message["role"], part["text"], is_breakpoint=bool(part.get("prompt_cache_breakpoint")))
