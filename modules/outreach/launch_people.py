"""What is sent to Instantly for each reserved person: made once, stored, and from then on the same at every try."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from modules.outreach.campaign_mail import needed_variables
from modules.outreach.campaign_opening import opening_line
from modules.outreach.campaign_variables import STANDARD_FIELDS, lead_variables
from modules.outreach.launch_ledger import settle_people
from modules.outreach.pages import in_batches, pages

if TYPE_CHECKING:
    from collections.abc import Mapping

    from modules.outreach.campaign_spec import Campaign
    from modules.outreach.launch_ledger import Launch
    from modules.supabase.row_store import RowStore

Json = dict[str, Any]


def prepare_people(store: RowStore, launch: Launch, campaign: Campaign) -> Counter[str]:
    """Store what is to be sent for everybody who is reserved; how many are `prepared`, or released, by reason.

    Who lacks a value that the copy needs is released: Instantly would send a gap.
    """
    done: Counter[str] = Counter()
    needed = needed_variables(campaign)
    people = pages(store, "people_to_prepare", key="rank", after="after_rank", first=0, wanted_launch=launch.launch_id)
    for batch in in_batches(people):
        ready: list[Json] = []
        lacking: list[Json] = []
        for person in batch:
            values = person_values(person, campaign)
            missing = needed - values.keys()
            if missing:
                reason = "no_opening_line" if missing == {"personalization"} else "value_missing"
                lacking.append({"campaign_lead_id": person["campaign_lead_id"], "state": "released", "reason": reason})
                done[reason] += 1
            else:
                payload = instantly_lead(person["email"], values)
                ready.append({"campaign_lead_id": person["campaign_lead_id"], "payload": payload})
        settle_people(store, lacking)
        done["prepared"] += int(store.call("prepare_people", {"rows": ready})) if ready else 0
    return done


def person_values(person: Mapping[str, Any], campaign: Campaign) -> dict[str, str]:
    """The values of the copy's variables for a lead, the opening line among them; what is not known is not there."""
    return lead_variables({**person, "icebreaker_line": opening_line(person, campaign.icebreaker)})


def instantly_lead(email: str, values: Mapping[str, str]) -> Json:
    """A lead as `POST /leads/add` takes it: standard fields at the top, the others as custom variables.

    >>> instantly_lead("mara@haldenfreight.example", {"firstName": "Mara", "city": "Bern"})
    {'email': 'mara@haldenfreight.example', 'first_name': 'Mara', 'custom_variables': {'city': 'Bern'}}
    """
    standard = {field: values[name] for name, field in STANDARD_FIELDS.items() if name in values}
    custom = {name: value for name, value in values.items() if name not in STANDARD_FIELDS}
    return {"email": email, **standard, **({"custom_variables": custom} if custom else {})}
