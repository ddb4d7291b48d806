"""Who sends, and what campaigns are called."""

from __future__ import annotations

import re
from typing import NamedTuple

from sandbox.vendor.people import EARLY_NAMES, LAST_NAMES, LATE_NAMES, PLAIN, TRADES
from sandbox.vendor.repeatable import mix

_BRANDS = ("haldenfreight", "brightquay", "morrowdesk", "tallyharbour")
_BRAND_NUMBER = re.compile(r"@mail(\d{1,9})\.")

MAILBOXES_PER_DOMAIN = 5


class Sender(NamedTuple):
    """Somebody a campaign writes from."""

    email: str
    first_name: str
    last_name: str
    domain: str


def sender(seed: int, number: int) -> Sender:
    """Give back the `number`-th sending mailbox of a workspace; five in a row share a domain."""
    domain_number = number // MAILBOXES_PER_DOMAIN
    names = LATE_NAMES if number % 2 else EARLY_NAMES
    first = names[number // 2 % len(names)]
    last = LAST_NAMES[mix(seed, 102, number) % len(LAST_NAMES)]
    domain = f"mail{domain_number}.{_BRANDS[mix(seed, 103, domain_number) % len(_BRANDS)]}.example"
    return Sender(f"{PLAIN[first]}@{domain}", first, last, domain)


def sender_numbers(email: str) -> range:
    """Give back the few numbers among which `sender` may have made this address."""
    found = _BRAND_NUMBER.search(email)
    start = int(found[1]) * MAILBOXES_PER_DOMAIN if found else 0
    return range(start, start + MAILBOXES_PER_DOMAIN if found else 0)


def campaign_name(seed: int, number: int, month: str) -> str:
    """Give back what a salesperson might call the campaign; not unique, as with the vendor."""
    noise = mix(seed, 104, number)
    region = ("DACH", "Nordics", "Benelux", "UK & IE", "Iberia")[noise % 5]
    trade = TRADES[(noise >> 8) % len(TRADES)].lower()
    role = ("ops leads", "founders", "buyers", "heads of sales")[(noise >> 16) % 4]
    return f"{month} {region} {trade} / {role} {number + 1}"
