"""Rules of the copy: what can be read and filled in, and what a reader and a filter would make of it."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from modules.outreach.campaign_copy import CopyError, choices_of, parse_copy, variables_of
from modules.outreach.campaign_finding import Finding, active_variants
from modules.outreach.campaign_lint_words import ATTACHMENT, LINK, MARKUP, SHORTENERS, TRACKING
from modules.outreach.campaign_mail import with_constants
from modules.outreach.campaign_variables import LEAD_VARIABLES, SENDER_VARIABLES, SIGNATURE, sender_variables
from modules.shared.file_problems import unknown_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from modules.outreach.campaign_copy import Copy
    from modules.outreach.campaign_spec import Campaign
    from modules.shared.file_problems import KeyPath

_LONGEST_SUBJECT = 60
_MOST_WORDS = 160
_LONGEST_BROKEN = 60
_SHORT_WORD = 3
_FEWEST_LOUD_WORDS = 2
_OFTEN_UNKNOWN = frozenset({"city", "country", "industry", "employees", "jobTitle"})
_KNOWN = (*LEAD_VARIABLES, *SENDER_VARIABLES, SIGNATURE)


def empty_body(campaign: Campaign) -> Iterator[Finding]:
    """Every mail says something."""
    for path, text in _bodies(campaign):
        if not text.strip():
            yield Finding("empty_body", "error", path, "the mail is empty")


def unbalanced_braces(campaign: Campaign) -> Iterator[Finding]:
    """Variables and choices are written so that they can be read."""
    for path, text in _texts(campaign):
        try:
            parse_copy(text)
        except CopyError as error:
            yield Finding("unbalanced_braces", "error", path, str(error))


def unknown_variable(campaign: Campaign) -> Iterator[Finding]:
    """Every variable is one that leads or the sender have."""
    for path, copy in _copies(campaign):
        for name in dict.fromkeys(variables_of(copy)):
            if name not in _KNOWN:
                yield Finding("unknown_variable", "error", path, f"the variable {unknown_key(name, _KNOWN)}")


def sender_value_missing(campaign: Campaign) -> Iterator[Finding]:
    """What the copy says of the sender is in the file."""
    given = sender_variables(campaign.sender)
    for path, copy in _copies(campaign):
        for name in dict.fromkeys(variables_of(copy)):
            if name in SENDER_VARIABLES and name not in given:
                message = f"{{{{{name}}}}} has no value; give sender.{SENDER_VARIABLES[name]}"
                yield Finding("sender_value_missing", "error", path, message)


def often_unknown_variable(campaign: Campaign) -> Iterator[Finding]:
    """The copy does not hang on what is not known of many leads."""
    for path, copy in _copies(campaign):
        for name in dict.fromkeys(variables_of(copy)):
            if name in _OFTEN_UNKNOWN:
                message = f"{{{{{name}}}}} is not known of many leads, and those are left out"
                yield Finding("often_unknown_variable", "warning", path, message)


def choice_of_one(campaign: Campaign) -> Iterator[Finding]:
    """A choice is between different options."""
    for path, copy in _copies(campaign):
        for choice in choices_of(copy):
            if len(set(choice.options)) < len(choice.options) or len(choice.options) == 1:
                message = "a choice has one option only, or the same one twice; RANDOM wants different ones"
                yield Finding("choice_of_one", "error", path, message)


def too_long(campaign: Campaign) -> Iterator[Finding]:
    """A subject fits a phone, and a mail is read in half a minute; the signature is not counted."""
    for placed in active_variants(campaign):
        (subject_path, subject), (body_path, body) = placed.texts
        if len(subject) > _LONGEST_SUBJECT:
            message = f"the subject has {len(subject)} characters; phones cut it at about {_LONGEST_SUBJECT}"
            yield Finding("too_long", "warning", subject_path, message)
        words = len(body.split())
        if words > _MOST_WORDS:
            yield Finding("too_long", "warning", body_path, f"the mail has {words} words; keep it below {_MOST_WORDS}")


def broken_paragraph(campaign: Campaign) -> Iterator[Finding]:
    """A line of the file is a line of the mail, so that paragraphs stand on one line each."""
    for path, text in _bodies(campaign):
        lines = text.splitlines()
        if any(len(line) > _LONGEST_BROKEN and following.strip() for line, following in pairwise(lines)):
            message = "a paragraph is broken into lines, which phones break once more; write it on one line"
            yield Finding("broken_paragraph", "warning", path, message)


def shouting(campaign: Campaign) -> Iterator[Finding]:
    """Nothing is in capitals throughout, and nothing has several exclamation marks."""
    for path, text in _texts(campaign):
        plain = re.sub(r"\{\{\s*\w+\s*\}\}|RANDOM", " ", text)
        loud = [word for word in re.findall(r"[^\W\d_]+", plain) if word.isupper() and len(word) > _SHORT_WORD]
        if len(loud) >= _FEWEST_LOUD_WORDS or (loud and plain == plain.upper()) or re.search(r"[!?]\s*[!?]", plain):
            yield Finding("shouting", "error", path, "capitals and rows of exclamation marks read as shouting")


def shortened_link(campaign: Campaign) -> Iterator[Finding]:
    """A link says where it leads."""
    for path, text in _texts(campaign):
        if SHORTENERS.search(text):
            message = "a shortened link hides where it leads, and filters distrust it; write the whole one"
            yield Finding("shortened_link", "error", path, message)


def many_links(campaign: Campaign) -> Iterator[Finding]:
    """One link at most, besides the signature's."""
    for path, text in _bodies(campaign):
        links = len(LINK.findall(text))
        if links > 1:
            yield Finding(
                "many_links", "warning", path, f"{links} links; a first contact with more than one looks bulk"
            )


def tracked_link(campaign: Campaign) -> Iterator[Finding]:
    """Nobody is followed: no parameters that say who clicked."""
    constants = sender_variables(campaign.sender)
    for path, copy_text in _texts(campaign):
        try:
            text = with_constants(copy_text, constants)
        except CopyError:
            text = copy_text
        links = [link for link in LINK.findall(text) if TRACKING.search(link) or "{{" in link]
        if links:
            yield Finding("tracked_link", "error", path, "a link tells who clicked it; take its parameters out")


def markup(campaign: Campaign) -> Iterator[Finding]:
    """Mails are plain text."""
    for path, text in _texts(campaign):
        if MARKUP.search(text):
            message = "HTML or Markdown would be read as such; write plain text and whole links"
            yield Finding("markup", "error", path, message)


def promised_attachment(campaign: Campaign) -> Iterator[Finding]:
    """No mail speaks of an attachment, which none has."""
    for path, text in _texts(campaign):
        if ATTACHMENT.search(text):
            yield Finding("promised_attachment", "warning", path, "an attachment is spoken of, and none is sent")


def _texts(campaign: Campaign) -> Iterator[tuple[KeyPath, str]]:
    return (text for placed in active_variants(campaign) for text in placed.texts)


def _bodies(campaign: Campaign) -> Iterator[tuple[KeyPath, str]]:
    return (placed.texts[1] for placed in active_variants(campaign))


def _copies(campaign: Campaign) -> Iterator[tuple[KeyPath, Copy]]:
    """Those texts that can be read; the others have a rule of their own."""
    for path, text in _texts(campaign):
        try:
            yield path, parse_copy(text)
        except CopyError:
            continue
