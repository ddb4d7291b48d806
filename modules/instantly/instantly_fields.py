"""The kinds of field that Instantly's rows are made of."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BeforeValidator, Field, StringConstraints

LARGEST_COUNT = 2**31 - 1


def _written(value: object) -> object:
    """A moment is documented as text. A number could mean seconds or thousandths, so it is not guessed at."""
    if value is not None and not isinstance(value, str | datetime):
        raise ValueError("not written as a date and time")
    return value


Key = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Address = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, min_length=1)]
Count = Annotated[int, Field(ge=0, le=LARGEST_COUNT)]
Moment = Annotated[datetime, BeforeValidator(_written)]
