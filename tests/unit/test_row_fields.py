from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from modules.shared.emails import parse_address
from modules.shared.row_fields import Address

address = TypeAdapter(Address).validate_python


@pytest.mark.parametrize(
    ("given_text", "stored"),
    [
        (" Mara@HaldenFreight.example ", "mara@haldenfreight.example"),
        ("Jörg@Müller.example", "jörg@xn--mller-kva.example"),
        ("mara@MÜLLER.example", "mara@xn--mller-kva.example"),
        ("mara\u200b@müller.example", "mara@xn--mller-kva.example"),
        # What mail could not go to stays as it is written.
        ("nobody at all", "nobody at all"),
        ("müller", "müller"),
        ("mara@-ü-.example", "mara@-ü-.example"),
        ("haldenfreight.example", "haldenfreight.example"),
    ],
)
def test_a_vendors_address_is_stored_with_its_domain_in_ascii_where_mail_could_go_there(given_text: str, stored: str):
    assert address(given_text) == stored


@pytest.mark.parametrize("empty", ["", "  ", None, 5])
def test_an_address_is_a_text_that_is_not_blank(empty: object):
    with pytest.raises(ValidationError):
        address(empty)


local_parts = st.from_regex(r"[a-zäöü]{1,10}(\.[a-zäöü]{1,10})?", fullmatch=True)
domains = st.from_regex(r"[a-zäöüß]{1,10}\.example", fullmatch=True)


@given(local_parts, domains)
def test_a_vendors_spelling_is_the_one_under_which_leads_of_all_sources_are_kept(local_part: str, domain: str):
    assert address(f"{local_part}@{domain}") == parse_address(f"{local_part}@{domain}").email


@given(st.text(min_size=1))
def test_whatever_a_vendor_writes_is_an_address_or_a_blank(text: str):
    try:
        stored = address(text)
    except ValidationError:
        assert not text.strip() or any("\ud800" <= letter <= "\udfff" for letter in text)
    else:
        assert address(stored) == stored
