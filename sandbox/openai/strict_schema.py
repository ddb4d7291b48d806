"""The rules of a schema, and those of a strict one (reference: structured outputs)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = dict[str, Any]
_NOT_PERMITTED = ("default", "allOf", "oneOf", "not", "if", "then", "else", "dependentRequired", "patternProperties")
_KINDS: dict[str, type] = {
    "properties": dict,
    "$defs": dict,
    "required": list,
    "enum": list,
    "anyOf": list,
    "$ref": str,
    "minItems": int,
    "minLength": int,
}
_MOST_PROPERTIES, _MOST_LEVELS, _MOST_ENUM_VALUES, _MOST_CHARACTERS = 5_000, 10, 1_000, 120_000


def schema_problem(schema: Json, *, is_strict: bool) -> str | None:
    """Give back what is wrong with a schema in the vendor's way of telling; `None`: nothing."""
    return _problem(orjson.dumps(schema), is_strict=is_strict)


@lru_cache(maxsize=256)
def _problem(raw_schema: bytes, *, is_strict: bool) -> str | None:
    schema = orjson.loads(raw_schema)
    if is_strict and (schema.get("type") != "object" or "anyOf" in schema):
        return "In context=(), schema must have a 'type' of 'object' and no 'anyOf' at its root."
    properties = enum_values = characters = 0
    for place, levels, part in _parts(schema, (), 1):
        told = _wrong_kind(part) or (_broken_rule(part) if is_strict else None)
        if told is not None:
            return f"In context={place}, {told}"
        if levels > _MOST_LEVELS:
            return f"In context={place}, there are more than {_MOST_LEVELS} levels of nesting."
        named = part.get("properties", {})
        properties += len(named)
        enum_values += len(part.get("enum", []))
        texts = [*named, *part.get("enum", []), part.get("const", "")]
        characters += sum(len(each) for each in texts if isinstance(each, str))
    if properties > _MOST_PROPERTIES or enum_values > _MOST_ENUM_VALUES or characters > _MOST_CHARACTERS:
        return f"The schema has {properties} properties, {enum_values} enum values, {characters} characters: too many."
    return None


def _parts(part: Any, place: tuple[str, ...], levels: int) -> Iterator[tuple[tuple[str, ...], int, Json]]:
    """Give back every schema within a schema, and where it stands."""
    if not isinstance(part, dict):
        return
    yield place, levels, part
    for group in ("properties", "$defs", "definitions"):
        inner = part.get(group)
        for name, each in inner.items() if isinstance(inner, dict) else ():
            yield from _parts(each, (*place, group, name), levels + (group == "properties"))
    yield from _parts(part.get("items"), (*place, "items"), levels)
    for number, each in enumerate(part.get("anyOf", [])):
        yield from _parts(each, (*place, "anyOf", str(number)), levels)


def _wrong_kind(part: Json) -> str | None:
    for keyword, kind in _KINDS.items():
        if not isinstance(part.get(keyword, kind()), kind):
            return f"'{keyword}' is of the wrong type."
    return None


def _broken_rule(part: Json) -> str | None:
    for keyword in _NOT_PERMITTED:
        if keyword in part:
            return f"'{keyword}' is not permitted."
    types = part.get("type")
    if types != "object" and not (isinstance(types, list) and "object" in types):
        return None
    if part.get("additionalProperties") is not False:
        return "'additionalProperties' is required to be supplied and to be false."
    absent = [name for name in part.get("properties", {}) if name not in part.get("required", [])]
    if absent:
        return f"'required' is required to be an array that includes every key in properties. Missing '{absent[0]}'."
    return None
