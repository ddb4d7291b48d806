"""Text that others wrote, made harmless, and its words in a spelling that can be compared."""

from __future__ import annotations

import re
from html import unescape
from unicodedata import category, combining, normalize

LONGEST_TEXT = 20_000
"""Characters that are looked at; nobody describes a company in more."""

_BLOCKS = re.compile(r"<!--.*?(?:-->|$)|<(script|style)\b.*?(?:</\1\s*>|$)", re.IGNORECASE | re.DOTALL)
_TAGS = re.compile(r"</?[a-z][^<>]{0,300}>", re.IGNORECASE)
_WORDS = re.compile(r"[^\W_]+")
_APOSTROPHES = re.compile("['\u2019\u02bc\u00b4`]")
_NUMBERS = re.compile(
    r"(?<![^\W_])(?:\d{1,3}(?:[.,'\u2019 \u00a0\u202f]\d{3})+(?!\d)|\d+(?:[.,]\d+)?)"
    r"(?:\s?(?:%|percent|prozent|procent|pour cent))?"
)
_THOUSANDS = re.compile(r"\d{1,3}(?:[.,'\u2019 \u00a0\u202f]\d{3})+")
_PERCENT = re.compile(r"\s?(?:%|percent|prozent|procent|pour cent)$")


def clean_text(text: str) -> str:
    r"""The text on one line, without tags, comments, and control, zero-width and bidirectional characters (NFKC).

    >>> clean_text("<p>Freight &amp; customs\u200b</p>\n")
    'Freight & customs'
    """
    bare = _TAGS.sub(" ", _BLOCKS.sub(" ", unescape(unescape(text[:LONGEST_TEXT]))))
    composed = normalize("NFKC", bare)
    # Cc, Cf, Co, Cs, Cn: what is no character to read; a line break is one, of white space.
    kept = [
        " " if letter.isspace() else letter for letter in composed if letter.isspace() or category(letter)[0] != "C"
    ]
    return " ".join("".join(kept).split())


def cut(text: str, longest: int) -> str:
    """The text up to its last whole word within so many characters."""
    return text if len(text) <= longest else text[: longest + 1].rpartition(" ")[0].strip() or text[:longest]


def folded(text: str) -> str:
    """The text without case and accents.

    >>> folded("Größe")
    'grosse'
    """
    lowered = text.casefold()
    if lowered.isascii():
        return lowered
    decomposed = normalize("NFKD", lowered.replace("ø", "o").replace("æ", "ae").replace("œ", "oe"))
    return "".join(letter for letter in decomposed if not combining(letter))


def words_of(text: str) -> list[str]:
    """Runs of letters and digits as they are spelled; hyphens, apostrophes and all else part them."""
    return _WORDS.findall(text)


def spaced(text: str) -> str:
    """The folded words with one space around each, for looking up phrases; an apostrophe parts no word.

    >>> spaced("It's a Test.")
    ' its a test '
    """
    return f" {' '.join(words_of(folded(_APOSTROPHES.sub('', text))))} "


def numbers_of(text: str) -> set[tuple[str, bool]]:
    """Its numbers in one spelling, each with whether it is a percentage.

    >>> sorted(numbers_of("1.200 Leute, 12,5 %"))
    [('12.5', True), ('1200', False)]
    """
    found = set()
    for match in _NUMBERS.findall(folded(text)):
        number = _PERCENT.sub("", match)
        whole = re.sub(r"\D", "", number) if _THOUSANDS.fullmatch(number) else number.replace(",", ".")
        found.add((whole.lstrip("0") or "0", number != match))
    return found
