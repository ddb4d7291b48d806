"""Whether a campaign should be sent: every rule asked, every finding said. Pure.

Errors keep a campaign from being stored and launched, warnings are said. `docs/campaigns.md` lists the rules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from modules.outreach import campaign_lint_copy as wording
from modules.outreach import campaign_lint_honesty as honesty
from modules.outreach import campaign_lint_plan as plan
from modules.shared.errors import Refused
from modules.shared.file_problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import date

    from modules.outreach.campaign_finding import Finding
    from modules.outreach.campaign_spec import Campaign, CampaignFile

_RULES: tuple[Callable[[Campaign], Iterator[Finding]], ...] = (
    honesty.sender_identity,
    honesty.postal_address,
    honesty.way_out,
    honesty.source_of_data,
    honesty.deceptive_subject,
    wording.empty_body,
    wording.unbalanced_braces,
    wording.unknown_variable,
    wording.sender_value_missing,
    wording.often_unknown_variable,
    wording.choice_of_one,
    wording.too_long,
    wording.broken_paragraph,
    wording.shouting,
    wording.shortened_link,
    wording.many_links,
    wording.tracked_link,
    wording.markup,
    wording.promised_attachment,
    plan.no_active_variant,
    plan.short_delay,
    plan.unused_icebreaker,
    plan.other_language,
    plan.empty_audience,
    plan.country_without_basis,
    plan.empty_window,
    plan.caps_contradict,
)
_RULES_OF_THE_DAY: tuple[Callable[[Campaign, date], Iterator[Finding]], ...] = (
    plan.dates_in_order,
    plan.unknown_timezone,
)
RULES = tuple(rule.__name__ for rule in (*_RULES, *_RULES_OF_THE_DAY))
"""The names of all rules."""


def lint_campaign(campaign: Campaign, *, today: date) -> list[Finding]:
    """What speaks against a campaign, errors first; an empty list: nothing does.

    Args:
        campaign: Which one.
        today: By which dates are judged.
    """
    findings = [finding for rule in _RULES for finding in rule(campaign)]
    findings += [finding for rule in _RULES_OF_THE_DAY for finding in rule(campaign, today)]
    return sorted(findings, key=lambda finding: finding.severity)


def told_findings(file: CampaignFile, findings: Iterable[Finding]) -> list[str]:
    """Each finding as one line with file, line and key."""
    return [
        file.yaml.told(Problem(("campaign", *finding.path), f"{finding.severity} {finding.rule}: {finding.message}"))
        for finding in findings
    ]


def refuse_errors(files: Iterable[CampaignFile], *, today: date) -> None:
    """Do nothing where no campaign of the files has an error.

    Raises:
        Refused: One has; the message tells every error of every file.
    """
    told: list[str] = []
    for file in files:
        findings = [] if file.campaign is None else lint_campaign(file.campaign, today=today)
        told += told_findings(file, [finding for finding in findings if finding.severity == "error"])
    if told:
        raise Refused("\n".join([*told, "Mend these; `outreach campaigns lint` tells them all, with the warnings."]))
