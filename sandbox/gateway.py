"""The front door of the local Supabase: checks the API key and hands `/rest/v1/…` to PostgREST.

Run it with `python -m sandbox.gateway SETTINGS_FILE PORT`. The settings file is JSON with the fields of `Settings`.
"""

from __future__ import annotations

import json
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

import httpcore
import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from sandbox.gateway_keys import KeyRefusedError, KeyRing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import Receive, Scope, Send

_PREFIX = b"/rest/v1"
_HOP_BY_HOP = frozenset(
    {b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection"}
    | {b"te", b"trailer", b"transfer-encoding", b"upgrade"}
)
# `expect` is answered by our own server; the other three are replaced.
_NOT_FORWARDED = _HOP_BY_HOP | {b"host", b"apikey", b"authorization", b"expect"}
# PostgREST hangs up after answering HEAD without saying so; the next request must not find that connection.
_LAST_ON_CONNECTION = (b"connection", b"close")
_TIMEOUTS_S = {"connect": 5.0, "read": 120.0, "write": 120.0, "pool": 30.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where PostgREST is, and the project's keys."""

    postgrest_port: int
    secret_key: str = field(repr=False)
    publishable_key: str = field(repr=False)
    jwt_secret: str = field(repr=False)


class RestProxy:
    """An ASGI application that passes requests on to PostgREST, bodies in both directions as they come."""

    def __init__(self, settings: Settings, pool: httpcore.AsyncConnectionPool) -> None:
        self._keys = KeyRing(
            secret_key=settings.secret_key, publishable_key=settings.publishable_key, jwt_secret=settings.jwt_secret
        )
        self._port = settings.postgrest_port
        self._pool = pool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            headers = self._forwarded_headers(request)
        except KeyRefusedError as refusal:
            answer = {"message": refusal.message, "hint": refusal.hint}
            await JSONResponse(answer, HTTPStatus.UNAUTHORIZED)(scope, receive, send)
            return
        try:
            response = await self._pool.handle_async_request(self._upstream_request(request, headers))
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
            await _unreachable(error)(scope, receive, send)
            return
        except ClientDisconnect:
            return
        # From here on an error cuts the connection, so that half an answer never looks whole.
        try:
            await _send_on(response, send)
        finally:
            await response.aclose()

    def _upstream_request(self, request: Request, headers: list[tuple[bytes, bytes]]) -> httpcore.Request:
        path = request.scope["raw_path"].removeprefix(_PREFIX) or b"/"
        query: bytes = request.scope["query_string"]
        target = path + b"?" + query if query else path
        has_body = any(name in {b"content-length", b"transfer-encoding"} for name, _ in headers)
        return httpcore.Request(
            request.method,
            httpcore.URL(scheme=b"http", host=b"127.0.0.1", port=self._port, target=target),
            headers=headers,
            content=request.stream() if has_body else None,
            extensions={"timeout": _TIMEOUTS_S},
        )

    def _forwarded_headers(self, request: Request) -> list[tuple[bytes, bytes]]:
        named_in_connection = {
            word.strip().lower().encode() for word in request.headers.get("connection", "").split(",")
        }
        headers = [
            (name, value)
            for name, value in request.headers.raw
            if name not in _NOT_FORWARDED and name not in named_in_connection
        ]
        headers.append((b"host", f"127.0.0.1:{self._port}".encode()))
        if request.method == "HEAD":
            headers.append(_LAST_ON_CONNECTION)
        if "transfer-encoding" in request.headers:
            headers.append((b"transfer-encoding", b"chunked"))
        # A browser asks beforehand whether it may send the key, so this one question comes without.
        if request.method == "OPTIONS" and "access-control-request-method" in request.headers:
            return headers
        authorization = self._keys.authorization(
            api_key=request.headers.get("apikey"),
            authorization=request.headers.get("authorization"),
            user_agent=request.headers.get("user-agent"),
        )
        return [*headers, (b"authorization", authorization.encode())]


async def _send_on(response: httpcore.Response, send: Send) -> None:
    kept = [(name, value) for name, value in response.headers if name.lower() not in _HOP_BY_HOP]
    await send({"type": "http.response.start", "status": response.status, "headers": kept})
    async for chunk in response.aiter_stream():
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def create_app(settings: Settings) -> Starlette:
    """Give back the gateway as an ASGI application."""
    pool = httpcore.AsyncConnectionPool(max_connections=100, max_keepalive_connections=20, keepalive_expiry=20.0)

    async def health(_: Request) -> JSONResponse:
        try:
            url = f"http://127.0.0.1:{settings.postgrest_port}/"
            headers = [(b"host", f"127.0.0.1:{settings.postgrest_port}".encode()), _LAST_ON_CONNECTION]
            response = await pool.request("HEAD", url, headers=headers, extensions={"timeout": _TIMEOUTS_S})
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
            return _unreachable(error)
        is_up = response.status < HTTPStatus.INTERNAL_SERVER_ERROR
        return JSONResponse({"postgrest": response.status}, HTTPStatus.OK if is_up else HTTPStatus.SERVICE_UNAVAILABLE)

    async def unknown(request: Request) -> JSONResponse:
        answer = {"message": f"Nothing at {request.url.path}", "hint": "The local Supabase serves /rest/v1 only."}
        return JSONResponse(answer, HTTPStatus.NOT_FOUND)

    @asynccontextmanager
    async def close_pool(_: Starlette) -> AsyncIterator[None]:
        async with pool:
            yield

    rest = Mount(_PREFIX.decode(), app=RestProxy(settings, pool))
    routes = [Route("/health", health), rest, Route("/{path:path}", unknown)]
    return Starlette(routes=routes, lifespan=close_pool)


def _unreachable(error: Exception) -> JSONResponse:
    answer = {
        "code": "GATEWAY_UPSTREAM",
        "message": f"PostgREST did not answer: {type(error).__name__}",
        "hint": "Run `outreach local up` again; postgrest.log in the state folder says why it stopped.",
    }
    return JSONResponse(answer, HTTPStatus.SERVICE_UNAVAILABLE)


def main() -> None:
    """Serve until told to stop."""
    settings = Settings(**json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    # PostgREST's own Date and Server headers pass through; a log of requests would hold people's addresses.
    uvicorn.run(
        create_app(settings),
        host="127.0.0.1",
        port=int(sys.argv[2]),
        access_log=False,
        log_level="warning",
        date_header=False,
        server_header=False,
        timeout_graceful_shutdown=3,
    )


if __name__ == "__main__":
    main()
