"""Campaign files in a real database, and the commands about them as processes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from modules.outreach.campaign_spec import read_campaign_files
from modules.outreach.campaign_table import apply_campaigns, campaigns_without_file, stored_campaign
from modules.outreach.lead_records import Provenance, lead_record
from modules.outreach.lead_table import merge_leads
from modules.shared.errors import PermanentError, Refused
from tests.fakes.campaigns import campaign, campaign_spec
from tests.fakes.outreach_command import outreach_command

ROOT = Path(__file__).parents[2]
SEARCHES = "searches:\n  - {name: carriers, kind: people, lawful_basis: consent, filters: {q_keywords: freight}}\n"


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "campaigns"
    folder.mkdir()
    return folder


@pytest.fixture
def write(folder):
    def write(file_name="plans.yaml", text="", **changes):
        path = folder / file_name
        path.write_text(text + yaml.safe_dump({"campaign": campaign_spec(**changes)}, sort_keys=False))
        return path

    return write


@pytest.fixture
def outreach(supabase, store, folder, tmp_path):
    """Runs the command to its end; answers the finished process, or with `--json` what it printed."""
    environment = {
        "OUTREACH_HOME": str(tmp_path / "home"),
        "OUTREACH_CAMPAIGNS": str(folder),
        "SUPABASE_URL": supabase.url,
        "SUPABASE_KEY": supabase.secret_key,
    }
    return outreach_command(tmp_path, environment, "campaigns")


@pytest.fixture
def people(store):
    """Five people of a list, one of whom no audience of these tests wants."""
    provenance = Provenance(
        source="csv:people.csv", collected_at=datetime(2026, 11, 20, tzinfo=UTC), lawful_basis="legitimate_interest"
    )
    countries = {"mara": "DE", "jonas": "DE", "clara": "Austria", "zoe": "DE", "uma": "US"}
    rows = [
        lead_record(
            f"{name}@halden-{name}.example",
            provenance=provenance,
            first_name=name.title(),
            last_name="Weber",
            job_title="Head of Operations",
            company_name=f"Halden {name.title()} GmbH",
            country=country,
        )
        for name, country in countries.items()
    ]
    merge_leads(store, rows)
    return rows


def apply(store, *paths, **options):
    return apply_campaigns(store, read_campaign_files(paths), **options)


def counts(inserted=0, updated=0, unchanged=0, without_file=0):
    return {"inserted": inserted, "updated": updated, "unchanged": unchanged, "without_file": without_file}


def test_a_campaign_is_stored_once_and_read_back_as_it_was(store, database, write):
    path = write()
    assert apply(store, path) == counts(inserted=1)
    before = database.execute("select xmin::text, * from campaign_files").fetchall()
    assert apply(store, path) == counts(unchanged=1)
    assert database.execute("select xmin::text, * from campaign_files").fetchall() == before
    assert stored_campaign(store, "plans") == campaign()
    (row,) = store.select("campaign_files")
    assert (row["spec_digest"], row["copy_digest"]) == (campaign().digest(), campaign().copy_digest())
    assert (row["title"], row["source_file"], row["is_active"]) == ("Plans by hand", "plans.yaml", True)


def test_a_change_is_stored_and_says_whether_mails_change(store, write):
    apply(store, write())
    (before,) = store.select("campaign_files")
    assert apply(store, write(caps__people=10)) == counts(updated=1)
    (after,) = store.select("campaign_files")
    assert after["copy_digest"] == before["copy_digest"]
    assert after["spec_digest"] != before["spec_digest"]
    assert stored_campaign(store, "plans").caps.people == 10
    assert (after["created_at"], after["applied_at"] > before["applied_at"]) == (before["created_at"], True)


def test_a_campaign_whose_file_is_gone_stays_and_starts_nothing_until_it_is_back(store, write):
    first, second = write(), write("more.yaml", name="more")
    apply(store, first, second, is_everything=True)
    # Another file says nothing of it.
    assert apply(store, second) == counts(unchanged=1)
    assert apply(store, second, is_everything=True) == counts(unchanged=1, without_file=1)
    assert apply(store, second, is_everything=True) == counts(unchanged=1)
    assert campaigns_without_file(store) == ["plans"]
    with pytest.raises(Refused, match=r"No file has the campaign plans any longer; it was in plans\.yaml"):
        stored_campaign(store, "plans")
    assert stored_campaign(store, "plans", without_file=True) == campaign()
    assert apply(store, first) == counts(updated=1)
    assert stored_campaign(store, "plans") == campaign()


def test_a_campaign_renamed_in_its_file_leaves_the_old_one_without_a_file(store, write):
    apply(store, write())
    assert apply(store, write(name="new-plans")) == counts(inserted=1, without_file=1)
    assert campaigns_without_file(store) == ["plans"]


def test_an_unknown_campaign_is_told_with_those_that_are_known(store, write):
    with pytest.raises(PermanentError, match="plans is unknown, and so is any other"):
        stored_campaign(store, "plans")
    apply(store, write())
    with pytest.raises(PermanentError, match=r"plan is unknown, did you mean plans\?"):
        stored_campaign(store, "plan")


def test_what_an_older_version_stored_is_told_and_not_guessed(store, database, write):
    apply(store, write())
    database.execute("""update campaign_files set spec = spec || '{"colour": "red"}'""")
    with pytest.raises(PermanentError, match=r"another version of this program: colour: colour is unknown"):
        stored_campaign(store, "plans")


def test_a_search_that_does_not_exist_is_told_with_its_line(store, write):
    path = write(audience__searches=["carrier"])
    with pytest.raises(PermanentError, match=r"plans\.yaml:\d+: the search carrier is unknown"):
        apply(store, path)
    assert store.count("campaign_files") == 0
    assert apply(store, write(text=SEARCHES, audience__searches=["carriers"])) == counts(inserted=1)


def test_files_of_both_kinds_are_applied_and_shown_and_the_second_time_nothing_is_written(outreach, write, database):
    write(text=SEARCHES, audience__searches=["carriers"])
    applied = [{"applied": "searches", **counts(inserted=1)}, {"applied": "campaigns", **counts(inserted=1)}]
    assert outreach("apply", "--json") == applied
    rows = "select xmin::text from campaign_files union all select xmin::text from apollo_searches"
    before = database.execute(rows).fetchall()
    again = outreach("apply", "--json")
    assert [row["unchanged"] for row in again] == [1, 1]
    assert database.execute(rows).fetchall() == before
    shown = outreach().stdout
    assert all(word in shown for word in ("Searches", "carriers", "Campaigns", "Plans by hand", "plans.yaml"))


def test_an_unknown_search_keeps_everything_from_being_stored(outreach, write, store):
    write(text=SEARCHES, audience__searches=["carrier"])
    assert "did you mean carriers?" in outreach("apply", status=1).stderr
    assert store.count("campaign_files") == store.count("apollo_searches") == 0


def test_an_error_of_the_lint_refuses_everything_and_a_warning_does_not(outreach, write, store):
    write(text=SEARCHES)
    bad = write("bad.yaml", name="bad", sequence__0__variants__0__subject="Re: our call")
    refused = outreach("apply", status=3)
    assert "Refused." in refused.stderr
    assert "bad.yaml:" in refused.stderr
    assert "deceptive_subject" in refused.stderr
    assert store.count("campaign_files") == store.count("apollo_searches") == 0
    linted = outreach("lint", status=3)
    assert "deceptive_subject" in linted.stdout
    assert "1 errors" in linted.stderr
    bad.unlink()
    write("hasty.yaml", name="hasty", sequence__1__delay_days=1)
    assert [(row["rule"], row["severity"]) for row in outreach("lint", "--json")] == [("short_delay", "warning")]
    assert outreach("apply", "--json")[1]["inserted"] == 2


def test_a_file_that_vanished_is_said(outreach, write):
    write("more.yaml", name="more")
    path = write()
    outreach("apply")
    path.unlink()
    assert "No file has the campaign plans any longer. It stays stored" in outreach("apply").stderr


def test_lint_needs_no_database_and_a_wrong_file_exits_with_1(outreach, write):
    path = write()
    nothing = {"SUPABASE_URL": "", "SUPABASE_KEY": ""}
    assert "nothing yet" in outreach("lint", path, **nothing).stdout
    path.write_text("campaign: {nmae: x}\n")
    failed = outreach("lint", path, status=1, **nothing)
    assert f"{path}:1: campaign.nmae: nmae is unknown, did you mean name?" in failed.stderr
    assert "SUPABASE" in outreach("preview", "plans", status=1, **nothing).stderr


def test_a_preview_without_a_database_shows_invented_people(outreach):
    nothing = {"SUPABASE_URL": "", "SUPABASE_KEY": ""}
    example = ROOT / "campaigns" / "dach-operations.yaml"
    mails = outreach("preview", example, "--json", **nothing)
    assert len(mails) == 9
    assert {mail["lead"].rpartition(".")[2] for mail in mails} == {"example"}
    assert all("Nordlicht Ablauf GmbH" in mail["body"] and "{{" not in mail["body"] for mail in mails)
    assert [mail["step"] for mail in mails] == [1, 2, 3] * 3
    shown = outreach("preview", example, **nothing)
    assert "Subject: " in shown.stdout
    assert "(none: it continues the thread)" in shown.stdout
    assert "these people are invented" in shown.stderr


def test_a_preview_shows_three_leads_of_the_audience_and_the_same_ones_again(outreach, write, people):
    path = write(audience__countries=["DE"])
    mails = outreach("preview", path, "--json")
    assert outreach("preview", path, "--json") == mails
    assert {mail["lead"].partition("@")[0] for mail in mails} == {"mara", "jonas", "zoe"}
    first = next(mail for mail in mails if mail["lead"].startswith("mara"))
    assert first["subject"] == "Plans at Halden Mara"
    assert first["body"].startswith("Hello Mara,")
    assert first["body"].count("Musterweg 12, 20095 Hamburg") == 1
    stored = outreach("apply", "--json")
    assert stored[1]["inserted"] == 1
    assert outreach("preview", "plans", "--json") == mails


def test_a_preview_of_one_lead_says_why_they_are_left_out_and_no_error_repeats_an_address(outreach, write, people):
    path = write(icebreaker__is_required=True)
    (mail,) = outreach("preview", path, "--lead", "uma@halden-uma.example", "--json")
    assert mail["left_out"] == "there is no line that the model wrote"
    assert "left out" in outreach("preview", path, "--lead", "uma@halden-uma.example").stdout
    assert "No lead has this address" in outreach("preview", path, "--lead", "no@one.example", status=1).stderr
    assert "--lead is no mail address" in outreach("preview", path, "--lead", "someone", status=1).stderr
