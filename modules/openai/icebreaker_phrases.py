"""What no line may say, by rule: the phrases of `icebreaker_phrases.txt`, looked up without case and accents."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from modules.openai.icebreaker_text import folded, words_of

if TYPE_CHECKING:
    from collections.abc import Iterable

_FILE = Path(__file__).with_suffix(".txt")


@cache
def phrase_rules() -> dict[str, re.Pattern[str]]:
    """By rule, in the file's order, a pattern for texts that `spaced` made."""
    rules: dict[str, list[str]] = {}
    rule = ""
    for line in _FILE.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            rule = line.strip("[]")
        elif line and not line.startswith("#"):
            rules.setdefault(rule, []).extend(_pattern(phrase) for phrase in line.split(",") if phrase.strip())
    return {rule: re.compile(rf" (?:{'|'.join(phrases)})(?= )") for rule, phrases in rules.items()}


def first_rule(spaced_text: str, rules: Iterable[str]) -> str | None:
    """The first of these rules with a phrase in the text; `None` where there is none."""
    return next((rule for rule in rules if phrase_rules()[rule].search(spaced_text)), None)


def broken_rules(spaced_text: str) -> dict[str, list[str]]:
    """Each rule with a phrase in the text, and its phrases that were found there."""
    found = {rule: [each.strip() for each in pattern.findall(spaced_text)] for rule, pattern in phrase_rules().items()}
    return {rule: phrases for rule, phrases in found.items() if phrases}


def _pattern(phrase: str) -> str:
    """A star stands for any end of a word; `...` for up to three words between."""
    parts = []
    for word in phrase.strip().removesuffix("...").split():
        if word == "...":
            parts.append(r"(?:[^ ]+ ){0,3}")
        else:
            end = "[^ ]*" if word.endswith("*") else ""
            parts.append(" ".join(map(re.escape, words_of(folded(word)))) + end + " ")
    return "".join(parts).rstrip(" ")
