"""What stands for the variables of a campaign's copy: of a lead, uploaded with them; of the sender, put in before."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from unicodedata import category

from modules.openai.icebreaker_template import spoken_company

if TYPE_CHECKING:
    from collections.abc import Mapping

    from modules.outreach.campaign_spec import Sender

LEAD_VARIABLES: Mapping[str, str] = MappingProxyType(
    {
        "firstName": "first_name",
        "lastName": "last_name",
        "companyName": "company_name",
        "jobTitle": "job_title",
        "personalization": "icebreaker_line",
        "city": "city",
        "country": "country",
        "industry": "industry",
        "employees": "employees_count",
        "companyDomain": "company_domain",
    }
)
"""Variables of a lead, and the field of a lead that each is made of."""

STANDARD_FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "firstName": "first_name",
        "lastName": "last_name",
        "companyName": "company_name",
        "jobTitle": "job_title",
        "personalization": "personalization",
    }
)
"""Of these variables, the ones with a field of their own at Instantly (POST /leads/add); the others are custom."""

SENDER_VARIABLES: Mapping[str, str] = MappingProxyType(
    {
        "senderName": "name",
        "senderCompany": "company",
        "postalAddress": "postal_address",
        "senderEmail": "email",
        "senderPhone": "phone",
        "senderWebsite": "website",
    }
)
"""Variables of the sender, and the key of the file that each stands for. `signature` is all of them, line by line."""

SIGNATURE = "signature"
_LONGEST = 500
_MEANS_SOMETHING = re.compile(r"[{}<>|]")


def lead_variables(lead: Mapping[str, Any]) -> dict[str, str]:
    """The values that are uploaded for a lead, by variable; one that is not known is not there.

    Values come from strangers. Braces, angle brackets and bars would mean something in a mail, and control characters
    break one, so that each becomes a space. Companies lose their legal form, as people speak of them.

    Args:
        lead: The fields that `LEAD_VARIABLES` names; others are left alone, missing ones count as unknown.

    >>> lead_variables({"first_name": " Mara ", "company_name": "Halden Freight AG", "city": None})
    {'firstName': 'Mara', 'companyName': 'Halden Freight'}
    """
    values = {name: _cleaned(lead.get(field)) for name, field in LEAD_VARIABLES.items()}
    if values["companyName"]:
        values["companyName"] = spoken_company(values["companyName"])
    return {name: value for name, value in values.items() if value}


def sender_variables(sender: Sender) -> dict[str, str]:
    """The values of the sender's variables, the signature among them; what the file does not say is not there."""
    given = {name: getattr(sender, key) for name, key in SENDER_VARIABLES.items()}
    values = {name: str(value) for name, value in given.items() if value}
    return values | {SIGNATURE: "\n".join(values.values())}


def _cleaned(value: object) -> str:
    text = "" if value is None else _MEANS_SOMETHING.sub(" ", str(value))
    return " ".join("".join(" " if category(letter)[0] == "C" else letter for letter in text).split())[
        :_LONGEST
    ].strip()
