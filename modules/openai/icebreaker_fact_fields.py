"""The values of a lead one by one: cleaned, measured, and left out where they look like an order. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from modules.openai.icebreaker_suspicion import suspicion
from modules.openai.icebreaker_text import clean_text, cut, words_of

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST_FIELD = 300
LONGEST_TOGETHER = 2_000
"""Characters of a text, and of all of them."""

# Characters and words of a text that is a name and no sentence; a longer one is something else.
_NAMES = {
    "first_name": (40, 4),
    "last_name": (60, 5),
    "job_title": (100, 12),
    "company_name": (80, 8),
    "industry": (80, 10),
    "city": (60, 5),
    "country": (60, 6),
}
_LONGEST_ITEM = (40, 5)
_ITEM_ALONE = frozenset({"too_long", "link"})
"""Reasons against one item that say nothing of the others: a list of technologies may well name a domain."""


class Fact(NamedTuple):
    """One thing that is known.

    Attributes:
        id: To cite it by: f1, f2, ...
        kind: The name of its field.
        text: What a line may say.
    """

    id: str
    kind: str
    text: str


class DroppedField(NamedTuple):
    """A value that no model sees, and the reason; the value itself is not kept."""

    kind: str
    reason: str


class CollectedFacts:
    """The facts and what was dropped, in the order in which they were added.

    Attributes:
        facts: With their numbers.
        dropped: With their reasons.
    """

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self.dropped: list[DroppedField] = []
        self._length = 0

    def add(self, kind: str, text: str | None, *, reason: str = "") -> None:
        """Add a text that is clean; `None` drops the field for the reason."""
        if text is not None and self._length + len(text) > LONGEST_TOGETHER:
            text, reason = None, "too_long_together"
        if text is None:
            self.dropped.append(DroppedField(kind, reason))
            return
        self._length += len(text)
        self.facts.append(Fact(f"f{len(self.facts) + 1}", kind, text))

    def add_name(self, kind: str, given: str | None) -> None:
        """Add a text that is no sentence; one that is too long for its field is dropped."""
        self._add_checked(kind, given, *_NAMES[kind])

    def add_text(self, kind: str, given: str | None) -> None:
        """Add a text of any length, cut after `LONGEST_FIELD` characters."""
        self._add_checked(kind, given, None, None)

    def _add_checked(self, kind: str, given: str | None, longest: int | None, most_words: int | None) -> None:
        text, reason = _checked(given, longest, most_words)
        if text or reason:
            self.add(kind, cut(text, LONGEST_FIELD) if not reason else None, reason=reason)

    def add_items(self, kind: str, given: Iterable[str] | None, *, most: int) -> None:
        """Add the first so many items that can be used, as one text."""
        texts: dict[str, None] = {}
        reasons: dict[str, None] = {}
        for item in list(given or ())[: 10 * most]:
            text, reason = _checked(item, *_LONGEST_ITEM)
            if reason:
                reasons[reason] = None
            elif text and len(texts) < most and len(", ".join([*texts, text])) <= LONGEST_FIELD:
                texts[text] = None
        joined = ", ".join(texts)
        # An order may be parted over several items: then none of them is used.
        if joined and (found := suspicion(joined, joined)):
            reasons[found] = None
        if joined and reasons.keys() <= _ITEM_ALONE:
            self.add(kind, joined)
        for reason in reasons:
            self.add(kind, None, reason=reason)


def _checked(given: str | None, longest: int | None, most_words: int | None) -> tuple[str, str]:
    """The clean text, and why it must not be used; the reason is empty where nothing speaks against it."""
    if given is None or not given.strip():
        return "", ""
    text = clean_text(given)
    reason = suspicion(given, text) or ""
    if not reason and longest and most_words and (len(text) > longest or len(words_of(text)) > most_words):
        reason = "too_long"
    return text, reason
