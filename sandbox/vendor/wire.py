"""What goes onto the connection: whole answers, spoilt ones, and none at all."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import orjson

from sandbox.vendor.refusal import JSON

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Send

    from sandbox.vendor.request_log import Entry

_PAGE = b"<html><body><h1>502 Bad Gateway</h1></body></html>"


async def befallen(actions: list[dict[str, Any]], when: str, send: Send, entry: Entry) -> bool:
    """Do what was ordered for this moment; say whether that was the answer."""
    for action in actions:
        if action.get("when", "before") == when and await _instead(action, send, entry):
            return True
    return False


async def _instead(action: dict[str, Any], send: Send, entry: Entry) -> bool:
    """Answer with the fault; `False` when it is one that comes with the usual answer."""
    if action["kind"] in {"cut", "late"}:
        await _hang_up(_transport(send).abort)
        return True
    if action["kind"] != "status":
        return False
    entry.status = action["status"]
    body = action.get("body", {"statusCode": action["status"], "error": "Injected", "message": "Injected fault"})
    content = body.encode() if isinstance(body, str) else orjson.dumps(body)
    await send_answer(send, action["status"], content, "application/json", action.get("headers", {}))
    return True


async def send_spoilt(send: Send, content: bytes, kinds: set[str], headers: dict[str, str]) -> None:
    """Answer 200 with the content, or with what the kinds of fault make of it."""
    if "half_body" in kinds:
        await _start(send, 200, len(content), "application/json", headers)
        await send({"type": "http.response.body", "body": content[: len(content) // 2], "more_body": True})
        await _hang_up(_transport(send).close)
    elif "broken_json" in kinds:
        await send_answer(send, 200, content[: len(content) // 2], "application/json", headers)
    elif "html" in kinds:
        await send_answer(send, 200, _PAGE, "text/html", headers)
    else:
        await send_answer(send, 200, content, JSON, headers)


async def send_answer(
    send: Send, status: int, content: bytes, kind: str, headers: dict[str, str] | None = None
) -> None:
    """Answer."""
    await _start(send, status, len(content), kind, headers or {})
    await send({"type": "http.response.body", "body": content})


async def _start(send: Send, status: int, length: int, kind: str, headers: dict[str, str]) -> None:
    raw = [(b"content-type", kind.encode()), (b"content-length", str(length).encode())]
    raw += [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})


async def _hang_up(end: Callable[[], None]) -> None:
    """End the connection, and let uvicorn see that before it looks for the rest of the answer and complains."""
    end()
    await asyncio.sleep(0.001)


def _transport(send: Send) -> asyncio.Transport:
    """Give back the connection. ASGI has no word for hanging up, so this needs uvicorn itself as the server."""
    transport: asyncio.Transport = send.__self__.transport  # type: ignore[attr-defined]
    return transport
