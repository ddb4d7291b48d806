"""A company as Apollo shows it: sparse in a search, short beside a person, whole when it is enriched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.apollo.data.arrays import chance
from sandbox.apollo.data.identifiers import OTHER, hex_id
from sandbox.apollo.data.tables import DIAL_CODES
from sandbox.vendor.people import PLAIN
from sandbox.vendor.repeatable import mix

if TYPE_CHECKING:
    from sandbox.apollo.data.companies import Companies

Payload = dict[str, Any]
_DEPARTMENTS = ("engineering", "operations", "support", "marketing", "sales", "finance", "media_and_commmunication")
"""The last one is spelled as the vendor spells it."""

_GROWTH_KNOWN_PCT, _FUNDED_PCT, _FOUNDED_KNOWN_PCT = 70, 15, 80
_THOUSANDS, _MILLIONS = 1_000, 1_000_000


def _phone(companies: Companies, company: int) -> str | None:
    """Give back a number nobody can be reached at, or `None`."""
    if not companies.has_phone(company):
        return None
    dial = DIAL_CODES.get(companies.place(company).country or "", "+49")
    return f"{dial} 555 {mix(companies.seed, 742, company) % 900_000 + 100_000}"


def sparse(companies: Companies, company: int) -> Payload:
    """Give back a row of the company search."""
    domain, phone = companies.ascii_domain(company), _phone(companies, company)
    sanitized = phone and phone.replace(" ", "")
    noise = mix(companies.seed, 743, company)
    slug = "-".join(PLAIN[word] for word in companies.name(company).split())
    row: Payload = {
        "id": companies.id(company),
        "name": companies.name(company),
        "website_url": f"http://www.{domain}",
        "blog_url": None,
        "angellist_url": None,
        "linkedin_url": f"http://www.linkedin.com/company/{slug}-{company}",
        "twitter_url": None,
        "facebook_url": None,
        "primary_phone": {"number": phone, "source": "Scraped", "sanitized_number": sanitized} if phone else {},
        "languages": [],
        "alexa_ranking": None,
        "phone": phone,
        "linkedin_uid": str(noise % 90_000_000 + 10_000_000),
        "founded_year": 1950 + noise % 74 if chance(_FOUNDED_KNOWN_PCT, noise) else None,
        "publicly_traded_symbol": None,
        "publicly_traded_exchange": None,
        "logo_url": None,
        "crunchbase_url": None,
        "primary_domain": domain,
        "owned_by_organization_id": None,
    }
    return row | ({"sanitized_phone": sanitized} if phone else {})


def short(companies: Companies, company: int) -> Payload:
    """Give back the organization of a person in a bulk answer: it ends with the address."""
    place, industry = companies.place(company), companies.industry(company)
    tag = industry_tag(companies.seed, industry) if industry else None
    address = [part for part in (place.city, place.state, place.country) if part]
    noise = mix(companies.seed, 744, company)
    row = sparse(companies, company)
    row.pop("sanitized_phone", None)
    return row | {
        "industry": industry,
        "keywords": industry.split(" & ") if industry else [],
        "estimated_num_employees": companies.employees(company),
        "industries": [industry] if industry else [],
        "secondary_industries": [],
        "snippets_loaded": True,
        "industry_tag_id": tag,
        "industry_tag_hash": {industry: tag} if industry else {},
        "retail_location_count": 0,
        "raw_address": ", ".join(address).lower() or None,
        "street_address": f"Musterweg {noise % 120 + 1}" if place.city else None,
        "city": place.city,
        "state": place.state,
        "postal_code": str(noise % 90_000 + 10_000) if place.city else None,
        "country": place.country,
    }


def single(companies: Companies, company: int, *, in_fractions: bool) -> Payload:
    """Give back what the call for one company shows: everything, also money and technologies."""
    return beside_a_person(companies, company) | _facts(companies, company, in_fractions=in_fractions)


def bulk(companies: Companies, company: int, *, in_fractions: bool) -> Payload:
    """Give back what the call for several companies shows: nothing of money and technologies."""
    return (
        short(companies, company)
        | _facts(companies, company, in_fractions=in_fractions)
        | {
            "subsidiary_rollups": {"total_estimated_employee_count": 0, "countries": [], "industries": []},
            "show_intent": False,
            "has_intent_signal_account": False,
            "intent_signal_account": None,
            "num_suborganizations": 0,
        }
    )


def beside_a_person(companies: Companies, company: int) -> Payload:
    """Give back the organization of the answer for one person."""
    revenue, noise = companies.revenue(company), mix(companies.seed, 745, company)
    technologies = list(companies.technologies(company))
    is_funded = chance(_FUNDED_PCT, noise)
    funding = (noise >> 20) % 40 + 1
    date = f"{2019 + noise % 7}-0{noise % 9 + 1}-01T00:00:00.000+00:00"
    event = {"id": hex_id(companies.seed, OTHER, company), "date": date, "news_url": None, "type": "Series A"}
    event |= {"investors": "Seefeld Capital, Nordlicht Ventures", "amount": f"{funding}M", "currency": "$"}
    return short(companies, company) | {
        "seo_description": None,
        "short_description": f"{companies.name(company)} is an invented company.",
        "suborganizations": [],
        "num_suborganizations": 0,
        "annual_revenue_printed": _printed(revenue) if revenue else None,
        "annual_revenue": revenue,
        "total_funding": funding * _MILLIONS if is_funded else None,
        "total_funding_printed": f"{funding}M" if is_funded else None,
        "latest_funding_round_date": date if is_funded else None,
        "latest_funding_stage": "Series A" if is_funded else None,
        "funding_events": [event] if is_funded else [],
        "technology_names": [each.name for each in technologies],
        "current_technologies": [each._asdict() for each in technologies],
        "org_chart_root_people_ids": [],
        "org_chart_sector": "OrgChart::SectorHierarchy::Rules::Other",
        "org_chart_removed": False,
        "org_chart_show_department_filter": True,
    }


def industry_tag(seed: int, industry: str) -> str:
    """Give back the opaque id of an industry."""
    return hex_id(seed, OTHER, sum(industry.encode()))


def _facts(companies: Companies, company: int, *, in_fractions: bool) -> Payload:
    noise, employees = mix(companies.seed, 746, company), companies.employees(company) or 0
    counts = {name: employees // (place + 3) for place, name in enumerate(_DEPARTMENTS)}
    growth = {
        f"organization_headcount_{months}_month_growth": _growth(noise >> shift, in_fractions=in_fractions)
        for months, shift in (("six", 0), ("twelve", 16), ("twenty_four", 32))
    }
    return {
        "num_languages": 0,
        "num_retail_locations": 0,
        "owned_by_chain": [],
        "departmental_head_count": counts,
    } | growth


def _growth(noise: int, *, in_fractions: bool) -> float | None:
    """Give back a growth between -20 and 60 percent, as a percentage or as a fraction, or `None`."""
    if not chance(_GROWTH_KNOWN_PCT, noise):
        return None
    thousandths = noise % 800 - 200
    return thousandths / 1_000 if in_fractions else thousandths / 10


def _printed(dollars: int) -> str:
    if dollars >= _MILLIONS:
        return f"{dollars / _MILLIONS:.1f}M".replace(".0M", "M")
    return f"{dollars // _THOUSANDS}K"
