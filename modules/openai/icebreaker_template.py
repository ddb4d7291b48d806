"""A line without a model: patterns filled with facts, for when none came back that may be sent. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from modules.openai.icebreaker_checks import check_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from modules.openai.icebreaker_fact_fields import Fact
    from modules.openai.icebreaker_facts import IcebreakerFacts

_LEGAL_FORM = re.compile(
    r"[\s,]+(?:GmbH(?: & Co\.? KG(?:aA)?)?|AG|SE|KG|OHG|UG|e\.?K\.?|Ltd\.?|Limited|LLC|LLP|Inc\.?|plc|PLC|AB|"
    r"B\.?V\.?|N\.?V\.?|SAS|SARL|SA|S\.A\.)$"
)
_SLOT = re.compile(r"\{(\w+)\}")
_SLOT_OF = {
    "company_name": "company",
    "job_title": "title",
    "employees_count": "people",
    "founded_year": "year",
    "city": "city",
    "technologies": "technology",
}

# What fits any firm and claims nothing: a thought on daily work, worded as one.
_PATTERNS = {
    "en": (
        "As {title} at {company}, you probably have many topics on your desk that all need to fit together.",
        "{company} has {people} people, so I imagine that good coordination is a topic of its own on most days.",
        "With {people} people at {company}, as {title} you probably keep more processes in view than most.",
        "{company} has been around since {year}, so I imagine that many of your processes have a history of their own.",
        "As {title} at {company} in {city}, you probably know where daily work runs well and where it takes time.",
        "With {technology} in use at {company}, I imagine that keeping the data aligned is a topic of its own.",
        "{company} works from {city}, and I imagine that many questions of your daily work come together right there.",
    ),
    "de": (
        "Als {title} bei {company} haben Sie im Alltag sicher viele Themen gleichzeitig auf dem Tisch.",
        "Bei {company} arbeiten {people} Menschen, da ist gute Abstimmung im Alltag sicher ein eigenes Thema.",
        "Mit {people} Mitarbeitenden bei {company} behalten Sie als {title} sicher viele Abläufe im Blick.",
        "{company} gibt es seit {year}, da haben sich im Haus sicher viele Abläufe über lange Zeit eingespielt.",
        "Als {title} bei {company} in {city} kennen Sie die täglichen Abläufe sicher aus erster Hand.",
        "Bei {company} ist {technology} im Einsatz, da ist die Abstimmung der Daten im Alltag sicher ein Thema.",
        "{company} arbeitet in {city}, und dort laufen im Alltag sicher viele Fragen bei Ihnen zusammen.",
    ),
    "nl": (
        "Als {title} bij {company} hebt u waarschijnlijk dagelijks veel onderwerpen tegelijk op tafel.",
        "Bij {company} werken {people} mensen, en dan is goede afstemming waarschijnlijk een onderwerp op zich.",
        "{company} bestaat sinds {year}, en dan hebben veel processen waarschijnlijk een eigen manier van werken.",
        "Als {title} bij {company} in {city} kent u de dagelijkse praktijk waarschijnlijk tot in de details.",
    ),
    "sv": (
        "Som {title} hos {company} har ni säkert många frågor på bordet samtidigt i det dagliga arbetet.",
        "Hos {company} arbetar {people} personer, och då är god samordning säkert en viktig fråga i vardagen.",
        "{company} har funnits sedan {year}, och då har säkert många rutiner i huset sin egen form.",
        "Som {title} hos {company} i {city} känner ni säkert det dagliga arbetet in i minsta detalj.",
    ),
    "fr": (
        "En tant que {title} chez {company}, vous avez sans doute chaque jour beaucoup de sujets sur la table.",
        "Chez {company}, vous êtes {people} personnes, et la coordination est sans doute un sujet à part entière.",
        "{company} existe depuis {year}, et vos processus ont sans doute pris une forme bien à eux.",
        "En tant que {title} chez {company} à {city}, vous connaissez sans doute le quotidien dans ses détails.",
    ),
}


class TemplateAnswer(NamedTuple):
    """A line that passes `check_line` together with these citations."""

    line: str
    evidence: str
    fact_ids: tuple[str, ...]


def template_line(facts: IcebreakerFacts) -> str | None:
    """A line made of these facts, always the same one; `None` when they do not suffice for any that passes."""
    answer = template_answer(facts)
    return answer.line if answer else None


def template_answer(facts: IcebreakerFacts) -> TemplateAnswer | None:
    """The line, and the facts it rests on; `None` when there is no line.

    Different leads begin with different patterns. One that does not pass the checks with these values, such as a
    title that makes the line too long, gives way to the next.
    """
    patterns = _PATTERNS[facts.language]
    first = int(facts.facts_digest[:8], 16) % len(patterns)
    for answer in _filled((*patterns[first:], *patterns[:first]), facts):
        if not check_line(answer.line, facts, evidence=answer.evidence, fact_ids=answer.fact_ids):
            return answer
    return None


def spoken_company(name: str) -> str:
    """A company's name as people say it, without its legal form; whole where nothing else is left.

    >>> spoken_company("Haldenfreight GmbH & Co. KG"), spoken_company("AG")
    ('Haldenfreight', 'AG')
    """
    return _LEGAL_FORM.sub("", name) or name


def _filled(patterns: tuple[str, ...], facts: IcebreakerFacts) -> Iterator[TemplateAnswer]:
    slots = {_SLOT_OF[fact.kind]: fact for fact in facts.facts if fact.kind in _SLOT_OF}
    for pattern in patterns:
        names = _SLOT.findall(pattern)
        if slots.keys() >= set(names):
            used = [slots[name] for name in names]
            line = pattern.format(**{name: _spoken(slots[name]) for name in names})
            evidence = " ".join(fact.text for fact in used)
            yield TemplateAnswer(line, evidence, tuple(fact.id for fact in used))


def _spoken(fact: Fact) -> str:
    if fact.kind == "company_name":
        return spoken_company(fact.text)
    if fact.kind == "technologies":
        return fact.text.partition(",")[0]
    if fact.kind in {"employees_count", "founded_year"}:
        return next(word for word in fact.text.split() if word.isdigit())
    return fact.text
