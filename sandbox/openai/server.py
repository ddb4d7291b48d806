"""OpenAI's API over one world."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.openai.admin_changes import change_world, world_facts
from sandbox.openai.endpoint import PREFIX, Call
from sandbox.openai.endpoints import batches, files, responses
from sandbox.openai.errors import invalid_key, invalid_url
from sandbox.openai.rate_limits import RateLimiter
from sandbox.vendor.refusal import Refusal
from sandbox.vendor.routes import Routes
from sandbox.vendor.stand_in import StandIn

if TYPE_CHECKING:
    from sandbox.openai.world import World
    from sandbox.vendor.asked import Asked
    from sandbox.vendor.request_log import Entry

Json = dict[str, Any]
ENDPOINTS = [endpoint for group in (responses, files, batches) for endpoint in group.ENDPOINTS]
_ROUTES = Routes(ENDPOINTS)
_LONG_TEXT, _LEVELS = 500, 8


@dataclass(slots=True)
class OpenAIStandIn(StandIn):
    """The whole API over one world."""

    prefix = PREFIX

    world: World
    _first_latency_s: float = field(init=False)
    _limiter: RateLimiter = field(default_factory=RateLimiter)

    def __post_init__(self) -> None:
        """Start with nothing counted."""
        self.faults.rows_keys = ("data",)
        self._first_latency_s = self.latency_s

    def reset_world(self) -> None:
        """Forget every change, and what was counted against a limit."""
        self.world.reset()
        self._limiter.clear()
        self.latency_s = self._first_latency_s

    def world_facts(self) -> Json:
        """Give back settings, counts and charges, for the admin."""
        return world_facts(self.world) | {"latency_s": self.latency_s}

    def change_world(self, change: Json) -> None:
        """Change something, as if by somebody else; `{"latency_s": 0.5}` as well as what `change_world` knows."""
        self.latency_s = float(change.get("latency_s", self.latency_s))
        change_world(self.world, {name: value for name, value in change.items() if name != "latency_s"})

    def answer(self, asked: Asked, entry: Entry, actions: list[Json]) -> tuple[Any, dict[str, str]]:
        """Give back body and headers of a 200, with the effects done; raise `Refusal` for anything else."""
        path = asked.path.removeprefix(PREFIX)
        entry.body = _with_shared_texts(entry.body, _LEVELS)
        headers = {"x-request-id": self.world.new_id("req_"), "openai-version": "2020-10-01"}
        try:
            found = _ROUTES.find(asked.method, path) if asked.path.startswith(PREFIX) else None
            if found is None:
                raise invalid_url(asked.method, asked.path)
            endpoint, places = found
            entry.operation = endpoint.name
            self.log.counts[endpoint.name] += 1
            key = asked.headers.get("authorization", "").removeprefix("Bearer ").strip()
            if key not in self.world.keys:
                raise invalid_key(is_missing=not key)
            call = Call(
                world=self.world,
                asked=asked,
                path=places,
                key=key,
                request_id=headers["x-request-id"],
                limiter=self._limiter,
                headers=headers,
            )
            answer = endpoint.answer(call)
        except Refusal as refusal:
            refusal.headers = headers | refusal.headers
            raise
        entry.had_effect = endpoint.changes
        return self.faults.rewrite(endpoint.name, answer, actions), headers


def _with_shared_texts(value: Any, levels: int) -> Any:
    """Give back a body whose long texts are kept once, however many requests in the log begin with the same."""
    if isinstance(value, dict) and levels:
        return {name: _with_shared_texts(each, levels - 1) for name, each in value.items()}
    if isinstance(value, list) and levels:
        return [_with_shared_texts(each, levels - 1) for each in value]
    return sys.intern(value) if isinstance(value, str) and len(value) > _LONG_TEXT else value
