"""Payloads of Instantly without people: addresses and domains become keyed pseudonyms, other personal values go.

The same address gives the same pseudonym wherever it stands, and so does the same domain; a subdomain is another one.
Pseudonyms are addresses themselves, under `.example`, which can never receive mail (RFC 2606). Pure: the key comes in,
nothing is kept, and no way leads back.
"""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from modules.instantly.instantly_personal_fields import FIELDS_OF, Node, Treatment

if TYPE_CHECKING:
    from collections.abc import Iterator

REMOVED = "[removed]"
"""Stands where a personal text was."""

# Where more hangs on an address than itself, this much of it counts; marks that mail would allow, but that part a web
# address, end it. The last alternative takes a run that is no address at once, so that a long one costs its length.
_ADDRESS_INSIDE = re.compile(r"['.+-]*(\w(?:[\w.+'-]*[\w+-])?)@(\w(?:[\w.-]*\w)?)|[\w.+'-]+")
_ADDRESS_ALONE = re.compile(r"[^\s,;:<>\"@/?=|]+@\w[\w.-]*")
_ADDRESSES_ONLY = re.compile(r"\s*[^\s,;:<>\"@]+@\w[\w.-]*(?:[\s,;]+[^\s,;:<>\"@]+@\w[\w.-]*)*\s*")
_BETWEEN_COMMAS = re.compile(r"[^\s,;]+")
_WORD = re.compile(r"[^\s,;<>()\[\]\"]+")
_DOMAIN = re.compile(r"(?<![\w.-])(?:\w(?:[\w-]*\w)?\.)+[^\W\d_][\w-]*[^\W\d_](?![\w-])")
_WEB_ADDRESS = re.compile(r"\s*(https?://)?([^\s/?#:@]+)(?::\d+)?(?:[/?#]\S*)?\s*", re.IGNORECASE)


class Pseudonyms:
    """The pseudonyms of one key. Who has the key can tell whether a name he guesses is the one behind a pseudonym."""

    def __init__(self, key: bytes) -> None:
        # Hashed once more, because BLAKE2 takes 64 bytes at most.
        self._key = blake2b(key, digest_size=32, person=b"pseudonyms").digest()

    @property
    def check(self) -> str:
        """The same for the same key, and no help in finding it."""
        return self._digest("check", "")

    def payload(self, entity: str, payload: Any) -> Any:
        """The payload without people: the same shape, ids, numbers, states and moments.

        Args:
            entity: What a source calls such rows.
            payload: Stays as it is; a changed copy is given.
        """
        return self._treated(payload, FIELDS_OF.get(entity, {}))

    def address(self, address: str) -> str:
        """The pseudonym of an address; case does not matter.

        >>> one, two = map(Pseudonyms(b"key").address, ("Mara@Haldenfreight.example", "mara@haldenfreight.example"))
        >>> one == two
        True
        """
        lowered = address.lower()
        return f"person-{self._digest('address', lowered)}@{self.domain(lowered.rpartition('@')[2])}"

    def domain(self, domain: str) -> str:
        """The pseudonym of a domain; case, and `www.` before it, do not matter."""
        return f"company-{self._digest('domain', domain.lower().strip('.').removeprefix('www.'))}.example"

    def _digest(self, kind: str, text: str) -> str:
        return blake2b(
            text.encode("utf-8", "surrogatepass"), key=self._key, digest_size=8, person=kind.encode()
        ).hexdigest()

    def _treated(self, value: Any, node: Node) -> Any:
        if isinstance(value, list):
            return [self._treated(each, node) for each in value]
        if isinstance(value, dict):
            return {self._name(name, node): self._treated(each, _below(node, name)) for name, each in value.items()}
        if node is Treatment.STAYS:
            return self._without_addresses(value) if isinstance(value, str) else value
        if isinstance(value, str):
            return self._of_domain(value) if node is Treatment.DOMAIN else self._of_person(value)
        # A number may be a telephone or a postcode; whether something is so is nobody's name.
        return 0 if isinstance(value, int | float) and not isinstance(value, bool) else value

    def _name(self, name: str, node: Node) -> str:
        if node is Treatment.STAYS:
            return self._without_addresses(name)
        if isinstance(node, dict) and name in node:
            return name
        return self._of_person(name) if _ADDRESSES_ONLY.fullmatch(name) else f"field-{self._digest('field', name)}"

    def _of_person(self, text: str) -> str:
        if not text or text.isspace():
            return text
        if not _may_hold_address(text):
            return REMOVED
        if _ADDRESSES_ONLY.fullmatch(text):
            return _BETWEEN_COMMAS.sub(lambda address: self.address(address[0].strip("'.")), text)
        return " ".join([REMOVED, *self._addresses_in(text)])

    def _of_domain(self, text: str) -> str:
        match = _WEB_ADDRESS.fullmatch(text)
        if match is None or not _DOMAIN.fullmatch(match[2].strip(".")):
            return self._of_person(text)
        return f"{match[1] or ''}{self.domain(match[2])}"

    def _without_addresses(self, text: str) -> str:
        return _WORD.sub(self._instead_of, text) if "." in text or _may_hold_address(text) else text

    def _instead_of(self, word: re.Match[str]) -> str:
        if len(word[0]) > 1 and _may_hold_address(word[0]):
            # All that hangs together around the sign goes, whatever the address in it is.
            return " ".join(self._addresses_in(word[0])) or REMOVED
        return _DOMAIN.sub(lambda domain: self.domain(domain[0]), word[0])

    def _addresses_in(self, text: str) -> Iterator[str]:
        for word in _WORD.findall(unquote(text) if "%40" in text else text):
            bare = word.strip("'.!?*")
            if _ADDRESS_ALONE.fullmatch(bare):
                yield self.address(bare)
            else:
                yield from (self.address(f"{one[1]}@{one[2]}") for one in _ADDRESS_INSIDE.finditer(word) if one[1])


def _may_hold_address(text: str) -> bool:
    """Most texts do not, and finding that out is many times as fast as the patterns."""
    return "@" in text or "%40" in text


def _below(node: Node, name: str) -> Node:
    """How to treat a field of an object that is treated so."""
    if isinstance(node, dict):
        return node.get(name, Treatment.PERSONAL)
    return Treatment.STAYS if node is Treatment.STAYS else Treatment.PERSONAL
