"""What is wrong in a file that a person wrote: every problem with its place, and the key that was probably meant."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pydantic import ValidationError

KeyPath = tuple[str | int, ...]
"""Keys and positions, from the top of the file."""


class Problem(NamedTuple):
    """One problem: where it is, and what would mend it."""

    path: KeyPath
    message: str


def unknown_key(key: object, known: Iterable[str]) -> str:
    """That a key is unknown, and the nearest known one, or all of them where none is near.

    >>> unknown_key("person_title", ["person_titles", "q_keywords"])
    'person_title is unknown, did you mean person_titles?'
    """
    names = list(known)
    near = get_close_matches(str(key), names, n=1)
    return f"{key} is unknown, " + (f"did you mean {near[0]}?" if near else f"known: {', '.join(names)}")


class KnownKeys(BaseModel):
    """What people write down, with known keys only: a misspelled one would be a wish that nobody hears."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    refused: ClassVar[Mapping[str, str]] = {}
    """Keys that people may expect, and why they are not taken."""

    @model_validator(mode="before")
    @classmethod
    def _only_known_keys(cls, given: Any) -> Any:
        # Under an alias where the written word is none that Python allows for a name, as with `from`.
        known = [field.alias or name for name, field in cls.model_fields.items()]
        unknown = [key for key in given if key not in known] if isinstance(given, Mapping) else []
        if unknown:
            reasons = [cls.refused.get(key) or unknown_key(key, known) for key in unknown]
            raise error_at((unknown[0],), "; ".join(reasons))
        return given


def error_at(path: KeyPath, message: str) -> PydanticCustomError:
    """An error for a validator to raise about something inside the value that it sees; `problems` tells its place."""
    return PydanticCustomError("placed", "{message}", {"message": message, "path": path})


def problems(error: ValidationError) -> Iterator[Problem]:
    """Every problem of some data that did not fit its model."""
    for problem in error.errors(include_url=False):
        inside = problem["ctx"]["path"] if problem["type"] == "placed" else ()
        yield Problem((*problem["loc"], *inside), _message(problem))


def written(path: KeyPath) -> str:
    """A path as people write it.

    >>> written(("searches", 0, "filters"))
    'searches[0].filters'
    """
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def _message(problem: Any) -> str:
    match problem["type"]:
        case "string_type" if problem["input"] is not None and not isinstance(problem["input"], list | dict):
            # YAML reads no, 12 and 2026-11-24 as something else.
            return "a text is wanted here; write it in quotes"
        case "missing":
            return "is missing"
        case "union_tag_not_found":
            return f"{problem['ctx']['discriminator'].strip(chr(39))} is missing"
        case "union_tag_invalid":
            return (
                f"{problem['ctx']['discriminator'].strip(chr(39))} has to be one of {problem['ctx']['expected_tags']}"
            )
        case "tuple_type":
            return "a list is wanted here, even for one value"
        case _:
            return str(problem["msg"]).removeprefix("Value error, ")
