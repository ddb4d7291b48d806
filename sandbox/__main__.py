"""`python -m sandbox`: the vendors' stand-ins as a server.

When it is ready it prints one line of JSON that says where.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from datetime import date

import uvicorn

from sandbox.apollo.rate_limits import NO_LIMITS
from sandbox.apollo.rate_limits import Limits as ApolloLimits
from sandbox.apollo.world import QUIRKS as APOLLO_QUIRKS
from sandbox.apollo.world import ApiKey as ApolloKey
from sandbox.apollo.world import WorldSettings as ApolloSettings
from sandbox.app import AppSettings, create_app
from sandbox.instantly.rate_limits import Limits
from sandbox.instantly.world import QUIRKS, ApiKey, WorldSettings
from sandbox.openai.world import WorldSettings as OpenAISettings
from sandbox.vendor.clock import utc_today


def main(arguments: list[str] | None = None) -> None:
    """Serve until stopped."""
    options = _parser().parse_args(arguments)
    settings = AppSettings(
        world=WorldSettings(
            seed=options.seed,
            campaigns=options.campaigns,
            accounts=options.accounts,
            leads=options.leads,
            days=options.days,
            today=options.today,
            workspaces=options.workspaces,
            quirks=frozenset(options.quirk),
        ),
        api_keys=tuple(ApiKey(key) for key in options.api_key),
        apollo=ApolloSettings(
            seed=options.seed,
            people=options.apollo_people,
            credits=options.apollo_credits,
            today=options.today,
            quirks=frozenset(options.apollo_quirk),
        ),
        apollo_keys=tuple(ApolloKey(key) for key in options.apollo_key),
        apollo_limits=NO_LIMITS if options.apollo_without_limits else ApolloLimits(),
        openai=OpenAISettings(
            seed=options.seed,
            requests_per_minute=options.openai_requests_per_minute,
            tokens_per_minute=options.openai_tokens_per_minute,
            credit_usd=options.openai_credit_usd,
            is_obedient=options.openai_obedient,
            batch_polls=options.openai_batch_polls,
            batch_seconds=options.openai_batch_seconds,
        ),
        openai_keys=tuple(options.openai_key),
        openai_latency_s=options.openai_latency_ms / 1000,
        limits=Limits(per_second=options.requests_per_second, per_minute=options.requests_per_minute),
        latency_s=options.latency_ms / 1000,
    )
    asyncio.run(_serve(settings, options.host, options.port))


async def _serve(settings: AppSettings, host: str, port: int) -> None:
    config = uvicorn.Config(
        create_app(settings), host=host, port=port, log_level="warning", access_log=False, lifespan="off"
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn offers no event for it
        await asyncio.sleep(0.01)
    if server.started:
        bound = server.servers[0].sockets[0].getsockname()[1]
        root = f"http://{host}:{bound}"
        addresses = {
            "instantly": f"{root}/instantly/api/v2",
            "apollo": f"{root}/apollo/api/v1",
            "openai": f"{root}/openai/v1",
        }
        print(json.dumps(addresses), flush=True)  # noqa: T201
    await serving


def _parser() -> argparse.ArgumentParser:
    defaults, limits = WorldSettings(), Limits()
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="Serve the vendors' stand-ins.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--seed", type=int, default=defaults.seed, help="same seed and same today, same answers")
    for name in ("campaigns", "accounts", "leads", "days", "workspaces"):
        parser.add_argument(f"--{name}", type=int, default=getattr(defaults, name))
    parser.add_argument("--today", type=date.fromisoformat, default=utc_today(), help="default: the real date")
    parser.add_argument("--quirk", action="append", default=[], choices=sorted(QUIRKS))
    parser.add_argument("--api-key", action="append", default=[], help="of the first workspace; default: the demo key")
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument("--requests-per-second", type=int, default=limits.per_second, help="0: no limit")
    parser.add_argument("--requests-per-minute", type=int, default=limits.per_minute)
    parser.add_argument("--apollo-people", type=int, default=ApolloSettings().people)
    parser.add_argument("--apollo-credits", type=int, default=ApolloSettings().credits, help="of the team's pool")
    parser.add_argument("--apollo-key", action="append", default=[], help="a master key; default: the demo key")
    parser.add_argument("--apollo-quirk", action="append", default=[], choices=sorted(APOLLO_QUIRKS))
    parser.add_argument("--apollo-without-limits", action="store_true", help="any number of requests a minute")
    _add_openai(parser)
    return parser


def _add_openai(parser: argparse.ArgumentParser) -> None:
    defaults = OpenAISettings()
    parser.add_argument("--openai-key", action="append", default=[], help="default: the demo key")
    parser.add_argument("--openai-latency-ms", type=float, default=0.0)
    parser.add_argument(
        "--openai-requests-per-minute", type=int, default=defaults.requests_per_minute, help="0: no limit"
    )
    parser.add_argument("--openai-tokens-per-minute", type=int, default=defaults.tokens_per_minute)
    parser.add_argument("--openai-credit-usd", type=float, default=None, help="default: any sum may be spent")
    parser.add_argument("--openai-obedient", action="store_true", help="instructions among the facts are followed")
    parser.add_argument("--openai-batch-polls", type=int, default=defaults.batch_polls, help="until a batch is done")
    parser.add_argument("--openai-batch-seconds", type=float, default=defaults.batch_seconds, help="instead of polls")


if __name__ == "__main__":
    main()
