"""Whether a line looks like one or two plain sentences. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from unicodedata import name, normalize

from modules.openai.icebreaker_text import words_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from modules.openai.icebreaker_facts import IcebreakerFacts

_PUNCTUATION = frozenset(" .,:;?!'\"()-/&%+\u2019\u2018\u201c\u201d\u201e\u201a\u00ab\u00bb\u2013\u2014\u2026")
_QUOTES = "\"'\u2019\u2018\u201c\u201d\u201e\u201a\u00ab\u00bb"
_SENTENCE_END = re.compile(r"[.?!\u2026]+[" + _QUOTES + r")]*(?=\s|$)")
_QUOTATION = re.compile('["\u201c\u201d\u201e\u00ab\u00bb]')
_FINISHED = re.compile(r"[.?\u2026]$")
_SHORTEST_SHOUT = 4

_PATTERNS = {
    "placeholder": re.compile(
        r"\{[^}]*\}|\[[^\]]*\]|<[^>]*>|\bX{2,}\b|_{2,}|\b(?:first|last|company)_?name\b|\b(?:vorname|nachname|firmenname)\b"
        r"|\blorem ipsum\b|\bn/a\b|\bnull\b|\bundefined\b|\bnone\.?$",
        re.IGNORECASE,
    ),
    "markup": re.compile(r"[<>{}\[\]|\\~^`*#=_$]|&[a-z]+;|&#|\(\)|\\u[0-9a-f]{4}|%[0-9a-f]{2}", re.IGNORECASE),
    "link": re.compile(
        r"\w:/+\S|\bwww\b|[^\W_]\.(?!js\b)(?!net\b)[^\W\d_]{2,}|[^\W_](?<!asp)\.net\b"
        r"|\bhttps?\b|\bdot com\b|\(dot\)|//",
        re.IGNORECASE,
    ),
    "address": re.compile(r"@|\((?:at|a)\)", re.IGNORECASE),
    "phone": re.compile(r"\+\s?\d|\(?\d(?:[ ()/.-]{0,2}\d){6,}"),
}


@dataclass(frozen=True)
class Limits:
    """How long a line may be; every bound is allowed itself.

    Attributes:
        fewest_characters: And most_characters: with blanks and punctuation.
        most_characters: See fewest_characters.
        fewest_words: And most_words.
        most_words: See fewest_words.
        most_sentences: Counted by their ends.
        fewest_words_of_a_sentence: What is shorter was tacked on.
    """

    fewest_characters: int = 60
    most_characters: int = 220
    fewest_words: int = 8
    most_words: int = 38
    most_sentences: int = 2
    fewest_words_of_a_sentence: int = 4


def shape_problems(line: str, facts: IcebreakerFacts, limits: Limits) -> Iterator[str]:
    """The rules of length, characters and form that the line breaks."""
    words = words_of(line)
    yield from _length_problems(line, words, limits)
    yield from _sentence_problems(line, facts, limits)
    if normalize("NFC", line) != line or not all(map(_is_plain, line)):
        yield "strange_characters"
    if "!" in line or any(_shouts(word) and not _is_written_so(word, facts) for word in words):
        yield "exclamation"
    if _QUOTATION.search(line) or (line[:1] in _QUOTES and line.rstrip(".?!")[-1:] in _QUOTES):
        yield "quoted"
    for rule, pattern in _PATTERNS.items():
        if pattern.search(line):
            yield rule


def _length_problems(line: str, words: list[str], limits: Limits) -> Iterator[str]:
    if len(line) < limits.fewest_characters or len(words) < limits.fewest_words:
        yield "too_short"
    if len(line) > limits.most_characters or len(words) > limits.most_words:
        yield "too_long"


def _sentence_problems(line: str, facts: IcebreakerFacts, limits: Limits) -> Iterator[str]:
    # The point in `A. Brandt & Co. KG` ends no sentence.
    without_names = line
    for fact_text in facts.texts("company_name", "technologies", "city", "job_title"):
        without_names = without_names.replace(fact_text, "X")
    sentences = [words_of(each) for each in _SENTENCE_END.split(without_names) if each.strip()]
    if len(sentences) > limits.most_sentences:
        yield "sentences"
    if any(len(words) < limits.fewest_words_of_a_sentence or words[0][0].islower() for words in sentences):
        yield "fragment"
    if not _FINISHED.search(line):
        yield "unfinished"
    if line != " ".join(line.split()):
        yield "line_break"


def _is_plain(letter: str) -> bool:
    if letter.isascii():
        return letter.isalnum() or letter in _PUNCTUATION
    return letter in _PUNCTUATION or (letter.isalpha() and name(letter, "").startswith("LATIN "))


def _shouts(word: str) -> bool:
    return len(word) >= _SHORTEST_SHOUT and word.isupper() and word.isalpha()


def _is_written_so(word: str, facts: IcebreakerFacts) -> bool:
    return any(word in text for text in facts.texts())
