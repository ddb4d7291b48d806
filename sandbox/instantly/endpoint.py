"""One operation of the API: what it is called by, what it needs, what it does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.instantly.validation import UUID, checked

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.instantly.data.workspace import Workspace
    from sandbox.instantly.validation import Schema
    from sandbox.instantly.world import World

PREFIX = "/api/v2"


@dataclass(slots=True)
class Call:
    """One request, checked: an operation sees nothing else.

    Attributes:
        path: Values of the path's places.
        query: Known query keys; lists hold repeated ones.
        body: Known body keys; empty when there was no body.
        now_s: The server's clock, for effects that come a moment later.
    """

    world: World
    workspace: Workspace
    path: Mapping[str, str]
    query: dict[str, Any]
    body: dict[str, Any]
    now_s: float


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of one path.

    Attributes:
        path: Behind the prefix, with places in braces.
        scope: Needed by the key; `None` where the vendor states none.
        answer: Gives back the body of the 200; runs without a pause, hence whole or not at all.
        query: What is known of the query.
        body: The body's schema; `None` when there is none.
        changes: Whether it writes.
    """

    method: str
    path: str
    scope: str | None
    answer: Callable[[Call], Any]
    query: Mapping[str, Schema] = field(default_factory=dict)
    body: Schema | None = None
    changes: bool = False

    @property
    def name(self) -> str:
        """What the request log calls the operation."""
        return f"{self.method} {self.path}"

    def check_path(self, values: Mapping[str, str]) -> None:
        """Raise the vendor's 400 for an id that is none."""
        if "id" in values and self.path != "/background-jobs/{id}":
            checked("params/id", UUID, values["id"])

    def checked_query(self, pairs: list[tuple[str, str]]) -> dict[str, Any]:
        """Give back the known keys of the query."""
        values: dict[str, Any] = {}
        for name, text in pairs:
            schema = self.query.get(name)
            if schema is None:
                continue
            if schema.get("type") == "array":
                values.setdefault(name, []).append(text)
            else:
                values[name] = text
        return {name: checked(f"querystring/{name}", self.query[name], value) for name, value in values.items()}
