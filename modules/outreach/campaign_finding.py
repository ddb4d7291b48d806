"""What a rule says against a campaign."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from modules.outreach.campaign_sequence import Variant
    from modules.outreach.campaign_spec import Campaign
    from modules.shared.file_problems import KeyPath

Severity = Literal["error", "warning"]


class Finding(NamedTuple):
    """One finding.

    Attributes:
        rule: Its name, as in the table of `docs/campaigns.md`.
        severity: With an error a campaign is not stored and not launched.
        path: Where, from the top of the campaign.
        message: What is wrong, and what would mend it.
    """

    rule: str
    severity: Severity
    path: KeyPath
    message: str


class PlacedVariant(NamedTuple):
    """An active variant and where it is."""

    step: int
    path: KeyPath
    variant: Variant

    @property
    def texts(self) -> tuple[tuple[KeyPath, str], ...]:
        """Subject and body, each with its place."""
        return ((*self.path, "subject"), self.variant.subject), ((*self.path, "body"), self.variant.body)


def active_variants(campaign: Campaign) -> Iterator[PlacedVariant]:
    """The variants that are sent, step by step."""
    for number, step in enumerate(campaign.sequence):
        for place, variant in enumerate(step.variants):
            if variant.is_active:
                yield PlacedVariant(number, ("sequence", number, "variants", place), variant)
