"""Suppression that reaches back: people are taken out of campaigns at Instantly, and its block list is filled.

Instantly knows no way to stop one person but to delete their record in the campaign (`DELETE /leads/{id}`), and an
unsubscribe holds in one campaign only, so whoever must never be contacted is put on the workspace's block list as well.
Both only ever reduce contact. A lost answer is never repeated: what became of it is read back from Instantly, and what
is still there then is a failure, which the next sweep tries again.

Source: developer.instantly.ai, "Delete lead", "List leads" (`contacts`), "Bulk create block list entries".
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from modules.instantly.instantly_lead_rows import LEADS
from modules.outreach.pages import in_batches, pages
from modules.outreach.suppression_table import block_list_fact, note
from modules.shared.errors import ContractError, OutcomeUnknown, PermanentError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from modules.instantly.instantly_client import InstantlyClient
    from modules.supabase.row_store import RowStore

_BLOCK_LIST_PATH = "/block-lists-entries"
_BLOCKED_AT_ONCE = 1_000
_LOOKED_UP_AT_ONCE = 100
_STOPPED = frozenset({-1, -2, 3})
"""Bounced, unsubscribed, completed: Instantly writes to them no more in that campaign."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweptPerson:
    """Somebody suppressed, in one campaign at Instantly.

    Attributes:
        lead_id: Of `leads`; `None` where the caller does not know it.
        email: As Instantly has it.
    """

    lead_id: str | None
    email: str
    instantly_lead_id: str
    instantly_campaign_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepResult:
    """What a sweep did, as it was read back from Instantly.

    Attributes:
        removed: People who are in their campaign no more.
        still_there: Ids at Instantly of those who are, and whom it may still write to.
        blocked: Values that are on the block list now, and were not before.
        not_blocked: Values that belong there and still are not.
    """

    removed: int
    still_there: tuple[str, ...]
    blocked: int
    not_blocked: int

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left that a sweep should have stopped."""
        return not self.still_there and not self.not_blocked


def suppressed_at_instantly(store: RowStore) -> Iterator[SweptPerson]:
    """Suppressed people whom a campaign may still write to, as far as the last read of Instantly knows."""
    for row in pages(store, "suppressed_at_instantly", key="instantly_lead_id", first=""):
        yield SweptPerson(**row)


def sweep(
    store: RowStore,
    client: InstantlyClient,
    people: Iterable[SweptPerson],
    *,
    check_pause: Callable[[], None] = lambda: None,
) -> SweepResult:
    """Take people out of their campaigns, bring the block list up to `suppressions`, and read both back.

    Args:
        store: Says what belongs on the block list; learns which leads are gone.
        client: Of the workspace that the store holds.
        people: Whom to take out.
        check_pause: Called before each effect; what it raises ends the sweep.

    Raises:
        RetryableError: Instantly or Supabase is out of reach.
        PermanentError: Key, scope, plan or request is wrong.
        ContractError: Instantly's lists are not what its documents say.
    """
    removed, still_there = _remove(store, client, list(people), check_pause)
    blocked, not_blocked = _block(store, client, check_pause)
    return SweepResult(removed=removed, still_there=tuple(still_there), blocked=blocked, not_blocked=not_blocked)


def _remove(
    store: RowStore, client: InstantlyClient, people: Sequence[SweptPerson], check_pause: Callable[[], None]
) -> tuple[int, list[str]]:
    removed = 0
    still_there: list[str] = []
    for batch in in_batches(people, _LOOKED_UP_AT_ONCE):
        for person in batch:
            check_pause()
            _delete_lead(client, person)
        listed = _listed_among(client, batch)
        gone = [person.instantly_lead_id for person in batch if person.instantly_lead_id not in listed]
        # Noted at once, so that a sweep before the next read does not try again.
        store.mark_deleted(LEADS, [(lead_id,) for lead_id in gone])
        removed += len(gone)
        still_there += [lead_id for lead_id, status in listed.items() if status not in _STOPPED]
    return removed, still_there


def _delete_lead(client: InstantlyClient, person: SweptPerson) -> None:
    try:
        client.write("DELETE", f"/leads/{person.instantly_lead_id}")
    except OutcomeUnknown:
        pass  # The read-back tells.
    except PermanentError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise


def _listed_among(client: InstantlyClient, people: Sequence[SweptPerson]) -> dict[str, int | None]:
    """Which of these leads Instantly still lists, with their status there."""
    asked = sorted({person.email for person in people})
    wanted = {person.instantly_lead_id for person in people}
    listed = {}
    for lead in client.post_items("/leads/list", {"contacts": asked}):
        # A filter that is not heeded would show the whole workspace, page after page.
        if not isinstance(lead, dict) or str(lead.get("email", "")).strip().lower() not in asked:
            raise ContractError(
                "Instantly: POST /leads/list answered leads of other addresses than those in `contacts`. "
                "What was deleted cannot be read back; look at the suppressed people at Instantly."
            )
        if lead.get("id") in wanted:
            listed[str(lead["id"])] = lead.get("status")
    return listed


def _block(store: RowStore, client: InstantlyClient, check_pause: Callable[[], None]) -> tuple[int, int]:
    wanted = {str(row["value"]) for row in pages(store, "values_to_block", key="value", after="after_value", first="")}
    if not wanted:
        return 0, 0
    missing = wanted - _block_list(client).keys()
    for batch in in_batches(sorted(missing), _BLOCKED_AT_ONCE):
        check_pause()
        try:
            client.write("POST", f"{_BLOCK_LIST_PATH}/bulk-create", {"bl_values": batch})
        except OutcomeUnknown:
            continue  # The read-back tells.
    if not missing:
        return 0, 0
    entries = _block_list(client)
    # Noted here, our own entries are no news to the next read; as news they would undo a lift that came in between.
    note(store, [block_list_fact(entry) for value, entry in entries.items() if value in missing])
    not_blocked = missing - entries.keys()
    return len(missing) - len(not_blocked), len(not_blocked)


def _block_list(client: InstantlyClient) -> dict[str, dict[str, Any]]:
    """The entries by value."""
    return {
        str(entry["bl_value"]).strip().lower(): entry
        for entry in client.get_items(_BLOCK_LIST_PATH)
        if isinstance(entry, dict) and entry.get("bl_value")
    }
