"""Whether a line rests on the facts that it cites. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modules.openai.icebreaker_check_grounding import NUMBER_KINDS
from modules.openai.icebreaker_languages import FUNCTION_WORDS
from modules.openai.icebreaker_text import folded, numbers_of, words_of
from modules.openai.icebreaker_words import forms_of, ordinary_words, same_meaning

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from modules.openai.icebreaker_facts import IcebreakerFacts

_PERSON_KINDS = frozenset({"first_name", "last_name"})
_SHORTEST_NAME = 3


def evidence_problems(line: str, facts: IcebreakerFacts, evidence: str, fact_ids: Collection[str]) -> Iterator[str]:
    """The rules on cited facts that are broken."""
    cited = [fact for fact in facts.facts if fact.id in fact_ids]
    if not fact_ids:
        yield "no_facts_cited"
    if not {fact.id for fact in cited} >= set(fact_ids):
        yield "unknown_fact_id"
    allowed = {folded(word) for fact in cited for part in fact for word in words_of(part)}
    copied = {folded(word) for word in words_of(evidence)}
    if not copied or not copied <= allowed:
        yield "evidence"
    used = {form for word in words_of(line) for form in forms_of(folded(word), facts.language)}
    numbers = numbers_of(line)
    if cited and not any(
        not numbers.isdisjoint(numbers_of(fact.text))
        or (fact.kind not in NUMBER_KINDS | _PERSON_KINDS and _shares_a_word(fact.text, used, facts.language))
        for fact in cited
    ):
        yield "fact_not_used"


def _shares_a_word(text: str, used: set[str], language: str) -> bool:
    for word in map(folded, words_of(text)):
        if len(word) == 1 or word in FUNCTION_WORDS["en"] or word in FUNCTION_WORDS[language]:
            continue
        if not used.isdisjoint(forms_of(word, language) | same_meaning().get(word, frozenset())):
            return True
        if any(
            form.startswith(word) and form not in ordinary_words(language)
            for form in used
            if len(word) > _SHORTEST_NAME
        ):
            return True
    return False
