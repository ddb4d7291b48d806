"""The parts of which lines are made, in five languages.

A line is an opening and a question. An opening is a phrase about one fact, with `{at}` for the company, to which a
second phrase about another fact may be added; `{x}` stands for what the fact says.
"""

from __future__ import annotations

from typing import NamedTuple


class Phrases(NamedTuple):
    """One language.

    Attributes:
        at: The company by its name; `at_yours`: when there is no name.
        openings: By kind of fact.
        additions: The same without the company.
        questions: Small letters first, no mark at the end.
        has_capital_question: Whether a whole sentence after a colon begins with a capital.
    """

    at: str
    at_yours: str
    openings: dict[str, tuple[str, ...]]
    additions: dict[str, str]
    questions: tuple[str, ...]
    has_capital_question: bool = False
    question_mark: str = "?"
    colon: str = ": "


_ENGLISH = Phrases(
    at="at {company}",
    at_yours="at your company",
    openings={
        "job_title": ("as {x} {at}", "in your role as {x} {at}", "in the daily work as {x} {at}"),
        "industry": ("in {x} {at}", "for a team in {x} {at}", "working in {x} {at}"),
        "employees_count": ("with {x} people {at}", "in a team of {x} {at}", "among {x} people {at}"),
        "headcount_growth_pct": ("after growth of {x}% {at}", "with a team {at} that grew by {x}%"),
        "technologies": ("with {x} in use {at}", "working with {x} {at}", "for a team that uses {x} {at}"),
        "founded_year": ("since the founding in {x} {at}", "after all the years since {x} {at}"),
        "city": ("{at} in {x}", "with a base in {x} {at}"),
        "keywords": ("with {x} among the topics {at}", "around {x} {at}"),
        "country": ("{at} in {x}", "with a base in {x} {at}"),
    },
    additions={
        "job_title": "in the role of {x}",
        "industry": "in {x}",
        "employees_count": "with {x} people",
        "headcount_growth_pct": "after growth of {x}%",
        "technologies": "with {x} in use",
        "founded_year": "founded in {x}",
        "city": "in {x}",
        "keywords": "with {x} among the topics",
    },
    questions=(
        "which task takes more time than it should",
        "what would you hand over first if you had the choice",
        "where does work by hand still slow the team down",
        "which step of the week would you like to see done without you",
        "how do you decide which step to simplify first",
        "which routine do colleagues ask about most often",
        "what would you change first in the way work is handed over",
    ),
)
_GERMAN = Phrases(
    at="bei {company}",
    at_yours="bei Ihnen",
    openings={
        "job_title": ("als {x} {at}", "in Ihrer Rolle als {x} {at}", "aus Ihrer Sicht als {x} {at}"),
        "industry": ("in der Branche {x} {at}", "im Bereich {x} {at}"),
        "employees_count": ("mit {x} Beschäftigten {at}", "in einem Team von {x} Menschen {at}"),
        "headcount_growth_pct": ("nach {x} Prozent Wachstum im Team {at}", "mit {x} Prozent mehr Beschäftigten {at}"),
        "technologies": ("mit {x} im Einsatz {at}", "bei der Arbeit mit {x} {at}", "rund um {x} {at}"),
        "founded_year": ("seit der Gründung {x} {at}", "nach all den Jahren seit {x} {at}"),
        "city": ("{at} in {x}", "am Standort {x} {at}"),
        "keywords": ("beim Thema {x} {at}", "mit {x} unter den Themen {at}"),
        "country": ("{at} in {x}", "am Standort {x} {at}"),
    },
    additions={
        "job_title": "in der Rolle als {x}",
        "industry": "in der Branche {x}",
        "employees_count": "mit {x} Beschäftigten",
        "headcount_growth_pct": "nach {x} Prozent Wachstum",
        "technologies": "mit {x} im Einsatz",
        "founded_year": "gegründet {x}",
        "city": "am Standort {x}",
        "keywords": "auch beim Thema {x}",
    },
    questions=(
        "welche Aufgabe kostet mehr Zeit, als sie sollte",
        "welche Aufgabe würden Sie gerne zuerst in andere Hände geben",
        "wo kostet die Arbeit von Hand im Team noch viel Zeit",
        "welcher Schritt der Woche sollte ohne Sie erledigt sein",
        "wie entscheiden Sie, welcher Ablauf zuerst einfacher wird",
        "zu welchem Ablauf kommen im Team die meisten Fragen",
        "was würden Sie bei der Übergabe von Aufgaben zuerst ändern",
    ),
    has_capital_question=True,
)
_DUTCH = Phrases(
    at="bij {company}",
    at_yours="bij u",
    openings={
        "job_title": ("als {x} {at}", "in uw rol als {x} {at}"),
        "industry": ("in {x} {at}", "rond {x} {at}"),
        "employees_count": ("met {x} mensen {at}", "in een team van {x} mensen {at}"),
        "headcount_growth_pct": ("na {x} procent groei van het team {at}",),
        "technologies": ("met {x} {at}", "bij het werken met {x} {at}"),
        "founded_year": ("na al die jaren sinds {x} {at}",),
        "city": ("{at} in {x}", "op de locatie {x} {at}"),
        "keywords": ("bij het onderwerp {x} {at}",),
        "country": ("{at} in {x}",),
    },
    additions={"industry": "in {x}", "employees_count": "met {x} mensen", "city": "op de locatie {x}"},
    questions=(
        "welke taak kost uw team meer tijd dan zou moeten",
        "welke vragen liggen het meest bij u op tafel",
        "waar kost handmatig werk uw team nog veel tijd",
        "hoe houdt u het overzicht over alle taken van de dag",
    ),
)
_SWEDISH = Phrases(
    at="hos {company}",
    at_yours="hos er",
    openings={
        "job_title": ("som {x} {at}", "i er roll som {x} {at}"),
        "industry": ("inom {x} {at}", "i arbetet med {x} {at}"),
        "employees_count": ("med {x} personer {at}", "i ett team med {x} personer {at}"),
        "headcount_growth_pct": ("efter {x} procent tillväxt i teamet {at}",),
        "technologies": ("med {x} {at}", "i arbetet med {x} {at}"),
        "founded_year": ("efter alla år sedan {x} {at}",),
        "city": ("{at} i {x}", "med kontor i {x} {at}"),
        "keywords": ("när det handlar om {x} {at}",),
        "country": ("{at} i {x}",),
    },
    additions={"industry": "inom {x}", "employees_count": "med {x} personer", "city": "i {x}"},
    questions=(
        "vilken uppgift tar mer tid än ni skulle vilja",
        "vilka frågor ligger oftast på ert bord i vardagen",
        "var i det dagliga arbetet tar det ännu för mycket tid",
        "hur håller ni överblick över alla uppgifter i vardagen",
    ),
)
_FRENCH = Phrases(
    at="chez {company}",
    at_yours="chez vous",
    openings={
        "job_title": ("en tant que {x} {at}", "dans votre rôle de {x} {at}"),
        "industry": ("côté {x} {at}", "sur le thème {x} {at}"),
        "employees_count": ("avec {x} personnes {at}", "dans une équipe de {x} personnes {at}"),
        "headcount_growth_pct": ("après une croissance de {x}% {at}",),
        "technologies": ("avec {x} {at}", "dans le travail avec {x} {at}"),
        "founded_year": ("après toutes ces années depuis {x} {at}",),
        "city": ("{at} à {x}", "sur le site de {x} {at}"),
        "keywords": ("sur le sujet {x} {at}",),
        "country": ("{at}, pays {x}",),
    },
    additions={"industry": "côté {x}", "employees_count": "avec {x} personnes", "city": "à {x}"},
    questions=(
        "quelle tâche prend plus de temps que les autres",
        "quelles questions viennent le plus souvent sur votre table",
        "où le travail à la main prend-il encore du temps",
        "comment votre équipe suit-elle toutes les tâches au quotidien",
    ),
    question_mark=" ?",
    colon=" : ",
)
LANGUAGES = {"en": _ENGLISH, "de": _GERMAN, "nl": _DUTCH, "sv": _SWEDISH, "fr": _FRENCH}


def phrases_of(language: str) -> Phrases:
    """Give back the parts of a language; English for one that is not here."""
    return LANGUAGES.get(language, _ENGLISH)
