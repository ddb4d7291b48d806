"""Apollo's stand-in on a free port of this process, for tests that need real HTTP."""

from __future__ import annotations

import ssl
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import httpx

from sandbox.apollo.endpoint import PREFIX
from sandbox.apollo.rate_limits import NO_LIMITS, Limits
from sandbox.apollo.world import DEMO_API_KEY, WorldSettings
from sandbox.app import AppSettings
from sandbox.vendor.faults import Rule
from tests.contract.vendor_documents import assert_answer_conforms, assert_request_conforms
from tests.fakes.vendor_server import vendor_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.apollo.server import ApolloStandIn
    from sandbox.apollo.world import World
    from sandbox.vendor.request_log import Entry

TODAY = date(2026, 11, 20)
Json = dict[str, Any]
_TLS = ssl.create_default_context()
"""Not used, but made anew for every request unless it is given, which takes longer than the request."""


@dataclass(frozen=True, slots=True)
class ApolloServer:
    """A running stand-in, seen from both sides."""

    base_url: str
    stand_in: ApolloStandIn
    api_key: str = DEMO_API_KEY

    @property
    def world(self) -> World:
        """What the stand-in knows."""
        return self.stand_in.world

    def ask(self, method: str, path: str, query: Any = None, body: Any = None, **headers: str) -> httpx.Response:
        """Ask with the key; `path` is what follows the API's prefix."""
        sent = {"x-api-key": self.api_key} | headers
        content = {} if body is None else {"json": body}
        # A connection of its own for each request, so that nothing stays open when a test fails.
        url = self.base_url + path
        return httpx.request(method, url, params=query, headers=sent, trust_env=False, verify=_TLS, **content)

    def judged(self, method: str, path: str, query: Any = None, body: Any = None, *, status: int = 200) -> Any:
        """Give back the body of an answer with this status, judged by the vendor's document."""
        response = self.ask(method, path, query, body)
        is_json = response.headers["content-type"].startswith("application/json")
        told = response.json() if is_json else response.text
        assert response.status_code == status, told
        assert_answer_conforms("apollo", method, PREFIX + path, status, told)
        if status == 200:
            assert_request_conforms("apollo", method, PREFIX + path, query, body)
        return told

    def search(self, **filters: Any) -> Json:
        """Give back one page of the free search; filters without brackets."""
        response = self.ask("POST", "/mixed_people/api_search", body=filters)
        assert response.status_code == 200, response.text
        found: Json = response.json()
        return found

    def bulk_match(self, *person_ids: str, **flags: Any) -> Json:
        """Give back the answer for these people."""
        details = [{"id": person_id} for person_id in person_ids]
        response = self.ask("POST", "/people/bulk_match", body={"details": details} | flags)
        assert response.status_code == 200, response.text
        found: Json = response.json()
        return found

    def requests(self) -> list[Entry]:
        """What was asked so far."""
        return list(self.stand_in.log.entries)

    def charges(self) -> list[tuple[str, str, int]]:
        """What was charged so far: id of a person or company as it was asked for, kind, credits."""
        return [(charge.subject_id, charge.kind, charge.credits) for charge in self.world.credits.charges]

    def order_fault(self, *, action: Json, **choice: Any) -> None:
        """Order one fault; see `sandbox.vendor.faults`."""
        self.stand_in.faults.rules.append(Rule(action=action, **choice))

    def change_world(self, **change: Any) -> None:
        """Change something, as if by somebody else; see `sandbox.apollo.admin_changes`."""
        self.stand_in.change_world(change)

    def person_id(self, fate: str) -> str:
        """Give back the id of the first person for whom asking ends like this; see `sandbox.apollo.data.fates`."""
        people = self.world.database.people
        return next(people.id(each) for each in range(people.count) if people.fate(each).name == fate)

    def reset(self) -> None:
        """The world as at the start, no faults, no requests, nothing charged."""
        self.stand_in.reset()


@contextmanager
def apollo_server(*, limits: Limits = NO_LIMITS, **world: Any) -> Iterator[ApolloServer]:
    """Serve a world of these settings until the block ends; without more, 600 people and 5,000 credits."""
    options: Json = {"today": TODAY, "people": 600} | world
    with vendor_server(AppSettings(apollo=WorldSettings(**options), apollo_limits=limits)) as (root, app):
        yield ApolloServer(f"{root}/apollo{PREFIX}", app.apollo)
