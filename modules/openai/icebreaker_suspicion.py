"""Texts that address a machine or are meant to harm, found before a model reads them. Pure.

Whoever fills in a company's description can write orders to a model into it. Such a text is left out whole: what
remains of an order after a part was cut off is an order still.
"""

from __future__ import annotations

import codecs
import re
from unicodedata import name

from modules.openai.icebreaker_phrases import first_rule
from modules.openai.icebreaker_text import folded, spaced, words_of

_RULES_FOR_FACTS = ("instruction", "prompt", "role_play", "unsubscribe", "insult", "pitch")

_PATTERNS = {
    "link": re.compile(
        r"\b[a-z][a-z0-9+.-]{1,15}:/+\S|\bwww\.|\b(?:javascript|data|mailto|tel|file)\s?:"
        r"|[^\W_]\.(?!js\b)(?!net\b)[^\W\d_]{2,}|[^\W_](?<!asp)\.net\b|\bh(?:xx|tt)ps?\b|\[\.\]|\(dot\)|\bdot com\b"
    ),
    "address": re.compile(r"@|\[at\]|\(at\)|\(a\)"),
    "phone": re.compile(r"\+?\d(?:[ ()/.-]{0,2}\d){7,}"),
    "markup": re.compile(r"[<>{}\[\]|\\~^`*#=_$]|!\[|\]\(|-{3,}|/{2,}|\"\s?[:,]|\":|&#"),
    "code": re.compile(
        r"%[0-9a-f]{2}|\bu00[0-9a-f]{2}|\bx[0-9a-f]{2}\b|[01]{8}|\b[0-9a-f]{14,}|(?:[.-]+ +){4,}|\(\)|;\s?(?:drop|rm)\b"
    ),
    "spelled_out": re.compile(r"(?:\b[^\W\d_]\b[\W_]{1,3}){4,}"),
}
_TECHNICAL = re.compile(r"\b[cf]#|\bc\+\+", re.IGNORECASE)
_ENCODED = re.compile(r"(?=\S*[a-z])(?=\S*[A-Z])(?=\S*[\dA-Z+/=])[A-Za-z0-9+/_-]{14,}={0,2}")
_HIDDEN = re.compile("[\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]")
_SPEAKER = re.compile(
    r"(?:^|[\s\"'])(?:system|assistant|user|developer|human|ai|admin|role|content|note|anweisung|bot)\s?:"
)
_LEET = (str.maketrans("0134578", "oieastb"), str.maketrans("0134578", "oleastb"))
_HIDDEN_ORDERS = (
    "ignoreprevious", "ignoreall", "ignoretheabove", "ignoreyour", "ignoreabove", "ignoreany", "disregardall",
    "disregardprevious", "disregardthe", "forgetall", "forgetprevious", "forgeteverything", "systemprompt",
    "developermessage", "writeexactly", "ignorierealle", "ignorieredie", "ignorierenalle", "ignoriervorherige",
    "revealyour", "instructions", "youarenow", "overriderules", "jailbreak",
)  # fmt: skip
_FEWEST_CAPITALS_INSIDE, _MANY_CAPITALS_INSIDE = 3, 4


def suspicion(text: str, cleaned: str) -> str | None:
    """Why this text must not reach a model; `None` where nothing speaks against it.

    Args:
        text: As it came, for what cleaning takes away.
        cleaned: By `clean_text`.
    """
    if _HIDDEN.search(text) or _has_foreign_letters(cleaned):
        return "hidden_characters" if _HIDDEN.search(text) else "script"
    bare = _TECHNICAL.sub("", cleaned)
    lowered = folded(bare)
    for reason, pattern in _PATTERNS.items():
        if pattern.search(lowered):
            return reason
    if _SPEAKER.search(lowered):
        return "speaker"
    if any(_is_encoded(word) for word in re.findall(r"[A-Za-z0-9+/=_-]+", bare)):
        return "code"
    squeezed = "".join(words_of(lowered))
    readings = (squeezed, squeezed[::-1], codecs.encode(squeezed, "rot13"), *map(squeezed.translate, _LEET))
    if any(order in reading for reading in readings for order in _HIDDEN_ORDERS):
        return "instruction"
    spellings = (lowered, *map(lowered.translate, _LEET))
    return next(filter(None, (first_rule(spaced(each), _RULES_FOR_FACTS) for each in dict.fromkeys(spellings))), None)


def _has_foreign_letters(text: str) -> bool:
    """Lines are in Latin letters, and a text in others could not be told apart from an order."""
    return any(
        letter.isalpha() and not letter.isascii() and not name(letter, "").startswith("LATIN") for letter in set(text)
    )


def _is_encoded(word: str) -> bool:
    """Looks like base64: capitals and digits in the midst of a long word, unlike `HaldenFreight` or `LOGISTICS`."""
    if not _ENCODED.fullmatch(word):
        return False
    inside = sum(letter.isupper() for letter in word[1:])
    return inside >= _FEWEST_CAPITALS_INSIDE and (
        any(letter.isdigit() for letter in word) or "=" in word or inside > _MANY_CAPITALS_INSIDE
    )
