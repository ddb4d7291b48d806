"""Invented people and companies. Every domain ends in `.example`, which can never receive mail (RFC 2606)."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from sandbox.vendor.repeatable import mix

# Senders draw from both halves of the alphabet, so that two mailboxes of the same second have a known order.
# fmt: off
EARLY_NAMES = [
    "Adele", "Anouk", "Bastian", "Bruna", "Carlo", "Cilla", "Dario", "Edda", "Elias", "Farah", "Gero", "Hanne",
    "Ilan", "Imke", "Jonas", "Kaja", "Lena", "Levin", "Mara", "Milo",
]
LATE_NAMES = [
    "Nadja", "Niklas", "Odile", "Oskar", "Paula", "Pelle", "Quentin", "Ramona", "Rasmus", "Selma", "Sören", "Tamar",
    "Tobias", "Ulla", "Urs", "Vera", "Viggo", "Wanda", "Yann", "Zoé",
]
FIRST_NAMES = EARLY_NAMES + LATE_NAMES
LAST_NAMES = [
    "Abendroth", "Bergqvist", "Brandl", "Castagna", "Dvorník", "Eisenlohr", "Fjellstad", "Grünwald", "Haldane",
    "Ibarra", "Jelinek", "Kestner", "Lindqvist", "Marchetti", "Nørgaard", "Öhman", "Pellegrin", "Quist", "Rautio",
    "Sandoval", "Tiemann", "Ulbrich", "Vermeulen", "Wieland", "Ximenes", "Zabel",
]
PLACES = [
    "Nordkai", "Rothwald", "Silbertal", "Haven", "Ostmark", "Lakeside", "Brück", "Altona", "Fjord", "Terra",
    "Solvik", "Montara", "Kestrel",
]
TRADES = [
    "Spedition", "Logistics", "Systems", "Foods", "Analytics", "Robotics", "Textil", "Energie", "Labs", "Partners",
    "Studio", "Works",
]
# fmt: on
_JOB_TITLES = (
    "Head of Operations",
    "Leiter Disposition",
    "Managing Director",
    "Director of Sales",
    "COO",
    "Plant Manager",
    "Einkaufsleiterin",
    "VP Supply Chain",
)
_COMPANY_NUMBER = re.compile(r"-(\d{1,9})\.example$")

PEOPLE_PER_COMPANY = 3


class Person(NamedTuple):
    """Somebody a campaign writes to."""

    email: str
    first_name: str
    last_name: str
    company_name: str
    company_domain: str
    job_title: str


def plain(name: str) -> str:
    """Give back a name in the letters of an address."""
    letters = unicodedata.normalize("NFKD", name.replace("ø", "o")).lower()
    return "".join(letter for letter in letters if letter.isascii())


PLAIN = {name: plain(name) for name in (*FIRST_NAMES, *LAST_NAMES, *PLACES, *TRADES)}


def person(seed: int, number: int) -> Person:
    """Give back the `number`-th person of a workspace; three in a row work for one company."""
    return colleague(seed, *divmod(number, PEOPLE_PER_COMPANY))


def colleague(seed: int, company: int, seat: int) -> Person:
    """Give back who sits where in a company; the first 40 of them have different first names."""
    noise = mix(seed, 101, company)
    place, trade = PLACES[noise % len(PLACES)], TRADES[(noise >> 8) % len(TRADES)]
    # 13 and 40 have no common divisor: colleagues never share a first name, so their addresses differ.
    first = FIRST_NAMES[(noise + 13 * seat) % len(FIRST_NAMES)]
    last = LAST_NAMES[(noise >> (16 + seat)) % len(LAST_NAMES)]
    domain = f"{PLAIN[place]}-{PLAIN[trade]}-{company}.example"
    title = _JOB_TITLES[(noise >> (24 + seat)) % len(_JOB_TITLES)]
    return Person(f"{PLAIN[first]}.{PLAIN[last]}@{domain}", first, last, f"{place} {trade}", domain, title)


def person_numbers(email: str) -> range:
    """Give back the few numbers among which `person` may have made this address."""
    found = _COMPANY_NUMBER.search(email)
    start = int(found[1]) * PEOPLE_PER_COMPANY if found else 0
    return range(start, start + PEOPLE_PER_COMPANY if found else 0)
