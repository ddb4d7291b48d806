"""Whether everything a line says stands in its facts. Pure.

A line may use words of its facts, words that mean the same, and ordinary words. What else it uses counts as invented:
a false alarm costs a second try, an invention costs the customer.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from modules.openai.icebreaker_text import folded, numbers_of, words_of
from modules.openai.icebreaker_words import (
    COMPOUNDING,
    NUMBER_WORDS,
    forms_of,
    is_ordinary,
    is_ordinary_part,
    ordinary_words,
    parts,
    same_meaning,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from modules.openai.icebreaker_facts import IcebreakerFacts

_NAME_KINDS = ("first_name", "last_name", "company_name", "technologies", "city")
NUMBER_KINDS = frozenset({"employees_count", "founded_year", "headcount_growth"})
"""Facts that are a number and what it counts."""
_CAPITALS_ANYWHERE = {
    "en": frozenset({"i"}),
    "nl": frozenset({"u", "uw"}),
    "sv": frozenset({"ni", "er"}),
    "fr": frozenset(),
}
"""Ordinary words that take a capital amid a sentence. In German every noun does."""
_SENTENCE_START = re.compile(r"(?:^|[.?!:\u2026]\s+)[\"'\u201c\u201e\u201a\u00ab(]*([^\W\d_]+)")
_SHORTEST_NAME = 3
_NEAR = 3
"""So many words before and after a number say what it counts."""

# Beginnings of folded words, in every language.
_COUNTS_PEOPLE = (
    "people",
    "person",
    "employee",
    "staff",
    "colleague",
    "team",
    "crew",
    "workforce",
    "mitarbeit",
    "mensch",
    "leute",
    "kopf",
    "kolleg",
    "beschaftigt",
    "mensen",
    "medewerker",
    "werknemer",
    "collega",
    "medarbetar",
    "anstalld",
    "mannisk",
    "collaborateur",
    "salarie",
    "employe",
    "equipe",
)
_NAMES_A_START = (
    "since",
    "found",
    "start",
    "begin",
    "from",
    "seit",
    "grund",
    "gegrund",
    "sinds",
    "opgericht",
    "sedan",
    "grund",
    "depuis",
    "fond",
)
_NAMES_GROWTH = (
    "grow",
    "grew",
    "wachs",
    "wuchs",
    "gewachs",
    "groei",
    "vax",
    "tillvaxt",
    "croissance",
    "mehr",
    "more",
    "plus",
)
_NEEDS_NEARBY = {
    "employees_count": _COUNTS_PEOPLE,
    "founded_year": _NAMES_A_START,
    "headcount_growth": _NAMES_GROWTH,
}


class _Known(NamedTuple):
    spellings: frozenset[str]
    words: frozenset[str]
    forms: frozenset[str]
    meanings: frozenset[str]
    numbers: frozenset[tuple[str, bool]]
    names: frozenset[str]


@lru_cache(maxsize=256)
def _known(facts: IcebreakerFacts) -> _Known:
    spellings = frozenset(word for text in facts.texts() for word in words_of(text))
    words = frozenset(map(folded, spellings))
    said = words | _said_by_compounds(words, facts.language)
    return _Known(
        spellings=spellings,
        words=words,
        forms=frozenset(form for word in said for form in forms_of(word, facts.language)),
        meanings=frozenset(other for word in said for other in same_meaning().get(word, ())),
        numbers=frozenset(number for text in facts.texts() for number in numbers_of(text)),
        names=frozenset(folded(word) for text in facts.texts(*_NAME_KINDS) for word in words_of(text)),
    )


def _said_by_compounds(words: frozenset[str], language: str) -> frozenset[str]:
    """The halves of compounds that have a half everybody knows: a `Fuhrparkleiter` has a `Fuhrpark`."""
    return frozenset(
        half
        for word in words
        if language in COMPOUNDING
        for halves in parts(word)
        if any(half in same_meaning() or half in ordinary_words(language) for half in halves)
        for half in halves
    )


def words_of_facts(facts: IcebreakerFacts) -> frozenset[str]:
    """The folded words of all facts."""
    return _known(facts).words


def grounding_problems(line: str, facts: IcebreakerFacts) -> Iterator[str]:
    """The rules on words, names and numbers that the line breaks."""
    known = _known(facts)
    starts = {match.start(1) for match in _SENTENCE_START.finditer(line)}
    for match in re.finditer(r"[^\W_]+", line):
        word = match[0]
        if not word.isdigit() and not re.fullmatch(r"\d+", word):
            rule = _word_problem(word, facts.language, known, starts_sentence=match.start() in starts)
            if rule:
                yield rule
    found = numbers_of(line)
    if not found <= known.numbers:
        yield "unknown_number"
    elif found and any(_is_out_of_place(number, line, facts) for number in found):
        yield "number_out_of_place"


def _word_problem(spelled: str, language: str, known: _Known, *, starts_sentence: bool) -> str | None:
    word = folded(spelled)
    if word in known.words:
        is_misspelled = spelled not in known.spellings and word in known.names and len(word) >= _SHORTEST_NAME
        return "name_spelling" if is_misspelled and not is_ordinary(word, language) else None
    is_name = spelled[:1].isupper() and not starts_sentence
    if is_ordinary(word, language):
        takes_capital = language == "de" or word in _CAPITALS_ANYWHERE[language]
        return "unknown_name" if is_name and not takes_capital else None
    if word in NUMBER_WORDS:
        return None if (NUMBER_WORDS[word], False) in known.numbers else "unknown_number"
    if _is_grounded(word, language, known) or any(
        (_is_grounded(left, language, known) or is_ordinary_part(left, language))
        and (_is_grounded(right, language, known) or is_ordinary_part(right, language))
        for left, right in (parts(word) if language in COMPOUNDING else ())
    ):
        is_other_name = spelled.removesuffix("s") not in known.spellings and word.removesuffix("s") in known.names
        return "name_spelling" if is_other_name else None
    return "unknown_name" if is_name else "unknown_word"


def _is_grounded(word: str, language: str, known: _Known) -> bool:
    return word in known.meanings or not forms_of(word, language).isdisjoint(known.forms)


def _is_out_of_place(number: tuple[str, bool], line: str, facts: IcebreakerFacts) -> bool:
    """Whether a count of people, a year or a growth is used for something else."""
    kinds = {fact.kind for fact in facts.facts if number in numbers_of(fact.text)}
    if not kinds <= NUMBER_KINDS:
        return False
    words = words_of(folded(re.sub(r"(?<=\d)[.,'\u2019 \u00a0\u202f](?=\d{3}(?!\d))", "", line)))
    places = [place for place, word in enumerate(words) if word == number[0].partition(".")[0]]
    nearby = {word for place in places for word in words[max(0, place - _NEAR) : place + _NEAR + 1]}
    return not any(
        word.startswith(_NEEDS_NEARBY[kind]) or any(part.startswith(_NEEDS_NEARBY[kind]) for _, part in parts(word))
        for kind in kinds
        for word in nearby
    )
