"""The opening line that a lead gets in a campaign: what `{{personalization}}` stands for. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from modules.openai.icebreaker_facts import icebreaker_facts
from modules.openai.icebreaker_languages import language_of
from modules.openai.icebreaker_template import template_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from modules.outreach.campaign_limits import IcebreakerSettings


def opening_line(lead: Mapping[str, Any], settings: IcebreakerSettings) -> str | None:
    """The line; `None`: there is none, and a lead of a campaign that needs one is left out.

    Args:
        lead: `icebreaker_line` and `icebreaker_source` as `icebreakers` has them (`line`, `source`), and the facts
            that a line by pattern is made of: names, title, company, industry, size, place. Missing ones are unknown.
        settings: With `is_required` only a line that the model wrote counts.
    """
    line = lead.get("icebreaker_line")
    if line and lead.get("icebreaker_source") == "model":
        return str(line)
    if settings.is_required:
        return None
    return str(line) if line else _by_pattern(lead)


def _by_pattern(lead: Mapping[str, Any]) -> str | None:
    country = lead.get("country")
    return template_line(
        icebreaker_facts(
            language=language_of(country),
            first_name=lead.get("first_name"),
            last_name=lead.get("last_name"),
            job_title=lead.get("job_title"),
            company_name=lead.get("company_name"),
            industry=lead.get("industry"),
            employees_count=lead.get("employees_count"),
            founded_year=lead.get("founded_year"),
            technologies=lead.get("technologies"),
            city=lead.get("city"),
            country=country,
        )
    )
