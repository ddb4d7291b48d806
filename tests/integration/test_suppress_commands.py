"""`outreach suppress`, as a process."""

from __future__ import annotations

import pytest

from modules.outreach.suppression_erasure import erase
from tests.fakes.outreach_command import outreach_command

MARA, TEO = "mara.weber@haldenfreight.example", "teo@larkfield.example"
KEY = "an invented erasure key"


@pytest.fixture
def suppress(supabase, database, tmp_path):
    """Runs the command to its end; answers the finished process, or with `--json` what it printed."""
    assert database
    environment = {
        "OUTREACH_HOME": str(tmp_path),
        "SUPABASE_URL": supabase.url,
        "SUPABASE_KEY": supabase.secret_key,
        "COLUMNS": "200",
    }
    return outreach_command(tmp_path, environment, "suppress")


def test_who_was_added_is_shown_and_may_not_be_contacted_until_it_is_lifted(suppress):
    assert "nothing yet" in suppress("list").stdout
    assert suppress("add", "Mara.Weber+x@HALDENFREIGHT.example", "larkfield.example", "--json") == [
        {"inserted": 2, "unchanged": 0, "rejected": 0}
    ]
    assert suppress("add", MARA, "--json")[0]["unchanged"] == 1
    shown = suppress("list", "--json")
    assert [(row["kind"], row["value"], row["reasons"]) for row in shown] == [
        ("domain", "larkfield.example", ["by_hand"]),
        ("email", MARA, ["by_hand"]),
    ]
    assert "by_hand" in suppress("list").stdout
    checked = suppress("check", MARA, TEO, "free@elsewhere.example", "--json", status=3)
    assert [row["may_be_contacted"] for row in checked] == [False, False, True]
    assert suppress("lift", MARA, "--reason", "asked_for_contact", "--json") == [{"lifted": 1}]
    assert suppress("check", MARA, "--json") == [{"address": MARA, "may_be_contacted": True, "reasons": []}]


def test_a_lift_without_a_reason_or_with_an_unknown_one_is_wrong_use(suppress):
    suppress("add", MARA)
    assert "--reason" in suppress("lift", MARA, status=2).stderr
    suppress("lift", MARA, "--reason", "because", status=2)
    suppress("check", MARA, status=3)


def test_what_is_no_address_is_wrong_use_and_is_not_quoted(suppress):
    for arguments in (["add", "mara at home"], ["lift", "mara at home", "--reason", "noted_by_mistake"]):
        assert "mara" not in suppress(*arguments, status=2).stderr
    assert suppress("check", "mara at home", "--json", status=3)[0]["reasons"] == ["address_not_described"]


def test_nobody_can_claim_by_hand_what_only_the_pipeline_notes(suppress):
    assert "not for a person to say" in suppress("add", MARA, "--reason", "erased", status=2).stderr
    suppress("add", MARA, "--reason", "complaint")


def test_a_free_mail_domain_is_refused_by_our_rules_unless_it_is_forced(suppress):
    done = suppress("add", MARA, "gmail.com", status=3)
    assert "gmail.com is a domain where anybody can open a mailbox" in done.stderr
    suppress("check", MARA)
    suppress("add", "gmail.com", "--force")
    suppress("check", "zoe@gmail.com", status=3)


def test_a_file_is_imported_and_rows_that_do_not_fit_are_counted(suppress, tmp_path):
    path = tmp_path / "opted_out.csv"
    path.write_text(f"E-Mail;Domain\n{MARA};\n;larkfield.example\n;gmail.com\nnobody;\n")
    done = suppress("import", path)
    assert "2 rows did not fit" in done.stderr
    suppress("check", MARA, TEO, status=3)
    assert suppress("import", path, "--json")[0] == {"inserted": 0, "unchanged": 2, "rejected": 2}
    assert suppress("import", path, "--force", "--json")[0] == {"inserted": 1, "unchanged": 2, "rejected": 1}
    assert "cannot be read" in suppress("import", tmp_path / "missing.csv", status=1).stderr


def test_an_erased_person_is_recognised_only_with_the_key(suppress, store):
    erase(store, MARA, by="tests", erasure_key=KEY)
    assert suppress("check", MARA, "--json", status=3, OUTREACH_ERASURE_KEY=KEY)[0]["reasons"] == ["erased"]
    assert suppress("check", TEO, "--json", OUTREACH_ERASURE_KEY=KEY)[0]["may_be_contacted"]
    assert suppress("check", TEO, "--json", status=3)[0]["reasons"] == ["erasure_not_checked"]
