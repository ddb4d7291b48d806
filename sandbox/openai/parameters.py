"""The parameters of a response, checked one by one; what comes first is what is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from sandbox.openai.bills import MODELS
from sandbox.openai.errors import invalid, missing, model_not_found, refused, unsupported
from sandbox.openai.strict_schema import schema_problem

if TYPE_CHECKING:
    from collections.abc import Callable

Json = dict[str, Any]
EFFORTS = frozenset({"none", "minimal", "low", "medium", "high", "xhigh", "max"})
TIERS = frozenset({"auto", "default", "flex", "scale", "priority", "fast", "ultrafast"})
# fmt: off
_KNOWN = frozenset({
    "background", "input", "include", "instructions", "max_output_tokens", "max_tool_calls", "metadata", "model",
    "parallel_tool_calls", "previous_response_id", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention",
    "reasoning", "safety_identifier", "service_tier", "store", "stream", "temperature", "text", "tool_choice", "tools",
    "top_logprobs", "top_p", "truncation", "user",
})
# fmt: on
_TYPES: dict[type | tuple[type, ...], tuple[tuple[str, ...], str]] = {
    dict: (("reasoning", "text", "prompt_cache_options", "metadata"), "an object"),
    str: (("prompt_cache_key", "safety_identifier", "user", "service_tier", "truncation", "instructions"), "a text"),
    bool: (("store", "stream", "background"), "true or false"),
    (int, float): (("temperature", "top_p"), "a number"),
}
_VERBOSITIES, _TRUNCATIONS = frozenset({"low", "medium", "high"}), frozenset({"auto", "disabled"})
_FORMATS = frozenset({"text", "json_object", "json_schema"})
_CACHE_MODES = frozenset({"implicit", "explicit"})
_SCHEMA = "text.format.schema"
_LEAST_CAP, _MOST_CAP = 16, 128_000
_SAFETY_CHARACTERS = 128
_METADATA = (16, 64, 512)


def known_model(body: Json) -> str:
    """Give back the model's name. Raises the 400 when there is none, the 404 when nobody knows it."""
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise missing("model")
    if model not in MODELS:
        raise model_not_found(model)
    return model


def check_choice(param: str, value: Any, choices: frozenset[str]) -> None:
    """Raise the 400 of a value that is none of the choices."""
    if not isinstance(value, str) or value not in choices:
        raise invalid(param, f"there are {sorted(choices)}.")


def check_parameters(body: Json) -> None:
    """Raise the 400 of the first parameter that is unknown or cannot be used."""
    for name in body:
        if name not in _KNOWN:
            raise refused(400, f"Unknown parameter: '{name}'.", code="unknown_parameter", param=name)
    for check in _CHECKS:
        check(body)


def check_metadata(body: Json) -> None:
    """Raise the 400 of metadata that are too many, too long or no texts."""
    metadata, (most, key_length, value_length) = body.get("metadata") or {}, _METADATA
    if not isinstance(metadata, dict) or len(metadata) > most:
        raise invalid("metadata", f"expected an object of at most {most} pairs.")
    for key, value in metadata.items():
        if len(key) > key_length or not isinstance(value, str) or len(value) > value_length:
            told = f"keys have at most {key_length} characters, values are texts of at most {value_length}."
            raise invalid(f"metadata.{key[:key_length]}", told)


def _check_types(body: Json) -> None:
    for kind, (names, told) in _TYPES.items():
        for name in names:
            if body.get(name) is not None and not isinstance(body[name], kind):
                raise invalid(name, f"expected {told}.", code="invalid_type")


def _check_sampling(body: Json) -> None:
    effort = (body.get("reasoning") or {}).get("effort") or "medium"
    check_choice("reasoning.effort", effort, EFFORTS)
    for name in ("temperature", "top_p"):
        if body.get(name) is not None and effort != "none":
            raise unsupported(name, body["model"])


def _check_cap(body: Json) -> None:
    cap = body.get("max_output_tokens")
    if cap is None:
        return
    if not isinstance(cap, int) or isinstance(cap, bool):
        raise invalid("max_output_tokens", "expected an integer.", code="invalid_type")
    if cap < _LEAST_CAP:
        raise invalid("max_output_tokens", f"expected at least {_LEAST_CAP}.", code="integer_below_min_value")
    if cap > _MOST_CAP:
        raise invalid("max_output_tokens", f"expected at most {_MOST_CAP}.", code="integer_above_max_value")


def _check_format(body: Json) -> None:
    shape = (body.get("text") or {}).get("format") or {"type": "text"}
    if not isinstance(shape, dict):
        raise invalid("text.format", "expected an object.", code="invalid_type")
    check_choice("text.format.type", shape.get("type"), _FORMATS)
    check_choice("text.verbosity", (body.get("text") or {}).get("verbosity") or "medium", _VERBOSITIES)
    if shape["type"] != "json_schema":
        return
    for name in ("name", "schema"):
        if not shape.get(name):
            raise missing(f"text.format.{name}")
    if not isinstance(shape["name"], str) or not isinstance(shape.get("strict") or False, bool):
        raise invalid("text.format", "expected a text as name, and true or false as strict.", code="invalid_type")
    if not isinstance(shape["schema"], dict) or not _can_be_written(shape):
        raise refused(400, "The schema is no object, or too deep.", code="invalid_json_schema", param=_SCHEMA)
    if (problem := schema_problem(shape["schema"], is_strict=bool(shape.get("strict")))) is not None:
        told = f"Invalid schema for response_format '{shape['name']}': {problem}"
        raise refused(400, told, code="invalid_json_schema", param=_SCHEMA)


def _can_be_written(value: Any) -> bool:
    """Say whether the value is not nested so deep that it could be read but not written."""
    try:
        orjson.dumps(value)
    except orjson.JSONEncodeError:
        return False
    return True


def _check_words(body: Json) -> None:
    check_choice("service_tier", body.get("service_tier") or "auto", TIERS)
    check_choice("truncation", body.get("truncation") or "disabled", _TRUNCATIONS)
    if len(body.get("safety_identifier") or "") > _SAFETY_CHARACTERS:
        told = f"expected at most {_SAFETY_CHARACTERS} characters."
        raise invalid("safety_identifier", told, code="string_above_max_length")
    options = body.get("prompt_cache_options") or {}
    check_choice("prompt_cache_options.mode", options.get("mode", "implicit"), _CACHE_MODES)
    if options.get("ttl", "30m") != "30m":
        raise invalid("prompt_cache_options.ttl", "this stand-in keeps prefixes for 30m only.")


def _check_served(body: Json) -> None:
    for name in ("stream", "background", "tools", "previous_response_id"):
        if body.get(name):
            raise invalid(name, "this stand-in answers whole responses without tools only.")


_CHECKS: tuple[Callable[[Json], None], ...] = (
    _check_types,
    _check_sampling,
    _check_cap,
    _check_format,
    _check_words,
    check_metadata,
    _check_served,
)
