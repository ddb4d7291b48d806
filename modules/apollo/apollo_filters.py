"""Apollo's searches as data: the filters that its documents know, judged before a request is made.

Apollo ignores what it does not know, and the whole database comes back; so nothing unknown gets through here.

Source: docs.apollo.io/reference, "People API Search" and "Organization Search".
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping  # noqa: TC003 - pydantic reads it
from typing import Annotated, Any, ClassVar, Self
from urllib.parse import quote, urlencode

import orjson
from pydantic import AfterValidator, Field, model_validator

from modules.apollo.apollo_filter_fields import (
    MOST_DOMAINS,
    DateRange,
    Domain,
    EmailStatus,
    EmployeeRange,
    Id,
    IntegerRange,
    Seniority,
    Several,
    Technology,
    Text,
    apart,
)
from modules.shared.file_problems import KnownKeys

_UNDOCUMENTED = "other clients send it, but Apollo's documents do not know it, so it may be ignored in silence"


def _because(reason: str, *keys: str) -> dict[str, str]:
    return {key: f"{key} is refused: {reason}" for key in keys}


_PAGES = _because("pages are chosen while reading", "page", "per_page")


class Filters(KnownKeys):
    """What both searches can filter by. Filters narrow together; the values of one list widen it.

    A list has neither blanks nor doubles, and its order says nothing: it is sorted, so that equal searches are equal.
    """

    broad: ClassVar[frozenset[str]] = frozenset()
    """Filters that leave nearly the whole database, when they stand alone."""
    kind: ClassVar[str]

    q_organization_domains_list: Annotated[Several[Domain], Field(max_length=MOST_DOMAINS)] | None = None
    organization_ids: Several[Id] | None = None
    organization_locations: Several[Text] | None = None
    organization_num_employees_ranges: Annotated[Several[EmployeeRange], AfterValidator(apart)] | None = None
    revenue_range: IntegerRange | None = None
    currently_using_any_of_technology_uids: Several[Technology] | None = None
    q_organization_job_titles: Several[Text] | None = None
    organization_job_locations: Several[Text] | None = None
    organization_num_jobs_range: IntegerRange | None = None
    organization_job_posted_at_range: DateRange | None = None

    @model_validator(mode="after")
    def _narrows(self) -> Self:
        if not set(self.as_json()) - self.broad:
            raise ValueError(
                "no filter narrows this search, and Apollo would go through its whole database; "
                "add places, titles, seniorities, sizes or companies"
            )
        return self

    def as_json(self) -> dict[str, Any]:
        """The filters that are set, as JSON; reading it back gives an equal search."""
        return self.model_dump(mode="json", exclude_none=True)

    @property
    def filters_digest(self) -> str:
        """Names this search, in 32 hexadecimal digits: equal for equal filters, however they were written."""
        encoded = orjson.dumps([self.kind, self.as_json()], option=orjson.OPT_SORT_KEYS)
        return hashlib.blake2b(encoded, digest_size=16, person=b"apollo filters").hexdigest()

    def query(self) -> dict[str, Any]:
        """The parameters as Apollo names them, in one order: lists as `name[]`, ranges as `name[min]`."""
        parameters: dict[str, Any] = {}
        for name, value in self.as_json().items():
            if isinstance(value, dict):
                parameters |= {f"{name}[{bound}]": limit for bound, limit in value.items()}
            else:
                parameters[f"{name}[]" if isinstance(value, list) else name] = value
        return parameters

    @property
    def query_length(self) -> int:
        """Characters of the query in an address."""
        return len(urlencode(self.query(), doseq=True, quote_via=quote))


class PeopleFilters(Filters):
    """A people search, with every filter that Apollo documents for it."""

    kind: ClassVar[str] = "people"
    broad: ClassVar[frozenset[str]] = frozenset(
        {"contact_email_status", "include_similar_titles", "currently_not_using_any_of_technology_uids"}
    )
    refused: ClassVar[Mapping[str, str]] = {
        **_PAGES,
        **_because(
            _UNDOCUMENTED,
            "person_departments",
            "person_past_organization_ids",
            "organization_industry_tag_ids",
            "organization_linkedin_url",
            "q_organization_domains",
            "q_organization_keyword_tags",
            "q_organization_name",
            "latest_funding_amount_range",
            "total_funding_range",
        ),
    }

    person_titles: Several[Text] | None = None
    include_similar_titles: Annotated[bool, Field(strict=True)] | None = None
    person_seniorities: Several[Seniority] | None = None
    person_locations: Several[Text] | None = None
    q_keywords: Text | None = None
    contact_email_status: Several[EmailStatus] | None = None
    currently_using_all_of_technology_uids: Several[Technology] | None = None
    currently_not_using_any_of_technology_uids: Several[Technology] | None = None

    @model_validator(mode="after")
    def _has_titles(self) -> Self:
        if self.include_similar_titles is not None and self.person_titles is None:
            raise ValueError("include_similar_titles says how person_titles are taken; give some")
        return self


class CompanyFilters(Filters):
    """A company search, with every filter that Apollo documents for it. Each page with results costs a credit."""

    kind: ClassVar[str] = "companies"
    broad: ClassVar[frozenset[str]] = frozenset({"organization_not_locations"})
    refused: ClassVar[Mapping[str, str]] = {**_PAGES, **_because(_UNDOCUMENTED, "organization_industry_tag_ids")}

    q_organization_name: Text | None = None
    q_organization_keyword_tags: Several[Text] | None = None
    organization_not_locations: Several[Text] | None = None
    latest_funding_amount_range: IntegerRange | None = None
    latest_funding_date_range: DateRange | None = None
    total_funding_range: IntegerRange | None = None
