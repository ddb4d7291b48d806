"""The pieces that an export is made of: which requests belong to which, so that nothing is asked for twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

from modules.instantly.instantly_api import READERS
from modules.instantly.instantly_rows import Days, LeadsOf
from modules.instantly.instantly_sources import payloads_of
from modules.instantly.instantly_tables import TABLE_OF
from modules.shared.errors import ContractError, OutreachError
from modules.shared.logger import get_logger, redact
from modules.shared.parallel import in_parallel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from modules.instantly.instantly_collection_progress import CollectionProgress
    from modules.instantly.instantly_export_parts import ExportParts
    from modules.instantly.instantly_pseudonyms import Pseudonyms
    from modules.instantly.instantly_sources import InstantlySource

FIRST_DAYS = timedelta(days=30)
"""How far back statistics and mails are collected when nothing else is said."""

_PAYLOADS_A_STEP = 500
"""How often progress is told."""
_OF_ACCOUNTS = ("accounts", "account_warmup", "account_daily")
_logger = get_logger(__name__)


class _Piece(NamedTuple):
    """What one reader reads in one go; it is finished as a whole, or not.

    Attributes:
        name: Of its file.
        entities: What it holds.
        collect: Reads and writes it.
    """

    name: str
    entities: tuple[str, ...]
    collect: Callable[[InstantlySource], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """One collection of everything.

    Attributes:
        source: Shared by the readers.
        parts: Where pieces go, and which are there.
        pseudonyms: Replace people; `None`: they stay.
        days: Of statistics.
        mails_since: The moment after which mails were stored.
        progress: Is told how far it is.
    """

    source: InstantlySource
    parts: ExportParts
    pseudonyms: Pseudonyms | None
    days: Days
    mails_since: datetime
    progress: CollectionProgress

    def read(self, workspace: Iterable[Any]) -> dict[str, list[str]]:
        """Read every piece that is not finished yet.

        Args:
            workspace: Its payload, read by the caller.

        Returns:
            The names of all pieces, by entity.
        """
        self.progress.expect("workspace", 1)
        with self.parts.writing("workspace") as write:
            write(self._prepared("workspace", workspace))
        self.progress.add("workspace", pieces=1)
        self._read_all([self._listed("campaigns", _campaign_id), self._listed("lead_lists", _list_id)])
        campaign_ids, list_ids = self._ids("campaigns", _campaign_id), self._ids("lead_lists", _list_id)
        of_campaigns = [self._leads(LeadsOf(campaign_id=campaign_id)) for campaign_id in campaign_ids]
        leads = [*of_campaigns, *(self._leads(LeadsOf(list_id=list_id)) for list_id in list_ids)]
        # Mails first, because Instantly gives twenty pages of them a minute; the many small pieces fill the time.
        self._read_all(
            [
                self._piece("emails", lambda source: source.emails(self.mails_since)),
                _Piece("accounts", _OF_ACCOUNTS, self._collect_accounts),
                self._piece("daily_analytics", lambda source: source.daily_analytics(campaign_ids, self.days)),
                self._piece("steps", lambda source: source.steps(campaign_ids)),
                *(self._listed(name) for name in ("block_list", "lead_labels", "tags", "tag_mappings")),
                self._piece("background_jobs", lambda source: source.background_jobs()),
                *leads,
            ]
        )
        return {**{entity: [entity] for entity in TABLE_OF}, "leads": [piece.name for piece in leads]}

    def _piece(
        self, entity: str, read: Callable[[InstantlySource], Iterable[Any]], *, name: str | None = None
    ) -> _Piece:
        name = name or entity

        def collect(source: InstantlySource) -> None:
            with self.parts.writing(name) as write:
                write(self._prepared(entity, read(source)))

        return _Piece(name, (entity,), collect)

    def _listed(self, entity: str, id_of: Callable[[Any], str | None] | None = None) -> _Piece:
        """A whole list; with `id_of`, one of whose items each must have the id that others are asked for by."""

        def read(source: InstantlySource) -> Iterator[Any]:
            for payload in payloads_of(source, entity):
                if id_of is not None:
                    id_of(payload)
                yield payload

        return self._piece(entity, read)

    def _leads(self, of: LeadsOf) -> _Piece:
        # An id comes from outside, and could be anything that a file name must not be.
        digest = blake2b("\0".join(map(str, of)).encode(), digest_size=16).hexdigest()
        return self._piece("leads", lambda source: source.leads(of), name=f"leads-{digest}")

    def _collect_accounts(self, source: InstantlySource) -> None:
        """The accounts, and what is asked for by their addresses.

        All three are one piece, finished when the accounts are: pseudonymised, they could not be asked for again.
        """
        emails: dict[str, None] = {}

        def listed() -> Iterator[Any]:
            for account in source.listed("accounts"):
                emails[_text(account, "email", "GET /accounts")] = None
                yield account

        with self.parts.writing("accounts") as write:
            write(self._prepared("accounts", listed()))
            with self.parts.writing("account_warmup") as write_warmup:
                write_warmup(self._prepared("account_warmup", source.account_warmup(list(emails))))
            with self.parts.writing("account_daily") as write_days:
                write_days(self._prepared("account_daily", source.account_daily(list(emails), self.days)))

    def _prepared(self, entity: str, payloads: Iterable[Any]) -> Iterator[Any]:
        """The payloads as they are written, counted."""
        count = 0
        for count, payload in enumerate(payloads, start=1):
            yield payload if self.pseudonyms is None else self.pseudonyms.payload(entity, payload)
            if count % _PAYLOADS_A_STEP == 0:
                self.progress.add(entity, payloads=_PAYLOADS_A_STEP)
        self.progress.add(entity, payloads=count % _PAYLOADS_A_STEP)

    def _read_all(self, pieces: list[_Piece]) -> None:
        for entity in dict.fromkeys(entity for piece in pieces for entity in piece.entities):
            self.progress.expect(entity, sum(entity in piece.entities for piece in pieces))
        for piece in in_parallel(self._read, pieces, readers=READERS):
            for entity in piece.entities:
                self.progress.add(entity, pieces=1)

    def _read(self, piece: _Piece) -> _Piece:
        if not self.parts.has(piece.name):
            try:
                piece.collect(self.source.part())
            except OutreachError as error:
                # Said at once: the error itself is raised only after the pieces in hand, which are worth keeping.
                _logger.warning("%s: %s No further piece is begun.", piece.entities[0], redact(str(error)))
                raise
        return piece

    def _ids(self, piece: str, id_of: Callable[[Any], str | None]) -> list[str]:
        """The ids in a finished piece, each once: a list that changes while it is read may show one twice."""
        ids = (id_of(payload) for payload in self.parts.payloads(piece))
        return list(dict.fromkeys(each for each in ids if each is not None))


def _campaign_id(payload: Any) -> str | None:
    """Whose statistics and leads to ask for; `None`: totals that name no campaign."""
    if payload["campaign"] is not None or payload["analytics"] is None:
        return _text(payload["campaign"], "id", "GET /campaigns")
    found = payload["analytics"].get("campaign_id") if isinstance(payload["analytics"], dict) else None
    return found if isinstance(found, str) else None


def _list_id(payload: Any) -> str:
    return _text(payload, "id", "GET /lead-lists")


def _text(item: Any, name: str, asked: str) -> str:
    found = item.get(name) if isinstance(item, dict) else None
    if not isinstance(found, str) or not found:
        raise ContractError(
            f"Instantly: {asked} answered an item without {name}; what belongs to it cannot be asked for, so that the "
            "export would not be whole. Try again later."
        )
    return found
