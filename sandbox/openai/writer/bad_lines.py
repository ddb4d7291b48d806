"""What models do wrong, on purpose: which of it befalls a line, and what the line then looks like."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.vendor.repeatable import fraction, mix

if TYPE_CHECKING:
    from collections.abc import Mapping

BAD_RATES_PCT: Mapping[str, float] = {
    "invented_number": 1.5,
    "invented_name": 1.0,
    "flattery": 1.5,
    "placeholder": 1.0,
    "link": 0.5,
    "wrong_language": 1.0,
    "too_long": 1.0,
    "repeated_opening": 1.0,
    "as_an_ai": 0.5,
    "refusal": 1.0,
    "truncated": 1.0,
    "content_filter": 0.5,
    "malformed": 0.5,
    "unknown_fact": 0.0,
    "failed": 0.0,
}
"""How many of a hundred lines each befalls; together 12. `failed` ends with status `failed`, the others are answers."""
_SECOND_TRY = 0.1
"""Share of the rates that is left when the request names what was wrong before."""
_NAMES = ("Marlene Okonjo", "Corvin Aasheim", "Philippa Drost")
_COMPANIES = ("Quarzwerk", "Bluefen Partners", "Talvik")
_FLATTERY = {
    "en": ("I hope this finds you well. ", "I was deeply impressed by your work. ", "Your career is amazing. "),
    "de": ("Ich hoffe, es geht Ihnen gut. ", "Ihr Werdegang ist beeindruckend. ", "Tolle Arbeit! "),
    "nl": ("Ik hoop dat alles goed met je gaat. ", "Ik ben onder de indruk van je werk. "),
    "sv": ("Hoppas att allt är bra med dig. ", "Jag är imponerad av ditt arbete. "),
    "fr": ("J'espère que vous allez bien. ", "Je suis impressionné par votre travail. "),
}
_AS_AN_AI = {
    "en": "As an AI language model I would ask: ",
    "de": "Als KI-Sprachmodell würde ich fragen: ",
    "nl": "Als AI-taalmodel zou ik vragen: ",
    "sv": "Som AI-språkmodell skulle jag fråga: ",
    "fr": "En tant que modèle de langage IA, je demande : ",
}
_ALWAYS_THE_SAME = {
    "en": "A thought on your daily work: ",
    "de": "Zu Ihrem Alltag im Betrieb: ",
    "nl": "Over het dagelijkse werk: ",
    "sv": "Om det dagliga arbetet: ",
    "fr": "Sur le travail au quotidien : ",
}
_INVENTED_NUMBER = {
    "en": "With {x} customers: ",
    "de": "Mit {x} Kunden: ",
    "nl": "Met {x} klanten: ",
    "sv": "Med {x} kunder: ",
    "fr": "Avec {x} clients : ",
}


def mishap(rates_pct: Mapping[str, float], noise: int, *, is_second_try: bool) -> str | None:
    """Give back what befalls this line; `None`: nothing. A rate of 100 befalls the second try as well."""
    place = fraction(noise, 11) * 100
    for kind, rate_pct in rates_pct.items():
        place -= rate_pct * _SECOND_TRY if is_second_try and rate_pct < 100 else rate_pct
        if place < 0:
            return kind
    return None


def spoilt(kind: str, line: str, language: str, noise: int) -> str:
    """Give back the line with this mishap; as it is when the mishap is not one of words."""
    language = language if language in _FLATTERY else "en"
    pick = mix(noise, 12)
    if kind == "flattery":
        return _FLATTERY[language][pick % len(_FLATTERY[language])] + line
    if kind == "too_long":
        return " ".join([line] * 5)
    prefixes = {
        "invented_number": _INVENTED_NUMBER[language].format(x=4_000 + pick % 5_000),
        "invented_name": f"{_NAMES[pick % 3]} ({_COMPANIES[pick // 3 % 3]}): ",
        "placeholder": ("{{first_name}}, ", "Hi [First Name], ", "{company}: ")[pick % 3],
        "as_an_ai": _AS_AN_AI[language],
        "repeated_opening": _ALWAYS_THE_SAME[language],
    }
    suffixes = {"link": (" https://fernwood.example/demo", " www.fernwood.example")[pick % 2]}
    return prefixes.get(kind, "") + line + suffixes.get(kind, "")
