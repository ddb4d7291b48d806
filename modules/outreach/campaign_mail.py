"""The mail that a lead gets: a variant with its values filled in, as people read it and as Instantly takes it. Pure."""

from __future__ import annotations

import hashlib
from html import escape
from typing import TYPE_CHECKING, NamedTuple

from modules.outreach.campaign_copy import filled, parse_copy, variables_of, written_copy
from modules.outreach.campaign_variables import LEAD_VARIABLES
from modules.shared.errors import PermanentError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from modules.outreach.campaign_copy import Choice, Copy
    from modules.outreach.campaign_sequence import Step, Variant
    from modules.outreach.campaign_spec import Campaign


class Mail(NamedTuple):
    """A mail in plain text; an empty subject continues the thread."""

    subject: str
    body: str


def render(variant: Variant, values: Mapping[str, str], seed: str) -> Mail:
    """The mail of one lead, with the choices that the seed makes; the same seed makes the same ones everywhere.

    Instantly chooses at random when it sends, so this is one of the mails that the lead may get.

    Args:
        variant: The wording.
        values: By variable: those of the lead and of the sender.
        seed: Anything that stands for the lead and the step.

    Raises:
        PermanentError: A variable has no value, which Instantly would send as a gap; names the variables.
        CopyError: The text cannot be read.
    """
    subject, body = parse_copy(_stripped(variant.subject)), parse_copy(_stripped(variant.body))
    missing = sorted({*variables_of(subject), *variables_of(body)} - values.keys())
    if missing:
        raise PermanentError(f"No value is known for {', '.join(missing)}, and a gap is not sent. Leave the lead out.")

    def text(copy: Copy, place: str) -> str:
        def choose(choice: Choice) -> Copy:
            return choice.options[_number(f"{seed}|{place}|{written_copy((choice,))}") % len(choice.options)]

        return written_copy(filled(copy, values.get, choose))

    return Mail(text(subject, "subject"), text(body, "body"))


def variant_for(step: Step, seed: str) -> Variant:
    """One of the active variants, the same one for the same seed, as Instantly deals them out in equal shares.

    Raises:
        PermanentError: None is active.
    """
    active = [variant for variant in step.variants if variant.is_active]
    if not active:
        raise PermanentError("No variant of this step is active, so that there is nothing to send. Switch one on.")
    return active[_number(seed) % len(active)]


def needed_variables(campaign: Campaign) -> set[str]:
    """The variables of a lead that any active variant uses; texts that cannot be read use none."""
    active = (variant for step in campaign.sequence for variant in step.variants if variant.is_active)
    texts = (text for variant in active for text in (variant.subject, variant.body))
    return {name for text in texts for name in variables_of(parse_copy(text)) if name in LEAD_VARIABLES}


def missing_variables(campaign: Campaign, values: Collection[str]) -> list[str]:
    """What a campaign needs and a lead lacks, in order; such a lead is left out.

    Args:
        campaign: With copy that can be read.
        values: What `lead_variables` gave.
    """
    return sorted(needed_variables(campaign) - set(values))


def with_constants(text: str, constants: Mapping[str, str]) -> str:
    """A text with the sender's variables put in; those of a lead, and choices, stay for Instantly."""
    return written_copy(filled(parse_copy(_stripped(text)), constants.get, lambda _: None))


def instantly_body(body: str) -> str:
    r"""A body as Instantly takes it: HTML with a `<br/>` for each end of a line.

    `&`, `<` and `>` are escaped; a bare ampersand is reported to blank a body. Source: Instantly API v2, "Create
    campaign", `variants[].body`.

    >>> instantly_body("Hi {{firstName}},\n\nProfit & loss")
    'Hi {{firstName}},<br/><br/>Profit &amp; loss'
    """
    return escape(_stripped(body), quote=False).replace("\n", "<br/>")


def _stripped(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def _number(seed: str) -> int:
    return int.from_bytes(hashlib.blake2b(seed.encode(), digest_size=8).digest(), "big")
