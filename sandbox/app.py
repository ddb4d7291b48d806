"""All stand-ins behind one port: `/instantly/api/v2`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.instantly.rate_limits import Limits
from sandbox.instantly.server import InstantlyStandIn
from sandbox.instantly.world import ApiKey, World, WorldSettings

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send


@dataclass(frozen=True, slots=True, kw_only=True)
class AppSettings:
    """What to serve.

    Attributes:
        api_keys: Keys of Instantly's first workspace; none: the demo key.
        latency_s: How long every answer takes at least.
    """

    world: WorldSettings = field(default_factory=WorldSettings)
    api_keys: tuple[ApiKey, ...] = ()
    limits: Limits = field(default_factory=Limits)
    latency_s: float = 0.0


class VendorStandIns:
    """Hands each request to its vendor.

    A plain ASGI application: what stands between here and the server would hide the connection, which some faults cut.
    """

    def __init__(self, settings: AppSettings) -> None:
        """Build the worlds; they live as long as this object."""
        self.instantly = InstantlyStandIn(
            World(settings.world, settings.api_keys), limits=settings.limits, latency_s=settings.latency_s
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        if scope["path"].startswith("/instantly/"):
            await self.instantly({**scope, "path": scope["path"].removeprefix("/instantly")}, receive, send)
            return
        status, text = (200, b"ok") if scope["path"] == "/health" else (404, b"The stand-ins: /instantly/api/v2\n")
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain")]})
        await send({"type": "http.response.body", "body": text})


def create_app(settings: AppSettings | None = None) -> VendorStandIns:
    """Give back the stand-ins as one ASGI application."""
    return VendorStandIns(settings or AppSettings())
