"""The mails of a campaign as a few leads would get them, without sending anything."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from modules.outreach.campaign_mail import missing_variables, render, variant_for
from modules.outreach.campaign_opening import opening_line
from modules.outreach.campaign_sequence import sending_dates
from modules.outreach.campaign_variables import lead_variables, sender_variables
from modules.outreach.pages import pages
from modules.outreach.regions import region_of
from modules.shared.emails import InvalidAddress, parse_address
from modules.shared.errors import PermanentError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from modules.outreach.campaign_spec import Campaign
    from modules.supabase.row_store import RowStore

Lead = dict[str, Any]
LEADS_SHOWN = 3
_MOST_LOOKED_AT = 10_000

_INVENTED: tuple[tuple[Any, ...], ...] = (
    ("Mara", "Weber", "Leiterin Disposition", "Halden Freight GmbH", "Logistik", 140, "Bremen", "Germany"),
    ("Jonas", "Lindqvist", "Head of Operations", "Rothwald Textil AG", "Textil", 320, "Zürich", "Switzerland"),
    ("Clara", "Ximenes", "COO", "Montara Systems Ltd", "Software", 85, "Leeds", "United Kingdom"),
)


class PreviewedMail(NamedTuple):
    """One step of one lead, or why the lead gets none."""

    lead: str
    step: int
    sent_on: date | None
    subject: str
    body: str
    left_out: str | None


def invented_leads() -> list[Lead]:
    """Three people who do not exist, for when there is nobody else to show."""
    names = ("first_name", "last_name", "job_title", "company_name", "industry", "employees_count", "city", "country")
    leads: list[Lead] = [dict(zip(names, person, strict=True)) for person in _INVENTED]
    for lead in leads:
        domain = lead["company_name"].partition(" ")[0].lower() + ".example"
        lead |= {"company_domain": domain, "email": f"{lead['first_name']}@{domain}".lower()}
        lead |= {"region": region_of(lead["country"]).value}
    return leads


def leads_of_audience(store: RowStore, campaign: Campaign, most: int = LEADS_SHOWN) -> list[Lead]:
    """The first leads of the audience by their ids, which is as good as at random, and the same ones each time."""
    audience = campaign.audience
    candidates = pages(
        store,
        "leads_for_preview",
        key="lead_id",
        wanted_searches=audience.searches,
        wanted_regions=list(audience.regions),
        least_score=audience.min_score,
    )
    return list(islice((lead for lead in islice(candidates, _MOST_LOOKED_AT) if audience.lets_in(lead)), most))


def lead_by_address(store: RowStore, address: str) -> Lead:
    """A lead as far as it is stored, of this audience or not.

    Raises:
        PermanentError: It is no address, or nobody has it. The message does not repeat it.
    """
    try:
        email = parse_address(address).email
    except InvalidAddress as error:
        raise PermanentError("--lead is no mail address; write the one that the lead is stored under.") from error
    found = store.select("leads", lambda query: query.eq("email", email))
    if not found:
        raise PermanentError("No lead has this address. `outreach leads` shows who there is.")
    return _stored_lead(store, found[0])


def leads_by_id(store: RowStore, lead_ids: list[str]) -> list[Lead]:
    """Leads as far as they are stored, in the order of their ids here; who is gone is left out."""
    people = {row["lead_id"]: row for row in store.select("leads", lambda query: query.in_("lead_id", lead_ids))}
    return [_stored_lead(store, people[lead_id]) for lead_id in lead_ids if lead_id in people]


def _stored_lead(store: RowStore, person: Lead) -> Lead:
    companies = store.select("companies", lambda query: query.eq("domain", person["company_domain"] or ""))
    lines = store.select("icebreakers", lambda query: query.eq("lead_id", person["lead_id"]))
    lead = dict(person)
    for company in companies:
        lead |= {name: company[name] for name in ("industry", "employees_count", "founded_year", "technologies")}
        # What the company itself says comes first, as for the lines.
        lead |= {name: company[name] or person[name] for name in ("company_name", "city")}
    for line in lines:
        lead |= {"icebreaker_line": line["line"], "icebreaker_source": line["source"]}
    return lead


def preview(campaign: Campaign, leads: list[Lead], *, today: date) -> Iterator[PreviewedMail]:
    """Each mail of each lead, with the earliest day on which it goes out.

    Raises:
        CopyError: A text cannot be read.
        PermanentError: A step has no active variant.
    """
    constants = sender_variables(campaign.sender)
    dates = sending_dates(campaign.sequence, campaign.schedule, today)
    for lead in leads:
        values = lead_variables({**lead, "icebreaker_line": opening_line(lead, campaign.icebreaker)})
        reason = _reason_to_leave_out(campaign, values)
        if reason is not None:
            yield PreviewedMail(lead["email"], 0, None, "", "", reason)
            continue
        for number, (step, day) in enumerate(zip(campaign.sequence, dates, strict=True)):
            seed = f"{campaign.name}|{lead['email']}|{number}"
            mail = render(variant_for(step, seed), {**constants, **values}, seed)
            yield PreviewedMail(lead["email"], number + 1, day, mail.subject, mail.body, None)


def _reason_to_leave_out(campaign: Campaign, values: Mapping[str, str]) -> str | None:
    if campaign.icebreaker.is_required and "personalization" not in values:
        return "there is no line that the model wrote"
    missing = missing_variables(campaign, values)
    return f"nothing is known for {', '.join(missing)}" if missing else None
