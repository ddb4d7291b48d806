"""Which column of a lead file holds what: by its head, by what it was told, and for addresses by what stands in it."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, NamedTuple
from unicodedata import normalize

from modules.shared.emails import InvalidAddress, parse_address
from modules.shared.errors import PermanentError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_HEADS_WITHIN_ROWS = 20
"""LinkedIn's export has a few lines of notes before its heads."""
_DIGITS_OF_A_NUMBER = 5
_LONGEST_HEAD_SHOWN = 60

# Spelled by `_folded`, the preferred first; English, German, and the heads of Apollo, Instantly, HubSpot and LinkedIn.
_ALIASES: dict[str, str] = {
    "email": "email emailaddress mail emails primaryemail workemail businessemail contactemail leademail emailadresse "
    "mailadresse emailgeschaftlich geschaftlicheemail",
    "email_status": "emailstatus emailverificationstatus verificationstatus emailvalidation emailverification",
    "first_name": "firstname givenname forename vorname rufname",
    "last_name": "lastname surname familyname nachname familienname zuname",
    "job_title": "jobtitle title position role currentposition jobposition headline berufsbezeichnung funktion stelle "
    "stellenbezeichnung jobtitel beruf",
    "linkedin_url": "personlinkedinurl linkedinurl linkedin linkedinprofile linkedinprofileurl linkedinprofil "
    "contactlinkedinurl personlinkedin profileurl publicprofileurl linkedinbio url",
    "country": "country countryregion personcountry contactcountry land staat",
    "city": "city town personcity contactcity stadt ort wohnort",
    "seniority": "seniority senioritylevel employmentseniority hierarchieebene karrierestufe",
    "phone": "phone phonenumber workdirectphone directphone mobilephone mobilephonenumber workphone telephone mobile "
    "corporatephone telefon telefonnummer rufnummer mobil handy mobiltelefon durchwahl",
    "company_name": "companyname company companynameforemails organization organizationname organisation account "
    "accountname employer associatedcompany currentcompany firma firmenname unternehmen unternehmensname arbeitgeber",
    "company_domain": "companydomain companydomainname domain website websiteurl companywebsite companyurl web "
    "organizationdomain webseite internetseite homepage internet firmenwebsite unternehmenswebsite",
    "apollo_person_id": "apollopersonid personid apolloid",
    "apollo_organization_id": "apolloorganizationid organizationid apollocompanyid",
}
FIELDS = tuple(_ALIASES)
"""What can be read from a column."""
_EMAIL_HEADS = frozenset(_ALIASES["email"].split())


class Columns(NamedTuple):
    """The columns of one file.

    Attributes:
        heads: Of every column, in order; `column 1`, ... where the file has none.
        heads_row: The number of the row they stand in; 0 where there is none.
        positions: The column of each field, counted from 0.
    """

    heads: list[str]
    heads_row: int
    positions: dict[str, int]


def find_columns(file_name: str, rows: Sequence[tuple[int, list[str]]], told: Mapping[str, str]) -> Columns:
    """The columns of a file, by its first rows.

    Args:
        file_name: For messages.
        rows: Some hundred, each with its number.
        told: The head of a field's column, where a person said it. It goes before all that is found.

    Raises:
        PermanentError: A field or a head that was told is not there, or which column holds the addresses is not clear.
    """
    for field in told:
        if field not in FIELDS:
            nearest = _did_you_mean(field, FIELDS) or f" There are: {', '.join(FIELDS)}."
            raise PermanentError(f"{file_name}: --column {field}=...: no such field.{nearest}")
    heads_row, heads = _heads(rows, told)
    told_positions = {field: _told_position(file_name, field, head, heads) for field, head in told.items()}
    positions = _positions_by_head(heads, set(told_positions.values())) | told_positions
    if "email" not in told:
        rest = [cells for number, cells in rows if number > heads_row]
        positions["email"] = _email_position(file_name, heads, positions, rest)
    return Columns(heads, heads_row, positions)


def _heads(rows: Sequence[tuple[int, list[str]]], told: Mapping[str, str]) -> tuple[int, list[str]]:
    wanted = _EMAIL_HEADS | {_folded(head) for head in told.values()}
    filled = [(number, cells) for number, cells in rows if any(cell.strip() for cell in cells)]
    for number, cells in filled[:_HEADS_WITHIN_ROWS]:
        if any(_folded(cell) in wanted for cell in cells):
            return number, [cell.strip() for cell in cells]
    number, cells = filled[0] if filled else (0, [])
    if any(_is_data(cell) for cell in cells):
        return 0, [f"column {position}" for position in range(1, len(cells) + 1)]
    return number, [cell.strip() for cell in cells]


def _told_position(file_name: str, field: str, head: str, heads: list[str]) -> int:
    matching = [position for position, given in enumerate(heads) if given == head.strip()]
    matching = matching or [position for position, given in enumerate(heads) if _folded(given) == _folded(head)]
    if not matching:
        nearest = _did_you_mean(head, heads)
        raise PermanentError(f'{file_name}: --column {field}="{head}": no such head.{nearest} {_listed(heads)}')
    if len(matching) > 1:
        raise PermanentError(f'{file_name}: the head "{head}" stands over {len(matching)} columns. Rename all but one.')
    return matching[0]


def _positions_by_head(heads: list[str], taken: set[int]) -> dict[str, int]:
    """Of each field the column whose head is the most preferred of its names; the leftmost of several alike."""
    folded = ["" if position in taken else _folded(head) for position, head in enumerate(heads)]
    positions = {}
    for field, aliases in _ALIASES.items():
        found = [folded.index(alias) for alias in aliases.split() if alias in folded]
        if found:
            positions[field] = found[0]
    if "first_name" in positions and "last_name" not in positions and "name" in folded:
        positions["last_name"] = folded.index("name")
    return positions


def _email_position(file_name: str, heads: list[str], positions: dict[str, int], rows: list[list[str]]) -> int:
    others = {position for field, position in positions.items() if field != "email"}
    candidates = [position for position, head in enumerate(heads) if _folded(head) in _EMAIL_HEADS]
    candidates = [position for position in candidates if position not in others] or [
        position
        for position in range(len(heads))
        if position not in others and _holds_addresses(cells[position] for cells in rows if position < len(cells))
    ]
    if len(candidates) == 1:
        return candidates[0]
    problem = (
        "more than one column may hold the e-mail address: "
        + ", ".join(f'"{heads[position]}"' for position in candidates)
        if candidates
        else "no column was found that holds e-mail addresses"
    )
    raise PermanentError(f'{file_name}: {problem}. Say which one: --column email="Head". {_listed(heads)}')


def _holds_addresses(cells: Iterable[str]) -> bool:
    filled = [cell for cell in cells if cell.strip()]
    return sum(_is_address(cell) for cell in filled) * 2 > len(filled)


def _is_data(cell: str) -> bool:
    """No head looks like this, and no message may show it: an address, a link, a telephone number."""
    return _is_address(cell) or "://" in cell or sum(letter.isdigit() for letter in cell) >= _DIGITS_OF_A_NUMBER


def _is_address(cell: str) -> bool:
    try:
        parse_address(cell)
    except InvalidAddress:
        return False
    return True


def _folded(head: str) -> str:
    """Letters and digits only, without accents: `E-Mail` is `email`, `firstName` is `firstname`."""
    return "".join(letter for letter in normalize("NFKD", head.casefold()) if letter.isalnum())


def _listed(heads: list[str]) -> str:
    return "Its heads are: " + ", ".join(f'"{head[:_LONGEST_HEAD_SHOWN]}"' for head in heads if head) + "."


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    nearest = get_close_matches(name, list(known), n=1)
    return f' Did you mean "{nearest[0]}"?' if nearest else ""
