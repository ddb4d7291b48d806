"""The kinds of field that rows of the raw tables are made of."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from modules.shared.emails import InvalidAddress, parse_address

LARGEST_COUNT = 2**31 - 1


def _written(value: object) -> object:
    """A moment is documented as text. A number could mean seconds or thousandths, so it is not guessed at."""
    is_number_in_text = isinstance(value, str) and "-" not in value[1:]
    if value is not None and (is_number_in_text or not isinstance(value, str | date)):
        raise ValueError("not written as a date")
    return value


def _spelled(address: str) -> str:
    """A domain may be written in any script and in ASCII; the latter is what all sources of leads are brought to."""
    if not address.isascii():
        with suppress(InvalidAddress):
            return parse_address(address).email
    return address


Key = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Address = Annotated[
    str, StringConstraints(strip_whitespace=True, to_lower=True, min_length=1), AfterValidator(_spelled)
]
"""A vendor's own address is kept even where no mail could go to it."""
Count = Annotated[int, Field(ge=0, le=LARGEST_COUNT)]
Day = Annotated[date, BeforeValidator(_written)]
Moment = Annotated[datetime, BeforeValidator(_written)]
