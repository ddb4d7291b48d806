"""From which mailboxes a campaign sends, how much, and how healthy they have to be: a part of a campaign file."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from modules.shared.emails import InvalidAddress, parse_address
from modules.shared.file_problems import KnownKeys

Count = Annotated[int, Field(strict=True, ge=1)]


def normalised_address(text: str) -> str:
    """An address as we store it.

    Raises:
        ValueError: It is none.
    """
    try:
        return parse_address(text).email
    except InvalidAddress as error:
        raise ValueError(f"no mail address: {error}") from error


Address = Annotated[str, AfterValidator(normalised_address)]


class Senders(KnownKeys):
    """The mailboxes: by their addresses, or by the tag that they carry at Instantly."""

    accounts: Annotated[tuple[Address, ...], Field(min_length=1)] | None = None
    tag: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)] | None = None

    @model_validator(mode="after")
    def _one_of_the_two(self) -> Self:
        if (self.accounts is None) == (self.tag is None):
            raise ValueError("say either accounts or tag, and only one of them")
        return self


class Caps(KnownKeys):
    """How many at most."""

    people: Count | None = None
    """In the campaign in total; `None`: as many as the audience has."""
    new_people_per_day: Count
    """First mails a day."""
    mails_per_day: Count
    """First mails and follow-ups a day."""
    people_per_company: Count = 3
    people_per_domain: Count = 3
    """By the domain of the address."""


class IcebreakerSettings(KnownKeys):
    """What becomes of a lead without a line that the model wrote."""

    is_required: Annotated[bool, Field(strict=True)] = False
    """True: they are left out. False: the line of `icebreaker_template` stands in."""


class SenderRules(KnownKeys):
    """What a mailbox has to show before it sends."""

    min_warmup_score: Annotated[int, Field(strict=True, ge=0, le=100)] = 80
    min_warmup_days: Annotated[int, Field(strict=True, ge=0)] = 14
    max_bounce_rate: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 0.03
    """A share: 0.03 is three of a hundred."""
    min_sent_for_bounce_rate: Count = 20
    """With fewer mails sent the rate says nothing."""
    max_mails_per_account_per_day: Count = 50
