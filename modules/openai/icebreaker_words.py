"""Which words say nothing by themselves, and which mean the same: the vocabulary that a line is held to. Pure.

A line may use the words of its facts and ordinary words of its language; any other word is taken for an invention. So
no list of inventions is needed, and German, which writes every noun with a capital, needs no rule of its own.
"""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path

from modules.openai.icebreaker_text import folded, words_of

_FOLDER = Path(__file__).with_name("icebreaker_vocabulary")
_SHORTEST_STEM = 3
_SHORTEST_PART = 4
# The longest first. Only what changes a word's form, never its meaning: no `un-`, no `-los`, no `-less`.
_ENDINGS = {
    "en": ("'s", "ies", "ing", "es", "ed", "er", "ly", "s", "d", "y", "e"),
    "de": ("ern", "en", "em", "er", "es", "n", "e", "s", "t"),
    "nl": ("en", "es", "s", "e", "n", "t"),
    "sv": ("arna", "erna", "orna", "ande", "et", "en", "ar", "er", "or", "na", "s", "a", "t", "n"),
    "fr": ("es", "s", "e", "x"),
}
_LINKS = ("", "s", "n", "en", "es", "e")
COMPOUNDING = frozenset({"de", "nl", "sv"})
"""Languages that write several nouns as one word."""

# From two on: `one` is an article in half of these languages.
_NUMBER_WORDS = {
    "two zwei twee tva deux": "2",
    "three drei drie tre trois": "3",
    "four vier fyra quatre": "4",
    "five funf vijf fem cinq": "5",
    "six sechs zes sex": "6",
    "seven sieben zeven sju sept": "7",
    "eight acht atta huit": "8",
    "nine neun negen nio neuf": "9",
    "ten zehn tien tio dix": "10",
    "eleven elf elva onze": "11",
    "twelve zwolf twaalf tolv douze": "12",
    "twenty zwanzig twintig tjugo vingt": "20",
    "fifty funfzig vijftig femtio cinquante": "50",
    "hundred hundert honderd hundra cent": "100",
    "thousand tausend duizend tusen mille": "1000",
}
NUMBER_WORDS = {word: number for words, number in _NUMBER_WORDS.items() for word in words.split()}
"""Folded words for numbers, in every language; `onze` is left to Dutch, where it is `our`."""
del NUMBER_WORDS["onze"]


@lru_cache(maxsize=200_000)
def forms_of(word: str, language: str) -> frozenset[str]:
    """A folded word and what it may be without its ending.

    >>> sorted(forms_of("planung", "de") & forms_of("planungen", "de"))
    ['planung']
    """
    # German makes participles with a beginning as well: geprüft, of prüfen.
    bare = word[2:] if language == "de" and word.startswith("ge") and word.endswith(("t", "en")) else word
    stems = (
        whole.removesuffix(ending) for whole in {word, bare} for ending in _ENDINGS[language] if whole.endswith(ending)
    )
    return frozenset({word, *(stem for stem in stems if len(stem) >= _SHORTEST_STEM)})


@cache
def ordinary_words(language: str) -> frozenset[str]:
    """The folded words of a language that say nothing by themselves, in every form that the file has them in."""
    lines = _lines(f"{language}.txt")
    return frozenset(word for line in lines for word in words_of(folded(line.replace("'", " "))))


@cache
def _ordinary_stems(language: str) -> frozenset[str]:
    return frozenset(form for word in ordinary_words(language) for form in forms_of(word, language))


@lru_cache(maxsize=200_000)
def is_ordinary(word: str, language: str) -> bool:
    """Whether a folded word, or a compound, is made of ordinary words only."""
    return _is_ordinary_part(word, language) or (
        language in COMPOUNDING
        and any(is_ordinary_part(left, language) and is_ordinary_part(right, language) for left, right in parts(word))
    )


def _is_ordinary_part(word: str, language: str) -> bool:
    return word in ordinary_words(language) or not forms_of(word, language).isdisjoint(_ordinary_stems(language))


@lru_cache(maxsize=200_000)
def is_ordinary_part(word: str, language: str) -> bool:
    """Whether a part of a compound is an ordinary word."""
    return len(word) >= _SHORTEST_PART and _is_ordinary_part(word, language)


@lru_cache(maxsize=50_000)
def parts(word: str) -> tuple[tuple[str, str], ...]:
    """Every way to part a folded compound in two, without what links them.

    >>> ("arbeit", "alltag") in parts("arbeitsalltag")
    True
    """
    return tuple(
        (word[: place - len(link)], word[place:])
        for place in range(_SHORTEST_PART, len(word) - _SHORTEST_PART + 1)
        for link in _LINKS
        if word[:place].endswith(link) and place - len(link) >= _SHORTEST_PART
    )


@cache
def same_meaning() -> dict[str, frozenset[str]]:
    """For each folded word of `terms.txt` the words that mean the same, in any language."""
    groups: dict[str, frozenset[str]] = {}
    for line in _lines("terms.txt"):
        group = frozenset(words_of(folded(line)))
        for word in group:
            groups[word] = groups.get(word, frozenset()) | group
    return groups


def _lines(file_name: str) -> list[str]:
    text = (_FOLDER / file_name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if not line.startswith("#")]
