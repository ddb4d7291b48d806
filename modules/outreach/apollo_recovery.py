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
    fetch_delivery,
    read_delivery,
    read_matches,
    read_organization,
)
from modules.apollo.apollo_organization_search import read_page
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

UNDER_WAY_S = 900.0
"""A call that was written down less long ago may still be under way in another process: a try begins within five
minutes, and Apollo answers within five."""


@dataclass(slots=True, kw_only=True)
class Recovery:
    """What became of the open calls.

    Attributes:
        settled: Their answers were saved, or have come meanwhile.
        released: They were not charged; those in them may be asked about again.
        doubtful: They may have been charged, and no answer is to be had; nobody in them is asked about again.
        pending: Their results are still to come.
    """

    settled: int = 0
    released: int = 0
    doubtful: int = 0
    pending: int = 0


def recover_calls(ledger: Ledger, client: ApolloClient, usage: Usage, *, under_way_s: float = UNDER_WAY_S) -> Recovery:
    """Settle what can be settled without spending anything.

    Args:
        ledger: Of this run.
        client: The team's connection.
        usage: Apollo's count, read after anything that could still have been under way.
        under_way_s: Calls without an answer that are younger are left alone.
    """
    recovery = Recovery()
    calls: list[Json] = ledger.store.call("open_apollo_calls", {"older_than_s": under_way_s})
    for call in calls:
        match call["state"]:
            case "answered":
                ledger.settle(call["id"], _read(call))
                recovery.settled += 1
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
    return (
        read_delivery(saved, subjects, kind) if "delivery" in saved else read_matches(saved["answer"], subjects, kind)
    )


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
    if _surely_not_charged(usage, call):
        end_call(
            ledger.store,
            call["id"],
            "released",
            "the answer was lost, and Apollo's count says that nothing was charged",
        )
        recovery.released += 1
        return
    contacts = _saved_contacts(client, call) if call["data_kind"] == DataKind.email else {}
    if len(contacts) == len(call["subjects"]):
        answer = {"matches": list(contacts.values()), "credits_consumed": call["credits_reserved"]}
        ledger.save(call["id"], {"answer": answer})
        ledger.settle(call["id"], read_matches(answer, call["subjects"], DataKind.email))
        recovery.settled += 1
        return
    recovery.doubtful += 1
    if call["state"] != "doubtful":
        _logger.warning(
            "Apollo: a call for %s subjects may have been charged and its answer is lost", len(call["subjects"])
        )
        end_call(ledger.store, call["id"], "doubtful", "the answer was lost, and Apollo's count has moved since")


def _surely_not_charged(usage: Usage, call: Json) -> bool:
    if call["balance_before"] is None:
        return False
    if usage.cycle_started_at is not None and usage.cycle_started_at > datetime.fromisoformat(call["intended_at"]):
        # The count began anew, and says nothing of before.
        return False
    unexplained = usage.credits_consumed - float(call["balance_before"]) - float(call["consumed_since"])
    return unexplained <= 0 <= usage.credits_consumed - float(call["balance_before"])


def _saved_contacts(client: ApolloClient, call: Json) -> dict[str, Any]:
    """People of the call whom the team has as contacts since, by id: reading contacts costs nothing."""
    since = datetime.fromisoformat(call["intended_at"])
    wanted, found, page = set(call["subjects"]), {}, 1
    while True:
        body = {
            "sort_by_field": "contact_updated_at",
            "sort_ascending": False,
            "page": page,
            "per_page": _CONTACTS_A_PAGE,
        }
        contacts = client.read("POST", "/contacts/search", body=body).get("contacts")
        contacts = [contact for contact in contacts if isinstance(contact, dict)] if isinstance(contacts, list) else []
        for contact in contacts:
            if contact.get("person_id") in wanted:
                found[contact["person_id"]] = {**contact, "id": contact["person_id"]}
        if len(found) == len(wanted) or len(contacts) < _CONTACTS_A_PAGE or _is_before(contacts[-1], since):
            return found
        page += 1


def _is_before(contact: Json, moment: datetime) -> bool:
    try:
        return datetime.fromisoformat(contact["updated_at"]) < moment
    except (KeyError, TypeError, ValueError):
        return True
