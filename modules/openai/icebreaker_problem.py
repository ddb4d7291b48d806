"""What can be wrong with a line: rules with a sentence each, for a person and for the model's second try."""

from __future__ import annotations

from typing import NamedTuple

MESSAGES = {
    "too_short": "The line is too short: say one specific thing.",
    "too_long": "The line is too long: one sentence, two at most.",
    "sentences": "The line has more than two sentences.",
    "fragment": "A sentence is shorter than four words or begins without a capital.",
    "unfinished": "The line does not end as a sentence does.",
    "line_break": "The line is broken, or has blanks around it or more than one in a row.",
    "strange_characters": "The line holds characters other than letters, digits and plain punctuation.",
    "exclamation": "The line shouts: no exclamation mark, no word in capitals that the facts do not write so.",
    "quoted": "The line holds quotation marks.",
    "placeholder": "The line holds a placeholder.",
    "markup": "The line holds markup or code.",
    "link": "The line holds a link or a domain.",
    "address": "The line holds a mail address or a handle.",
    "phone": "The line holds a telephone number.",
    "language": "The line is not in the language that was asked for.",
    "unknown_word": "The line says something that is not in the facts: use their words and plain everyday words.",
    "unknown_name": "The line names somebody or something that is not in the facts.",
    "unknown_number": "The line has a number that is not in the facts, or is one of something else.",
    "number_out_of_place": "The line uses a number for something else than the facts do.",
    "name_spelling": "A name is spelled differently than in the facts.",
    "no_facts_cited": "No fact is cited.",
    "unknown_fact_id": "A fact is cited that was not given.",
    "evidence": "The evidence is not a copy of the cited facts' words.",
    "fact_not_used": "The line uses no word of the facts it cites.",
    "canary": "The line holds what belongs to the instructions.",
    "instruction": "The line reads like an order.",
    "prompt": "The line speaks of models, prompts or instructions, or refuses.",
    "role_play": "The line plays a role.",
    "unsubscribe": "The line speaks of unsubscribing, spam or clicking.",
    "insult": "The line insults somebody.",
    "pitch": "The line sells something.",
    "deception": "The line claims a meeting, a talk, an acquaintance or something that was seen or read.",
    "event": "The line claims a recent event or a date.",
    "money": "The line speaks of money.",
    "flattery": "The line flatters.",
    "stock_phrase": "The line uses a phrase that everybody uses.",
    "personal": "The line touches private life, health, belief, politics, age or looks.",
    "opening_repeated": "Too many lines of the campaign begin with the same three words.",
    "near_duplicate": "The campaign has nearly the same line already.",
}


class Problem(NamedTuple):
    """One rule that a line breaks.

    Attributes:
        rule: A key of `MESSAGES`.
        message: What to do about it; it holds nothing of the line and of the lead.
    """

    rule: str
    message: str


def problem(rule: str) -> Problem:
    """The problem that a rule names."""
    return Problem(rule, MESSAGES[rule])
