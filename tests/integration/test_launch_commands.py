"""The commands around a launch, as processes, against a local Supabase and the stand-in."""

from __future__ import annotations

import pytest

from tests.fakes.outreach_command import outreach_command

AT_ONCE = ("--activate", "--watch-minutes", "0")


@pytest.fixture
def runs(launching_on_disk):
    return launching_on_disk


@pytest.fixture
def outreach(runs, launch_variables, tmp_path):
    """Runs the command to its end; answers the finished process."""
    environment = launch_variables | {"OUTREACH_HOME": str(tmp_path)}
    return outreach_command(tmp_path, environment, secrets=(runs.world.server.api_key,))


def is_untouched(runs):
    return runs.world.server.changing_requests == [] and runs.world.ledger() == {} and runs.launches() == []


def test_a_dry_run_shows_card_funnel_and_first_mails_and_sends_nothing(outreach, runs):
    runs.world.add_person("info@kontorhaus.example", is_role_address=True)
    done = outreach("launch", "plans", "--dry-run", "--activate", "--limit", "3")
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "plans: a dry run, nothing was sent" in lines
    assert "people to add 3" in lines
    assert "senders that may send 2 of 2" in lines
    assert "everybody we know 5 5" in lines
    assert "the address is of a function, not of a person -1 4" in lines
    assert "chosen 3 3" in lines
    assert lines.count("A line.") == 3
    assert [line for line in lines if line.startswith("Subject: ")] == [
        f"Subject: Plans at Firm{number}" for number in range(3)
    ]
    assert done.stderr == ""
    assert is_untouched(runs)


def test_a_launch_prints_how_its_people_stand_and_the_next_one_adds_others(outreach, runs):
    done = outreach("launch", "plans", "--limit", "2", *AT_ONCE)
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "active 2" in lines
    [launch] = runs.launches()
    assert f"plans: {launch['outcome']}" in lines
    second = outreach("launch", "plans", "--limit", "1", *AT_ONCE, "--json")
    assert (second["campaign_name"], second["state"], second["people"]) == ("plans", "done", {"active": 1})
    assert second["launch_id"] != str(launch["launch_id"])
    assert runs.world.ledger() == {"active": 3}


def test_a_refused_launch_exits_with_3_and_gives_its_reasons(outreach, runs):
    runs.world.connection.execute(
        "update sync_runs set data_as_of = now() - interval '3 hours' "
        "where table_name in ('leads', 'instantly_accounts_raw')"
    )
    done = outreach("launch", "plans", *AT_ONCE, status=3)
    assert done.stdout == ""
    assert done.stderr.startswith("Refused. The data is too old or incomplete to act on:\n")
    assert "- leads has no complete data newer than 3.0 hours" in done.stderr
    assert "- instantly_accounts_raw has no complete data" in done.stderr
    assert is_untouched(runs)


def test_pause_stands_against_a_launch_until_resume(outreach, runs):
    outreach("pause", "--reason", "the site moves")
    done = outreach("launch", "plans", "--dry-run", "--activate", status=3)
    [refusal] = outreach("launch", "plans", "--dry-run", "--activate", "--json", status=3)["refusals"]
    assert "the site moves" in refusal
    assert refusal in done.stderr
    assert done.stderr.startswith("Refused. A launch would be refused:\n- Paused since")
    assert is_untouched(runs)
    assert "Launches may go on." in outreach("resume").stdout
    assert runs.world.rows("select is_paused from pause_switch") == [{"is_paused": False}]
    # The other switch is this machine's own.
    assert "OUTREACH_PAUSED is set here" in outreach("resume", OUTREACH_PAUSED="1").stderr


def test_a_launch_can_be_given_up_and_its_people_are_free_again(outreach, runs):
    runs.world.server.order_fault(method="POST", path="/campaigns", action={"kind": "status", "status": 403})
    failed = outreach("launch", "plans", *AT_ONCE, status=1)
    assert failed.stderr.startswith("Failed. ")
    assert [launch["state"] for launch in runs.launches()] == ["open"]
    assert outreach("launch", "plans", "--abandon", "--json") == [{"campaign": "plans", "released": 4}]
    assert [launch["state"] for launch in runs.launches()] == ["abandoned"]
    assert runs.world.ledger() == {"released": 4}
    rows = outreach("leads", "explain", "plans", "--json")
    assert {row["rule"] for row in rows} == {"chosen"}
    assert "No launch of plans is open" in outreach("launch", "plans", "--abandon", status=3).stderr


def test_an_unknown_campaign_exits_with_1_and_the_name_that_was_meant(outreach, runs):
    done = outreach("launch", "planns", "--dry-run", status=1)
    assert "did you mean plans?" in done.stderr
    assert done.stdout == ""
    assert "did you mean plans?" in outreach("leads", "explain", "planns", status=1).stderr
    assert is_untouched(runs)


@pytest.mark.parametrize(
    "arguments",
    [
        ["launch", "plans", "--limit", "0"],
        ["launch", "plans", "--watch-minutes", "61"],
        ["launch", "plans", "--abandon", "--dry-run"],
        ["pause"],
        ["pause", "--reason", " "],
    ],
    ids=" ".join,
)
def test_wrong_use_exits_with_2_and_does_nothing(outreach, runs, arguments):
    outreach(*arguments, status=2)
    assert is_untouched(runs)
    assert runs.world.rows("select is_paused from pause_switch") == [{"is_paused": False}]


def test_explain_says_of_each_lead_why(outreach, runs):
    runs.world.add_person("info@kontorhaus.example", is_role_address=True)
    rows = {row["email"]: row for row in outreach("leads", "explain", "plans", "--json")}
    assert [rows[email]["rank"] for email in runs.world.people[:4]] == [1, 2, 3, 4]
    assert {rows[email]["rule"] for email in runs.world.people[:4]} == {"chosen"}
    assert rows["info@kontorhaus.example"]["rule"] == "address_of_a_role"
    one = outreach("leads", "explain", "plans", "--lead", "INFO@kontorhaus.example").stdout
    assert "the address is of a function, not of a person" in one
    assert runs.world.people[0] not in one
    assert is_untouched(runs)
