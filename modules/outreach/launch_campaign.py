"""The one campaign at Instantly that a campaign file has: made at most once, whatever is lost on the way.

Instantly takes the same campaign twice without a word. So that we are going to ask is written down first; the name
carries a marker of ours, by which the campaign is looked for before it is asked for, and after every lost answer. While
an earlier request without an answer could still take effect, nobody asks again.
"""

from __future__ import annotations

import time
import uuid
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from modules.instantly.instantly_uploader import create_campaign, find_campaigns, read_campaign
from modules.shared.errors import OutcomeUnknown, OutreachError, PermanentError, Refused, RetryableError
from modules.shared.logger import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from modules.instantly.instantly_client import InstantlyClient
    from modules.supabase.row_store import RowStore

_log = get_logger(__name__)

SETTLE_S = 600.0
"""How long a request without an answer may still take effect, longer than any of ours waits for one (`HttpClient`)."""
_LOOK_EVERY_S = 5.0


def marker_of(campaign_name: str) -> str:
    """What marks our campaign in its name at Instantly, so that it is found there.

    >>> marker_of("dach-operations")
    'outreach:dach-operations'
    """
    return f"outreach:{campaign_name}"


def known_campaign(store: RowStore, campaign_name: str) -> str | None:
    """Instantly's id of the campaign that a file has there; `None`: it has none, as far as we know."""
    rows = store.select("campaign_creations", lambda query: query.eq("campaign_name", campaign_name))
    return rows[0]["instantly_campaign_id"] if rows else None


def forget_deleted_campaign(store: RowStore, client: InstantlyClient, campaign_name: str) -> None:
    """If somebody deleted the campaign at Instantly, let another one be made; its people are not written to again."""
    known = known_campaign(store, campaign_name)
    if known is not None and not is_there(client, known):
        store.call("forget_campaign", {"wanted_campaign": campaign_name, "gone_id": known})


def is_there(client: InstantlyClient, instantly_campaign_id: str) -> bool:
    """Whether Instantly has the campaign; false: somebody deleted it."""
    try:
        read_campaign(client, instantly_campaign_id)
    except PermanentError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return False
        raise
    return True


def ensure_campaign(
    store: RowStore,
    client: InstantlyClient,
    campaign_name: str,
    payload: Callable[[], Mapping[str, Any]],
    *,
    check_pause: Callable[[], None],
    settle_s: float = SETTLE_S,
    sleep: Callable[[float], object] = time.sleep,
) -> str:
    """Instantly's id of the campaign, which is made if it is not there.

    Args:
        store: Knows whether it was made, or asked for.
        client: Instantly.
        campaign_name: The file's.
        payload: Makes the body to make it with, whose name carries the marker.
        check_pause: Called before it is asked for.
        settle_s: How long to wait for the effect of a request whose answer was lost, in seconds.
        sleep: Replaced in tests.

    Raises:
        OutcomeUnknown: The answer was lost, and the campaign is not to be seen (yet). The next launch looks again.
        RetryableError: Instantly is out of reach.
        Refused: Several campaigns there carry the marker.
    """
    claim = _Claim(store, campaign_name, settle_s)
    while True:
        answer = claim.make()
        if answer["state"] == "created":
            return str(answer["instantly_campaign_id"])
        if answer["state"] == "create":
            return _find_or_create(claim, client, payload, check_pause)
        found = _find(client, claim.marker)
        if found is not None:
            return claim.settle(found)
        _log.info(
            "%s was asked for before, without an answer: looking for it for %.0f s", campaign_name, answer["wait_s"]
        )
        sleep(min(_LOOK_EVERY_S, max(0.05, float(answer["wait_s"]))))


class _Claim:
    """The right to ask Instantly for the campaign, which one of all that want it has at a time."""

    def __init__(self, store: RowStore, campaign_name: str, settle_s: float) -> None:
        self._store, self.campaign_name, self._settle_s = store, campaign_name, settle_s
        self._id = str(uuid.uuid4())
        self.marker = marker_of(campaign_name)

    def make(self) -> dict[str, Any]:
        wanted = {"wanted_campaign": self.campaign_name, "wanted_marker": self.marker, "this_claim": self._id}
        return dict(self._store.call("claim_campaign_creation", {**wanted, "settle_s": self._settle_s}))

    def use(self) -> None:
        """Note that the request is made now, unless another one has the claim."""
        if not self._store.call("ask_for_campaign", {"wanted_campaign": self.campaign_name, "this_claim": self._id}):
            raise RetryableError(
                f"Making {self.campaign_name} at Instantly was left to another run, because this one took too long. "
                "Launch again."
            )

    def settle(self, campaign_id: str | None) -> str:
        """Note the campaign; `None`: it certainly was not made, so that nobody has to wait for it."""
        settled = {"wanted_campaign": self.campaign_name, "campaign_id": campaign_id, "this_claim": self._id}
        return str(self._store.call("settle_campaign_creation", settled))


def _find_or_create(
    claim: _Claim,
    client: InstantlyClient,
    payload: Callable[[], Mapping[str, Any]],
    check_pause: Callable[[], None],
) -> str:
    try:
        # Under the claim: whatever was asked for under an earlier one is to be seen by now.
        found = _find(client, claim.marker)
        body = payload() if found is None else {}
    except OutreachError:
        claim.settle(None)
        raise
    return claim.settle(found) if found is not None else _create(claim, client, body, check_pause)


def _create(claim: _Claim, client: InstantlyClient, body: Mapping[str, Any], check_pause: Callable[[], None]) -> str:
    def check_and_use() -> None:
        check_pause()
        claim.use()

    try:
        created = create_campaign(client, body, check_pause=check_and_use)
    except OutcomeUnknown:
        found = _find(client, claim.marker)
        if found is None:
            raise
        return claim.settle(found)
    except (PermanentError, RetryableError, Refused):
        claim.settle(None)
        raise
    return claim.settle(created)


def _find(client: InstantlyClient, marker: str) -> str | None:
    found = find_campaigns(client, marker)
    if len(found) > 1:
        raise Refused(
            f"{len(found)} campaigns at Instantly carry the marker [{marker}], and only one may. Somebody copied it, "
            "or made it by hand. Rename or delete all but the one that is meant, then launch again."
        )
    return found[0].id if found else None
