"""Errors, named by what the caller does next.

OutreachError
├── RetryableError   the service is down, slow or asks us to slow down: try again later
├── PermanentError   key, scope, plan or request is wrong: a person has to act
├── Refused          our own rules said no: the message says what would make it a yes
│   └── BudgetExceeded   it would cost more than was allowed; nothing was spent
├── OutcomeUnknown   the answer was lost, the effect may have happened: look it up, never just repeat
└── ContractError    the answer is not what the service's documents say: read it, then change the code

Every message says who was asked what, what came back, and what to do. No key and no person's data enters one.
"""

from __future__ import annotations


class OutreachError(Exception):
    """What all of ours have in common.

    Attributes:
        status: HTTP status of the answer; `None` when there was none.
        code: The service's own error code, if it gave one.
    """

    def __init__(self, message: str, *, status: int | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class RetryableError(OutreachError):
    """The same call may succeed later.

    Attributes:
        retry_after_s: Seconds the service asked us to wait; `None` when it named none.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message, status=status, code=code)
        self.retry_after_s = retry_after_s


class PermanentError(OutreachError):
    """The same call will fail again until a person changes something."""


class Refused(OutreachError):  # noqa: N818 - the name every message and exit status uses
    """One of our own rules stands against it."""


class BudgetExceeded(Refused):
    """A call was not made, because it would have cost more than a budget has left.

    Attributes:
        budget: `run`, `day`, `month`, or what else was used up.
    """

    def __init__(self, message: str, *, budget: str) -> None:
        super().__init__(message)
        self.budget = budget


class OutcomeUnknown(OutreachError):  # noqa: N818 - it is no error of ours
    """A call that changes something, or costs something, may have happened: its answer never came, or is no answer."""


class ContractError(OutreachError):
    """The answer does not have the documented shape."""
