from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modules.outreach.lead_columns import _ALIASES
from modules.outreach.lead_files import LeadFile, read_lead_file
from modules.outreach.lead_records import LeadRecord, Provenance
from modules.shared.errors import PermanentError
from modules.shared.raw_table import RejectedRow

FIXTURES = Path(__file__).parents[1] / "fixtures" / "leads"
PROVENANCE = Provenance(source="csv:fair.csv", collected_at=datetime(2026, 11, 20, 6, 30, tzinfo=UTC))
MARA = "mara@haldenfreight.example"
TEO = "teo@larkfield.example"


@pytest.fixture
def read(tmp_path: Path):
    def write_and_read(content: str | bytes, **columns: str) -> LeadFile:
        path = tmp_path / "leads.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_lead_file(path, provenance=PROVENANCE, columns=columns)

    return write_and_read


def of_fixture(name: str) -> LeadFile:
    return read_lead_file(FIXTURES / name, provenance=PROVENANCE)


def leads(file: LeadFile) -> list[LeadRecord]:
    return [row for row in file.rows() if isinstance(row, LeadRecord)]


def rejected(file: LeadFile) -> list[RejectedRow]:
    return [row for row in file.rows() if isinstance(row, RejectedRow)]


def emails(file: LeadFile) -> list[str]:
    return [lead.email for lead in leads(file)]


def refusal(read: Any, content: str | bytes, **columns: str) -> str:
    with pytest.raises(PermanentError) as refused:
        read(content, **columns)
    return str(refused.value)


def test_an_export_of_apollo_is_read_without_being_told_its_columns():
    file = of_fixture("apollo_export.csv")
    mara, teo = leads(file)
    assert (mara.first_name, mara.job_title, mara.seniority) == ("Mara", "Head of Logistics", "head")
    assert (mara.company_name, mara.company_domain, mara.phone) == (
        "Haldenfreight GmbH",
        "haldenfreight.example",
        "+49 30 5550100",
    )
    assert (mara.email_status, mara.country, mara.city) == ("verified", "Germany", "Berlin")
    assert mara.linkedin_url == "https://www.linkedin.com/in/mara-weber-example"
    assert (teo.job_title, teo.region, teo.source) == ("VP, Operations", "uk", "csv:fair.csv")
    assert "Annual Revenue" in file.unused_columns
    assert "Apollo Contact Id" in file.unused_columns
    (without_address,) = rejected(file)
    assert (without_address.key, without_address.reason) == (None, "email: it is empty")
    assert without_address.payload["row_number"] == 4
    assert without_address.payload["row"][:2] == ["Ines", "Calloway"]


def test_an_export_of_linkedin_is_read_behind_its_notes():
    file = of_fixture("linkedin_connections.csv")
    (mara,) = leads(file)
    assert (mara.company_name, mara.job_title) == ("Haldenfreight", "Head of Logistics")
    assert mara.linkedin_url == "https://www.linkedin.com/in/mara-weber-example"
    assert file.unused_columns == ["Connected On"]


def test_an_export_of_hubspot_is_read_without_being_told_its_columns():
    (mara,) = leads(of_fixture("hubspot_export.csv"))
    assert (mara.country, mara.region, mara.company_domain) == ("Deutschland", "eu", "haldenfreight.example")


def test_a_german_file_of_an_old_spreadsheet_is_read():
    file = of_fixture("german_cp1252.csv")
    (jorg,) = leads(file)
    assert (file.encoding, file.delimiter) == ("cp1252", ";")
    assert file.columns == {
        "email": "E-Mail",
        "first_name": "Vorname",
        "last_name": "Name",
        "company_name": "Firma",
        "country": "Land",
        "phone": "Telefon",
    }
    assert (jorg.email, jorg.first_name, jorg.last_name) == (
        "jörg@xn--mller-spedition-zvb.example",
        "Jörg",
        "Müller",
    )
    assert (jorg.company_name, jorg.region) == ("Müller & Söhne", "eu")


def test_a_file_without_heads_is_read_by_what_stands_in_it(read):
    file = of_fixture("no_heads.csv")
    assert file.columns == {"email": "column 3"}
    assert file.unused_columns == ["column 1", "column 2", "column 4"]
    assert emails(file) == ["mara.weber@haldenfreight.example", "teo@larkfield.example"]
    told = read((FIXTURES / "no_heads.csv").read_bytes(), email="column 3", first_name="column 1")
    assert [lead.first_name for lead in leads(told)] == ["Mara", "Teo"]


def test_a_quotation_mark_that_nothing_closes_costs_its_own_row():
    file = of_fixture("unclosed_quotation_mark.csv")
    assert [lead.first_name for lead in leads(file)] == ["Mara", "Ines", "Noor"]
    assert leads(file)[1].company_name == "Quillmere of Leeds"
    (row,) = rejected(file)
    assert "quotation mark" in row.reason
    assert row.payload == {"row_number": 3, "row": ['teo@larkfield.example,"Teo,Larkfield']}


def test_rows_can_be_read_again_and_are_the_same():
    file = of_fixture("apollo_export.csv")
    assert list(file.rows()) == list(file.rows())


@pytest.mark.parametrize(
    ("python_name", "encoding"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("cp1252", "cp1252"),
    ],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_every_encoding_and_line_end_is_recognised(read, python_name: str, encoding: str, line_end: str):
    file = read(line_end.join(["email,first name", f"{MARA},Zoë", f"{TEO},Téo", ""]).encode(python_name))
    assert file.encoding == encoding
    assert [(lead.email, lead.first_name) for lead in leads(file)] == [(MARA, "Zoë"), (TEO, "Téo")]


def test_one_accent_in_the_last_row_of_a_large_file_tells_its_encoding(read):
    content = "email,city\n" + f"{MARA},Berlin\n" * 100_000 + f"{TEO},Köln\n"
    assert read(content.encode("cp1252")).encoding == "cp1252"
    assert read(content.encode("utf-8")).encoding == "utf-8"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_every_delimiter_is_recognised_though_others_stand_in_the_cells(read, delimiter: str):
    rows = [
        ["E-Mail", "Company, Group", "Revenue"],
        [MARA, "Halden; Freight | Berlin", "1,5"],
        [TEO, "Larkfield", "2,5"],
    ]
    file = read("\n".join(delimiter.join(f'"{cell}"' if delimiter in cell else cell for cell in row) for row in rows))
    assert file.delimiter == delimiter
    assert emails(file) == [MARA, TEO]


def test_a_delimiter_that_the_file_names_is_used(read):
    file = read(f"sep=;\nemail;city\n{MARA};Berlin, Mitte\n")
    assert (file.delimiter, [lead.city for lead in leads(file)]) == (";", ["Berlin, Mitte"])


def test_one_column_of_addresses_is_a_lead_file(read):
    assert emails(read(f"{MARA}\n{TEO}\n")) == [MARA, TEO]
    assert emails(read(f"Kontakt\n{MARA}\n\n{TEO}\n")) == [MARA, TEO]


@pytest.mark.parametrize("content", ["", "\n\n", " \n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(read, content: str | bytes):
    assert refusal(read, content) == "leads.csv: the file is empty. Give a CSV file with a row of heads."


def test_heads_without_rows_are_a_file_of_no_leads(read):
    file = read("Email;First Name\n")
    assert (file.columns, list(file.rows())) == ({"email": "Email", "first_name": "First Name"}, [])


@pytest.mark.parametrize("start", [b"PK\x03\x04\x14\x00", b"\xd0\xcf\x11\xe0\xa1\xb1"])
def test_a_workbook_is_refused_with_what_to_do(read, start: bytes):
    assert "Save its sheet as CSV" in refusal(read, start + b"\x00" * 100)


@pytest.mark.parametrize("name", ["none.csv", "."])
def test_what_is_no_file_is_refused(tmp_path: Path, name: str):
    with pytest.raises(PermanentError, match="cannot be read"):
        read_lead_file(tmp_path / name, provenance=PROVENANCE)


def test_two_columns_that_may_hold_the_address_are_refused_and_one_can_be_named(read):
    content = f"Email,Work Email,City\n{MARA},{TEO},Berlin\n"
    assert refusal(read, content) == (
        'leads.csv: more than one column may hold the e-mail address: "Email", "Work Email". '
        'Say which one: --column email="Head". Its heads are: "Email", "Work Email", "City".'
    )
    assert emails(read(content, email="work email")) == [TEO]


def test_a_file_without_addresses_is_refused_with_its_heads(read):
    message = refusal(read, "First Name,City\nMara,Berlin\n")
    assert 'no column was found that holds e-mail addresses. Say which one: --column email="Head".' in message
    assert 'Its heads are: "First Name", "City".' in message


def test_a_person_in_the_first_row_is_in_no_message(read):
    message = refusal(read, "Mara,Weber,+49 30 5550100\nTeo,Marini,+44 7700 900123\n")
    assert "Mara" not in message
    assert '"column 1"' in message


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ({"emial": "Mail"}, '--column emial=...: no such field. Did you mean "email"?'),
        (
            {"email": "Contct"},
            '--column email="Contct": no such head. Did you mean "Contact"? Its heads are: "Contact"',
        ),
        ({"xyz": "Mail"}, "no such field. There are: email, email_status, first_name"),
        ({"city": "Note"}, 'the head "Note" stands over 2 columns. Rename all but one.'),
    ],
)
def test_a_column_that_cannot_be_told_is_refused_with_what_was_meant(read, columns: dict[str, str], problem: str):
    assert problem in refusal(read, f"Contact,Note,Note\n{MARA},a,b\n", **columns)


def test_a_told_column_goes_before_a_head_that_would_fit(read):
    file = read(f"Email,City,Site\n{MARA},Berlin,Leeds\n", city="Site")
    assert (file.columns, file.unused_columns) == ({"email": "Email", "city": "Site"}, ["City"])
    assert leads(file)[0].city == "Leeds"


def test_of_two_heads_for_one_field_the_preferred_one_is_read(read):
    file = read(f"Mobile,Phone,Email\n1,2,{MARA}\n")
    assert (leads(file)[0].phone, file.unused_columns) == ("2", ["Mobile"])


def test_no_head_stands_for_two_fields():
    aliases = [alias for names in _ALIASES.values() for alias in names.split()]
    assert len(aliases) == len(set(aliases))


@pytest.mark.parametrize(
    "head", ["E-Mail-Adresse", "email_address", "EmailAddress", " EMAIL ADDRESS ", "\ufeffE-mail Address:"]
)
def test_a_head_is_known_however_it_is_written(read, head: str):
    assert emails(read(f"{head},x\n{MARA},1\n")) == [MARA]


def test_short_rows_are_read_and_rows_with_more_cells_than_heads_are_rejected(read):
    file = read(f"email,city,phone\n{MARA}\n{TEO},Leeds,1,,\n{MARA},Berlin,Mitte,1\n")
    assert [(lead.email, lead.city) for lead in leads(file)] == [(MARA, None), (TEO, "Leeds")]
    assert [(row.reason, row.payload["row_number"]) for row in rejected(file)] == [
        ("4 cells, where there are 3 columns", 4)
    ]


def test_a_quoted_cell_may_hold_line_breaks_and_quotation_marks(read):
    file = read(f'email,company\n{MARA},"Halden ""Freight""\nBerlin"\n{TEO},6" pipes\n')
    assert [lead.company_name for lead in leads(file)] == ['Halden "Freight" Berlin', '6" pipes']


def test_a_cell_that_looks_like_a_formula_is_a_text(read):
    file = read(f"email,company,title\n{MARA},=1+1,@lead\n")
    assert (leads(file)[0].company_name, leads(file)[0].job_title) == ("=1+1", "@lead")


def test_somebody_who_stands_there_twice_comes_twice(read):
    assert emails(read(f"email,city\n{MARA},\n{MARA},Berlin\n")) == [MARA, MARA]


def test_a_rejected_row_says_why_without_the_person(read):
    file = read(f"email,first name\nmara weber,Mara\n{MARA}; {TEO},Both\nEmail,First Name\n\x00{MARA},Nul\n")
    reasons = [row.reason for row in rejected(file)]
    assert reasons == [
        "email: there is no @ in it",
        "email: it holds more than one address",
        "email: there is no @ in it",
        "email: it holds a NUL character",
    ]


@pytest.mark.parametrize("cell", ["x" * 3_000_000, '"' + "x\n" * 100_000 + '"', '"' + "x" * 3_000_000])
def test_a_huge_cell_costs_its_rows_and_not_those_after_it(read, cell: str):
    file = read(f"email,city\n{MARA},Berlin\n{MARA},{cell}\n{TEO},Leeds\n")
    assert emails(file)[0] == MARA
    assert emails(file)[-1] == TEO
    assert rejected(file)


def test_a_quotation_mark_that_nothing_closes_in_a_large_file_costs_one_row(read):
    file = read("email,city\n" + f'{TEO},"Leeds\n' + f"{MARA},Berlin\n" * 20_000)
    assert len(leads(file)) == 20_000
    assert len(rejected(file)) == 1


def test_a_large_file_is_not_held(read):
    file = read(
        "email,first name,company\n" + "".join(f"mara{n}@haldenfreight.example,Mara,Halden\n" for n in range(40_000))
    )
    next(file.rows())
    tracemalloc.start()
    try:
        assert sum(1 for _ in file.rows()) == 40_000
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


cells = st.text(st.characters(codec="utf-8", exclude_characters='"\r\n'), max_size=12)


@settings(max_examples=60)
@given(rows=st.lists(st.tuples(cells, cells), min_size=1, max_size=8), delimiter=st.sampled_from(",;\t|"))
def test_every_row_is_a_lead_or_rejected_whatever_stands_in_it(tmp_path_factory, rows, delimiter: str):
    path = tmp_path_factory.mktemp("any") / "any.csv"
    written = [delimiter.join([MARA, *(f'"{cell}"' for cell in row)]) for row in rows]
    path.write_text("\n".join([delimiter.join(["email", "city", "company"]), *written]), encoding="utf-8", newline="")
    file = read_lead_file(path, provenance=PROVENANCE)
    assert emails(file) == [MARA] * len(rows)


@settings(max_examples=60)
@given(st.binary(max_size=200))
def test_no_file_is_an_error_nobody_can_act_on(tmp_path_factory, content: bytes):
    path = tmp_path_factory.mktemp("any") / "any.csv"
    path.write_bytes(b"email,city\n" + content)
    try:
        rows = list(read_lead_file(path, provenance=PROVENANCE).rows())
    except PermanentError as error:
        assert "any.csv" in str(error)  # noqa: PT017 - both outcomes are right
    else:
        assert all(isinstance(row, LeadRecord | RejectedRow) for row in rows)
