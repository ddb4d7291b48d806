"""What was asked of the stand-in, for tests that count requests or look for effects."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import asdict, dataclass, field
from typing import Any

_ENTRIES_KEPT = 20_000


@dataclass(slots=True, kw_only=True)
class Entry:
    """One request.

    Attributes:
        number: Counts from 1, never reused.
        path: Behind the API's prefix.
        operation: As `GET /campaigns/{id}`; `None` when no operation has this path.
        status: Of the answer; 0 while there is none, and when the connection was cut.
        had_effect: Whether something was changed, even if the answer never arrived.
    """

    number: int
    method: str
    path: str
    query: dict[str, Any]
    body: Any
    operation: str | None = None
    status: int = 0
    had_effect: bool = False


@dataclass(slots=True)
class RequestLog:
    """The last requests, and how many there were of each operation."""

    entries: deque[Entry] = field(default_factory=lambda: deque(maxlen=_ENTRIES_KEPT))
    counts: Counter[str] = field(default_factory=Counter)
    _number: int = 0

    def add(self, method: str, path: str, query: dict[str, Any], body: Any) -> Entry:
        """Note a request that has just arrived."""
        self._number += 1
        entry = Entry(number=self._number, method=method, path=path, query=query, body=body)
        self.entries.append(entry)
        return entry

    def clear(self) -> None:
        """Forget the requests; the numbers go on."""
        self.entries.clear()
        self.counts.clear()

    def as_json(self) -> dict[str, Any]:
        """Give back everything as plain values."""
        return {"requests": [asdict(entry) for entry in self.entries], "counts": dict(self.counts)}
