"""The kinds of field that Apollo's searches are made of: what is written is judged, and spelled in one way.

Source: docs.apollo.io/reference, "People API Search" and "Organization Search".
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Annotated, Literal, Self, TypeVar, get_args

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from modules.shared.file_problems import KnownKeys
from modules.shared.row_fields import Day  # noqa: TC001 - pydantic reads it

Seniority = Literal[
    "owner", "founder", "c_suite", "partner", "vp", "head", "director", "manager", "senior", "entry", "intern"
]  # fmt: skip
EmailStatus = Literal["verified", "unverified", "likely to engage", "unavailable"]
SENIORITIES: tuple[Seniority, ...] = get_args(Seniority)
"""All that Apollo knows, from the top."""
MOST_DOMAINS = 1_000

Value = TypeVar("Value")

_LARGEST = 2**63 - 1
_LONGEST_DOMAIN = 253
_EMPLOYEES = re.compile(r"([0-9]{1,9}) *, *([0-9]{1,9})")
_LABEL = r"[^\W_](?:[\w-]*[^\W_])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")


def _text(value: str) -> str:
    text = " ".join(value.split())
    if not text or not text.isprintable():
        raise ValueError("a text is wanted here, without control characters")
    return text


def employees(written: str) -> tuple[int, int]:
    """Smallest and largest number of employees of a range like `11,50`; both are included.

    Raises:
        ValueError: It is no such range.
    """
    bounds = _EMPLOYEES.fullmatch(written)
    if bounds is None or int(bounds[1]) > int(bounds[2]):
        raise ValueError("write the smallest and the largest number of employees, as in 11,50")
    return int(bounds[1]), int(bounds[2])


def _employees_written(text: str) -> str:
    low, high = employees(text)
    return f"{low},{high}"


def _bare_domain(text: str) -> str:
    domain = text.lower()
    if len(domain) > _LONGEST_DOMAIN or domain.startswith("www.") or not _DOMAIN.fullmatch(domain):
        raise ValueError("write the bare domain, as in haldenfreight.example: no http://, no www., no @, no path")
    return domain


def _technology(text: str) -> str:
    return re.sub(r"[ .]", "_", text.lower())


def _distinct(values: tuple[Value, ...]) -> tuple[Value, ...]:
    """In one order, so that the same search is always the same data."""
    if not values:
        raise ValueError("an empty list narrows nothing; leave it out, or give values")
    seen: set[str] = set()
    for value in values:
        name = str(value).casefold()
        if name in seen:
            raise ValueError(f"{value} is listed twice")
        seen.add(name)
    return tuple(sorted(values, key=str))


def apart(ranges: tuple[str, ...]) -> tuple[str, ...]:
    """Ranges of employees from the smallest on; an error where two overlap, because nobody may be in two."""
    ordered = sorted(ranges, key=employees)
    for one, other in pairwise(ordered):
        if employees(other)[0] <= employees(one)[1]:
            raise ValueError(f"{one} and {other} overlap; let the second begin behind the first")
    return tuple(ordered)


Text = Annotated[str, AfterValidator(_text)]
Several = Annotated[tuple[Value, ...], AfterValidator(_distinct)]
Id = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{24}$")]
Domain = Annotated[Text, AfterValidator(_bare_domain)]
Technology = Annotated[Text, AfterValidator(_technology)]
EmployeeRange = Annotated[Text, AfterValidator(_employees_written)]
Number = Annotated[int, Field(strict=True, ge=0, le=_LARGEST)]


class _Range(KnownKeys):
    @model_validator(mode="after")
    def _is_one(self) -> Self:
        low, high = getattr(self, "min", None), getattr(self, "max", None)
        if low is None and high is None:
            raise ValueError("give min, max or both")
        if low is not None and high is not None and low > high:
            raise ValueError("min is larger than max")
        return self


class IntegerRange(_Range):
    """Whole numbers from `min` to `max`, both included; one of them may be left open."""

    min: Number | None = None
    max: Number | None = None


class DateRange(_Range):
    """Days from `min` to `max`, both included; one of them may be left open."""

    min: Day | None = None
    max: Day | None = None
