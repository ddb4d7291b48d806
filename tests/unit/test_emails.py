from __future__ import annotations

from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modules.shared.domains import registrable_domain
from modules.shared.emails import EmailAddress, InvalidAddress, parse_address

letters = st.text("abcdefgxyz0189äöüßéş\u0131İΣςøÅ'_-", min_size=1, max_size=8)
local_parts = st.lists(letters, min_size=1, max_size=3).map(".".join) | st.from_regex(
    r"[A-Za-z0-9]{1,6}(\+[a-z]{1,4})?", fullmatch=True
)
labels = st.from_regex(r"[A-Za-z0-9]([A-Za-zäöüß0-9-]{0,5}[a-z0-9äöü])?", fullmatch=True).filter(
    lambda label: label[2:4] != "--"
)
domains = st.lists(labels, min_size=1, max_size=3).map(lambda parts: ".".join([*parts, "example"]))


def parsed(text: str) -> EmailAddress | None:
    try:
        return parse_address(text)
    except InvalidAddress:
        return None


@given(local_parts, domains)
def test_an_address_that_was_normalised_stays_as_it_is(local_part: str, domain: str):
    once = parsed(f"{local_part}@{domain}")
    assert once is None or parse_address(once.email) == once


@given(st.text(max_size=40) | st.text("a@.<>\"',; \u200b\ud800é+%", max_size=20))
def test_any_text_is_an_address_that_stays_as_it_is_or_is_refused_with_a_reason(text: str):
    once = parsed(text)
    assert once is None or parse_address(once.email) == once


@given(local_parts, domains, st.sampled_from([str.upper, str.lower, str.title]))
def test_case_spaces_and_invisible_characters_make_no_other_address(local_part: str, domain: str, case):
    plain = f"{local_part}@{domain}"
    # Letters whose capital is another letter's too (ß, ς, the i without a dot) have no one lower case to come back to.
    if case(plain).lower() == plain.lower():
        assert parsed(f" \t\ufeff{case(plain)}\u200b\u00a0\n") == parsed(plain)


@given(st.text("abcéñôÅ", min_size=1, max_size=8), domains)
def test_composed_and_decomposed_letters_make_one_address(local_part: str, domain: str):
    plain = f"{local_part}@{domain}"
    assert parsed(normalize("NFD", plain)) == parsed(normalize("NFC", plain)) is not None


@given(domains)
def test_a_domain_is_the_same_in_unicode_and_in_ascii(domain: str):
    once = parsed(f"a@{domain}")
    if once:
        assert once.domain.isascii()
        in_unicode = [
            label[4:].encode().decode("punycode") if label.startswith("xn--") else label
            for label in once.domain.split(".")
        ]
        assert parse_address(f"a@{'.'.join(in_unicode)}") == once


@given(local_parts, domains)
def test_a_match_key_is_that_of_the_address_it_was_made_of(local_part: str, domain: str):
    once = parsed(f"{local_part}@{domain}")
    assert once is None or parse_address(once.email).match_key == once.match_key


@pytest.mark.parametrize(
    "written",
    [
        "mara@haldenfreight.example",
        "Mara Weber <Mara@HaldenFreight.example>",
        '"Weber, Mara" <mara@haldenfreight.example>',
        "mara@haldenfreight.example <MARA@haldenfreight.example>",
        "mailto:mara@haldenfreight.example?subject=Hello",
        "<mailto:mara%40haldenfreight.example>",
        "'mara@haldenfreight.example'",
        "\u201emara@haldenfreight.example\u201c;",
        "\u200bmara@halden\u00adfreight.example.",
    ],
)
def test_what_stands_around_an_address_is_taken_off(written: str):
    assert parse_address(written).email == "mara@haldenfreight.example"


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("", "empty"),
        ("  \u200b ", "no @"),
        ("mara.haldenfreight.example", "no @"),
        ("mara@haldenfreight.example, teo@larkfield.example", "more than one"),
        ("Mara <mara@haldenfreight.example>; Teo <teo@larkfield.example>", "more than one"),
        ("teo@larkfield.example <mara@haldenfreight.example>", "more than one"),
        ("ma\0ra@haldenfreight.example", "NUL"),
        ("Email_Not_Unlocked@domain.com", "placeholder"),
        ("mara@haldenfreight", "after the @"),
        ("mara@halden freight.example", "after the @"),
        ("mara@localhost.localdomain.local", "after the @"),
        ("mara@192.168.0.1", "after the @"),
        ("mara@-haldenfreight.example", "after the @"),
        ("@haldenfreight.example", "before the @"),
        ("ma..ra@haldenfreight.example", "before the @"),
        ("mara weber@haldenfreight.example", "before the @"),
        ('"mara weber"@haldenfreight.example', "before the @"),
        (f"{'m' * 65}@haldenfreight.example", "longer than 64"),
        (f"mara@{'h.' * 130}example", "after the @"),
        (f"{'é' * 60}@{'halden.' * 20}example", "longer than 254"),
        ("m" * 10_000_000, "longer than 1000"),
    ],
)
def test_what_is_no_address_is_refused_with_a_reason_that_quotes_nothing_of_it(written: str, reason: str):
    with pytest.raises(InvalidAddress, match=reason) as refused:
        parse_address(written)
    assert not any(part in str(refused.value) for part in ("mara", "weber", "halden", "teo", "domain.com"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("m.a.ra+news@gmail.com", "Mara@googlemail.com"),
        ("mara+a@haldenfreight.example", "mara+b@haldenfreight.example"),
        ("\uff4dara@haldenfreight.example", "mara@haldenfreight.example"),
        ("straße@haldenfreight.example", "strasse@haldenfreight.example"),
        ("mara.weber@pm.me", "maraweber@proton.me"),
        ("mara@me.com", "mara@icloud.com"),
    ],
)
def test_spellings_that_reach_one_mailbox_have_one_match_key_and_stay_two_addresses(one: str, other: str):
    first, second = parse_address(one), parse_address(other)
    assert first.match_key == second.match_key
    assert first.email != second.email


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("mara.weber@haldenfreight.example", "maraweber@haldenfreight.example"),
        ("mara@haldenfreight.example", "mara@mail.haldenfreight.example"),
        ("+49@haldenfreight.example", "+43@haldenfreight.example"),
    ],
)
def test_mailboxes_that_may_be_two_have_two_match_keys(one: str, other: str):
    assert parse_address(one).match_key != parse_address(other).match_key


@pytest.mark.parametrize(
    "name", ["info", "Sales", "kontakt", "no-reply", "postmaster", "office2", "info-de", "info+x", "büro"]
)
def test_a_desk_is_a_role(name: str):
    assert parse_address(f"{name}@haldenfreight.example").is_role


@pytest.mark.parametrize("name", ["mara", "mara.weber", "infosson", "salesandro", "m.post", "post.malone"])
def test_a_person_is_no_role(name: str):
    assert not parse_address(f"{name}@haldenfreight.example").is_role


def test_kinds_of_domain_are_known_below_them_too():
    free, disposable, employer = (
        parse_address(f"mara@{domain}") for domain in ("mail.gmx.net", "box.yopmail.com", "mail.haldenfreight.example")
    )
    assert (free.is_free_mail, free.is_disposable) == (True, False)
    assert (disposable.is_free_mail, disposable.is_disposable) == (False, True)
    assert (employer.is_free_mail, employer.is_disposable) == (False, False)
    assert employer.registrable_domain == "haldenfreight.example"


@pytest.mark.parametrize(
    ("given", "domain"),
    [
        ("http://www.Müller.example/x", "xn--mller-kva.example"),
        ("HTTPS://user:word@Shop.Haldenfreight.example:8443/a?b#c", "haldenfreight.example"),
        ("//haldenfreight.example", "haldenfreight.example"),
        (" haldenfreight.example. ", "haldenfreight.example"),
        ("www.haldenfreight.co.uk/de", "haldenfreight.co.uk"),
        ("mara@mail.haldenfreight.example", "haldenfreight.example"),
        ("haldenfreight.github.io", "haldenfreight.github.io"),
        ("co.uk", None),
        ("example", None),
        ("n/a", None),
        ("http://[::1", None),
        ("10.0.0.1", None),
        ("www.haldenfreight.example, www.larkfield.example", None),
        ("", None),
        (None, None),
    ],
)
def test_the_registrable_domain_of_a_host_or_a_web_address(given: str | None, domain: str | None):
    assert registrable_domain(given) == domain


@given(st.text() | st.text("ah.:/@[]%?#\\ \0\ud800。", max_size=30))
def test_no_text_is_an_error_to_look_for_a_domain_in(text: str):
    domain = registrable_domain(text)
    assert domain is None or registrable_domain(domain) == domain
