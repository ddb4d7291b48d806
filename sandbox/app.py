"""All stand-ins behind one port: `/instantly/api/v2`, `/apollo/api/v1` and `/openai/v1`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.apollo.rate_limits import Limits as ApolloLimits
from sandbox.apollo.server import ApolloStandIn
from sandbox.apollo.world import ApiKey as ApolloKey
from sandbox.apollo.world import World as ApolloWorld
from sandbox.apollo.world import WorldSettings as ApolloSettings
from sandbox.instantly.rate_limits import Limits
from sandbox.instantly.server import InstantlyStandIn
from sandbox.instantly.world import ApiKey, World, WorldSettings
from sandbox.openai.server import OpenAIStandIn
from sandbox.openai.world import World as OpenAIWorld
from sandbox.openai.world import WorldSettings as OpenAISettings

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from sandbox.vendor.stand_in import StandIn


@dataclass(frozen=True, slots=True, kw_only=True)
class AppSettings:
    """What to serve.

    Attributes:
        world: Instantly's.
        api_keys: Keys of Instantly's first workspace; none: the demo key.
        apollo: Apollo's world.
        apollo_keys: None: the demo key.
        openai: How OpenAI's behaves.
        openai_keys: None: the demo key.
        latency_s: How long every answer takes at least.
        openai_latency_s: The same for OpenAI's, which takes its time.
    """

    world: WorldSettings = field(default_factory=WorldSettings)
    api_keys: tuple[ApiKey, ...] = ()
    limits: Limits = field(default_factory=Limits)
    apollo: ApolloSettings = field(default_factory=ApolloSettings)
    apollo_keys: tuple[ApolloKey, ...] = ()
    apollo_limits: ApolloLimits = field(default_factory=ApolloLimits)
    openai: OpenAISettings = field(default_factory=OpenAISettings)
    openai_keys: tuple[str, ...] = ()
    latency_s: float = 0.0
    openai_latency_s: float = 0.0


class VendorStandIns:
    """Hands each request to its vendor.

    A plain ASGI application: what stands between here and the server would hide the connection, which some faults cut.
    """

    def __init__(self, settings: AppSettings) -> None:
        """Build the worlds; they live as long as this object."""
        self.instantly = InstantlyStandIn(
            World(settings.world, settings.api_keys), limits=settings.limits, latency_s=settings.latency_s
        )
        self.apollo = ApolloStandIn(
            ApolloWorld(settings.apollo, settings.apollo_keys),
            limits=settings.apollo_limits,
            latency_s=settings.latency_s,
        )
        self.openai = OpenAIStandIn(
            OpenAIWorld(settings.openai, settings.openai_keys),
            latency_s=max(settings.latency_s, settings.openai_latency_s),
        )
        self._vendors: dict[str, StandIn] = {
            "/instantly": self.instantly,
            "/apollo": self.apollo,
            "/openai": self.openai,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        for place, stand_in in self._vendors.items():
            if scope["path"].startswith(f"{place}/"):
                await stand_in({**scope, "path": scope["path"].removeprefix(place)}, receive, send)
                return
        told = "".join(f"{place}{stand_in.prefix}\n" for place, stand_in in self._vendors.items())
        status, text = (200, "ok") if scope["path"] == "/health" else (404, f"The stand-ins:\n{told}")
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain")]})
        await send({"type": "http.response.body", "body": text.encode()})


def create_app(settings: AppSettings | None = None) -> VendorStandIns:
    """Give back the stand-ins as one ASGI application."""
    return VendorStandIns(settings or AppSettings())
