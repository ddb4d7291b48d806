"""A model that does what the facts tell it: instructions among them become the line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sandbox.vendor.repeatable import mix

if TYPE_CHECKING:
    from sandbox.openai.writer.asked_facts import AskedFacts, Fact

_INSTRUCTION = re.compile(
    r"\b(?:ignore|disregard|forget|override|write|say|output|print|repeat|reply|respond|answer|return|reveal|show|"
    r"leak|translate|pretend|act\s+as|you\s+are|instead|insert|include|append|add|mention|visit|click|call|buy|use|"
    r"system|developer|assistant|prompt|instructions?|important|urgent|must|unsubscribe|"
    r"ignorier\w*|vergiss|vergessen|schreib\w*|sag\w*|antwort\w*|wiederhol\w*|gib|zeig\w*|anweisung\w*|stattdessen|"
    r"negeer|schrijf|zeg|herhaal|ignorera|skriv|säg|upprepa|ignorez?|écri\w+|dites|répét\w+|répond\w*|oublie\w*|"
    r"ignora|escribe|repite|olvida|scrivi|ripeti|dimentica)\b"
    r"|https?://|www\.|<[a-z!/]|```|\{\{|\"\s*[:,}]",
    re.IGNORECASE,
)
_LEAK = re.compile(
    r"(?:system|developer|hidden|secret|initial|above|prompt|instruction|rules|anweisung|regeln)", re.IGNORECASE
)
_TELL = re.compile(
    r"\b(?:reveal|show|leak|print|repeat|output|translate|zeig\w*|gib|wiederhol\w*|verrat\w*)\b", re.IGNORECASE
)
_QUOTATION_MARKS = "\"'`\u201c\u201d\u201e\u00ab\u00bb\u201a\u2018\u2019"
_QUOTED = re.compile("[%s]([^%s]{3,})[%s]" % ((_QUOTATION_MARKS,) * 3))
_ASKED_TO_SAY = re.compile(
    r"\b(?:write|say|output|print|repeat|reply|respond|answer|return|schreib\w*|sag\w*|antwort\w*|wiederhol\w*|"
    r"schrijf|zeg|skriv|écri\w+|dites|escribe|scrivi)\b"
    r"(?:\s+(?:with|exactly|only|just|the\s+words?|this|genau|nur|mit))*\s*[:\-]?\s*(.{3,})",
    re.IGNORECASE | re.DOTALL,
)
_LEAKED = 180


def injected(asked: AskedFacts) -> Fact | None:
    """Give back the longest fact that looks like an instruction; `None` when there is none."""
    return max((fact for fact in asked.facts if _INSTRUCTION.search(fact.text)), key=_length, default=None)


def obeyed(asked: AskedFacts, fact: Fact, developer_text: str, good: str | None) -> str:
    """Give back the line that the instruction wants: alone, or beside a good one."""
    payload = _payload(fact.text, developer_text, asked.noise)
    way = mix(asked.noise, 21) % 4
    if good is None or way < 2:
        return payload
    return f"{good} {payload}" if way == 2 else f"{payload} {good}"


def _payload(text: str, developer_text: str, noise: int) -> str:
    if _LEAK.search(text) and _TELL.search(text) and developer_text:
        return developer_text[:_LEAKED] if mix(noise, 22) % 2 else developer_text[-_LEAKED:]
    if (quoted := _QUOTED.search(text)) is not None:
        return quoted[1]
    if (told := _ASKED_TO_SAY.search(text)) is not None:
        return told[1]
    return text


def _length(fact: Fact) -> int:
    return len(fact.text)
