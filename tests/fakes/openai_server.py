"""OpenAI's stand-in on a free port of this process, for tests that need real HTTP."""

from __future__ import annotations

import json
import ssl
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx2
import openai

from sandbox.app import AppSettings
from sandbox.openai.endpoint import PREFIX
from sandbox.openai.world import DEMO_API_KEY, WorldSettings
from sandbox.vendor.faults import Rule
from sandbox.vendor.people import PLACES
from tests.fakes.vendor_server import vendor_server

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sandbox.openai.bills import Charge
    from sandbox.openai.server import OpenAIStandIn
    from sandbox.openai.world import World
    from sandbox.vendor.request_log import Entry

Json = dict[str, Any]
_TIMEOUT_S = 20.0
_TLS = ssl.create_default_context()
"""Not used, but made anew for every client unless it is given, which takes longer than a request."""
SCHEMA: Json = {
    "type": "object",
    "properties": {
        "fact_ids": {"type": "array", "items": {"type": "string"}},
        "evidence": {"type": "string"},
        "skip_reason": {"type": ["string", "null"], "enum": ["off_topic", "too_few_facts", None]},
        "line": {"type": ["string", "null"]},
    },
    "required": ["fact_ids", "evidence", "skip_reason", "line"],
    "additionalProperties": False,
}
DEVELOPER_TEXT = "Write one opening line from the facts. " * 120
FACTS = {
    "job_title": "Head of Operations",
    "company_name": "Haven Logistics",
    "industry": "logistics & supply chain",
    "employees_count": "120",
    "technologies": "SAP, Salesforce",
    "city": "Hamburg",
}


def asked_with(
    facts: Mapping[str, str] | None = None, *, language: str = "en", problems: tuple[str, ...] = (), **change: Any
) -> Json:
    """Give back a request for one line of these facts, as text by kind, with some of its parameters changed."""
    given = FACTS if facts is None else facts
    rows = [{"id": f"f{place}", "kind": kind, "text": text} for place, (kind, text) in enumerate(given.items(), 1)]
    user: Json = {"language": language, "facts": rows} | ({"problems": problems} if problems else {})
    developer = {"type": "input_text", "text": DEVELOPER_TEXT, "prompt_cache_breakpoint": {"mode": "explicit"}}
    body: Json = {
        "model": "gpt-6-luna",
        "input": [
            {"role": "developer", "content": [developer]},
            {"role": "user", "content": [{"type": "input_text", "text": json.dumps(user, sort_keys=True)}]},
        ],
        "text": {
            "format": {"type": "json_schema", "name": "icebreaker", "schema": SCHEMA, "strict": True},
            "verbosity": "low",
        },
        "reasoning": {"effort": "none"},
        "max_output_tokens": 400,
        "store": False,
        "prompt_cache_key": "lines-1",
        "prompt_cache_options": {"mode": "explicit"},
    }
    return {name: value for name, value in (body | change).items() if value is not None}


def leads(count: int) -> Iterator[dict[str, str]]:
    """Give back the facts of so many different leads."""
    for number in range(count):
        yield FACTS | {"employees_count": str(20 + number), "city": PLACES[number % len(PLACES)]}


@dataclass(frozen=True, slots=True)
class OpenAIServer:
    """A running stand-in, seen from both sides."""

    base_url: str
    stand_in: OpenAIStandIn = field(repr=False)
    api_key: str = DEMO_API_KEY

    @property
    def world(self) -> World:
        """What the stand-in knows."""
        return self.stand_in.world

    @property
    def admin_url(self) -> str:
        """Where the admin answers."""
        return self.base_url.removesuffix(PREFIX) + "/_admin"

    @contextmanager
    def client(self, **options: Any) -> Iterator[openai.OpenAI]:
        """Give back the vendor's own client, which repeats nothing by itself; closed when the block ends."""
        http = httpx2.Client(trust_env=False, timeout=_TIMEOUT_S, verify=_TLS)
        settings: Json = {"base_url": self.base_url, "api_key": self.api_key, "max_retries": 0} | options
        with http, openai.OpenAI(http_client=http, **settings) as client:
            yield client

    def ask(self, method: str, path: str, **content: Any) -> httpx2.Response:
        """Ask with the key; `path` is what follows the API's prefix."""
        headers = {"authorization": f"Bearer {self.api_key}"} | content.pop("headers", {})
        with httpx2.Client(trust_env=False, timeout=_TIMEOUT_S, verify=_TLS) as client:
            return client.request(method, self.base_url + path, headers=headers, **content)

    def requests(self) -> list[Entry]:
        """What was asked so far."""
        return list(self.stand_in.log.entries)

    def charges(self) -> list[Charge]:
        """What was charged so far."""
        return list(self.world.bills.charges)

    def order_fault(self, *, action: Json, **choice: Any) -> None:
        """Order one fault; see `sandbox.vendor.faults`."""
        self.stand_in.faults.rules.append(Rule(action=action, **choice))

    def change_world(self, **change: Any) -> None:
        """Change something, as if by somebody else; see `sandbox.openai.admin_changes`."""
        self.stand_in.change_world(change)

    def reset(self) -> None:
        """The world as at the start, no faults, no requests, nothing charged."""
        self.stand_in.reset()


@contextmanager
def openai_server(**settings: Any) -> Iterator[OpenAIServer]:
    """Serve a world of these settings until the block ends; without more, nothing is limited and no line is bad."""
    options: Json = {"requests_per_minute": 0, "tokens_per_minute": 0, "bad_rates_pct": {}, "batch_failed_pct": 0.0}
    with vendor_server(AppSettings(openai=WorldSettings(**options | settings))) as (root, app):
        yield OpenAIServer(f"{root}/openai{PREFIX}", app.openai)
