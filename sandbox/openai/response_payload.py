"""A response as the API tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.openai.writer.answers import CONTENT_FILTER, FAILED, REFUSAL, TRUNCATED

if TYPE_CHECKING:
    from sandbox.openai.bills import Tokens
    from sandbox.openai.prompt import Prompt
    from sandbox.openai.world import World
    from sandbox.openai.writer.answers import Said

Json = dict[str, Any]
_ECHOED = (
    "instructions",
    "max_output_tokens",
    "prompt_cache_key",
    "safety_identifier",
    "temperature",
    "top_p",
    "user",
)
_INCOMPLETE = {TRUNCATED: "max_output_tokens", CONTENT_FILTER: "content_filter"}


def response_payload(world: World, prompt: Prompt, body: Json, spoken: Said, tokens: Tokens) -> Json:
    """Give back the whole object."""
    now_s = world.unix_s()
    reason = _INCOMPLETE.get(spoken.outcome)
    status = "failed" if spoken.outcome == FAILED else "incomplete" if reason else "completed"
    text = body.get("text") or {}
    return {
        "id": world.new_id("resp_"),
        "object": "response",
        "created_at": now_s,
        "completed_at": now_s if status == "completed" else None,
        "status": status,
        "background": False,
        "error": {"code": "server_error", "message": "The model failed to answer."} if status == "failed" else None,
        "incomplete_details": {"reason": reason} if reason else None,
        **{name: body.get(name) for name in _ECHOED},
        "metadata": body.get("metadata") or {},
        "model": prompt.model,
        "output": [] if status == "failed" else _output(world, spoken, tokens, status),
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "prompt_cache_options": {"mode": "explicit" if prompt.is_explicit else "implicit", "ttl": "30m"},
        "reasoning": {"effort": prompt.effort, "summary": None},
        "service_tier": prompt.tier,
        "store": body.get("store") is not False,
        "text": {"format": text.get("format") or {"type": "text"}, "verbosity": text.get("verbosity") or "medium"},
        "tool_choice": "auto",
        "tools": [],
        "top_logprobs": 0,
        "max_tool_calls": None,
        "truncation": body.get("truncation") or "disabled",
        "usage": None if status == "failed" else usage_payload(tokens),
    }


def usage_payload(tokens: Tokens) -> Json:
    """Give back the tokens as a response tells them."""
    return {
        "input_tokens": tokens.input,
        "input_tokens_details": {"cached_tokens": tokens.cached, "cache_write_tokens": tokens.written},
        "output_tokens": tokens.output,
        "output_tokens_details": {"reasoning_tokens": tokens.reasoning},
        "total_tokens": tokens.input + tokens.output,
    }


def _output(world: World, spoken: Said, tokens: Tokens, status: str) -> list[Json]:
    """Give back the items: reasoning, if there was some, and a message, unless nothing was left to say it with."""
    items: list[Json] = []
    if tokens.reasoning:
        items.append({"id": world.new_id("rs_"), "type": "reasoning", "summary": []})
    if spoken.outcome in _INCOMPLETE and not spoken.text:
        return items
    if spoken.outcome == REFUSAL:
        part: Json = {"type": "refusal", "refusal": spoken.text}
    else:
        told = "" if spoken.outcome == CONTENT_FILTER else spoken.text
        part = {"type": "output_text", "text": told, "annotations": [], "logprobs": []}
    message = {"id": world.new_id("msg_"), "type": "message", "role": "assistant", "status": status}
    return [*items, message | {"content": [part]}]
