"""What Apollo's people and companies become: rows of the raw tables. Pure.

Source: docs.apollo.io/reference, "People API Search", "Organization Search", "Organization Enrichment".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, Field, StringConstraints

from modules.shared.raw_table import RawRow, RawTable, RejectedRow
from modules.shared.row_fields import Count, Moment
from modules.shared.row_transform import transform_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_LARGEST = 2**63 - 1


def _without_nul(value: object) -> object:
    """PostgreSQL stores no NUL in a text."""
    return value.replace("\x00", "").strip() if isinstance(value, str) else value


def _text_or_none(value: object) -> object:
    return _without_nul(value) or None if isinstance(value, str) else value


def _no_flag(value: object) -> object:
    """A flag would be read as one or nought."""
    if value is True or value is False:
        raise ValueError("a flag where a number is documented")
    return value


def _whole(value: object) -> object:
    return round(value) if isinstance(value, float) and abs(value) <= _LARGEST else _no_flag(value)


def _phone_is_known(value: object) -> object:
    """Apollo writes `Yes`, or a sentence that begins with `Maybe` and leaves it open, as any other text does."""
    return {"yes": True, "no": False}.get(value.strip().lower()) if isinstance(value, str) else value


ApolloId = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[0-9a-f]{24}$")]
Text = Annotated[str | None, BeforeValidator(_text_or_none)]
Flag = Annotated[bool | None, Field(strict=True)]
WholeNumber = Annotated[Count | None, BeforeValidator(_no_flag)]


class PersonRow(RawRow):
    """Grain: one person of Apollo's database, as a search shows them: without a surname and without an address."""

    apollo_person_id: ApolloId = Field(validation_alias="id")
    first_name: Text = None
    job_title: Text = Field(default=None, validation_alias="title")
    organization_name: Text = None
    has_email: Flag = None
    has_direct_phone: Annotated[Flag, BeforeValidator(_phone_is_known)] = None
    last_refreshed_at: Moment | None = None


class OrganizationRow(RawRow):
    """Grain: one company of Apollo's database. A search shows less of it than an enrichment does."""

    apollo_organization_id: ApolloId = Field(validation_alias="id")
    organization_name: Text = Field(default=None, validation_alias="name")
    primary_domain: Text = None
    industry: Text = None
    employees_count: WholeNumber = Field(default=None, validation_alias="estimated_num_employees")
    annual_revenue: Annotated[int | None, Field(ge=-_LARGEST, le=_LARGEST), BeforeValidator(_whole)] = None
    """US dollars a year."""
    headcount_growth_twelve_months: Annotated[float | None, Field(allow_inf_nan=False), BeforeValidator(_no_flag)] = (
        Field(default=None, validation_alias="organization_headcount_twelve_month_growth")
    )
    """As given: a fraction or a percentage."""
    founded_year: WholeNumber = None
    country: Text = None
    city: Text = None
    technologies: list[Annotated[str, BeforeValidator(_without_nul)]] | None = Field(
        default=None, validation_alias="technology_names"
    )


PEOPLE = RawTable(
    name="apollo_people_raw",
    key=("apollo_person_id",),
    row=PersonRow,
    preview=("has_email", "has_direct_phone", "last_refreshed_at", "synced_at"),
)
ORGANIZATIONS = RawTable(
    name="apollo_organizations_raw",
    key=("apollo_organization_id",),
    row=OrganizationRow,
    preview=("organization_name", "industry", "employees_count", "country", "synced_at"),
)


def transform_people(payloads: Iterable[Any]) -> Iterator[RawRow | RejectedRow]:
    """Rows of `apollo_people_raw`, one for each person that a search shows."""

    def fields(payload: dict[str, Any]) -> dict[str, Any]:
        organization = {} if payload.get("organization") is None else payload["organization"]
        return {**payload, "organization_name": organization.get("name")}

    return transform_rows(PEOPLE, payloads, fields=fields)


def transform_organizations(payloads: Iterable[Any]) -> Iterator[RawRow | RejectedRow]:
    """Rows of `apollo_organizations_raw`, one for each company, however it was asked for.

    A company that the team saved is shown as an account: its `id` is the account's, and it names its company beside.
    """

    def fields(payload: dict[str, Any]) -> dict[str, Any]:
        if "organization_id" not in payload:
            return payload
        domain = payload.get("primary_domain") or payload.get("domain")
        return {**payload, "id": payload["organization_id"], "primary_domain": domain}

    return transform_rows(ORGANIZATIONS, payloads, fields=fields)
