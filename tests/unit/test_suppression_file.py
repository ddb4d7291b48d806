from __future__ import annotations

import pytest

from modules.outreach.suppression import Kind, Reason
from modules.outreach.suppression_file import read_suppression_file
from modules.shared.errors import PermanentError
from modules.shared.raw_table import RejectedRow

MARA, TEO = (Kind.email, "mara@haldenfreight.example"), (Kind.email, "teo@larkfield.example")
LARKFIELD = (Kind.domain, "larkfield.example")


@pytest.fixture
def rows(tmp_path):
    """The rows of a file with this text: (kind, value), or the reason and number of a rejected one."""

    def rows(text, *, encoding="utf-8", **options):
        path = tmp_path / "opted_out.csv"
        path.write_bytes(text.encode(encoding))
        found = []
        for row in read_suppression_file(path, created_by="tests", **options).rows():
            if isinstance(row, RejectedRow):
                found.append((row.reason, row.payload["row_number"]))
            else:
                assert (row.source, row.created_by, row.source_key) == ("csv:opted_out.csv", "tests", "")
                found.append((row.kind, row.value))
        return found

    return rows


@pytest.mark.parametrize(
    "text",
    [
        "email\nmara@haldenfreight.example\nTeo@larkfield.example\n",
        "Name;E-Mail-Adresse\nMara;mara@haldenfreight.example\nTeo;teo@larkfield.example\n",
        "export of 2026\n\nid,Lead Email,status\n1,mara@haldenfreight.example,x\n\n2,teo+a@larkfield.example,y\n",
        "mara@haldenfreight.example\nteo@larkfield.example",
        "Mara\tmara@haldenfreight.example\nTeo\tteo@larkfield.example\n",
    ],
)
def test_addresses_are_found_whatever_the_heads_and_the_delimiter(rows, text):
    assert rows(text) == [MARA, TEO]


def test_a_file_from_a_spreadsheet_of_windows_is_read(rows):
    assert rows("E-Mail;Straße\nmara@haldenfreight.example;Königsallee\n", encoding="cp1252") == [MARA]
    assert rows("E-Mail;Straße\nmara@haldenfreight.example;Königsallee\n", encoding="utf-16") == [MARA]


def test_domains_and_addresses_may_stand_in_one_column(rows):
    assert rows("bl_value\nmara@haldenfreight.example\nwww.larkfield.example\n") == [MARA, LARKFIELD]


def test_a_company_is_suppressed_only_by_a_row_without_an_address(rows):
    text = "email,website\nteo@larkfield.example,haldenfreight.example\n,https://larkfield.example/\n"
    assert rows(text) == [TEO, LARKFIELD]


def test_a_broken_address_does_not_suppress_the_whole_company_in_its_place(rows):
    assert rows("email,website\nteo@,larkfield.example\n") == [
        ("value: what stands after the @ is no domain that mail can go to", 2)
    ]


def test_a_free_mail_domain_is_rejected_unless_it_is_meant(rows):
    ((reason, number),) = rows("domain\ngmail.com\n")
    assert reason.startswith("value: gmail.com is a domain where anybody can open a mailbox")
    assert number == 2
    assert rows("domain\ngmail.com\n", allow_free_mail=True) == [(Kind.domain, "gmail.com")]
    assert rows("email\nmara@gmail.com\n") == [(Kind.email, "mara@gmail.com")]


def test_every_row_that_does_not_fit_says_why_and_where(rows):
    text = (
        'email\nmara@haldenfreight.example\nno address\n\n"teo@larkfield.example, mara@haldenfreight.example"\n"open\n'
    )
    found = rows(text)
    assert found[0] == MARA
    assert [number for _, number in found[1:]] == [3, 5, 6]
    assert all(reason and "@" not in reason for reason, _ in found[1:])


def test_a_row_with_too_few_cells_is_rejected(rows):
    assert rows("name,email\nMara\n") == [("value: it is empty", 2)]


def test_a_reason_of_ours_is_kept_and_any_other_is_imported(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text(
        "email,reason\na@b.example,Not interested\nc@b.example,who knows\nd@b.example,erased\ne@b.example\n"
    )
    reasons = [row.reason for row in read_suppression_file(path, created_by="tests").rows()]
    assert reasons == [Reason.not_interested, Reason.imported, Reason.imported, Reason.imported]


@pytest.mark.parametrize(
    ("content", "message"), [(None, "cannot be read"), (b" \n", "empty"), (b"PK\x03\x04", "workbook")]
)
def test_a_file_that_cannot_be_read_says_what_to_give(tmp_path, content, message):
    path = tmp_path / "list.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(PermanentError, match=message):
        read_suppression_file(path, created_by="tests")
