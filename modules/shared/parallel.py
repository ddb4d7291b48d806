"""Many independent reads at once, a bounded number of them in flight."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_parallel(function: Callable[[Item], Result], items: Iterable[Item], *, readers: int) -> Iterator[Result]:
    """The results in the order in which they are ready, so that a slow one delays no other.

    At most twice `readers` results are in memory: those being made, and those not yet taken. The first error is raised
    as soon as its turn comes; items that had not begun are then left out.
    """
    remaining = iter(items)
    with ThreadPoolExecutor(readers, thread_name_prefix="read") as pool:
        running = {pool.submit(function, item) for item in islice(remaining, readers)}
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            results = [future.result() for future in done]
            running |= {pool.submit(function, item) for item in islice(remaining, len(done))}
            yield from results
