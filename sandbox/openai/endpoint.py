"""One operation of the API: what it is called by and what it does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.openai.errors import refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.openai.rate_limits import RateLimiter
    from sandbox.openai.world import World
    from sandbox.vendor.asked import Asked

PREFIX = "/v1"
Json = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Call:
    """One request, read: an operation sees nothing else.

    Attributes:
        path: Values of the path's places.
        headers: Of the answer; an operation may add some.
    """

    world: World
    asked: Asked
    path: Mapping[str, str]
    key: str
    request_id: str
    limiter: RateLimiter
    headers: dict[str, str] = field(default_factory=dict)

    def body(self) -> Json:
        """Give back the body. Raises the 400 of one that is no object of JSON."""
        body = self.asked.body
        if not isinstance(body, dict):
            raise refused(400, "The body of the request could not be read: it is no object of JSON.")
        return body


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of one path.

    Attributes:
        path: Behind the prefix, with places in braces.
        answer: Gives back the body of the 200; runs without a pause, hence whole or not at all.
        changes: Whether it may charge or write.
    """

    method: str
    path: str
    answer: Callable[[Call], Any]
    changes: bool = False

    @property
    def name(self) -> str:
        """What the request log calls the operation."""
        return f"{self.method} {self.path}"
