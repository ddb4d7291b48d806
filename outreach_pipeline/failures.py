"""Our errors as Dagster reads them: a failure that a retry may cure, or one that it cannot."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from modules.shared.errors import OutcomeUnknown, OutreachError, RetryableError


@contextmanager
def dagster_failures() -> Iterator[None]:
    """Within it, an error of a brick fails the step; only what may pass leaves the step's own retries standing.

    An unknown outcome is looked up at the beginning of the next try.
    """
    try:
        yield
    except OutreachError as error:
        raise dg.Failure(
            description=str(error),
            metadata={"kind": type(error).__name__, "status": str(error.status), "code": str(error.code)},
            allow_retries=isinstance(error, RetryableError | OutcomeUnknown),
        ) from error
