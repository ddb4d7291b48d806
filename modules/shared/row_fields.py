"""The kinds of field that rows of the raw tables are made of."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import BeforeValidator, Field, StringConstraints

LARGEST_COUNT = 2**31 - 1


def _written(value: object) -> object:
    """A moment is documented as text. A number could mean seconds or thousandths, so it is not guessed at."""
    is_number_in_text = isinstance(value, str) and "-" not in value[1:]
    if value is not None and (is_number_in_text or not isinstance(value, str | date)):
        raise ValueError("not written as a date")
    return value


Key = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Address = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, min_length=1)]
Count = Annotated[int, Field(ge=0, le=LARGEST_COUNT)]
Day = Annotated[date, BeforeValidator(_written)]
Moment = Annotated[datetime, BeforeValidator(_written)]
