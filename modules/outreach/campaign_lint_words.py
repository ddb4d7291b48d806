"""Words that the rules of campaigns look for, in English, German, French, Dutch and Swedish."""

from __future__ import annotations

import re

FAKE_REPLY = re.compile(r"\s*(?:re|aw|fwd?|wg|antw|sv|vb|tr)\s*:", re.IGNORECASE)
"""How mail programs mark answers and forwarded mails."""

PRETENDED_BUSINESS = re.compile(
    r"\b(?:invoice|overdue|final notice|account suspended|your order|payment failed|rechnung|mahnung|ihre bestellung|"
    r"letzte erinnerung|votre facture|votre commande|uw factuur|uw bestelling|din faktura|din beställning)\b",
    re.IGNORECASE,
)

WAY_OUT = re.compile(
    r"unsubscribe|opt[ -]?out|no (?:more|further) (?:e-?mails?|messages?)|"
    r"not (?:write|e-?mail|contact) (?:to )?you again|"
    r"(?:won't|will not|do not|don't) (?:hear|write|e-?mail|contact)|rather not hear|stop writing|"
    r"keine (?:weiteren?|e-?mails?|nachrichten|post) |nicht (?:mehr|weiter|wieder) (?:an)?schreiben|abmelde|austrage|"
    r"nichts mehr (?:von mir|hören)|widersprech|widerspruch|melde ich mich nicht (?:mehr|wieder)|"
    r"désinscri|ne plus (?:vous )?(?:écrire|recevoir)|plus (?:de|aucun) (?:messages?|e-?mails?)|"
    r"afmelden|uitschrijven|geen (?:verdere )?(?:e-?mails?|berichten)|niet meer (?:mail|schrijf)|"
    r"avregistrera|inga fler (?:mejl|mail|meddelanden)|slipper? (?:fler )?(?:mejl|mail)",
    re.IGNORECASE,
)

SOURCE_OF_DATA = re.compile(
    r"apollo|linkedin|\bfound (?:you|your)\b|\bgot your (?:name|address|details)\b|"
    r"\byour (?:address|details) (?:is|are|come)|public(?:ly)? (?:source|available|register)|"
    r"(?:ihre|deine) (?:geschäftliche |e-?mail-?)*(?:adresse|kontaktdaten|daten)|\bauf sie gestoßen\b|öffentlich|"
    r"votre (?:adresse|nom)|vos coordonnées|uw (?:adres|gegevens)|(?:er|din) adress",
    re.IGNORECASE,
)

ATTACHMENT = re.compile(
    r"\battach(?:ed|ment|ments)\b|\benclosed\b|\banbei\b|\bim anhang\b|\bangehängt\b|\bbeigefügt\b|pièces? jointes?|"
    r"ci-joint|\bbijlage\b|\bbijgevoegd\b|\bbifoga[dt]?\b",
    re.IGNORECASE,
)

SHORTENERS = re.compile(
    r"\b(?:bit\.ly|tinyurl\.com|t\.co|goo\.gl|ow\.ly|is\.gd|buff\.ly|rebrand\.ly|cutt\.ly|lnkd\.in|t\.ly|rb\.gy)/",
    re.IGNORECASE,
)

TRACKING = re.compile(r"[?&](?:utm_\w+|mc_[ce]id|fbclid|gclid|hsa_\w+|_hsenc)=", re.IGNORECASE)

LINK = re.compile(r"(?:https?://|\bwww\.)[^\s)>\]]+", re.IGNORECASE)

MARKUP = re.compile(r"<\s*/?\s*[a-z][^>]*>|\[[^\]\n]+\]\(https?://|\*\*[^*\n]+\*\*", re.IGNORECASE)
"""Tags, and links and bold type as Markdown writes them; a recipient would read the signs."""
