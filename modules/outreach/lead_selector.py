"""Whom a campaign may write to, and for everybody else the first rule that stands against it.

The database decides (`private.judge_leads`), in one statement over all leads; the same tables give the same people.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from modules.outreach.regions import country_code

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from modules.outreach.campaign_spec import Campaign
    from modules.supabase.row_store import RowStore

Json = dict[str, Any]

RULES: Mapping[str, str] = MappingProxyType(
    {
        "not_described": "the address was not looked at yet",
        "suppressed": "must not be contacted",
        "reserved_here": "is or was in a campaign of ours",
        "in_campaign_at_instantly": "is in a campaign at Instantly",
        "contacted_before": "was written to before",
        "stopped": "answered, bounced or opted out before",
        "status_unknown": "stands at Instantly in a way that nobody knows",
        "refused_at_instantly": "was refused by Instantly before",
        "address_not_verified": "the address is not verified",
        "address_of_a_role": "the address is of a function, not of a person",
        "address_for_minutes": "the address is a disposable one",
        "region_without_basis": "the campaign has no lawful basis for the region",
        "other_lawful_basis": "the person's lawful basis is none, or another one than the campaign's",
        "other_search": "comes from another search",
        "other_country": "is in another country",
        "other_size": "the company has another size",
        "other_title": "has another job title",
        "score_too_low": "the score is too low",
        "other_spelling": "is another spelling of somebody chosen",
        "company_has_enough": "enough people of the company are written to",
        "domain_has_enough": "enough people of the mail domain are written to",
        "no_room": "comes after the last one there was room for",
        "chosen": "chosen",
    }
)
"""The rules in the order in which they are asked, in words. The first one that applies is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What a launch would choose now; nobody is reserved.

    Attributes:
        funnel: `rule` and `people`, in the order of the rules, those that apply to nobody left out.
        chosen: How many.
        without_line: Of these, those without an opening line yet.
        first: Ids of the first ones, in order.
    """

    funnel: list[Json]
    chosen: int
    without_line: int
    first: list[str]


def criteria(store: RowStore, campaign: Campaign) -> Json:
    """The audience and the caps of a campaign as the database takes them."""
    audience, caps = campaign.audience, campaign.caps
    countries = None
    if audience.countries is not None:
        countries = [each for each in store.call("lead_countries", {}) if country_code(each) in audience.countries]
    words = None if audience.title_words is None else "|".join(map(re.escape, audience.title_words))
    return {
        "campaign_name": campaign.name,
        "regions": dict(audience.regions),
        "searches": None if audience.searches is None else list(audience.searches),
        "countries": countries,
        "min_employees": audience.min_employees,
        "max_employees": audience.max_employees,
        "title_pattern": None if words is None else rf"(?<!\w)(?:{words})(?!\w)",
        "min_score": audience.min_score,
        "people_cap": caps.people,
        "people_per_company": caps.people_per_company,
        "people_per_domain": caps.people_per_domain,
    }


def select_leads(store: RowStore, campaign: Campaign, *, limit: int | None = None, shown: int = 3) -> Selection:
    """Whom a launch of the campaign would choose now, at most `limit`; names the ids of the first `shown`."""
    parameters = {"criteria": criteria(store, campaign), "people_limit": limit, "shown": shown}
    return Selection(**store.call("select_leads", parameters))


def explain_leads(store: RowStore, campaign: Campaign, lead_ids: Sequence[str] | None) -> list[Json]:
    """For these leads, or with `None` for all: `lead_id`, `score`, and the `rule` against them or their `rank`."""
    wanted = None if lead_ids is None else list(lead_ids)
    answer: list[Json] = store.call("explain_leads", {"criteria": criteria(store, campaign), "wanted_leads": wanted})
    return answer


def funnel_rows(funnel: Sequence[Json]) -> list[Json]:
    """A funnel for people: each rule in words, how many it left out, and how many were left then."""
    left = sum(row["people"] for row in funnel)
    rows: list[Json] = [{"rule": "everybody we know", "people": left, "left": left}]
    for row in funnel:
        if row["rule"] != "chosen":
            left -= row["people"]
            rows.append({"rule": RULES.get(row["rule"], row["rule"]), "people": -row["people"], "left": left})
    return [*rows, {"rule": "chosen", "people": left, "left": left}]
