"""An answer other than 200, raised where it is found out."""

from __future__ import annotations

from typing import Any

import orjson

JSON = "application/json; charset=utf-8"


class Refusal(Exception):  # noqa: N818 - it is an answer, not a mistake of the stand-in
    """An answer other than 200.

    Attributes:
        status: The HTTP status.
        body: What the vendor would write: text as it is, anything else as JSON.
        headers: Those the vendor adds.
    """

    def __init__(self, status: int, body: Any, *, headers: dict[str, str] | None = None) -> None:
        """Keep the parts."""
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body
        self.headers = headers or {}

    @property
    def content(self) -> bytes:
        """The body as it is sent."""
        return self.body.encode() if isinstance(self.body, str) else orjson.dumps(self.body)

    @property
    def kind(self) -> str:
        """The content type."""
        return "text/plain" if isinstance(self.body, str) else JSON
