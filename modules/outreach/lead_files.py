"""Leads in a CSV file of any origin: an export of Apollo, HubSpot or LinkedIn, or a list somebody typed.

Nothing is dropped in silence: each row with something in it is a lead or a `RejectedRow`. A person who stands in the
file twice comes twice; the database knows who is there already.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from modules.outreach.lead_columns import find_columns
from modules.outreach.lead_records import lead_record
from modules.shared.csv_records import csv_format, csv_records
from modules.shared.emails import InvalidAddress
from modules.shared.raw_table import RejectedRow

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from modules.outreach.lead_columns import Columns
    from modules.outreach.lead_records import LeadRecord, Provenance
    from modules.shared.csv_records import CsvFormat, CsvRecord

_ROWS_LOOKED_AT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadFile:
    """A file that was looked at; its rows are read when they are asked for."""

    path: Path
    provenance: Provenance
    written: CsvFormat
    found: Columns

    @property
    def columns(self) -> dict[str, str]:
        """The head of the column of each field that was found."""
        return {field: self.found.heads[position] for field, position in self.found.positions.items()}

    @property
    def unused_columns(self) -> list[str]:
        """The heads of columns that are not read."""
        used = set(self.found.positions.values())
        return [head for position, head in enumerate(self.found.heads) if head and position not in used]

    @property
    def encoding(self) -> str:
        """As `CsvFormat` names it."""
        return self.written.encoding

    @property
    def delimiter(self) -> str:
        """What stands between two cells."""
        return self.written.delimiter

    def rows(self) -> Iterator[LeadRecord | RejectedRow]:
        """The rows below the heads, as a stream, in their order; rows without anything in them are no rows.

        A rejected row has no key, and in its payload the `row_number` that a spreadsheet shows and the `row`.
        """
        for record in csv_records(self.path, self.written):
            if record.number > self.found.heads_row and (record.problem or any(map(str.strip, record.cells))):
                yield self._row(record)

    def _row(self, record: CsvRecord) -> LeadRecord | RejectedRow:
        cells, width = record.cells, len(self.found.heads)
        reason = record.problem
        if not reason and any(cell.strip() for cell in cells[width:]):
            # Where there are more cells than heads, a cell may stand under the wrong head.
            reason = f"{len(cells)} cells, where there are {width} columns"
        if not reason:
            positions = self.found.positions
            texts = {field: cells[position] for field, position in positions.items() if position < len(cells)}
            try:
                return lead_record(texts.pop("email", ""), provenance=self.provenance, **texts)
            except InvalidAddress as error:
                reason = f"email: {error}"
        return RejectedRow(key=None, reason=reason, payload={"row_number": record.number, "row": cells})


def read_lead_file(path: Path, *, provenance: Provenance, columns: Mapping[str, str] | None = None) -> LeadFile:
    """What the file holds and how it is written. Its rows are read when `rows()` is called, any number of times.

    Args:
        path: Of a CSV file: UTF-8, UTF-16 or cp1252, with commas, semicolons, tabs or bars.
        provenance: Of every lead in it.
        columns: The head of a field's column, where it is not to be guessed; `column 2` in a file without heads.

    Raises:
        PermanentError: The file is missing, empty or no CSV, a told column is not there, or it is not clear which
            column holds the addresses.
    """
    written = csv_format(path)
    records = islice(csv_records(path, written), _ROWS_LOOKED_AT)
    first_rows = [(record.number, record.cells) for record in records if not record.problem]
    found = find_columns(path.name, first_rows, columns or {})
    return LeadFile(path=path, provenance=provenance, written=written, found=found)
