"""`suppressions`: noting, lifting and asking, in the database that the reserving transaction asks as well."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from modules.outreach.normalised_tables import noted_refresh
from modules.outreach.pages import add_counts, in_batches, pages
from modules.outreach.suppression import (
    Kind,
    LiftReason,
    Reason,
    Suppression,
    company_domain_of,
    erased_key,
    person_keys,
    suppressed_value,
)
from modules.outreach.suppression_erasure import compare_with_erased
from modules.shared.emails import InvalidAddress, parse_address
from modules.shared.errors import Refused
from modules.shared.raw_table import RejectedRow
from modules.supabase.row_batches import quarantine_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from modules.supabase.row_store import RowStore

SUPPRESSIONS = "suppressions"
INSTANTLY = "instantly"


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingStops:
    """What `suppressions` lacks of what Instantly says.

    Attributes:
        by_reason: Stops that are not noted.
        unreadable: Values that are no address and no company's domain; `rejected_rows` has them.
    """

    by_reason: dict[str, int]
    unreadable: int


def note(store: RowStore, records: Iterable[Suppression | RejectedRow]) -> dict[str, int]:
    """Add suppressions, in batches; what does not fit goes to `rejected_rows`.

    Returns:
        How many were inserted, unchanged (noted already) and rejected.
    """
    counts = dict.fromkeys(("inserted", "unchanged", "rejected"), 0)
    for batch in in_batches(records):
        rejected = [row for row in batch if isinstance(row, RejectedRow)]
        if rejected:
            notes = [quarantine_record(SUPPRESSIONS, row, None) for row in rejected]
            store.insert("rejected_rows", notes, unique=("table_name", "payload_digest", "reason"))
            counts["rejected"] += len(rejected)
        rows = [asdict(row) for row in batch if isinstance(row, Suppression)]
        if rows:
            add_counts(counts, store.call("note_suppressions", {"rows": rows})[0])
    return counts


def lift(
    store: RowStore, text: str, *, reason: LiftReason, by: str, explanation: str = "", erasure_key: str | None = None
) -> int:
    """Let an address or a domain be contacted again; how many suppressions that were in force it lifts.

    Args:
        store: Where they are.
        text: An address lifts what is noted of this mailbox, its erasure included; its domain stays as it is.
        reason: Why.
        by: Who says so.
        explanation: For those who ask later. No person's data.
        erasure_key: OUTREACH_ERASURE_KEY; without it an erased mailbox stays suppressed.

    Raises:
        InvalidAddress: It is neither an address nor a domain.
    """
    kind, value = suppressed_value(text, allow_free_mail=True)
    values = [(kind, value)]
    if kind is Kind.email and erasure_key:
        values.append((Kind.erased, erased_key(value, erasure_key)))
    return sum(
        store.call(
            "lift_suppression",
            {
                "wanted_kind": kind,
                "wanted_value": value,
                "why": reason,
                "by_whom": by,
                "explanation": explanation,
            },
        )
        for kind, value in values
    )


def suppression_reasons(store: RowStore, addresses: Sequence[str], *, erasure_key: str | None) -> list[list[str]]:
    """Why each address must not be contacted, in their order; an empty list: nothing stands against it.

    `address_not_described`: it cannot be read. `erasure_not_checked`: somebody was erased, and without the key that
    was used then nobody can tell whether it was them. Neither may be contacted.
    """
    people = [_keys(address, erasure_key) for address in addresses]
    reasons: list[list[str]] = [[] for _ in people]
    for found in store.call("suppression_reasons", {"people": people}):
        reasons[found["place"]].append(found["reason"])
    return [sorted(each) for each in reasons]


def is_suppressed(store: RowStore, address: str, *, erasure_key: str | None = None) -> bool:
    """Whether an address must not be contacted, by itself or by its domain."""
    return bool(suppression_reasons(store, [address], erasure_key=erasure_key)[0])


def refresh_suppressions(
    store: RowStore,
    orchestrator_run_id: str | None = None,
    *,
    stop_company: bool = False,
    erasure_key: str | None = None,
) -> dict[str, int]:
    """Note what Instantly says of people who want to be left alone, as far as it is not noted yet.

    Args:
        store: Holds Instantly's raw tables.
        orchestrator_run_id: Of the run, for `sync_runs`.
        stop_company: Whether somebody's reply suppresses everybody at their company. Never at a free-mail domain.
        erasure_key: OUTREACH_ERASURE_KEY. Without it leads that came since somebody was erased stay suppressed.

    Returns:
        How many facts were inserted, unchanged and rejected.
    """
    with noted_refresh(
        store, SUPPRESSIONS, made_of="instantly_leads_raw", orchestrator_run_id=orchestrator_run_id
    ) as counts:
        stops = _stops(store, with_noted=[Reason.replied] if stop_company else [])
        records = (record for stop in stops for record in _records(stop, stop_company=stop_company))
        add_counts(counts, note(store, records))
        if erasure_key:
            compare_with_erased(store, erasure_key)
    return counts


def missing_stops(store: RowStore) -> MissingStops:
    """What Instantly's raw tables say and `suppressions` does not have; nothing right after a refresh."""
    by_reason: dict[str, int] = {}
    unreadable = 0
    for stop in _stops(store, with_noted=[]):
        (record,) = _records(stop, stop_company=False)
        if isinstance(record, RejectedRow):
            unreadable += 1
        else:
            by_reason[record.reason] = by_reason.get(record.reason, 0) + 1
    return MissingStops(by_reason=by_reason, unreadable=unreadable)


def _stops(store: RowStore, *, with_noted: Sequence[Reason]) -> Iterator[dict[str, Any]]:
    return pages(
        store, "stops_of_instantly", key="stop_key", after="after_key", first="", noted_reasons=list(with_noted)
    )


def _records(stop: Mapping[str, Any], *, stop_company: bool) -> Iterator[Suppression | RejectedRow]:
    """The suppressions that one thing Instantly says amounts to."""
    reason = Reason(stop["reason"])
    try:
        kind, value = suppressed_value(f"@{stop['value']}" if stop["is_domain"] else stop["value"])
    except (InvalidAddress, Refused) as error:
        key = (stop["source_key"],)
        yield RejectedRow(key=key, reason=f"value: {error}", payload={"source_key": stop["source_key"]})
        return
    yield _of_instantly(kind, value, reason, stop["source_key"])
    if stop_company and reason is Reason.replied and kind is Kind.email:
        domain = company_domain_of(parse_address(stop["value"]))
        if domain is not None:
            yield _of_instantly(Kind.domain, domain, reason, stop["source_key"])


def block_list_fact(entry: Mapping[str, Any]) -> Suppression:
    """What an entry of Instantly's block list amounts to, under the key that a read of the list notes it by.

    Raises:
        InvalidAddress: It is neither an address nor a domain.
    """
    kind, value = suppressed_value(entry["bl_value"], allow_free_mail=True)
    return _of_instantly(kind, value, Reason.block_list, f"block_list:{entry['id']}")


def _of_instantly(kind: Kind, value: str, reason: Reason, source_key: str) -> Suppression:
    return Suppression(
        kind=kind, value=value, reason=reason, source=INSTANTLY, source_key=source_key, created_by=SUPPRESSIONS
    )


def _keys(address: str, erasure_key: str | None) -> dict[str, object]:
    try:
        return person_keys(parse_address(address), key=erasure_key)
    except InvalidAddress:
        return {"email_key": None}
