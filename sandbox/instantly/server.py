"""The stand-in as an ASGI application: one request after the other, each whole or not at all."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import orjson

from sandbox.instantly.access import BLOCKED_AGENT, BLOCKED_TEXT, caller, check_scope
from sandbox.instantly.admin.faults import Faults
from sandbox.instantly.admin.request_log import Entry, RequestLog
from sandbox.instantly.admin.routes import Admin
from sandbox.instantly.endpoint import PREFIX, Call, Endpoint, Routes
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
from sandbox.instantly.validation import checked
from sandbox.instantly.wire import JSON, befallen, send_answer, send_spoilt

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from sandbox.instantly.world import World

ADMIN_PREFIX = "/_admin"
_GROUPS = (campaign_analytics, campaigns, accounts, leads, block_list, emails, verification, workspace)
ENDPOINTS = [endpoint for group in _GROUPS for endpoint in group.ENDPOINTS]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request, read."""

    method: str
    path: str
    headers: dict[str, str]
    pairs: list[tuple[str, str]]
    raw_body: bytes

    @property
    def query(self) -> dict[str, Any]:
        """Text by name; a list of texts for a repeated name."""
        texts: dict[str, list[str]] = {}
        for name, text in self.pairs:
            texts.setdefault(name, []).append(text)
        return {name: each if len(each) > 1 else each[0] for name, each in texts.items()}

    @property
    def body(self) -> Any:
        """The body, if it is JSON; else `None`."""
        try:
            return orjson.loads(self.raw_body)
        except orjson.JSONDecodeError:
            return None


@dataclass(slots=True)
class InstantlyStandIn:
    """The whole API over one world.

    Attributes:
        latency_s: How long every answer takes at least.
    """

    world: World
    limits: Limits = field(default_factory=Limits)
    latency_s: float = 0.0
    faults: Faults = field(default_factory=Faults)
    log: RequestLog = field(default_factory=RequestLog)
    _routes: Routes = field(default_factory=lambda: Routes(ENDPOINTS))
    _limiter: RateLimiter = field(init=False)

    def __post_init__(self) -> None:
        """Start with nothing counted."""
        self._limiter = RateLimiter(self.limits)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or do to it what was ordered."""
        asked = await _read(scope, receive)
        if asked.path.startswith(ADMIN_PREFIX):
            path = asked.path.removeprefix(ADMIN_PREFIX)
            admin = Admin(self.world, self.faults, self.log, self.reset)
            status, answer = admin.answer(asked.method, path, asked.body or {})
            await send_answer(send, status, orjson.dumps(answer), JSON)
        else:
            await self._serve(asked, send)

    def reset(self) -> None:
        """Start over: the world as it was, no faults, no requests, nothing counted against a limit."""
        self.world.reset()
        self.faults.clear()
        self.log.clear()
        self._limiter.clear()

    async def _serve(self, asked: Asked, send: Send) -> None:
        path = asked.path.removeprefix(PREFIX)
        values = asked.query | (asked.body if isinstance(asked.body, dict) else {})
        entry = self.log.add(asked.method, path, asked.query, asked.body)
        actions = self.faults.actions(asked.method, path, values)
        pause_s = self.latency_s + sum(action["seconds"] for action in actions if action["kind"] == "slow")
        if pause_s:
            await asyncio.sleep(pause_s)
        if await befallen(actions, "before", send, entry):
            return
        if asked.headers.get("user-agent", "").startswith(BLOCKED_AGENT):
            entry.status = 403
            await send_answer(send, 403, BLOCKED_TEXT.encode(), "text/plain")
            return
        try:
            answer = self._answer(asked, path, entry, actions)
        except ApiError as error:
            entry.status = error.status
            await send_answer(send, error.status, orjson.dumps(error.body), JSON)
            return
        if not await befallen(actions, "after", send, entry):
            entry.status = 200
            await send_spoilt(send, orjson.dumps(answer), {action["kind"] for action in actions})

    def _answer(self, asked: Asked, path: str, entry: Entry, actions: list[dict[str, Any]]) -> Any:
        now_s = time.monotonic()
        found = self._routes.find(asked.method, path) if asked.path.startswith(PREFIX) else None
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
        return self.faults.rewrite(endpoint.name, answer, actions)


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


async def _read(scope: Scope, receive: Receive) -> Asked:
    chunks = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            break
    return Asked(
        method=scope["method"],
        path=scope["path"],
        headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
        pairs=parse_qsl(scope["query_string"].decode(), keep_blank_values=True),
        raw_body=b"".join(chunks),
    )
