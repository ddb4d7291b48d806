from __future__ import annotations

import logging
import re
import subprocess
import sys
import time
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modules.shared.logger import get_logger, person_token, redact
from modules.shared.settings import REPOSITORY

MARA = "mara.okonedo@haldenfreight.example"
TOKEN = re.compile(r"person:[0-9a-f]{10}")

locals_of_addresses = st.from_regex(r"[A-Za-z0-9](?:[A-Za-z0-9.+_'-]{0,12}[A-Za-z0-9])?", fullmatch=True)
hosts = st.sampled_from(["haldenfreight.example", "mail.nordlicht.example", "münch-logistik.example", "übung.example"])
addresses = st.builds("{}@{}".format, locals_of_addresses, hosts)
keys = st.sampled_from(
    ["sb_secret_Invented_0123-abc", "sk-proj-invented0123", "eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl", "Bearer MDE5YTFj=="]
)
words = st.text(alphabet="abc öé.,:;!", max_size=12)
around = st.sampled_from([" ", ", ", "/", "?email=", "&", '"', "<", ">", "(", ")", "\n", "=", "|"])


@given(st.lists(st.one_of(addresses, keys, words), max_size=6), around)
def test_no_address_and_no_key_survives_and_redacting_twice_changes_nothing(pieces: list[str], separator: str):
    text = separator.join(pieces)
    clean = redact(text)
    assert "@" not in clean
    for secret in ("sb_secret_", "sk-proj-", "eyJ", "MDE5YTFj"):
        assert secret not in clean
    assert redact(clean) == clean


@given(addresses, around)
def test_an_address_becomes_its_person_token_wherever_it_stands(address: str, separator: str):
    assert redact(f"one{separator}{address}{separator}two") == f"one{separator}{person_token(address)}{separator}two"


@given(addresses.filter(lambda address: quote(address.replace("@", "")) == address.replace("@", "")))
def test_a_percent_encoded_address_becomes_the_same_token(address: str):
    assert redact(f"/accounts/{quote(address)}/warmup") == f"/accounts/{person_token(address)}/warmup"


@given(st.text())
def test_text_without_an_at_sign_loses_nothing_but_keys(text: str):
    clean = redact(text)
    assert clean == text or "@" in text or "%40" in text or "[key]" in clean


@pytest.mark.parametrize(
    "address",
    [
        "mara@localhost",
        "mara+tag@x.example",
        "o'brien@x.example",
        "jörg@müller.example",
        "mara@a@b.example",
        "玛拉@例.example",
    ],
)
def test_unusual_addresses_are_replaced_whole(address: str):
    assert TOKEN.fullmatch(redact(address))


def test_a_quoted_address_becomes_the_same_token_as_a_bare_one():
    assert redact(f"found {MARA!r}") == f"found '{person_token(MARA)}'"


def test_the_password_in_a_database_address_is_hidden_and_its_host_is_not():
    assert redact("postgresql://postgres:pa55w0rd@db.example:5432/app") == "postgresql://[key]@db.example:5432/app"


@pytest.mark.parametrize(
    "text", ["risk-assessment of task-management", "GET /campaigns/analytics/daily", "100 % @ noon"]
)
def test_ordinary_text_stays(text: str):
    assert redact(text) == text


@pytest.mark.parametrize("piece", ["a", "eyJ", "-eyJ", "sk-", "%40", "a.", "@a", "a:"])
def test_a_long_text_without_spaces_costs_no_more_than_its_length(piece: str):
    started = time.perf_counter()
    redact("://" + piece * 20_000)
    assert time.perf_counter() - started < 1


def test_a_person_has_one_token_however_the_address_is_spelled():
    assert person_token(" Mara.Okonedo@HaldenFreight.example\n") == person_token(MARA)


@given(st.lists(addresses.map(str.lower), unique=True, min_size=2, max_size=5))
def test_different_people_have_different_tokens(people: list[str]):
    assert len({person_token(person) for person in people}) == len(people)


def test_a_token_means_nothing_in_another_process():
    program = f"from modules.shared.logger import person_token; print(person_token({MARA!r}))"
    elsewhere = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=REPOSITORY
    )
    assert TOKEN.fullmatch(elsewhere.stdout.strip())
    assert elsewhere.stdout.strip() != person_token(MARA)


def test_a_record_is_redacted_with_its_arguments_before_any_handler_sees_it(caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.INFO):
        get_logger("tests.logger").info("sent to %s with %s after %d s", MARA, "Bearer abc", 3)
    (record,) = caplog.records
    assert record.getMessage() == f"sent to {person_token(MARA)} with Bearer [key] after 3 s"
    assert MARA not in repr(record.__dict__)


def test_a_traceback_is_redacted_too(caplog: pytest.LogCaptureFixture):
    try:
        {}[MARA]
    except KeyError:
        get_logger("tests.logger").exception("it failed")
    assert MARA not in caplog.text
    assert f"KeyError: '{person_token(MARA)}'" in caplog.text


def test_asking_twice_for_a_logger_gives_one_with_one_filter():
    assert get_logger("tests.logger.twice") is get_logger("tests.logger.twice")
    assert len(get_logger("tests.logger.twice").filters) == 1
