"""Enriching one company, and up to ten (reference §3.4)."""

from __future__ import annotations

from typing import Any

from sandbox.apollo.credits import ORGANIZATION
from sandbox.apollo.data.identify import COMPANY_PARAMETERS, identified_company
from sandbox.apollo.data.organization_payloads import bulk, single
from sandbox.apollo.endpoint import Call, Endpoint
from sandbox.apollo.errors import batch_failed, refused
from sandbox.apollo.parameters import anything, texts

Payload = dict[str, Any]
_MOST = 10


def _enrich(call: Call) -> Payload:
    """Answer with the company; with an empty object when there is none."""
    if not any(call.values.values()):
        raise refused(422, "Required parameter 'domain' missing")
    companies = call.database.companies
    company = identified_company(companies, call.values)
    if company is None:
        return {}
    call.world.credits.buy([companies.id(company)], ORGANIZATION, call.number)
    return {"organization": single(companies, company, in_fractions=_in_fractions(call))}


def _bulk_enrich(call: Call) -> Payload:
    """Answer with the companies found; those that were not found are left out."""
    details, domains = call.values.get("details"), call.values.get("domains", [])
    by_domain = details is None
    asked = [{"domain": domain} for domain in domains] if by_domain else details
    if not asked:
        raise batch_failed(400, "INVALID_REQUEST", "invalid request, missing domains")
    if not isinstance(asked, list) or not all(_is_detail(each) for each in asked):
        raise batch_failed(422, "UNKNOWN_ERROR", "no implicit conversion of Symbol into Integer")
    if len(asked) > _MOST:
        raise batch_failed(400, "RECORD_LIMIT_EXCEEDED", f"domain count cannot be more than {_MOST}")
    companies = call.database.companies
    found = [identified_company(companies, each) for each in asked]
    distinct = [each for each in dict.fromkeys(found) if each is not None]
    call.world.credits.buy([companies.id(each) for each in distinct], ORGANIZATION, call.number)
    different = len({tuple(sorted(each.items())) for each in asked})
    return {
        "status": "success",
        "error_code": None,
        "error_message": None,
        "total_requested_domains": len(asked) if by_domain else None,
        "unique_domains": different if by_domain else None,
        "total_requested_records": None if by_domain else len(asked),
        "unique_records": None if by_domain else different,
        "unique_enriched_records": len(distinct),
        "missing_records": sum(each is None for each in found),
        "organizations": [bulk(companies, each, in_fractions=_in_fractions(call)) for each in distinct],
    }


def _is_detail(detail: Any) -> bool:
    return isinstance(detail, dict) and all(isinstance(detail.get(name, ""), str) for name in COMPANY_PARAMETERS)


def _in_fractions(call: Call) -> bool:
    return "growth_in_fractions" in call.world.settings.quirks


ENDPOINTS = [
    Endpoint(
        "GET",
        "/organizations/enrich",
        "api/v1/organizations/enrich",
        "enrichment",
        _enrich,
        COMPANY_PARAMETERS,
        changes=True,
    ),
    Endpoint(
        "POST",
        "/organizations/bulk_enrich",
        "api/v1/organizations/bulk_enrich",
        "enrichment",
        _bulk_enrich,
        {"details": anything, "domains": texts},
        changes=True,
    ),
]
