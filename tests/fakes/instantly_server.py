"""Instantly's stand-in on a free port of this process, for tests that need real HTTP."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import httpx
import orjson

from sandbox.app import AppSettings
from sandbox.instantly.data.campaign_plans import COMPLETED
from sandbox.instantly.endpoint import PREFIX
from sandbox.instantly.rate_limits import Limits
from sandbox.instantly.server import ENDPOINTS, InstantlyStandIn
from sandbox.instantly.world import DEMO_API_KEY, World, WorldSettings
from sandbox.vendor.faults import Rule
from tests.contract.vendor_documents import assert_answer_conforms, assert_request_conforms
from tests.fakes.vendor_server import vendor_server

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator

    from sandbox.instantly.data.workspace import Workspace
    from sandbox.vendor.request_log import Entry

TODAY = date(2026, 11, 20)
_SCHEDULE = {"name": "Office hours", "timing": {"from": "08:30", "to": "16:30"}, "days": {"1": True}}
DRAFT = {"name": "Dock times", "campaign_schedule": {"schedules": [_SCHEDULE | {"timezone": "Europe/Belgrade"}]}}
_READING = {(each.method, each.path) for each in ENDPOINTS if not each.changes}
NO_LIMITS = Limits(per_second=0, per_minute=1_000_000, emails_per_minute=1_000_000)


@dataclass(frozen=True, slots=True)
class InstantlyServer:
    """A running stand-in, seen from both sides."""

    base_url: str
    stand_in: InstantlyStandIn
    api_key: str = DEMO_API_KEY

    @property
    def workspace(self) -> Workspace:
        """The world behind the key."""
        return self.stand_in.world.workspaces[0]

    @property
    def requests(self) -> list[Entry]:
        """What was asked so far."""
        return list(self.stand_in.log.entries)

    def ask(self, method: str, path: str, query: Any = None, body: Any = None, **headers: str) -> httpx.Response:
        """Ask as the workspace of the key; `path` is what follows the API's prefix, places encoded."""
        sent = {"Authorization": f"Bearer {self.api_key}", "User-Agent": "tests/1"} | headers
        content = {} if body is None else {"json": body}
        # A connection of its own for each request, so that nothing stays open when a test fails.
        return httpx.request(method, self.base_url + path, params=query, headers=sent, trust_env=False, **content)

    def order_fault(self, *, action: dict[str, Any], **choice: Any) -> None:
        """Order one fault; see `sandbox.vendor.faults`."""
        self.stand_in.faults.rules.append(Rule(action=action, **choice))

    @property
    def changing_requests(self) -> list[Entry]:
        """Requests that were to change something, whether or not they did; what no operation knows counts, too."""
        return [each for each in self.requests if each.method != "GET" and (each.method, each.path) not in _READING]

    def snapshot(self) -> dict[str, Any]:
        """The state of the workspace behind the key, without ids and moments: equal for worlds that are alike."""
        answer = httpx.get(self.base_url.removesuffix(PREFIX) + "/_admin/snapshot", trust_env=False)
        workspace: dict[str, Any] = answer.raise_for_status().json()["workspaces"][0]
        return workspace

    def reset(self) -> None:
        """The world as at the start, no faults, no requests."""
        self.stand_in.reset()


class InstantlyInProcess:
    """A stand-in that is called without a server, for tests that ask thousands of times."""

    def __init__(self, stand_in: InstantlyStandIn) -> None:
        """Nothing is asked yet."""
        self._stand_in = stand_in
        self.workspace = stand_in.world.workspaces[0]
        self.clock = stand_in.world.clock

    def answer(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Give back (status, body); `path` is what follows the API's prefix, with the query."""
        route, _, query = path.partition("?")
        sent = {"authorization": f"Bearer {DEMO_API_KEY}", "user-agent": "tests/1"} | headers
        scope = {"type": "http", "method": method, "path": PREFIX + route, "query_string": query.encode()}
        scope["headers"] = [(name.encode(), value.encode()) for name, value in sent.items()]
        told: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"" if body is None else orjson.dumps(body)}

        async def send(message: Any) -> None:
            told.append(message)

        answering = self._stand_in(scope, receive, send)
        # Nothing in it waits, so that it needs no event loop.
        with suppress(StopIteration):
            answering.send(None)
        content = told[1]["body"]
        return told[0]["status"], orjson.loads(content) if content[:1] in b"{[" else content

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Give back the body of a 200."""
        status, answer = self.answer(method, path, body)
        assert status == 200, answer
        return answer

    def walk(self, method: str, path: str, limit: int, between: Any = lambda _: None, **body: Any) -> list[Any]:
        """Give back all rows; `between` is called with those read so far, before every further page."""
        rows: list[Any] = []
        cursor = None
        while True:
            asked: dict[str, Any] = {"limit": limit} | ({"starting_after": cursor} if cursor else {})
            if method == "GET":
                page = self.ask("GET", f"{path}{'&' if '?' in path else '?'}{urlencode(asked)}")
            else:
                page = self.ask(method, path, asked | body)
            assert len(page["items"]) <= limit
            rows += page["items"]
            cursor = page.get("next_starting_after")
            if cursor is None:
                return rows
            between(rows)

    def first_campaign(self, status: int) -> str:
        """Give back the id of a campaign with this status."""
        campaign_id: str = self.ask("GET", f"/campaigns?status={status}")["items"][0]["id"]
        return campaign_id


def stand_in_of(*, limits: Limits = NO_LIMITS, **sizes: Any) -> InstantlyInProcess:
    """Give back a small world of 240 leads, in which a campaign that cannot send is found out at once."""
    world = World(WorldSettings(**({"today": TODAY, "leads": 240} | sizes)), settles_after_s=0.0)
    return InstantlyInProcess(InstantlyStandIn(world, limits=limits))


class Judged:
    """Asks the stand-in, and lets the vendor's document judge every request and every answer."""

    def __init__(self, server: InstantlyServer) -> None:
        """Look up what there is to ask about."""
        self._server = server
        workspace = server.workspace
        self.campaigns = [row["id"] for row in workspace.campaigns.after(None)]
        self.accounts = [row["email"] for row in workspace.accounts.after(None)]
        self.busy = next(row["id"] for row in workspace.campaigns.after(None) if row["status"] == COMPLETED)
        self.lead = next(workspace.leads.after(None, self.busy))
        self.list_id = workspace.small.lists[0]["id"]

    @property
    def operations(self) -> Counter[str]:
        """How often each operation was reached."""
        return self._server.stand_in.log.counts

    def __call__(self, method: str, path: str, query: Any = None, body: Any = None) -> Any:
        """Give back the judged answer, which must be a 200."""
        response = self._server.ask(method, path, query, body)
        assert_request_conforms("instantly", method, PREFIX + path, query, body)
        assert_answer_conforms("instantly", method, PREFIX + path, response.status_code, response.json())
        assert response.status_code == 200, response.text
        return response.json()

    def walk(self, method: str, path: str, **asked: Any) -> list[dict[str, Any]]:
        """Give back all rows of a list, having seen the empty page behind them."""
        rows: list[dict[str, Any]] = []
        while True:
            page = self(method, path, **{"query" if method == "GET" else "body": asked})
            rows += page["items"]
            if "next_starting_after" not in page:
                assert page["items"] == []
                return rows
            asked["starting_after"] = page["next_starting_after"]


@contextmanager
def instantly_server(*, limits: Limits = NO_LIMITS, **world: Any) -> Iterator[InstantlyServer]:
    """Serve a world of these settings until the block ends."""
    with vendor_server(AppSettings(world=WorldSettings(**world), limits=limits)) as (root, app):
        yield InstantlyServer(f"{root}/instantly{PREFIX}", app.instantly)
