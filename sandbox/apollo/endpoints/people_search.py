"""The free search for people (reference §2)."""

from __future__ import annotations

from typing import Any

from sandbox.apollo.data.identifiers import is_id
from sandbox.apollo.endpoint import PAGE, Call, Endpoint
from sandbox.apollo.errors import refused
from sandbox.apollo.parameters import boolean, integer_range, text, texts

ROUTE = "api/v1/mixed_people/api_search"
_PARAMETERS = PAGE | {
    "person_titles": texts,
    "include_similar_titles": boolean,
    "person_seniorities": texts,
    "person_locations": texts,
    "organization_locations": texts,
    "q_keywords": text,
    "q_organization_domains_list": texts,
    "organization_ids": texts,
    "organization_num_employees_ranges": texts,
    "contact_email_status": texts,
    "revenue_range": integer_range,
    "currently_using_all_of_technology_uids": texts,
    "currently_using_any_of_technology_uids": texts,
    "currently_not_using_any_of_technology_uids": texts,
    "organization_industry_tag_ids": texts,
}


def _search(call: Call) -> dict[str, Any]:
    """Answer a page. The rows of page 501 and later are never there; their `total_entries` still is."""
    wanted = call.wanted_rows
    filters = {name: value for name, value in call.values.items() if name not in PAGE}
    if not all(is_id(each) for each in filters.get("organization_industry_tag_ids", [])):
        raise refused(422, "Value must be an id: organization_industry_tag_ids")
    numbers = call.database.search.people_numbers(filters)
    return {"total_entries": len(numbers), "people": call.world.search_rows(numbers[wanted])}


ENDPOINTS = [
    Endpoint("POST", "/mixed_people/api_search", ROUTE, "search", _search, _PARAMETERS),
]
