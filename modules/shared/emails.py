"""Mail addresses: one spelling to store and send to, one key to know a mailbox by, and what kind of address it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from unicodedata import normalize
from urllib.parse import unquote

from modules.shared.domains import known_domain

_LONGEST_CELL = 1_000
_LONGEST_ADDRESS = 254
_LONGEST_LOCAL_PART = 64
"""Characters before the @, and bytes of the whole (RFC 5321, 4.5.3.1, and its erratum 1690)."""

_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_PLAIN_LOCAL_PART = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
"""Soft hyphens, zero-width characters, marks of writing direction: they come along when text is copied from a page."""
_AROUND = " \t\r\n\u00a0\"'`<>,;\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb"
_ADDRESSES = re.compile(r"[^\s@<>,;\"']+@[^\s@<>,;\"']+")

_APOLLO_PLACEHOLDER = "email_not_unlocked"
"""What Apollo gives for an address that was not paid for; stored, it would make one person of everybody."""

_SAME_MAILBOX = {
    "googlemail.com": "gmail.com",
    "me.com": "icloud.com",
    "mac.com": "icloud.com",
    "protonmail.com": "proton.me",
    "pm.me": "proton.me",
}
_DOTS_MEAN_NOTHING = frozenset({"gmail.com", "proton.me"})

# What every mail server has (RFC 2142), and the desks of firms in English, German, French, Italian, Spanish,
# Portuguese, Dutch, Swedish, Danish, Norwegian, Polish, Czech and Hungarian.
_DESKS = """
abuse accounting accounts accueil achats acquisti admin administracion administración administratie administration
administrator all amministrazione anfrage anfragen angebot anmeldung assistenza atencionalcliente ausbildung balie
bestelling bestellingen bestellung bestellungen bewerbung billing biuro bok booking bookings buchhaltung buero
business büro career careers clienti comercial commande commandes commercial commerciale communication compliance
compras compta comptabilite comptabilité contabilidad contabilita contact contactez contacto contacts contactus
contato contatti correo customercare customerservice customersupport datenschutz directie direction direzione
do-not-reply donotreply dsb dzialhandlowy einkauf ekonomi empfang enquiries enquiry ertekesites events everyone
facturacion facturación facturation facture facturen factures faktura fakturor faktury fatture faturacao feedback
finance forsaljning ftp försäljning general geral gerencia geschaeftsfuehrung geschaeftsleitung gf hallo
hausverwaltung hello help helpdesk hi hostmaster hr info informacion información information informazioni inkoop inkop
inköp inquiries inquiry invoice invoices iroda it jobb jobs kadry karriere klantenservice kontakt kontakty ksiegowosc
kundendienst kundenservice kundeservice kundservice lager legal leitung list mail mailbox mailer-daemon mailerdaemon
management marketing media membership mitarbeiter nachricht news newsletter no-reply noc noreply obchod objednavky
oferty office operations order orders ordini ordre partner partners payments payroll pedidos personal podpora post
postmaster poststelle pr praca praxis prenotazioni press presse privacy procurement prodej purchasing recepcion
recepción receptie reception rechnung rechnungen recruiting recruitment recursoshumanos redaktion registrar regnskab
reklamacje reklamation rekrutacja reservas returns rh risorseumane root rrhh sales salg secretaria secretariat
secrétariat security segreteria sekretariat service service-client services shop soporte sprzedaz sprzedaż staff store
support sysadmin team tech technik termin termine titkarsag ufficio ugyfelszolgalat usenet vacatures vaxel vendas
vendite ventas vente ventes verkoop vertrieb verwaltung webmaster welcome werkstatt www zamowienia zamówienia zentrale
"""
_ROLES = frozenset(_DESKS.split())
_ROLE_TAIL = re.compile(r"(?:[._-]?\d+|[._-][a-z]{2})$")
"""`info2`, `sales-de`: the second one, or the one of a country."""


class InvalidAddress(ValueError):  # noqa: N818 - named as its fellows in errors.py
    """A text holds no address, or not exactly one. The message says why, and nothing of the text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailAddress:
    """One address.

    Attributes:
        email: Trimmed, lower case, NFC, the domain in ASCII (IDNA). To store and to send to.
        match_key: Equal for spellings that reach the same mailbox. To compare only: mail to it may reach nobody.
        domain: What stands after the @, as in `email`.
        registrable_domain: Without the hosts below it; `None` where the domain is one under which others register.
        is_role: It is read by a desk, not by a person: info, sales, noreply, ...
        is_disposable: It lives for minutes.
        is_free_mail: Its domain says nothing of an employer: gmail.com, web.de, ...
    """

    email: str
    match_key: str
    domain: str
    registrable_domain: str | None
    is_role: bool
    is_disposable: bool
    is_free_mail: bool


def parse_address(text: str) -> EmailAddress:
    """The address in a cell of a file, or in any text that should be one.

    A name before it, `mailto:`, quotation marks, spaces and invisible characters around it are taken off. Local parts
    in quotation marks and domains that are numbers are refused, though mail would allow them: nobody has them.

    >>> parse_address("Mara Weber <Mara.Weber+news@HaldenFreight.example>").match_key
    'mara.weber@haldenfreight.example'

    Raises:
        InvalidAddress: There is none, or more than one.
    """
    local_text, at, domain_text = _bare(text).rpartition("@")
    if not at:
        raise InvalidAddress("there is no @ in it" if text.strip() else "it is empty")
    local_part = _local_part(local_text)
    domain = known_domain(domain_text) if len(domain_text) <= _LONGEST_ADDRESS else None
    if domain is None:
        raise InvalidAddress("what stands after the @ is no domain that mail can go to")
    email = f"{local_part}@{domain.name}"
    if len(email.encode()) > _LONGEST_ADDRESS:
        raise InvalidAddress(f"it is longer than {_LONGEST_ADDRESS} bytes")
    if local_part == _APOLLO_PLACEHOLDER:
        raise InvalidAddress("it is Apollo's placeholder for an address that was not revealed")
    return EmailAddress(
        email=email,
        match_key=_match_key(local_part, domain.name),
        domain=domain.name,
        registrable_domain=domain.registrable,
        is_role=_is_role(local_part),
        is_disposable=domain.is_disposable,
        is_free_mail=domain.is_free_mail,
    )


def _bare(text: str) -> str:
    """The text without what commonly stands around an address."""
    if len(text) > _LONGEST_CELL:
        raise InvalidAddress(f"it is longer than {_LONGEST_CELL} characters")
    if "\0" in text:
        raise InvalidAddress("it holds a NUL character")
    bare = (text if text.isascii() else _INVISIBLE.sub("", text)).strip(_AROUND)
    if text.count("@") > 1 and len({found.lower() for found in _ADDRESSES.findall(text)}) > 1:
        raise InvalidAddress("it holds more than one address")
    # What stood before the bracket is a name; the bracket's end went with the rest that stands around.
    bare = bare.rpartition("<")[2]
    if bare[:7].lower() == "mailto:":
        bare = unquote(bare[7:].partition("?")[0])
    return bare.strip(_AROUND).rstrip(".")


def _local_part(text: str) -> str:
    lowered = text.lower()
    if not _PLAIN_LOCAL_PART.fullmatch(lowered):
        lowered = _international_local_part(lowered)
    if len(lowered) > _LONGEST_LOCAL_PART:
        raise InvalidAddress(f"what stands before the @ is longer than {_LONGEST_LOCAL_PART} characters")
    return lowered


def _international_local_part(lowered: str) -> str:
    from email_validator import EmailNotValidError, validate_email

    try:
        # It comes back in NFC.
        return validate_email(f"{lowered}@domain.example", check_deliverability=False).local_part
    except EmailNotValidError:
        # The library's message names characters of the address.
        raise InvalidAddress("what stands before the @ cannot be part of an address") from None


def _match_key(local_part: str, domain: str) -> str:
    """Without what mailboxes ignore: tags behind a plus everywhere, dots where the provider says so."""
    if not local_part.isascii():
        local_part = normalize("NFKC", normalize("NFKC", local_part).casefold())
    name = local_part.partition("+")[0] or local_part
    mailbox_domain = _SAME_MAILBOX.get(domain, domain)
    if mailbox_domain in _DOTS_MEAN_NOTHING:
        name = name.replace(".", "")
    return f"{name}@{mailbox_domain}"


def _is_role(local_part: str) -> bool:
    name = local_part.partition("+")[0]
    return name in _ROLES or _ROLE_TAIL.sub("", name) in _ROLES
