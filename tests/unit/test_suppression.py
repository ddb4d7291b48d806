from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modules.outreach.suppression import (
    Kind,
    company_domain_of,
    erased_key,
    key_fingerprint,
    person_keys,
    suppressed_value,
)
from modules.shared.emails import InvalidAddress, parse_address
from modules.shared.errors import Refused

KEY, OTHER_KEY = "an invented erasure key", "another invented key"


@pytest.mark.parametrize(
    "spelling",
    [
        "mara.weber@haldenfreight.example",
        " Mara.Weber@HALDENFREIGHT.example ",
        "Mara Weber <mara.weber+news@haldenfreight.example>",
        "mailto:mara.weber@haldenfreight.example",
    ],
)
def test_all_spellings_of_an_address_are_one_mailbox(spelling):
    assert suppressed_value(spelling) == (Kind.email, "mara.weber@haldenfreight.example")


@pytest.mark.parametrize(
    "spelling",
    [
        "haldenfreight.example",
        "HaldenFreight.example.",
        "@haldenfreight.example",
        "www.haldenfreight.example",
        "https://mail.haldenfreight.example/contact?from=mara@elsewhere.example",
    ],
)
def test_all_spellings_of_a_domain_are_the_one_that_was_registered(spelling):
    assert suppressed_value(spelling) == (Kind.domain, "haldenfreight.example")


@pytest.mark.parametrize("text", ["", "  ", "n/a", "co.uk", "@", "mara@", "@@", "a b", "mara@b@c.example", "x" * 5_000])
def test_what_is_neither_an_address_nor_a_company_is_refused_without_being_quoted(text):
    with pytest.raises(InvalidAddress) as caught:
        suppressed_value(text)
    assert "mara" not in str(caught.value)


@given(st.text())
def test_no_text_does_anything_but_fit_or_be_refused(text):
    try:
        kind, value = suppressed_value(text)
    except (InvalidAddress, Refused):
        return
    assert value == suppressed_value(value, allow_free_mail=True)[1]
    assert (kind is Kind.email) == ("@" in value)


@pytest.mark.parametrize("domain", ["gmail.com", "@googlemail.com", "https://web.de", "mail.gmx.net"])
def test_a_domain_where_anybody_has_a_mailbox_is_taken_only_when_it_is_meant(domain):
    with pytest.raises(Refused, match="--force"):
        suppressed_value(domain)
    assert suppressed_value(domain, allow_free_mail=True)[0] is Kind.domain
    assert suppressed_value(f"mara@{domain.removeprefix('https://').removeprefix('@')}")[0] is Kind.email


def test_no_company_stands_behind_a_free_mail_address():
    assert company_domain_of(parse_address("mara@gmail.com")) is None
    assert company_domain_of(parse_address("mara@mail.haldenfreight.example")) == "haldenfreight.example"


def test_an_erased_key_is_the_same_for_a_mailbox_and_a_key_and_says_nothing_of_either():
    assert erased_key("mara@haldenfreight.example", KEY) == erased_key("mara@haldenfreight.example", KEY)
    assert erased_key("mara@haldenfreight.example", KEY) != erased_key("maro@haldenfreight.example", KEY)
    assert erased_key("mara@haldenfreight.example", KEY).split(":")[0] == key_fingerprint(KEY)
    assert key_fingerprint(KEY) != key_fingerprint(OTHER_KEY)
    assert "mara" not in erased_key("mara@haldenfreight.example", KEY)


def test_a_person_is_known_by_mailbox_both_domains_and_hash():
    address = parse_address("Mara@mail.haldenfreight.example")
    keys = person_keys(address, company_domain="larkfield.example", key=KEY)
    assert keys == {
        "email_key": "mara@mail.haldenfreight.example",
        "domains": ["haldenfreight.example", "larkfield.example"],
        "erased_key": erased_key("mara@mail.haldenfreight.example", KEY),
    }
    assert person_keys(address, key=None)["erased_key"] is None
