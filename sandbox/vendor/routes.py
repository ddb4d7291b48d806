"""Which operation a request means."""

from __future__ import annotations

import re
from typing import Generic, Protocol, TypeVar


class Operation(Protocol):
    """One method of one path; places stand in braces."""

    @property
    def method(self) -> str:
        """As `GET`."""

    @property
    def path(self) -> str:
        """Behind the API's prefix."""


AnOperation = TypeVar("AnOperation", bound=Operation)


class Routes(Generic[AnOperation]):
    """Finds the operation of a request: by dictionary when the path has no places, else by pattern."""

    def __init__(self, endpoints: list[AnOperation]) -> None:
        """Sort the operations."""
        self._fixed = {(each.method, each.path): each for each in endpoints if "{" not in each.path}
        self._patterns = [
            (each, re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(each.path))))
            for each in endpoints
            if "{" in each.path
        ]

    def find(self, method: str, path: str) -> tuple[AnOperation, dict[str, str]] | None:
        """Give back the operation and the values of its places, or `None`."""
        fixed = self._fixed.get((method, path))
        if fixed is not None:
            return fixed, {}
        for endpoint, pattern in self._patterns:
            if endpoint.method == method and (found := pattern.fullmatch(path)):
                return endpoint, found.groupdict()
        return None
