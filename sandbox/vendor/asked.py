"""One request, read from the connection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import orjson

if TYPE_CHECKING:
    from starlette.types import Receive, Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request.

    Attributes:
        headers: Their names in lower case.
        pairs: The query, in order.
    """

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


async def read(scope: Scope, receive: Receive) -> Asked:
    """Give back the whole request."""
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
