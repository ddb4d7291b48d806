"""The Apollo API v1 over HTTP: key, limits, errors, and the difference between a call that is free and one that costs.

Source: docs.apollo.io/reference, pages "Authentication", "Rate Limits", "Status Codes and Errors".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from modules.shared.errors import ContractError, OutcomeUnknown, PermanentError
from modules.shared.http_client import HttpClient

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

_ADVICE = {
    400: "Apollo refuses the request as it stands; this needs a change in the code.",
    401: "Check APOLLO_API_KEY: it is missing, wrong or revoked (Apollo, Settings, Integrations, API).",
    403: "The key lacks this endpoint, or the plan does: see which endpoints the key is allowed "
    "(Apollo, Settings, Integrations, API).",
    404: "The address is unknown there; check APOLLO_BASE_URL, which ends in /api/v1.",
}
_SEARCHES = ("/mixed_people/api_search", "/mixed_companies/search")
SEARCHES_A_MINUTE = 200
"""Published for the paid plans; a free one allows 50. Enrichment allows 1,000."""
_LONGEST_ANSWER_S = 300.0
"""How long Apollo itself lets a request take: giving up earlier would only lose an answer that was paid for."""


class CreditsGone(PermanentError):  # noqa: N818 - it is the team's state, not a mistake
    """Apollo has no credits left for a call; nothing was charged."""


class ApolloClient:
    """One team's connection. Use it as a context manager.

    Attributes:
        pages_read: Answers taken in, repeats left out.
    """

    def __init__(
        self,
        api_key: str,
        *,
        base_url: str,
        searches_per_minute: float | None = SEARCHES_A_MINUTE,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Nothing is contacted yet.

        Args:
            api_key: Of one team, or of a user in it.
            base_url: Ends in `/api/v1`.
            searches_per_minute: Ceiling of either kind of search; `None` sets none.
            transport: Replaces the network, in tests.

        Raises:
            PermanentError: The key cannot be one.
        """
        api_key = api_key.strip()
        if not (api_key and api_key.isascii() and api_key.isprintable()):
            raise PermanentError("Apollo: APOLLO_API_KEY is empty or not plain text. Copy it again from Apollo.")
        self._http = HttpClient(
            service="Apollo",
            base_url=base_url,
            headers={"x-api-key": api_key, "Cache-Control": "no-cache"},
            requests_per_second=None,
            requests_per_minute_to=dict.fromkeys(_SEARCHES, searches_per_minute) if searches_per_minute else None,
            advice=_ADVICE,
            timeout_s=_LONGEST_ANSWER_S,
            total_s=_LONGEST_ANSWER_S,
            transport=transport,
        )
        self.pages_read = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    @property
    def requests_made(self) -> int:
        """Requests sent so far, repeats included."""
        return self._http.requests_made

    def read(
        self, method: str, path: str, *, params: Mapping[str, Any] | None = None, body: object = None
    ) -> dict[str, Any]:
        """The decoded answer of a call without cost, repeated while repeating may help.

        Raises:
            RetryableError: Apollo is down, slow, or asks us to slow down.
            PermanentError: Key, plan or request is wrong; `code` is Apollo's own, where it gives one.
            ContractError: The answer is no object.
        """
        answer = self._http.read(method, path, params=params, body=body)
        if not isinstance(answer, dict):
            raise ContractError(_no_object(method, path, answer))
        self.pages_read += 1
        return answer

    def pay(
        self, method: str, path: str, *, params: Mapping[str, Any] | None = None, body: object = None
    ) -> dict[str, Any]:
        """The decoded answer of a call that may cost credits; sent again only where Apollo surely did nothing.

        Raises:
            OutcomeUnknown: It may have been charged: no answer, a broken one, or a 5xx.
            CreditsGone: Apollo has no credits for it; nothing was charged.
            RetryableError, PermanentError: As with `read`; nothing was charged.
        """
        try:
            answer = self._http.write(method, path, params=params, body=body)
        except PermanentError as error:
            if "insufficient credits" in str(error).lower():
                raise CreditsGone(
                    "Apollo: the credits are used up; nothing was charged. Buy more, or wait for the next cycle "
                    "(Apollo, Settings, Credit usage).",
                    status=error.status,
                    code=error.code,
                ) from error
            raise
        if not isinstance(answer, dict):
            raise OutcomeUnknown(_no_object(method, path, answer))
        self.pages_read += 1
        return answer


def _no_object(method: str, path: str, answer: object) -> str:
    return f"Apollo: {method} {path} answered a {type(answer).__name__} where an object is documented."
