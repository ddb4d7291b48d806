"""The languages that lines are written in: which one a country's people read, and which one a line is in."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from modules.openai.icebreaker_text import folded, words_of

if TYPE_CHECKING:
    from collections.abc import Container

DEFAULT_LANGUAGE = "en"

# Where several languages are spoken the larger one: Switzerland, Belgium and Luxembourg are left to a person's choice.
_COUNTRIES = {
    "de": "de deu germany deutschland allemagne at aut austria osterreich ch che switzerland schweiz suisse li "
    "liechtenstein",
    "nl": "nl nld netherlands nederland niederlande holland",
    "sv": "se swe sweden sverige schweden",
    "fr": "fr fra france frankreich frankrijk mc monaco",
}
_LANGUAGE_OF = {name: language for language, names in _COUNTRIES.items() for name in names.split()}

# Words that hold sentences together and belong to one of these languages only, or nearly so.
_FUNCTION_WORDS = {
    "en": "the and of with your you for how is are that this at by from which what where when makes there must to on "
    "have has it as can we they their not or while must keeps sounds",
    "de": "der das und mit sie ihr ihre ihrem ihren ihnen ist sind bei fur wie auf ein eine einem einen sich nicht von "
    "zu im zum zur seit wenn da dass auch uber sicher haben kennen als wird es",
    "nl": "het een van met uw jullie voor hoe zijn bij op dat deze niet ook wordt naar als hebben heeft aan er en is "
    "de u sinds",
    "sv": "och ni er ert era med att som ett hos pa av den det for hur inte har hon sedan ar sakert till manga ofta",
    "fr": "le la les et vous votre vos avec des une pour dans est sur chez du au aux que qui ce cette depuis il plus "
    "sans son ses comment",
}
FUNCTION_WORDS = {language: frozenset(listed.split()) for language, listed in _FUNCTION_WORDS.items()}
LANGUAGES = tuple(FUNCTION_WORDS)


def language_of(country: str | None) -> str:
    """The language to write in to somebody there: de, nl, sv, fr, or en for every other country and for none.

    >>> language_of("Österreich"), language_of("SE"), language_of(None)
    ('de', 'sv', 'en')
    """
    return _LANGUAGE_OF.get(folded(country or "").strip(), DEFAULT_LANGUAGE)


def languages_of_line(line: str, *, besides: Container[str] = ()) -> set[str]:
    """The languages with most of their function words in the line; none where it has no such word.

    Args:
        line: One line.
        besides: Folded words that say nothing, because they stand in a name or a title.
    """
    counts: Counter[str] = Counter()
    for word in words_of(folded(line)):
        if word not in besides:
            counts.update(language for language, function_words in FUNCTION_WORDS.items() if word in function_words)
    most = max(counts.values(), default=0)
    return {language for language, count in counts.items() if count == most}
