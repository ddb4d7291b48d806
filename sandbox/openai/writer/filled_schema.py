"""The smallest answer that a schema allows, for requests that are not about a line."""

from __future__ import annotations

from typing import Any

_MOST_LEVELS, _MOST_ENTRIES, _MOST_CHARACTERS = 20, 3, 100


def filled(schema: Any, definitions: Any = None, levels: int = _MOST_LEVELS) -> Any:
    """Give back a value that fits the schema: the first choice, the least number, the shortest text, no entries.

    A schema that contains itself is followed for a while and then ends with nothing.
    """
    if not isinstance(schema, dict) or not levels:
        return None
    definitions = definitions or schema.get("$defs", {})
    choices = [*schema.get("anyOf", []), definitions.get(schema.get("$ref", "").rpartition("/")[2])]
    if "anyOf" in schema or "$ref" in schema:
        return filled(choices[0], definitions, levels - 1)
    if "const" in schema or schema.get("enum"):
        return schema["const"] if "const" in schema else schema["enum"][0]
    kinds = schema.get("type", "null")
    kind = next(iter(kinds), "null") if isinstance(kinds, list) else kinds
    if kind == "object":
        named = schema.get("properties", {})
        return {name: filled(each, definitions, levels - 1) for name, each in named.items()}
    if kind == "array":
        return [filled(schema.get("items"), definitions, levels - 1)] * min(schema.get("minItems", 0), _MOST_ENTRIES)
    values = {"string": "-" * min(schema.get("minLength", 1), _MOST_CHARACTERS), "boolean": True, "null": None}
    return values.get(str(kind), schema.get("minimum", 0))
