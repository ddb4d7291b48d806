"""Instantly's API over one world."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.instantly.access import BLOCKED_AGENT, BLOCKED_TEXT, caller, check_scope
from sandbox.instantly.admin_changes import change_world, world_facts
from sandbox.instantly.endpoint import PREFIX, Call, Endpoint
from sandbox.instantly.endpoints import (
    accounts,
    block_list,
    campaign_analytics,
    campaigns,
    emails,
    leads,
    verification,
    workspace,
)
from sandbox.instantly.errors import ApiError
from sandbox.instantly.rate_limits import Limits, RateLimiter
from sandbox.instantly.snapshot import world_snapshot
from sandbox.instantly.validation import checked
from sandbox.vendor.refusal import Refusal
from sandbox.vendor.routes import Routes
from sandbox.vendor.stand_in import StandIn

if TYPE_CHECKING:
    from sandbox.instantly.world import World
    from sandbox.vendor.asked import Asked
    from sandbox.vendor.request_log import Entry

_GROUPS = (campaign_analytics, campaigns, accounts, leads, block_list, emails, verification, workspace)
ENDPOINTS = [endpoint for group in _GROUPS for endpoint in group.ENDPOINTS]
_ROUTES = Routes(ENDPOINTS)


@dataclass(slots=True)
class InstantlyStandIn(StandIn):
    """The whole API over one world."""

    prefix = PREFIX

    world: World
    limits: Limits = field(default_factory=Limits)
    _limiter: RateLimiter = field(init=False)

    def __post_init__(self) -> None:
        """Start with nothing counted."""
        self._limiter = RateLimiter(self.limits)

    def reset_world(self) -> None:
        """Forget every change, and what was counted against a limit."""
        self.world.reset()
        self._limiter.clear()

    def world_facts(self) -> dict[str, Any]:
        """Give back counts and ids, for the admin."""
        return world_facts(self.world)

    def snapshot(self) -> dict[str, Any]:
        """Give back what is there, without ids and moments, for the admin."""
        return world_snapshot(self.world)

    def change_world(self, change: dict[str, Any]) -> None:
        """Change something, as if by somebody else."""
        change_world(self.world, change)

    def answer(self, asked: Asked, entry: Entry, actions: list[dict[str, Any]]) -> tuple[Any, dict[str, str]]:
        """Give back the body of a 200, with the effects done; raise `Refusal` for anything else."""
        if asked.headers.get("user-agent", "").startswith(BLOCKED_AGENT):
            raise Refusal(403, BLOCKED_TEXT)
        now_s = time.monotonic()
        path = asked.path.removeprefix(PREFIX)
        found = _ROUTES.find(asked.method, path) if asked.path.startswith(PREFIX) else None
        if found is None:
            raise ApiError(404, f"Route {asked.method}:{asked.path} not found")
        endpoint, places = found
        entry.operation = endpoint.name
        self.log.counts[endpoint.name] += 1
        key, workspace_of_key = caller(self.world, asked.headers)
        self._limiter.check(workspace_of_key.id, endpoint.name, now_s)
        check_scope(key, endpoint.scope)
        endpoint.check_path(places)
        query = endpoint.checked_query(asked.pairs)
        body = _checked_body(endpoint, asked)
        workspace_of_key.settle(now_s)
        call = Call(self.world, workspace_of_key, places, query, body, now_s)
        answer = endpoint.answer(call)
        entry.had_effect = endpoint.changes
        return self.faults.rewrite(endpoint.name, answer, actions), {}


def _checked_body(endpoint: Endpoint, asked: Asked) -> dict[str, Any]:
    if not asked.raw_body:
        if asked.headers.get("content-type", "").startswith("application/json"):
            # The vendor's server refuses an announced JSON body that is not there.
            message = "Body cannot be empty when content-type is set to 'application/json'"
            raise ApiError(400, message, code="FST_ERR_CTP_EMPTY_JSON_BODY")
        if endpoint.body is None or not endpoint.body.get("required"):
            return {}
    if endpoint.body is None:
        return {}
    body: dict[str, Any] = checked("body", endpoint.body, asked.body)
    return body
