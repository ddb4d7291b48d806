"""Apollo's API over one world."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.apollo.admin_changes import change_world, world_facts
from sandbox.apollo.endpoint import PREFIX, Call
from sandbox.apollo.endpoints import company_search, contacts, organizations, people_match, people_search, usage
from sandbox.apollo.endpoints import webhook_results as webhooks
from sandbox.apollo.errors import inaccessible, invalid_key, refused
from sandbox.apollo.parameters import read_parameters
from sandbox.apollo.rate_limits import Limits, RateLimiter
from sandbox.vendor.routes import Routes
from sandbox.vendor.stand_in import StandIn

if TYPE_CHECKING:
    from sandbox.apollo.world import World
    from sandbox.vendor.asked import Asked
    from sandbox.vendor.request_log import Entry

Json = dict[str, Any]
_GROUPS = (people_search, company_search, people_match, organizations, contacts, webhooks)
_COUNTED = [endpoint for group in _GROUPS for endpoint in group.ENDPOINTS]
ENDPOINTS = [*_COUNTED, *usage.endpoints(_COUNTED)]
_ROUTES = Routes(ENDPOINTS)
_ROWS_KEYS = ("people", "matches", "contacts", "organizations", "accounts")


@dataclass(slots=True)
class ApolloStandIn(StandIn):
    """The whole API over one world."""

    prefix = PREFIX

    world: World
    limits: Limits = field(default_factory=Limits)
    _limiter: RateLimiter = field(init=False)

    def __post_init__(self) -> None:
        """Start with nothing counted."""
        self.faults.rows_keys = _ROWS_KEYS
        self._limiter = RateLimiter(self.limits)

    def reset_world(self) -> None:
        """Forget every change, and what was counted against a limit."""
        self.world.reset()
        self._limiter.clear()

    def world_facts(self) -> Json:
        """Give back counts and charges, for the admin."""
        return world_facts(self.world)

    def change_world(self, change: Json) -> None:
        """Change something, as if by somebody else."""
        change_world(self.world, change)

    def answer(self, asked: Asked, entry: Entry, actions: list[Json]) -> tuple[Any, dict[str, str]]:
        """Give back body and headers of a 200, with the effects done; raise `Refusal` for anything else."""
        world, path = self.world, asked.path.removeprefix(PREFIX)
        found = _ROUTES.find(asked.method, path) if asked.path.startswith(PREFIX) else None
        if found is None:
            raise refused(404, f'No route matches [{asked.method}] "{asked.path}"')
        endpoint, places = found
        entry.operation = endpoint.name
        self.log.counts[endpoint.name] += 1
        if "api_key" in asked.query or (isinstance(asked.body, dict) and "api_key" in asked.body):
            raise refused(422, "The API key must be sent in the 'X-Api-Key' header.")
        key = world.keys.get(asked.headers.get("x-api-key", ""))
        if key is None:
            raise invalid_key(is_structured=world.has_structured_errors)
        if endpoint.needs_scope and not key.scopes & {endpoint.route, "*"}:
            raise inaccessible(endpoint.route)
        now_s = time.monotonic() + world.ahead_s
        headers = self._limiter.count(endpoint.route, endpoint.group, now_s)
        values = read_parameters(asked, endpoint.parameters)
        call = Call(world, places, values, entry.number, now_s, self._limiter)
        answer = endpoint.answer(call)
        entry.had_effect = endpoint.changes
        return self.faults.rewrite(endpoint.name, answer, actions), headers
