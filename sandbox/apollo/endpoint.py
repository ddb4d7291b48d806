"""One operation of the API: what it is called by, what it needs, what it does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.apollo.errors import invalid_search
from sandbox.apollo.parameters import integer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.apollo.rate_limits import RateLimiter
    from sandbox.apollo.world import Database, World

PREFIX = "/api/v1"
PAGE = {"page": integer, "per_page": integer}
MOST_PER_PAGE, LAST_PAGE = 100, 500
_DEFAULT_PER_PAGE = 10


@dataclass(slots=True)
class Call:
    """One request, read: an operation sees nothing else.

    Attributes:
        path: Values of the path's places.
        values: Known parameters, from the query or the body.
        number: As in the request log.
        now_s: The server's clock.
    """

    world: World
    path: Mapping[str, str]
    values: dict[str, Any]
    number: int
    now_s: float
    limiter: RateLimiter

    @property
    def database(self) -> Database:
        """People and companies."""
        return self.world.database

    @property
    def page(self) -> tuple[int, int]:
        """The page and its length. Raises the 422 for what is no page; a page behind the last one is allowed."""
        page, per_page = self.values.get("page", 1), self.values.get("per_page", _DEFAULT_PER_PAGE)
        if page < 1:
            raise invalid_search("page")
        if not 1 <= per_page <= MOST_PER_PAGE:
            raise invalid_search("per_page")
        return page, per_page

    @property
    def wanted_rows(self) -> slice:
        """The rows of the page; behind page 500 there are none, however many match."""
        page, per_page = self.page
        return slice((page - 1) * per_page, page * per_page if page <= LAST_PAGE else 0)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of one path.

    Attributes:
        path: Behind the prefix, with places in braces.
        route: What scopes, limits and counters call it.
        group: Whose limits hold: `search`, `enrichment` or `other`.
        answer: Gives back the body of the 200; runs without a pause, hence whole or not at all.
        parameters: Name to reader, see `sandbox.apollo.parameters`.
        needs_scope: Whether the key must name the route.
        changes: Whether it may charge or write.
    """

    method: str
    path: str
    route: str
    group: str
    answer: Callable[[Call], Any]
    parameters: Mapping[str, Callable[[str, Any], Any]] = field(default_factory=dict)
    needs_scope: bool = True
    changes: bool = False

    @property
    def name(self) -> str:
        """What the request log calls the operation."""
        return f"{self.method} {self.path}"
