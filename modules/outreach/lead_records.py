"""One lead as it is stored, made of whatever a source says of a person. Pure: the time comes in as an argument."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal
from unicodedata import normalize

from pydantic import AwareDatetime, BaseModel, ConfigDict

from modules.outreach.regions import Region, notice_due_on, region_of
from modules.shared.domains import known_domain, registrable_domain, split_url
from modules.shared.emails import parse_address

if TYPE_CHECKING:
    from modules.shared.emails import EmailAddress

LawfulBasis = Literal["legitimate_interest", "consent", "contract"]

_LONGEST_TEXT = 300
"""Characters of a name, a title or a town; more is a cell that slipped, and no mail could show it."""
_LONGEST_URL = 2_000

_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
"""Control characters, marks of writing direction, and what no database takes."""
_SAYS_NOTHING = frozenset(
    {"-", "--", "\u2013", "\u2014", ".", "?", "n/a", "#n/a", "n.a.", "#ref!", "#value!", "#name?"}
)

# Where firms that have no site of their own keep a page.
_SHARED_SITES = frozenset(
    [
        *(
            "linkedin.com",
            "facebook.com",
            "instagram.com",
            "xing.com",
            "twitter.com",
            "x.com",
            "youtube.com",
            "tiktok.com",
        ),
        *("google.com", "linktr.ee", "github.com", "medium.com", "crunchbase.com", "wikipedia.org"),
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where leads came from, and why we may write to them.

    Attributes:
        source: `apollo`, `instantly`, `csv:<file name>`, ...
        collected_at: When we got them, with the time zone.
        lawful_basis: `None`: not said.
        region: Of all of them, where the source knows better than their countries; `None`: each by its country.
        search_name: The search that found them; `None`: none did.
    """

    source: str
    collected_at: datetime
    lawful_basis: LawfulBasis | None = None
    region: Region | None = None
    search_name: str | None = None


class LeadRecord(BaseModel):
    """One lead. Grain: one normalised address. `None` in any field: not known.

    Attributes:
        email: As `EmailAddress` has it, like the six fields below it.
        email_status: What the source says of the address, in its own words, lower case.
        linkedin_url: With https, without query and trailing slash, on `www.linkedin.com`.
        company_domain: The registrable domain of the employer: of the site that was given, else of the address.
        region: Whose law protects the person.
        notice_due_on: The last day to tell the person where the data came from; `None`: no law asks for it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    email: str
    match_key: str
    email_domain: str
    registrable_domain: str | None
    is_role_address: bool
    is_disposable: bool
    is_free_mail: bool
    email_status: str | None
    first_name: str | None
    last_name: str | None
    job_title: str | None
    linkedin_url: str | None
    country: str | None
    city: str | None
    seniority: str | None
    phone: str | None
    company_name: str | None
    company_domain: str | None
    apollo_person_id: str | None
    apollo_organization_id: str | None
    source: str
    search_name: str | None
    collected_at: AwareDatetime
    lawful_basis: LawfulBasis | None
    region: Region
    notice_due_on: date | None


def lead_record(
    email_text: str,
    *,
    provenance: Provenance,
    email_status: str | None = None,
    first_name: str | None = None,
    last_name: str | None = None,
    job_title: str | None = None,
    linkedin_url: str | None = None,
    country: str | None = None,
    city: str | None = None,
    seniority: str | None = None,
    phone: str | None = None,
    company_name: str | None = None,
    company_domain: str | None = None,
    apollo_person_id: str | None = None,
    apollo_organization_id: str | None = None,
) -> LeadRecord:
    """The lead of an address and whatever else was said; every text as the source wrote it.

    `email_text` is anything that `parse_address` reads, `company_domain` a domain, a host or a web address.

    Raises:
        InvalidAddress: There is no address, or more than one; the message quotes nothing of it.
    """
    address = parse_address(email_text)
    country = clean_text(country)
    region = provenance.region or region_of(country)
    return LeadRecord(
        email=address.email,
        match_key=address.match_key,
        email_domain=address.domain,
        registrable_domain=address.registrable_domain,
        is_role_address=address.is_role,
        is_disposable=address.is_disposable,
        is_free_mail=address.is_free_mail,
        email_status=_lower(clean_text(email_status)),
        first_name=clean_text(first_name),
        last_name=clean_text(last_name),
        job_title=clean_text(job_title),
        linkedin_url=linkedin_profile(linkedin_url),
        country=country,
        city=clean_text(city),
        seniority=_lower(clean_text(seniority)),
        # Spreadsheets are told by an apostrophe that +49 is no formula.
        phone=clean_text((phone or "").lstrip("' ")),
        company_name=clean_text(company_name),
        company_domain=_employer_domain(company_domain, address),
        apollo_person_id=clean_text(apollo_person_id),
        apollo_organization_id=clean_text(apollo_organization_id),
        source=provenance.source,
        search_name=provenance.search_name,
        collected_at=provenance.collected_at,
        lawful_basis=provenance.lawful_basis,
        region=region,
        notice_due_on=notice_due_on(region, provenance.collected_at),
    )


def clean_text(text: str | None, *, longest: int = _LONGEST_TEXT) -> str | None:
    r"""A text in one line, without characters that do not print; `None`: nothing is left, or only "n/a" and the like.

    >>> clean_text("  Head of\n Data\x00 ")
    'Head of Data'
    """
    if not text:
        return None
    # What is far too long is not looked at whole.
    line = " ".join(text[: 4 * longest].split())
    if not line.isprintable():
        line = " ".join(_UNPRINTABLE.sub("", line).split())
    # Last, because letters and accents may only now stand side by side.
    line = normalize("NFC", line)[:longest].rstrip()
    return None if not line or line.lower() in _SAYS_NOTHING else line


def linkedin_profile(url: str | None) -> str | None:
    """The one spelling of a LinkedIn address, so that two can be compared; `None`: it is none.

    >>> linkedin_profile("http://de.linkedin.com/in/mara-weber/?trk=people")
    'https://www.linkedin.com/in/mara-weber'
    """
    parts = split_url(clean_text(url, longest=_LONGEST_URL) or "")
    domain = registrable_domain(parts.hostname) if parts else None
    path = parts.path.rstrip("/") if parts else ""
    if domain is None or domain.partition(".")[0] != "linkedin" or not path or " " in path:
        return None
    return f"https://www.{domain}{path}"


def _lower(text: str | None) -> str | None:
    return text.lower() if text else None


def _employer_domain(site: str | None, address: EmailAddress) -> str | None:
    given = registrable_domain(clean_text(site))
    if given and given not in _SHARED_SITES:
        domain = known_domain(given)
        if domain and not domain.is_free_mail:
            return given
    return None if address.is_free_mail or address.is_disposable else address.registrable_domain
