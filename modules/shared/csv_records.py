"""Rows of a CSV file of any origin: whatever its encoding and its delimiter, and with its faults named.

The file is read as a stream. Two faults that the standard reader hides are caught: a quotation mark that nothing
closes, which would swallow the rows behind it, and a cell too large to be one.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter, deque
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, TextIO

from modules.shared.errors import PermanentError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_DELIMITERS = ",;\t|"
_SAMPLE_CHARACTERS = 64 * 1024
_SAMPLE_ROWS = 200
_CHUNK_BYTES = 1024 * 1024
_LONGEST_LINE = 1024 * 1024
"""Characters. What is longer is cut into several, so that a file without line breaks does not fill the memory."""

_BYTE_ORDER_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


class CsvFormat(NamedTuple):
    """How a file is written.

    Attributes:
        encoding: `utf-8`, `utf-8-sig` (with a byte order mark), `utf-16`, `utf-16-le`, `utf-16-be` or `cp1252`.
        delimiter: One of comma, semicolon, tab and bar, unless the file itself names another.
    """

    encoding: str
    delimiter: str


class CsvRecord(NamedTuple):
    """One row.

    Attributes:
        number: Counted from 1, with heads and blank rows, as a spreadsheet does.
        cells: As they stand there; none in a blank row.
        problem: Why the cells cannot be trusted; `None`: they can.
    """

    number: int
    cells: list[str]
    problem: str | None


def csv_format(path: Path) -> CsvFormat:
    """How the file is written, by what stands in it.

    Raises:
        PermanentError: There is no such file, nothing is in it, or it is a workbook.
    """
    try:
        encoding = _encoding(path)
        with _opened(path, encoding) as file:
            sample = file.read(_SAMPLE_CHARACTERS)
    except OSError as error:
        raise PermanentError(f"{path}: cannot be read ({error.strerror}). Give the path of a CSV file.") from None
    if not sample.strip():
        raise PermanentError(f"{path.name}: the file is empty. Give a CSV file with a row of heads.")
    return CsvFormat(encoding, _delimiter(sample))


def csv_records(path: Path, written: CsvFormat) -> Iterator[CsvRecord]:
    """Every row of the file, as a stream. Bytes that do not fit the encoding become U+FFFD."""
    with _opened(path, written.encoding) as file:
        lines = _Lines(file)
        reader = csv.reader(lines, delimiter=written.delimiter)
        number = 0
        while True:
            lines.taken.clear()
            cells, problem = [], None
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                problem = f"a cell of more than {csv.field_size_limit()} characters"
            if not problem and len(lines.taken) > 1 and not _is_strict(lines.taken, written.delimiter):
                problem = "a quotation mark that nothing closes"
            if problem:
                # The first line is at fault; those it drew in are rows of their own.
                cells = [lines.taken[0].rstrip("\r\n")]
                lines.waiting.extendleft(reversed(lines.taken[1:]))
            number += 1
            yield CsvRecord(number, cells, problem)


class _Lines:
    """The lines of a file, which can be given back.

    Attributes:
        taken: Since it was last cleared.
        waiting: Given back; they come before the rest of the file.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.taken: list[str] = []
        self.waiting: deque[str] = deque()

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self.waiting.popleft() if self.waiting else self._file.readline(_LONGEST_LINE)
        if not line:
            raise StopIteration
        self.taken.append(line)
        return line


def _is_strict(lines: list[str], delimiter: str) -> bool:
    """Whether a row of several lines is one by the letter: a stray mark ends where the next one opens a cell."""
    try:
        return len(list(csv.reader(lines, delimiter=delimiter, strict=True))) == 1
    except csv.Error:
        return False


def _opened(path: Path, encoding: str) -> TextIO:
    return path.open(encoding=encoding, errors="replace", newline="")


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(_CHUNK_BYTES)
        if start.startswith(_WORKBOOKS):
            raise PermanentError(f"{path.name}: this is a workbook. Save its sheet as CSV (UTF-8), and give that file.")
        for mark, encoding in _BYTE_ORDER_MARKS.items():
            if start.startswith(mark):
                return encoding
        # Latin letters in two bytes each: every other byte is zero.
        for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
            if start[first::2].count(0) > len(start) // 4:
                return encoding
        # The whole file, because the one name with an accent may stand in its last row.
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while start:
                decoder.decode(start)
                start = file.read(_CHUNK_BYTES)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8"


def _delimiter(sample: str) -> str:
    """The one that cuts most rows into the same number of cells; of several, the one that makes most cells."""
    named = re.match(r'"?sep=([,;\t|:^~])', sample, re.IGNORECASE)
    if named:
        return named[1]

    def evenness(delimiter: str) -> tuple[int, int]:
        rows = islice(csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter), _SAMPLE_ROWS)
        widths = Counter(len(row) for row in rows if len(row) > 1)
        return max(((count, width) for width, count in widths.items()), default=(0, 0))

    return max(_DELIMITERS, key=evenness)
