"""The one way to repeat a call: what to repeat is said by the errors, how often and how long by the caller."""

from __future__ import annotations

from typing import TYPE_CHECKING

import stamina
from stamina.instrumentation import LoggingOnRetryHook, set_on_retry_hooks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

# Otherwise stamina prints to standard output, where a command's JSON goes.
set_on_retry_hooks([LoggingOnRetryHook])


def attempts(
    *, may_pass: Callable[[Exception], bool | float], most: int, total_s: float
) -> Iterator[AbstractContextManager[object]]:
    """Attempts, each a context in which the call is made; the last one lets its error through.

    Args:
        may_pass: Whether the call may succeed if repeated: `True` after a back-off with jitter that doubles from half a
            second to twenty, a number after that many seconds.
        most: Attempts, the first included.
        total_s: No attempt begins later than this after the first.
    """
    return iter(stamina.retry_context(on=may_pass, attempts=most, timeout=total_s, wait_initial=0.5, wait_max=20.0))
