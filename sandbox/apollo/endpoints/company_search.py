"""The search for companies, which costs a credit a page (reference §2.5)."""

from __future__ import annotations

from typing import Any

from sandbox.apollo.credits import COMPANY_SEARCH
from sandbox.apollo.data.contacts import account_id
from sandbox.apollo.data.organization_payloads import sparse
from sandbox.apollo.endpoint import PAGE, Call, Endpoint
from sandbox.apollo.parameters import integer_range, text, texts

Payload = dict[str, Any]
_FILTERS = {
    "q_organization_domains_list": texts,
    "organization_num_employees_ranges": texts,
    "organization_locations": texts,
    "organization_not_locations": texts,
    "revenue_range": integer_range,
    "currently_using_any_of_technology_uids": texts,
    "q_organization_keyword_tags": texts,
    "q_organization_name": text,
    "organization_ids": texts,
}
_LABELS = {
    "organization_num_employees_ranges": "# Employees",
    "organization_locations": "Company Locations",
    "q_organization_domains_list": "Company Domains",
    "q_organization_name": "Company Name",
}
_SAVED_EVERY, _SAVED = 9, 4


def envelope(call: Call, total: int, filters: dict[str, Any]) -> Payload:
    """Give back what stands around the rows of every search but the one for people."""
    page, per_page = call.page
    return {
        "breadcrumbs": [
            {
                "label": _LABELS.get(name, name.replace("_", " ").capitalize()),
                "signal_field_name": name,
                "value": str(value),
                "display_name": str(value).replace(",", "-"),
            }
            for name, given in filters.items()
            for value in (given if isinstance(given, list) else [given])
        ],
        "partial_results_only": False,
        "has_join": False,
        "disable_eu_prospecting": False,
        "partial_results_limit": 10_000,
        "pagination": {
            "page": page,
            "per_page": per_page,
            "total_entries": total,
            "total_pages": -(-total // per_page),
        },
        "num_fetch_result": None,
    }


def _search(call: Call) -> Payload:
    """Answer a page. Companies the team has saved stand under `accounts`, with the account's id."""
    wanted, (page, _) = call.wanted_rows, call.page
    filters = {name: value for name, value in call.values.items() if name in _FILTERS}
    found = call.database.search.company_numbers(filters)
    numbers = found[wanted].tolist()
    if numbers:
        call.world.credits.buy([f"page {page}"], COMPANY_SEARCH, call.number)
    companies = call.database.companies
    rows = [(number, sparse(companies, number)) for number in numbers]
    return envelope(call, len(found), filters) | {
        "accounts": [_account(call, number, row) for number, row in rows if _is_saved(number)],
        "organizations": [row for number, row in rows if not _is_saved(number)],
        "model_ids": [row["id"] for _, row in rows],
        "derived_params": None,
    }


def _is_saved(company: int) -> bool:
    return company % _SAVED_EVERY == _SAVED


def _account(call: Call, company: int, row: Payload) -> Payload:
    seed = call.world.settings.seed
    return row | {
        "id": account_id(seed, company),
        "organization_id": row["id"],
        "domain": row["primary_domain"],
        "account_stage_id": None,
        "label_ids": [],
        "source": "api",
        "existence_level": "full",
        "modality": "account",
    }


ENDPOINTS = [
    Endpoint(
        "POST",
        "/mixed_companies/search",
        "api/v1/mixed_companies/search",
        "search",
        _search,
        {**PAGE, **_FILTERS},
        changes=True,
    ),
]
