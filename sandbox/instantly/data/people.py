"""Invented people and companies. Every domain ends in `.example`, which can never receive mail (RFC 2606)."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from sandbox.instantly.data.identifiers import mix

# Senders draw from both halves of the alphabet, so that two mailboxes of the same second have a known order.
# fmt: off
_EARLY_NAMES = [
    "Adele", "Anouk", "Bastian", "Bruna", "Carlo", "Cilla", "Dario", "Edda", "Elias", "Farah", "Gero", "Hanne",
    "Ilan", "Imke", "Jonas", "Kaja", "Lena", "Levin", "Mara", "Milo",
]
_LATE_NAMES = [
    "Nadja", "Niklas", "Odile", "Oskar", "Paula", "Pelle", "Quentin", "Ramona", "Rasmus", "Selma", "Sören", "Tamar",
    "Tobias", "Ulla", "Urs", "Vera", "Viggo", "Wanda", "Yann", "Zoé",
]
_FIRST_NAMES = _EARLY_NAMES + _LATE_NAMES
_LAST_NAMES = [
    "Abendroth", "Bergqvist", "Brandl", "Castagna", "Dvorník", "Eisenlohr", "Fjellstad", "Grünwald", "Haldane",
    "Ibarra", "Jelinek", "Kestner", "Lindqvist", "Marchetti", "Nørgaard", "Öhman", "Pellegrin", "Quist", "Rautio",
    "Sandoval", "Tiemann", "Ulbrich", "Vermeulen", "Wieland", "Ximenes", "Zabel",
]
_PLACES = [
    "Nordkai", "Rothwald", "Silbertal", "Haven", "Ostmark", "Lakeside", "Brück", "Altona", "Fjord", "Terra",
    "Solvik", "Montara", "Kestrel",
]
_TRADES = [
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
_BRANDS = ("haldenfreight", "brightquay", "morrowdesk", "tallyharbour")
_COMPANY_NUMBER = re.compile(r"-(\d{1,9})\.example$")
_BRAND_NUMBER = re.compile(r"@mail(\d{1,9})\.")

PEOPLE_PER_COMPANY = 3
MAILBOXES_PER_DOMAIN = 5


class Person(NamedTuple):
    """Somebody a campaign writes to."""

    email: str
    first_name: str
    last_name: str
    company_name: str
    company_domain: str
    job_title: str


class Sender(NamedTuple):
    """Somebody a campaign writes from."""

    email: str
    first_name: str
    last_name: str
    domain: str


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.replace("ø", "o")).lower()
    return "".join(letter for letter in letters if letter.isascii())


_PLAIN = {name: _plain(name) for name in (*_FIRST_NAMES, *_LAST_NAMES, *_PLACES, *_TRADES)}


def person(seed: int, number: int) -> Person:
    """Give back the `number`-th person of a workspace; three in a row work for one company."""
    company, seat = divmod(number, PEOPLE_PER_COMPANY)
    noise = mix(seed, 101, company)
    place, trade = _PLACES[noise % len(_PLACES)], _TRADES[(noise >> 8) % len(_TRADES)]
    # 13 and 40 have no common divisor: three colleagues never share a first name, so their addresses differ.
    first = _FIRST_NAMES[(noise + 13 * seat) % len(_FIRST_NAMES)]
    last = _LAST_NAMES[(noise >> (16 + seat)) % len(_LAST_NAMES)]
    domain = f"{_PLAIN[place]}-{_PLAIN[trade]}-{company}.example"
    title = _JOB_TITLES[(noise >> (24 + seat)) % len(_JOB_TITLES)]
    return Person(f"{_PLAIN[first]}.{_PLAIN[last]}@{domain}", first, last, f"{place} {trade}", domain, title)


def person_numbers(email: str) -> range:
    """Give back the few numbers among which `person` may have made this address."""
    found = _COMPANY_NUMBER.search(email)
    start = int(found[1]) * PEOPLE_PER_COMPANY if found else 0
    return range(start, start + PEOPLE_PER_COMPANY if found else 0)


def sender(seed: int, number: int) -> Sender:
    """Give back the `number`-th sending mailbox of a workspace; five in a row share a domain."""
    domain_number = number // MAILBOXES_PER_DOMAIN
    names = _LATE_NAMES if number % 2 else _EARLY_NAMES
    first = names[number // 2 % len(names)]
    last = _LAST_NAMES[mix(seed, 102, number) % len(_LAST_NAMES)]
    domain = f"mail{domain_number}.{_BRANDS[mix(seed, 103, domain_number) % len(_BRANDS)]}.example"
    return Sender(f"{_PLAIN[first]}@{domain}", first, last, domain)


def sender_numbers(email: str) -> range:
    """Give back the few numbers among which `sender` may have made this address."""
    found = _BRAND_NUMBER.search(email)
    start = int(found[1]) * MAILBOXES_PER_DOMAIN if found else 0
    return range(start, start + MAILBOXES_PER_DOMAIN if found else 0)


def campaign_name(seed: int, number: int, month: str) -> str:
    """Give back what a salesperson might call the campaign; not unique, as with the vendor."""
    noise = mix(seed, 104, number)
    region = ("DACH", "Nordics", "Benelux", "UK & IE", "Iberia")[noise % 5]
    trade = _TRADES[(noise >> 8) % len(_TRADES)].lower()
    role = ("ops leads", "founders", "buyers", "heads of sales")[(noise >> 16) % 4]
    return f"{month} {region} {trade} / {role} {number + 1}"
