"""What is left of a person who was erased: a keyed hash that goes on blocking them.

Nobody can make such a hash, or try a guess, without OUTREACH_ERASURE_KEY. The database decides who may be contacted,
so the hash that each lead would have is kept there, as long as anybody is erased; a lead without one is not contacted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from modules.outreach.pages import in_batches, pages
from modules.outreach.suppression import erased_key, key_fingerprint
from modules.shared.emails import parse_address

if TYPE_CHECKING:
    from modules.supabase.row_store import RowStore


def erase(store: RowStore, address: str, *, by: str, erasure_key: str) -> int:
    """Take an address out of `suppressions` and leave a keyed hash that goes on blocking; how many acts had it.

    Raises:
        InvalidAddress: It is no address.
    """
    key = parse_address(address).match_key
    parameters = {"email_key": key, "erased_key": erased_key(key, erasure_key), "by_whom": by}
    erased = int(store.call("erase_suppressed_person", parameters))
    compare_with_erased(store, erasure_key)
    return erased


def compare_with_erased(store: RowStore, erasure_key: str) -> int:
    """Store by which hash each lead would be known if they were erased, so that the database can tell; how many.

    Nothing is stored while nobody is erased. Until a lead is compared it must not be contacted.
    """
    leads = pages(store, "leads_without_erased_key", key="lead_id", wanted_fingerprint=key_fingerprint(erasure_key))
    return sum(
        store.call(
            "save_erased_keys",
            {
                "rows": [
                    {"lead_id": lead["lead_id"], "erased_key": erased_key(lead["match_key"], erasure_key)}
                    for lead in batch
                ]
            },
        )
        for batch in in_batches(leads)
    )
