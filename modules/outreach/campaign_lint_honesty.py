"""Rules of honesty and law: who writes, from where, why, and how to be left alone.

What they rest on: CAN-SPAM (15 U.S.C. 7704 (a): no misleading subject, a way out and a postal address in every
commercial mail); GDPR and UK GDPR, article 14 (1), (2) (f), (3) (b): who has the data and where it came from, at the
latest with the first mail; the German Digitale-Dienste-Gesetz, section 6 (2): sender and commercial character not
hidden. A rule finds words, and judges no law.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from modules.outreach.campaign_copy import CopyError
from modules.outreach.campaign_finding import Finding, active_variants
from modules.outreach.campaign_lint_words import FAKE_REPLY, PRETENDED_BUSINESS, SOURCE_OF_DATA, WAY_OUT
from modules.outreach.campaign_mail import with_constants
from modules.outreach.campaign_variables import sender_variables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from modules.outreach.campaign_spec import Campaign

_TELLS_SOURCE = frozenset({"eu", "uk", "ch"})


def sender_identity(campaign: Campaign) -> Iterator[Finding]:
    """Every mail says who writes and for which company."""
    for body, finding in _bodies(campaign):
        for wanted in (campaign.sender.name, campaign.sender.company):
            if _folded(wanted) not in body:
                message = f"the mail does not say {wanted}; end it with {{{{signature}}}}"
                yield finding._replace(rule="sender_identity", message=message)


def postal_address(campaign: Campaign) -> Iterator[Finding]:
    """Every mail carries the postal address."""
    for body, finding in _bodies(campaign):
        if _folded(campaign.sender.postal_address) not in body:
            message = "the mail lacks the postal address; write {{postalAddress}} or {{signature}}"
            yield finding._replace(rule="postal_address", message=message)


def way_out(campaign: Campaign) -> Iterator[Finding]:
    """Every mail says in words how to get no more of them; the header alone is not seen by everybody."""
    for body, finding in _bodies(campaign):
        if not WAY_OUT.search(body):
            message = 'no sentence says how to be left alone, such as "Reply no and you will not hear from me again."'
            yield finding._replace(rule="way_out", message=message)


def source_of_data(campaign: Campaign) -> Iterator[Finding]:
    """The first mail to people under the GDPR, the UK GDPR or the Swiss act says where their data came from."""
    if not _TELLS_SOURCE & campaign.audience.regions.keys():
        return
    for body, finding in _bodies(campaign):
        if finding.path[1] == 0 and not SOURCE_OF_DATA.search(body):
            message = (
                "the first mail does not say where the address came from, which people in eu, uk and ch must be told"
            )
            yield finding._replace(rule="source_of_data", severity="warning", message=message)


def deceptive_subject(campaign: Campaign) -> Iterator[Finding]:
    """No subject pretends to be an answer, or a matter that does not exist."""
    for placed in active_variants(campaign):
        path, subject = placed.texts[0]
        if FAKE_REPLY.match(subject):
            message = (
                "the subject pretends to be an answer; leave Re: and Fwd: out, or the subject of a follow-up empty"
            )
            yield Finding("deceptive_subject", "error", path, message)
        if PRETENDED_BUSINESS.search(subject):
            message = "the subject speaks of an order, an invoice or a deadline that does not exist; say what you offer"
            yield Finding("deceptive_subject", "error", path, message)


def _bodies(campaign: Campaign) -> Iterator[tuple[str, Finding]]:
    """Each active body, with what the sender's variables stand for and folded; and a finding at its place."""
    constants = sender_variables(campaign.sender)
    for placed in active_variants(campaign):
        path, body = placed.texts[1]
        try:
            text = with_constants(body, constants)
        except CopyError:
            # Told by a rule of its own.
            text = body
        yield _folded(text), Finding("", "error", path, "")


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
