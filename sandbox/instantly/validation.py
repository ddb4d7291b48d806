"""Checks of query and body, in the vendor's words.

The vendor checks with JSON Schema, converts plain values ("5" becomes 5), and drops keys it does not know without a
word. That last habit is why a misspelt filter widens a result. Schemas here are the small part of JSON Schema that is
needed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sandbox.instantly.errors import invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

Schema = dict[str, Any]

_FORMATS = {
    "uuid": re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE),
    "date": re.compile(r"\d{4}-\d{2}-\d{2}|"),
}
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
    "null": (type(None),),
}


def checked(place: str, schema: Schema, value: Any) -> Any:
    """Give back the value as the schema sees it: converted, unknown keys dropped. Raises the vendor's 400 otherwise."""
    wanted = schema.get("type", "any")
    names = [wanted] if isinstance(wanted, str) else wanted
    value = _converted(names, value)
    if wanted != "any" and not any(_is(name, value) for name in names):
        raise invalid(f"{place} must be {','.join(names)}")
    if "enum" in schema and value not in schema["enum"]:
        raise invalid(f"{place} must be equal to one of the allowed values")
    if isinstance(value, str):
        _check_text(place, schema, value)
    elif isinstance(value, (int, float)):
        _check_number(place, schema, value)
    elif isinstance(value, list):
        return _checked_list(place, schema, value)
    elif isinstance(value, dict) and "properties" in schema:
        return _checked_object(place, schema, value)
    elif isinstance(value, dict) and "values" in schema:
        return {key: checked(f"{place}/{key}", schema["values"], each) for key, each in value.items()}
    return value


def _is(name: str, value: Any) -> bool:
    # In Python a boolean is a number; in JSON it is not.
    return isinstance(value, _TYPES[name]) and (name == "boolean" or not isinstance(value, bool))


def _converted(names: list[str], value: Any) -> Any:
    if isinstance(value, str) and "string" not in names:
        if "boolean" in names and value in {"true", "false"}:
            return value == "true"
        if {"integer", "number"} & set(names) and re.fullmatch(r"-?\d+(\.\d+)?", value):
            return float(value) if "." in value else int(value)
    return value


def _check_text(place: str, schema: Schema, value: str) -> None:
    name = schema.get("format")
    if name in _FORMATS and not _FORMATS[name].fullmatch(value):
        raise invalid(f'{place} must match format "{name}"')
    if "pattern" in schema and not re.search(schema["pattern"], value):
        raise invalid(f'{place} must match pattern "{schema["pattern"]}"')


def _check_number(place: str, schema: Schema, value: float) -> None:
    if "minimum" in schema and value < schema["minimum"]:
        raise invalid(f"{place} must be >= {schema['minimum']}")
    if "maximum" in schema and value > schema["maximum"]:
        raise invalid(f"{place} must be <= {schema['maximum']}")


def _checked_list(place: str, schema: Schema, value: list[Any]) -> list[Any]:
    if len(value) < schema.get("minItems", 0):
        raise invalid(f"{place} must NOT have fewer than {schema['minItems']} items")
    if len(value) > schema.get("maxItems", len(value)):
        raise invalid(f"{place} must NOT have more than {schema['maxItems']} items")
    if "items" not in schema:
        return value
    return [checked(f"{place}/{index}", schema["items"], each) for index, each in enumerate(value)]


def _checked_object(place: str, schema: Schema, value: Mapping[str, Any]) -> dict[str, Any]:
    for name in schema.get("required", ()):
        if name not in value:
            raise invalid(f"{place} must have required property '{name}'")
    known = schema["properties"]
    return {name: checked(f"{place}/{name}", known[name], each) for name, each in value.items() if name in known}


def record(properties: Mapping[str, Schema], *required: str) -> Schema:
    """Give back the schema of an object."""
    return {"type": "object", "properties": dict(properties), "required": required}


TEXT: Schema = {"type": "string"}
TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
UUID: Schema = {"type": "string", "format": "uuid"}
UUID_OR_NULL: Schema = {"type": ["string", "null"], "format": "uuid"}
BOOLEAN: Schema = {"type": "boolean"}
NUMBER: Schema = {"type": "number"}
LIMIT: Schema = {"type": "integer", "minimum": 1, "maximum": 100}
PAGE = {"limit": LIMIT, "starting_after": TEXT}
