"""Whom, or which company, the identifiers of an enrichment mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sandbox.apollo.parameters import text

if TYPE_CHECKING:
    from sandbox.apollo.data.companies import Companies
    from sandbox.apollo.data.people import People

PERSON_PARAMETERS = dict.fromkeys(
    ("id", "email", "hashed_email", "linkedin_url", "first_name", "last_name", "name", "organization_name", "domain"),
    text,
)
COMPANY_PARAMETERS = dict.fromkeys(("domain", "linkedin_url", "name", "website"), text)


def identified_person(people: People, detail: dict[str, Any]) -> int | None:
    """Give back the person, by the most exact identifier there is, or `None`. A name alone finds nobody."""
    if detail.get("id"):
        return people.with_id(detail["id"])
    for name, find in (
        ("email", people.with_email),
        ("hashed_email", people.with_hash),
        ("linkedin_url", people.with_profile),
    ):
        if detail.get(name) and (found := find(detail[name])) is not None:
            return found
    name = detail.get("name") or f"{detail.get('first_name', '')} {detail.get('last_name', '')}"
    companies = people.companies.with_domain(detail.get("domain", ""))
    if not companies and (named := people.companies.with_name(detail.get("organization_name", ""))) is not None:
        companies = [named]
    return people.with_name_at(name, companies)


def identified_company(companies: Companies, detail: dict[str, Any]) -> int | None:
    """Give back the company, or `None`; of two that share a domain, the first."""
    website = urlsplit(detail.get("website", "")).hostname or detail.get("website", "")
    for domain in (detail.get("domain", ""), website):
        if found := companies.with_domain(domain.lower().removeprefix("www.")):
            return found[0]
    profile = detail.get("linkedin_url", "").rstrip("/").rpartition("-")[2]
    if "linkedin.com/company/" in detail.get("linkedin_url", "") and profile.isascii() and profile.isdigit():
        return int(profile) if int(profile) < companies.count else None
    return companies.with_name(detail["name"]) if detail.get("name") else None
