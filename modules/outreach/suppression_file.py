"""Addresses and domains to suppress, in a CSV file of any origin: a list of opt-outs, customers or competitors.

Nothing is dropped in silence: each row with something in it is a suppression or a `RejectedRow`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from unicodedata import normalize

from modules.outreach.suppression import Kind, Reason, Suppression, suppressed_value
from modules.shared.csv_records import csv_format, csv_records
from modules.shared.emails import InvalidAddress
from modules.shared.errors import Refused
from modules.shared.raw_table import RejectedRow

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from modules.shared.csv_records import CsvFormat, CsvRecord

_HEADS_WITHIN_ROWS = 20

# Spelled by `_folded`, in the order they are looked at: the address of a row says more than the domain of its company.
_ADDRESSES = """
email emailaddress mail emails mailaddress emailadresse mailadresse leademail contactemail workemail primaryemail
address recipient recipientaddress
"""
_VALUES = """
value blvalue entry blockedvalue emailordomain domain companydomain website companywebsite url webseite homepage
"""
_HEADS = (*_ADDRESSES.split(), *_VALUES.split())
_REASON_HEADS = ("reason", "grund")
_GIVEN_REASONS = {reason.value: reason for reason in Reason if reason not in {Reason.erased, Reason.by_hand}}


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionFile:
    """A file that was looked at; its rows are read when they are asked for.

    Attributes:
        columns: Positions of the columns that may hold an address or a domain, in the order they are looked at;
            none: the file has no heads, and every cell is looked at.
        reason_column: Where a reason of ours stands; `None`: in none, and all rows are `imported`.
        heads_row: The number of the row that the heads stand in; 0 where there are none.
    """

    path: Path
    written: CsvFormat
    columns: tuple[int, ...]
    reason_column: int | None
    heads_row: int
    allow_free_mail: bool
    created_by: str

    def rows(self) -> Iterator[Suppression | RejectedRow]:
        """The rows below the heads, in their order; rows without anything in them are no rows."""
        for record in csv_records(self.path, self.written):
            if record.number > self.heads_row and (record.problem or any(map(str.strip, record.cells))):
                yield self._row(record)

    def _row(self, record: CsvRecord) -> Suppression | RejectedRow:
        reason = record.problem
        if not reason:
            try:
                kind, value = self._value(record.cells)
            except (InvalidAddress, Refused) as error:
                reason = f"value: {error}"
            else:
                return Suppression(
                    kind=kind,
                    value=value,
                    reason=self._reason(record.cells),
                    source=f"csv:{self.path.name}",
                    created_by=self.created_by,
                )
        return RejectedRow(key=None, reason=reason, payload={"row_number": record.number, "row": record.cells})

    def _value(self, cells: list[str]) -> tuple[Kind, str]:
        if not self.columns:
            return _first_value(cells, allow_free_mail=self.allow_free_mail)
        filled = [cells[place] for place in self.columns if place < len(cells) and cells[place].strip()]
        # The first one alone: where the address is broken, its company's domain says something else.
        return suppressed_value(filled[0] if filled else "", allow_free_mail=self.allow_free_mail)

    def _reason(self, cells: list[str]) -> Reason:
        if self.reason_column is None or self.reason_column >= len(cells):
            return Reason.imported
        return _GIVEN_REASONS.get(cells[self.reason_column].strip().lower().replace(" ", "_"), Reason.imported)


def read_suppression_file(path: Path, *, created_by: str, allow_free_mail: bool = False) -> SuppressionFile:
    """What the file holds and how it is written; its rows are read when `rows()` is called, any number of times.

    Args:
        path: Of a CSV file: UTF-8, UTF-16 or cp1252, with commas, semicolons, tabs or bars; with heads or without.
        created_by: Who imports it.
        allow_free_mail: Take domains where anybody can open a mailbox; without, such a row is rejected.

    Raises:
        PermanentError: The file is missing, empty or no CSV.
    """
    written = csv_format(path)
    heads_row, heads = _heads(path, written)
    return SuppressionFile(
        path=path,
        written=written,
        columns=tuple(heads.index(name) for name in _HEADS if name in heads),
        reason_column=next((heads.index(name) for name in _REASON_HEADS if name in heads), None),
        heads_row=heads_row,
        allow_free_mail=allow_free_mail,
        created_by=created_by,
    )


def _heads(path: Path, written: CsvFormat) -> tuple[int, list[str]]:
    for record in csv_records(path, written):
        if record.number > _HEADS_WITHIN_ROWS:
            break
        heads = [_folded(cell) for cell in record.cells]
        if any(head in _HEADS for head in heads):
            return record.number, heads
    return 0, []


def _first_value(cells: list[str], *, allow_free_mail: bool) -> tuple[Kind, str]:
    """Of a row without heads: its first address, or its first domain where it has no address."""
    filled = [cell for cell in cells if cell.strip()]
    domains = []
    for cell in filled:
        try:
            kind, value = suppressed_value(cell, allow_free_mail=allow_free_mail)
        except InvalidAddress:
            continue
        if kind is Kind.email:
            return kind, value
        domains.append((kind, value))
    if not domains:
        raise InvalidAddress("no cell holds an address or a domain")
    return domains[0]


def _folded(head: str) -> str:
    """A head without case, accents, spaces and signs."""
    return re.sub(r"[^a-z]", "", normalize("NFKD", head).casefold())
