"""Faults a test orders: which requests they hit, and what happens to them.

A rule is a JSON object:

    {"method": "GET", "path": "/accounts*", "where": {"starting_after": "…"}, "skip": 1, "times": 2, "action": {…}}

`method`, `path` (a glob, behind the API's prefix) and `where` (values of query or body) choose requests; the first
`skip` of them pass, the next `times` are hit (`null`: all). Actions:

    {"kind": "status", "status": 503, "body": {…}, "headers": {"Retry-After": "2"}, "when": "before" | "after"}
    {"kind": "cut", "when": "before" | "after"}      no byte of an answer; "after": the effect took place
    {"kind": "late", "requests": 3}                  no byte of an answer; the effect comes three requests later
    {"kind": "half_body"}                            the connection ends in the middle of the body
    {"kind": "broken_json"}                          a whole answer, cut off JSON
    {"kind": "html"}                                 200, and a page
    {"kind": "slow", "seconds": 5}
    {"kind": "rewrite", "change": {…}}               see `rewrite`
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

Json = dict[str, Any]
KINDS = frozenset({"status", "cut", "late", "half_body", "broken_json", "html", "slow", "rewrite"})


@dataclass(slots=True, kw_only=True)
class Rule:
    """One ordered fault.

    Attributes:
        matched: Requests that it chose so far, passed and hit.
    """

    action: Json
    method: str = "*"
    path: str = "*"
    where: Json = field(default_factory=dict)
    skip: int = 0
    times: int | None = 1
    matched: int = 0

    def __post_init__(self) -> None:
        """Refuse an action nobody knows, before a test waits for it in vain."""
        if self.action.get("kind") not in KINDS:
            raise ValueError(f"Unknown kind of fault {self.action.get('kind')!r}; there are {sorted(KINDS)}.")

    def hits(self, method: str, path: str, values: Mapping[str, Any]) -> bool:
        """Say whether this request is hit, and count it."""
        is_chosen = (
            self.method in {"*", method}
            and fnmatchcase(path, self.path)
            and all(str(values.get(name)) == str(wanted) for name, wanted in self.where.items())
        )
        if not is_chosen:
            return False
        self.matched += 1
        place = self.matched - self.skip
        return place > 0 and (self.times is None or place <= self.times)


@dataclass(slots=True)
class Faults:
    """All ordered faults, and the rows last served, which one of them repeats.

    Attributes:
        rows_keys: Where the rows of a page may stand; the first one that holds a list counts.
    """

    rows_keys: tuple[str, ...] = ("items",)
    rules: list[Rule] = field(default_factory=list)
    previous_rows: dict[str, list[Any]] = field(default_factory=dict)

    def clear(self) -> None:
        """Call all of them off."""
        self.rules.clear()
        self.previous_rows.clear()

    def actions(self, method: str, path: str, values: Mapping[str, Any]) -> list[Json]:
        """Give back what befalls this request."""
        return [rule.action for rule in self.rules if rule.hits(method, path, values)]

    def rewrite(self, operation: str, answer: Any, actions: list[Json]) -> Any:
        """Give back the answer with the ordered changes, and remember its rows."""
        for action in actions:
            if action["kind"] == "rewrite":
                previous_rows = self.previous_rows.get(operation, [])
                answer = rewrite(answer, action["change"], previous_rows, self.rows_keys)
        if (rows := rows_of(answer, self.rows_keys)) is not None:
            self.previous_rows[operation] = rows
        return answer


def _rows_key(answer: Json, rows_keys: tuple[str, ...]) -> str | None:
    return next((key for key in rows_keys if isinstance(answer.get(key), list)), None)


def rows_of(answer: Any, rows_keys: tuple[str, ...]) -> list[Any] | None:
    """Give back the rows of a page or of a bare list; `None` for anything else."""
    if isinstance(answer, dict):
        key = _rows_key(answer, rows_keys)
        return None if key is None else list(answer[key])
    return answer if isinstance(answer, list) else None


def rewrite(answer: Any, change: Json, previous_rows: list[Any], rows_keys: tuple[str, ...]) -> Any:
    """Give back a changed copy of an answer.

    `{"rows": "none"}` empties a page and keeps its cursor; `{"rows": "previous"}` puts the rows of the page before in
    front; `{"drop_rows": 3}` leaves out the last three; `{"cursor": "…"}` sets the cursor; `{"row": 0, "set": {…}}` and
    `{"row": 0, "remove": ["…"]}` change one row; `{"row": 0, "replace": …}` puts something else in its place;
    `{"answer": {…}}` sets what stands beside the rows, and `{"answer_without": ["…"]}` takes it away.
    """
    rows = list(rows_of(answer, rows_keys) or [])
    if change.get("rows") == "none":
        rows = []
    elif change.get("rows") == "previous":
        rows = [*previous_rows, *rows]
    rows = rows[: len(rows) - change.get("drop_rows", 0)]
    place = change.get("row")
    if place is not None and place < len(rows):
        if "replace" in change:
            rows[place] = change["replace"]
        else:
            kept = {name: value for name, value in rows[place].items() if name not in change.get("remove", [])}
            rows[place] = kept | change.get("set", {})
    if not isinstance(answer, dict):
        return rows
    key = _rows_key(answer, rows_keys)
    answer = answer if key is None else answer | {key: rows}
    answer = answer | ({"next_starting_after": change["cursor"]} if "cursor" in change else {})
    without = change.get("answer_without", [])
    return {name: value for name, value in answer.items() if name not in without} | change.get("answer", {})
