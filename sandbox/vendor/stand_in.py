"""A vendor's API as an ASGI application: one request after the other, each whole or not at all."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar

import orjson

from sandbox.vendor.admin import PREFIX as ADMIN_PREFIX
from sandbox.vendor.admin import admin_answer
from sandbox.vendor.asked import read
from sandbox.vendor.faults import Faults
from sandbox.vendor.refusal import JSON, Refusal
from sandbox.vendor.request_log import RequestLog
from sandbox.vendor.wire import befallen, send_answer, send_spoilt

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from sandbox.vendor.asked import Asked
    from sandbox.vendor.request_log import Entry

Json = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class StandIn(ABC):
    """What every vendor's stand-in does with a request.

    Attributes:
        prefix: Of the API's paths.
        latency_s: How long every answer takes at least.
        late: Requests whose effect is still to come, with how many others come before it.
        resets: How often it has started over.
    """

    prefix: ClassVar[str]

    latency_s: float = 0.0
    faults: Faults = field(default_factory=Faults)
    log: RequestLog = field(default_factory=RequestLog)
    late: list[tuple[int, Asked, Entry]] = field(default_factory=list)
    resets: int = 0

    @abstractmethod
    def answer(self, asked: Asked, entry: Entry, actions: list[Json]) -> tuple[Any, dict[str, str]]:
        """Give back the body and the headers of a 200, with the effects done; raise `Refusal` for anything else."""

    @abstractmethod
    def world_facts(self) -> Json:
        """Give back counts and ids, for the admin."""

    def snapshot(self) -> Json:
        """Give back the state that two stand-ins are compared by, for the admin; some have no more than facts."""
        return self.world_facts()

    @abstractmethod
    def change_world(self, change: Json) -> Any:
        """Change something, as if by somebody else. Raises `KeyError`, `TypeError`, `ValueError` for nonsense."""

    @abstractmethod
    def reset_world(self) -> None:
        """Forget every change, and what was counted against a limit."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or do to it what was ordered."""
        asked = await read(scope, receive)
        if asked.path.startswith(ADMIN_PREFIX):
            path = asked.path.removeprefix(ADMIN_PREFIX)
            status, answer = admin_answer(self, asked.method, path, asked.body or {})
            await send_answer(send, status, orjson.dumps(answer), JSON)
        else:
            await self._serve(asked, send)

    def reset(self) -> None:
        """Start over: the world as it was, no faults, no requests, nothing counted against a limit."""
        self.reset_world()
        self.faults.clear()
        self.log.clear()
        self.late.clear()
        self.resets += 1

    def catch_up(self, requests: int | None = None) -> None:
        """Let so many requests pass for the effects that are late; `None`: as many as it takes."""
        due, self.late = self.late, []
        for left, asked, entry in due:
            if requests is not None and left > requests:
                self.late.append((left - requests, asked, entry))
                continue
            # Nobody waits for the answer, whatever it is.
            with suppress(Refusal):
                self.answer(asked, entry, [])

    async def _serve(self, asked: Asked, send: Send) -> None:
        path = asked.path.removeprefix(self.prefix)
        values = asked.query | (asked.body if isinstance(asked.body, dict) else {})
        self.catch_up(requests=1)
        entry = self.log.add(asked.method, path, asked.query, asked.body)
        actions = self.faults.actions(asked.method, path, values)
        pause_s = self.latency_s + sum(action["seconds"] for action in actions if action["kind"] == "slow")
        resets = self.resets
        if pause_s:
            await asyncio.sleep(pause_s)
        if self.resets != resets:
            # It was asked of a world that is gone, and must not change the one in its place.
            await send_answer(send, HTTPStatus.SERVICE_UNAVAILABLE, b"{}", JSON)
            return
        self.late += [(action["requests"], asked, entry) for action in actions if action["kind"] == "late"]
        if await befallen(actions, "before", send, entry):
            return
        try:
            answer, headers = self.answer(asked, entry, actions)
        except Refusal as refusal:
            entry.status = refusal.status
            await send_answer(send, refusal.status, refusal.content, refusal.kind, refusal.headers)
            return
        if not await befallen(actions, "after", send, entry):
            entry.status = 200
            await send_spoilt(send, orjson.dumps(answer), {action["kind"] for action in actions}, headers)
