"""What became of paid calls whose run ended before they were settled.

What was saved is read, what was to come is fetched, and whether a call without an answer was charged is found out at no
cost.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from modules.apollo.apollo_enrichment import (
    DataKind,
    email_of,
    fetch_delivery,
    read_delivery,
    read_matches,
    read_organization,
)
from modules.apollo.apollo_organization_search import read_page
from modules.apollo.apollo_usage import read_usage
from modules.outreach.apollo_ledger import end_call
from modules.shared.logger import get_logger

if TYPE_CHECKING:
    from modules.apollo.apollo_client import ApolloClient
    from modules.apollo.apollo_enrichment import Json, Result
    from modules.apollo.apollo_usage import Usage
    from modules.outreach.apollo_ledger import Ledger
    from modules.supabase.row_store import RowStore

_logger = get_logger(__name__)
_CONTACTS_A_PAGE = 100
_MOST_PAGES_OF_CONTACTS = 500
"""What Apollo shows of a search."""

UNDER_WAY_S = 900.0
"""A call that was written down less long ago may still be under way in another process: a try begins within five
minutes, and Apollo answers within five."""


@dataclass(slots=True, kw_only=True)
class Recovery:
    """What became of the open calls.

    Attributes:
        settled: Their answers were saved, have come meanwhile, or were looked up.
        released: They were not charged; those in them may be asked about again.
        doubtful: They may have been charged, and no answer is to be had; nobody in them is asked about again.
        pending: Their results are still to come.
    """

    settled: int = 0
    released: int = 0
    doubtful: int = 0
    pending: int = 0


def recover_calls(ledger: Ledger, client: ApolloClient, *, under_way_s: float = UNDER_WAY_S) -> Recovery:
    """Settle what can be settled without spending anything.

    Args:
        ledger: Of this run.
        client: The team's connection.
        under_way_s: Calls without an answer that are younger are left alone.
    """
    recovery = Recovery()
    calls: list[Json] = ledger.store.call("open_apollo_calls", {"older_than_s": under_way_s})
    if not calls:
        return recovery
    # After the list: Apollo's count then holds whatever any of these calls cost.
    usage = read_usage(client)
    for call in calls:
        match call["state"]:
            case "answered":
                result = _read(call)
                ledger.settle(call["id"], result)
                if result.request_id is None:
                    recovery.settled += 1
                else:
                    recovery.pending += 1
            case "pending":
                _fetch(ledger, client, call, recovery)
            case "intended" | "doubtful":
                _judge(ledger, client, usage, call, recovery)
    return recovery


def give_up_doubtful(store: RowStore) -> int:
    """Give doubtful calls up, so that those in them are asked about again; their credits stay counted as spent.

    Answers how many calls. A person decides this: Apollo may charge for the same people once more.
    """
    calls = [call for call in store.call("open_apollo_calls", {"older_than_s": 0.0}) if call["state"] == "doubtful"]
    for call in calls:
        end_call(store, call["id"], "lost", "given up by a person")
    return len(calls)


def _read(call: Json) -> Result:
    saved, subjects = call["answer"], call["subjects"]
    if call["data_kind"] == "organization":
        return read_organization(saved["answer"], subjects[0])
    if call["data_kind"] == "company_page":
        return read_page(saved["answer"], subjects[0])
    kind = DataKind(call["data_kind"])
    if "delivery" in saved:
        return read_delivery(saved, subjects, kind)
    # Whom a look-up did not find was not charged for, and may be asked about again.
    return read_matches(saved["answer"], [] if "looked_up" in saved else subjects, kind)


def _fetch(ledger: Ledger, client: ApolloClient, call: Json, recovery: Recovery) -> None:
    delivery = fetch_delivery(client, call["request_id"])
    if delivery is None:
        recovery.pending += 1
        return
    saved = {**call["answer"], "delivery": delivery}
    ledger.save(call["id"], saved)
    ledger.settle(call["id"], _read({**call, "answer": saved}))
    recovery.settled += 1


def _judge(ledger: Ledger, client: ApolloClient, usage: Usage, call: Json, recovery: Recovery) -> None:
    """Whether a call without an answer was charged, by what the team has consumed since."""
    unexplained = _unexplained_credits(usage, call)
    if unexplained == 0:
        end_call(
            ledger.store,
            call["id"],
            "released",
            "the answer was lost, and Apollo's count says that nothing was charged",
        )
        recovery.released += 1
        return
    contacts = _saved_contacts(client, call) if call["data_kind"] == DataKind.email else {}
    paid_for = sum(email_of(contact) is not None for contact in contacts.values())
    explains_all = unexplained is not None and 0 < unexplained <= paid_for
    if explains_all or len(contacts) == len(call["subjects"]):
        consumed = unexplained if explains_all else call["credits_reserved"]
        answer = {"matches": list(contacts.values()), "credits_consumed": consumed}
        saved = {"answer": answer, "looked_up": True}
        ledger.save(call["id"], saved)
        ledger.settle(call["id"], _read({**call, "answer": saved}))
        recovery.settled += 1
        return
    recovery.doubtful += 1
    if call["state"] != "doubtful":
        _logger.warning(
            "Apollo: a call for %s subjects may have been charged and its answer is lost", len(call["subjects"])
        )
        end_call(ledger.store, call["id"], "doubtful", "the answer was lost, and Apollo's count has moved since")


def _unexplained_credits(usage: Usage, call: Json) -> float | None:
    """Credits that were consumed since, and by none of our calls that we know the cost of; `None`: not to be told.

    Below zero: something was given back, or the count began anew.
    """
    is_new_cycle = usage.cycle_started_at is not None and usage.cycle_started_at > datetime.fromisoformat(
        call["intended_at"]
    )
    if call["balance_before"] is None or is_new_cycle:
        return None
    consumed = usage.credits_consumed - float(call["balance_before"]) - float(call["consumed_since"])
    return round(consumed, 6)


def _saved_contacts(client: ApolloClient, call: Json) -> dict[str, Any]:
    """People of the call whom the team has as contacts since, by id: reading contacts costs nothing."""
    since = datetime.fromisoformat(call["intended_at"])
    wanted, found = set(call["subjects"]), {}
    for page in range(1, _MOST_PAGES_OF_CONTACTS + 1):
        body = {
            "sort_by_field": "contact_updated_at",
            "sort_ascending": False,
            "page": page,
            "per_page": _CONTACTS_A_PAGE,
        }
        contacts = client.read("POST", "/contacts/search", body=body).get("contacts")
        contacts = [contact for contact in contacts if isinstance(contact, dict)] if isinstance(contacts, list) else []
        for contact in contacts:
            person_id = contact.get("person_id")
            if isinstance(person_id, str) and person_id in wanted:
                found[person_id] = {**contact, "id": person_id}
        if len(found) == len(wanted) or len(contacts) < _CONTACTS_A_PAGE or _is_before(contacts[-1], since):
            break
    return found


def _is_before(contact: Json, moment: datetime) -> bool:
    try:
        return datetime.fromisoformat(contact["updated_at"]) < moment
    except (KeyError, TypeError, ValueError):
        return True
