"""Parameters as Apollo takes them: bracketed in the query, without brackets in a JSON body. Others are dropped.

That a name nobody knows is dropped without a word is how a misspelt filter brings the whole database.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sandbox.apollo.errors import invalid_search

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.vendor.asked import Asked

_RANGE = re.compile(r"(\w+)\[(min|max)\]")


def text(name: str, value: Any) -> str:
    """Read a text."""
    if not isinstance(value, str):
        raise invalid_search(name)
    return value


def texts(name: str, value: Any) -> list[str]:
    """Read a list of texts."""
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise invalid_search(name)
    return value


def integer(name: str, value: Any) -> int:
    """Read a whole number."""
    if isinstance(value, bool) or not re.fullmatch(r"-?\d+", str(value)):
        raise invalid_search(name)
    return int(value)


def boolean(name: str, value: Any) -> bool:
    """Read true or false."""
    if str(value).lower() not in {"true", "false"}:
        raise invalid_search(name)
    return str(value).lower() == "true"


def integer_range(name: str, value: Any) -> dict[str, int]:
    """Read `min` and `max`, of which either may be missing."""
    if not isinstance(value, dict):
        raise invalid_search(name)
    return {end: integer(f"{name}[{end}]", value[end]) for end in ("min", "max") if value.get(end) is not None}


def anything(_: str, value: Any) -> Any:
    """Take what comes; the operation itself says what is wrong with it."""
    return value


def read_parameters(asked: Asked, known: Mapping[str, Callable[[str, Any], Any]]) -> dict[str, Any]:
    """Give back the known parameters, the body's before the query's. Raises the vendor's 422 for one that is no such.

    `known` says by whose name which function reads a parameter.
    """
    given: dict[str, Any] = {}
    for name, value in asked.pairs:
        plain = name.removesuffix("[]")
        reader = known.get(plain)
        if reader is texts and name != plain:
            given.setdefault(plain, []).append(value)
        elif reader is not None and reader is not texts and name == plain:
            given[name] = value
        elif (found := _RANGE.fullmatch(name)) and known.get(found[1]) is integer_range:
            given.setdefault(found[1], {})[found[2]] = value
    if isinstance(asked.body, dict):
        given |= {name: value for name, value in asked.body.items() if name in known and value is not None}
    return {name: known[name](name, value) for name, value in given.items()}
