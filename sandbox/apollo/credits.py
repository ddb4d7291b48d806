"""One pool of credits, and what they were spent for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from sandbox.apollo.errors import insufficient_credits

PERSON, ORGANIZATION, COMPANY_SEARCH, PHONE, WATERFALL_EMAIL, WATERFALL_PHONE = (
    "person",
    "organization",
    "company_search",
    "phone",
    "waterfall_email",
    "waterfall_phone",
)
PRICES = {PERSON: 1, ORGANIZATION: 1, COMPANY_SEARCH: 1, PHONE: 8, WATERFALL_EMAIL: 20, WATERFALL_PHONE: 45}


class Charge(NamedTuple):
    """What was charged at once.

    Attributes:
        subject_id: Of a person or organization; of a page of companies, the page's number.
        request_number: As in the request log.
    """

    subject_id: str
    kind: str
    credits: int
    request_number: int


@dataclass(slots=True)
class Credits:
    """The team's pool for one cycle.

    Attributes:
        repeat_is_free: Whether what was bought once costs nothing when it is asked for again. The vendor does not say;
            its own tutorial expects a second charge.
        spent_by_others: Credits that went elsewhere, for example to the web app.
    """

    limit: int
    repeat_is_free: bool = False
    spent_by_others: int = 0
    charges: list[Charge] = field(default_factory=list)
    _charged: int = 0
    _bought: set[tuple[str, str]] = field(default_factory=set)

    @property
    def consumed(self) -> int:
        """Everything spent in this cycle."""
        return self.spent_by_others + self._charged

    @property
    def left_over(self) -> int:
        """What can still be spent."""
        return max(self.limit - self.consumed, 0)

    def buy(self, subject_ids: list[str], kind: str, request_number: int) -> int:
        """Charge for each subject and give back the sum. Raises the vendor's 422, charging nothing, if it is too much.

        Each subject is named once.
        """
        wanted = [each for each in subject_ids if not self._is_free(each, kind)]
        if len(wanted) * PRICES[kind] > self.left_over:
            raise insufficient_credits()
        self.charges += [Charge(each, kind, PRICES[kind], request_number) for each in wanted]
        self._bought.update((each, kind) for each in wanted)
        self._charged += len(wanted) * PRICES[kind]
        return len(wanted) * PRICES[kind]

    def _is_free(self, subject_id: str, kind: str) -> bool:
        return self.repeat_is_free and kind != COMPANY_SEARCH and (subject_id, kind) in self._bought
