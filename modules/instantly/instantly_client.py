"""The Instantly API v2 over HTTP: key, limits, paging and errors; what the answers mean is read elsewhere.

Source: developer.instantly.ai, "Rate limits", "Authorization", "Pagination".
"""

from __future__ import annotations

from contextlib import contextmanager
from copy import copy
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self

from modules.shared.errors import ContractError, PermanentError
from modules.shared.http_client import HttpClient, RequestMeter, expect_list

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import httpx

PAGE_SIZE = 100
"""The documented maximum; without a limit Instantly serves pages of ten."""

_ADVICE = {
    400: "Instantly refuses the request as it stands; this needs a change in the code.",
    401: "Check INSTANTLY_API_KEY: it is missing, wrong or revoked (Settings, Integrations, API Keys).",
    402: "The workspace has no active paid plan with API access. Check the plan at Instantly.",
    404: "What was asked for is not there (any more); if nothing is, check INSTANTLY_BASE_URL, which ends in /api/v2.",
}

_RESOURCES = {
    "accounts": "accounts",
    "background-jobs": "background-jobs",
    "block-lists-entries": "block_list_entries",
    "campaigns": "campaigns",
    "custom-tag-mappings": "custom_tag_mappings",
    "custom-tags": "custom_tags",
    "emails": "emails",
    "lead-labels": "lead-labels",
    "lead-lists": "lead_lists",
    "leads": "leads",
    "workspace-billing": "workspace_billing",
    "workspaces": "workspaces",
}
"""What a scope calls each resource, by the first part of its path."""

_ACTIONS = {"POST": "create", "PATCH": "update", "DELETE": "delete"}
_POSTS_THAT_UPDATE = frozenset({"activate", "pause", "variables", "move", "merge", "remove"})
"""The last part of paths where a POST changes what is there, and needs the scope for that."""

EMAILS_A_MINUTE = 20
"""The documented limit of GET /emails; everything else shares 100 a second, which is 6,000 a minute."""


class InstantlyClient:
    """One workspace's connection. Use it as a context manager.

    Attributes:
        pages_read: Answers taken in by this one, repeats left out.
        meter: Counts the requests of a part; `None` for the whole.
    """

    def __init__(
        self,
        api_key: str,
        *,
        base_url: str,
        requests_per_second: float | None = 10.0,
        emails_per_minute: float | None = EMAILS_A_MINUTE,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Nothing is contacted yet.

        Args:
            api_key: Belongs to one workspace; everything read is that workspace's.
            base_url: Ends in `/api/v2`.
            requests_per_second: Ten satisfies every limit ever published; the documents of 2026 allow a hundred.
            emails_per_minute: `GET /emails` alone; `None` sets no limit.
            transport: Replaces the network, in tests.

        Raises:
            PermanentError: The key cannot be one.
        """
        api_key = api_key.strip()
        if not (api_key and api_key.isascii() and api_key.isprintable()):
            raise PermanentError(
                "Instantly: INSTANTLY_API_KEY is empty or not plain text. Copy it again from Instantly."
            )
        self._http = HttpClient(
            service="Instantly",
            base_url=base_url,
            headers={"Authorization": f"Bearer {api_key}"},
            requests_per_second=requests_per_second,
            requests_per_minute_to={"/emails": emails_per_minute} if emails_per_minute else None,
            advice=_ADVICE,
            transport=transport,
        )
        self.pages_read = 0
        self.meter: RequestMeter | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    @property
    def requests_made(self) -> int:
        """Requests sent so far, repeats included; of a part, its own."""
        return self._http.requests_made if self.meter is None else self.meter.requests_made

    def part(self) -> InstantlyClient:
        """The same connection and limits, counting for itself: for one of several readers at once."""
        part = copy(self)
        part.pages_read = 0
        part.meter = RequestMeter()
        return part

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """The decoded answer of one GET.

        Raises:
            RetryableError: Instantly is down, slow, or asks us to slow down.
            PermanentError: Key, scope, plan or request is wrong.
        """
        return self._read("GET", path, params=params)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """The decoded answer of one POST that only reads; errors as with `get`."""
        return self._read("POST", path, body=body)

    def write(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """The decoded answer of one request that changes something there; Instantly knows no idempotency keys.

        It is repeated only where it surely did not happen (`HttpClient.write`).

        Args:
            method: `POST`, `PATCH` or `DELETE`.
            path: Behind the base URL.
            body: `None` sends none, and no content type: the server refuses an empty JSON body.

        Raises:
            OutcomeUnknown: It may have happened. Look it up at Instantly; never just repeat it.
            RetryableError: It did not happen: Instantly could not be reached, or asks us to slow down.
            PermanentError: Key, scope, plan or request is wrong, or what it names is not there (404).
        """
        with _scope_named(path, _action(method, path)):
            return self._http.write(method, path, body=body, meter=self.meter)

    def get_list(self, path: str, params: Mapping[str, Any] | None = None) -> list[Any]:
        """The answer of an endpoint that is not paged and answers a bare list (the analytics)."""
        return expect_list(self.get(path, params), f"Instantly: GET {path}")

    def get_items(self, path: str, params: Mapping[str, Any] | None = None) -> Iterator[Any]:
        """Every item of a paged list, unchanged, in the order Instantly serves them; one request a page.

        The last page with items still carries a cursor, so N full pages take N + 1 requests.

        Raises:
            ContractError: A page is not one, or the cursor leads back to a page already read.
        """
        return self._items(f"Instantly: GET {path}", lambda query: self.get(path, query), params or {})

    def post_items(self, path: str, body: Mapping[str, Any]) -> Iterator[Any]:
        """The same of a list that is asked for by POST, with limit and cursor in the body (`/leads/list`)."""
        return self._items(f"Instantly: POST {path}", lambda query: self.post(path, query), body)

    def _read(self, method: str, path: str, **content: Any) -> Any:
        with _scope_named(path, "read"):
            answer = self._http.read(method, path, meter=self.meter, **content)
        self.pages_read += 1
        return answer

    def _items(
        self, asked: str, ask: Callable[[Mapping[str, Any]], Any], parameters: Mapping[str, Any]
    ) -> Iterator[Any]:
        cursors: set[str] = set()
        query = {**parameters, "limit": PAGE_SIZE}
        while True:
            page = ask(query)
            if not isinstance(page, dict):
                raise ContractError(f"{asked} answered a {type(page).__name__} where a page is documented.")
            items = expect_list(page.get("items"), f"{asked} (items)")
            cursor = page.get("next_starting_after")
            yield from items
            if not cursor:
                return
            if not items:
                raise ContractError(f"{asked} answered an empty page that names a next one; the list may be cut short.")
            if not isinstance(cursor, str):
                raise ContractError(f"{asked} answered a cursor that is no text ({type(cursor).__name__}).")
            if cursor in cursors:
                raise ContractError(f"{asked} answered a cursor for the second time; following it would never end.")
            cursors.add(cursor)
            query["starting_after"] = cursor


@contextmanager
def _scope_named(path: str, action: str) -> Iterator[None]:
    """A refusal for want of a scope names the scope."""
    try:
        yield
    except PermanentError as error:
        if error.status == HTTPStatus.FORBIDDEN:
            advice = _advice_when_forbidden(path, action, str(error))
            raise PermanentError(f"{error} {advice}", status=error.status, code=error.code) from error
        raise


def _advice_when_forbidden(path: str, action: str, message: str) -> str:
    if "error code: 1010" in message:
        return "This is Cloudflare in front of Instantly, which dislikes the client; try from another network."
    resource = _RESOURCES.get(path.split("/")[1], "all")
    return f"The key lacks a scope: give it {resource}:{action} (Settings, Integrations, API Keys)."


def _action(method: str, path: str) -> str:
    if method == "POST" and path.rpartition("/")[2] in _POSTS_THAT_UPDATE:
        return "update"
    return _ACTIONS[method]
