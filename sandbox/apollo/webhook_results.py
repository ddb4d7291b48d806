"""Results that come later: pending at first, charged when made, kept for thirty days, and never posted anywhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

Payload = dict[str, Any]
KEPT_DAYS = 30


@dataclass(slots=True, kw_only=True)
class Result:
    """One asynchronous result.

    Attributes:
        kind: `phone` or `waterfall`.
        person_numbers: Whom it is about.
        asked_on: A number of days since 1970.
        make: Makes the payload and charges for it.
        payload: `None` until it is made, and when it failed.
        failure: Why there is none.
    """

    kind: str
    person_numbers: frozenset[int]
    asked_on: int
    make: Callable[[], Payload]
    polls: int = 0
    is_done: bool = False
    payload: Payload | None = None
    failure: str | None = None
    dispatched_at: str | None = None


@dataclass(slots=True)
class WebhookResults:
    """All of them, by request id."""

    by_request: dict[int, Result] = field(default_factory=dict)

    def is_running_for(self, person_numbers: frozenset[int]) -> bool:
        """Say whether phone numbers of these people are being looked for already."""
        return any(
            each.kind == "phone" and not each.is_done and person_numbers <= each.person_numbers
            for each in self.by_request.values()
        )
