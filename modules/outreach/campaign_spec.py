"""Campaigns that people write down in `campaigns/`: to whom, what, when, from where, and how much.

A file holds one `campaign`, and may hold `searches` beside it; `campaigns/dach-operations.yaml` is an example and
`docs/campaigns.md` explains every key. Everything wrong in any file is said at once. Whether a campaign is one that
should be sent is a question for `campaign_lint`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

import orjson
from pydantic import Field, StringConstraints, ValidationError

from modules.outreach.campaign_audience import Audience  # noqa: TC001 - pydantic reads these
from modules.outreach.campaign_limits import (
    Address,
    Caps,
    IcebreakerSettings,
    SenderRules,
    Senders,
)
from modules.outreach.campaign_sequence import Schedule, Sequence  # noqa: TC001
from modules.outreach.search_files import Slug, problems_at_top, searches_in
from modules.shared.errors import PermanentError
from modules.shared.file_problems import KnownKeys, Problem, problems
from modules.shared.yaml_files import read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from modules.outreach.search_files import Search
    from modules.shared.yaml_files import YamlFile

# Braces and bars would mean something in the copy that these are put into.
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\r\n{}|]*$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=r"^[^{}|]*$")]
_IN_COPY = {"sequence", "sender", "offer", "icebreaker"}


class Sender(KnownKeys):
    """Who writes, as the recipient reads it; `{{signature}}` puts all of it into a mail."""

    name: Line
    company: Line
    postal_address: Text
    """Where letters reach the company; laws on commercial mail ask for it."""
    email: Address | None = None
    phone: Line | None = None
    website: Line | None = None


class Campaign(KnownKeys):
    """One campaign."""

    name: Slug
    """No other campaign has it; renamed, it is another one."""
    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
    """What people call it; its name at Instantly begins with it."""
    offer: Text
    """One or two sentences: what is offered."""
    sender: Sender
    audience: Audience
    sequence: Sequence
    schedule: Schedule
    senders: Senders
    caps: Caps
    icebreaker: IcebreakerSettings = IcebreakerSettings()
    activate: Annotated[bool, Field(strict=True)] = False
    """Whether a launch may set it sending; without it a launch leaves a draft for a person to look at."""
    stop_company_on_reply: Annotated[bool, Field(strict=True)] = True
    """A reply ends the sequence for everybody at that domain."""
    sender_rules: SenderRules = SenderRules()

    def as_json(self) -> dict[str, Any]:
        """What a file would say, with every default written out; `Campaign.model_validate` takes it back."""
        return self.model_dump(mode="json", by_alias=True)

    def digest(self) -> str:
        """The same for equal campaigns, in every process: SHA-256 of canonical JSON, in hexadecimal digits."""
        return _digest(self.as_json())

    def copy_digest(self) -> str:
        """As `digest`, of what a recipient sees and what it rests on: mails, sender, offer, icebreaker settings."""
        return _digest({key: value for key, value in self.as_json().items() if key in _IN_COPY})


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignFile:
    """A file that was read.

    Attributes:
        path: Where it is.
        campaign: `None`: it holds searches only.
        searches: In their order.
        yaml: The file itself, which knows the line of every key.
    """

    path: Path
    campaign: Campaign | None
    searches: tuple[Search, ...]
    yaml: YamlFile = field(repr=False, compare=False)


def read_campaign_files(paths: Iterable[Path]) -> list[CampaignFile]:
    """What the files hold, in their order.

    Raises:
        PermanentError: A file cannot be read, or something in it is not right; names each file, line and key.
    """
    files: list[CampaignFile] = []
    wrong: list[str] = []
    search_places: dict[str, str] = {}
    campaign_places: dict[str, str] = {}
    for path in paths:
        try:
            yaml = read_yaml(path)
        except PermanentError as error:
            wrong.append(str(error))
            continue
        wrong += map(yaml.told, problems_at_top(yaml))
        searches, complaints = searches_in(yaml, search_places)
        wrong += complaints
        campaign, campaign_problems = _campaign_in(yaml)
        wrong += map(yaml.told, campaign_problems)
        if campaign is not None:
            place = yaml.place(("campaign", "name"))
            if campaign.name in campaign_places:
                at = campaign_places[campaign.name]
                wrong.append(f"{place}: {campaign.name} is the name of another campaign, at {at}")
            campaign_places.setdefault(campaign.name, place)
        files.append(CampaignFile(path=path, campaign=campaign, searches=tuple(searches), yaml=yaml))
    if wrong:
        raise PermanentError("\n".join(wrong))
    return files


def _campaign_in(yaml: YamlFile) -> tuple[Campaign | None, list[Problem]]:
    if not isinstance(yaml.data, dict) or "campaign" not in yaml.data:
        return None, []
    try:
        return Campaign.model_validate(yaml.data["campaign"]), []
    except ValidationError as error:
        return None, [Problem(("campaign", *problem.path), problem.message) for problem in problems(error)]


def _digest(value: dict[str, Any]) -> str:
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()
