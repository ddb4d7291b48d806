"""Who must never be contacted: the reasons, and the keys that people and companies are known by. Pure.

Acts are kept in `suppressions` and only ever added to: one suppresses a mailbox or a domain, one lifts it, and the
latest act of a value decides. What Instantly says counts once; what a person says counts whenever it is said.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from modules.shared.domains import known_domain, registrable_domain
from modules.shared.emails import InvalidAddress, parse_address
from modules.shared.errors import Refused

if TYPE_CHECKING:
    from modules.shared.emails import EmailAddress


class Kind(StrEnum):
    """What a suppression speaks of."""

    email = "email"
    """One mailbox, by its match key."""
    domain = "domain"
    """Everybody at a registrable domain, and whoever works for its owner."""
    erased = "erased"
    """One mailbox of which only a keyed hash is left."""


class Reason(StrEnum):
    """Why somebody is suppressed; those that weigh most first."""

    erased = "erased"
    unsubscribed = "unsubscribed"
    complaint = "complaint"
    do_not_contact = "do_not_contact"
    by_hand = "by_hand"
    imported = "imported"
    block_list = "block_list"
    not_interested = "not_interested"
    wrong_person = "wrong_person"
    bounced = "bounced"
    """For good: Instantly's status does not tell a full mailbox from one that is gone."""
    replied = "replied"
    """No other campaign may write to them; a person may."""


class LiftReason(StrEnum):
    """Why somebody may be contacted again."""

    asked_for_contact = "asked_for_contact"
    noted_by_mistake = "noted_by_mistake"
    address_works = "address_works"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """One act of suppressing, as `note_suppressions` takes it.

    Attributes:
        value: Match key, registrable domain, or the erased key.
        source: `instantly`, `csv:<file>` or `hand`.
        source_key: What a vendor's fact was seen on; empty for what a person says.
        created_by: A login, or the asset.
    """

    kind: Kind
    value: str
    reason: Reason
    source: str
    created_by: str
    source_key: str = ""
    note: str = ""


def suppressed_value(text: str, *, allow_free_mail: bool = False) -> tuple[Kind, str]:
    """What an address, a domain or a web address is suppressed by.

    >>> suppressed_value("Mara.Weber+news@HaldenFreight.example")
    (<Kind.email: 'email'>, 'mara.weber@haldenfreight.example')
    >>> suppressed_value("https://www.haldenfreight.example/contact")[1]
    'haldenfreight.example'

    Args:
        text: `@domain` is a domain.
        allow_free_mail: Take a domain where anybody can open a mailbox all the same.

    Raises:
        InvalidAddress: It is neither an address nor a domain that somebody registered. The message does not quote it.
        Refused: The domain is one where anybody can open a mailbox.
    """
    bare = text.strip()
    is_page = "://" in bare
    if "@" in bare.lstrip("@") and not is_page:
        return Kind.email, parse_address(bare).match_key
    domain = registrable_domain(bare.lstrip("@"))
    if domain is None:
        raise InvalidAddress("it is empty" if not bare else "it is neither an address nor a domain somebody registered")
    if is_free_mail(domain) and not allow_free_mail:
        raise Refused(
            f"{domain} is a domain where anybody can open a mailbox: everybody there would be suppressed. "
            "Suppress the address, or say --force if you mean the domain."
        )
    return Kind.domain, domain


def is_free_mail(domain: str) -> bool:
    """Whether anybody can open a mailbox there, so that the domain stands for no company."""
    known = known_domain(domain)
    return known is not None and known.is_free_mail


def company_domain_of(address: EmailAddress) -> str | None:
    """The domain that stands for the company behind an address; `None`: none does."""
    return None if address.is_free_mail else address.registrable_domain


def erased_key(match_key: str, key: str) -> str:
    """What is kept of an erased mailbox: a hash that nobody can make, or test a guess by, without the key.

    It begins with a fingerprint of the key, so that a changed key is noticed and does not let everybody through.

    Args:
        match_key: As `EmailAddress` has it.
        key: OUTREACH_ERASURE_KEY.
    """
    return f"{key_fingerprint(key)}:{_hmac(key, b'mailbox:' + match_key.encode())}"


def key_fingerprint(key: str) -> str:
    """What tells one OUTREACH_ERASURE_KEY from another, and nothing else of it."""
    return _hmac(key, b"fingerprint")[:8]


def person_keys(address: EmailAddress, *, company_domain: str | None = None, key: str | None) -> dict[str, object]:
    """Everything a person may be suppressed by, as the function `suppression_reasons` takes it.

    Args:
        address: Theirs.
        company_domain: Registrable domain of the employer, where that is known.
        key: OUTREACH_ERASURE_KEY; `None`: whether they were erased cannot be told, which blocks them if anybody was.
    """
    domains = [domain for domain in (address.registrable_domain, company_domain) if domain]
    return {
        "email_key": address.match_key,
        "domains": domains,
        "erased_key": erased_key(address.match_key, key) if key else None,
    }


def _hmac(key: str, message: bytes) -> str:
    return hmac.new(key.encode(), message, hashlib.sha256).hexdigest()
