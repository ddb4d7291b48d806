from __future__ import annotations

import json
import os
import traceback
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from modules.instantly.instantly_export import InstantlyExport
from modules.instantly.instantly_rows import WORKSPACE_TOTAL, CampaignRow, Days
from modules.instantly.instantly_transform import transform_campaigns, transform_daily_analytics
from modules.shared.errors import ContractError, OutreachError, PermanentError
from modules.shared.raw_table import RejectedRow

FIXTURES = Path(__file__).parents[1] / "fixtures"
SHAPES = ("export", "raw_data", "dashboard_data")
KEY = "aW52ZW50ZWQta2V5LW9mLW5vYm9keQ=="
"""Stands in the two older fixtures, as their collector left its own there."""


def fixture(shape: str) -> Path:
    return FIXTURES / f"instantly_{shape}.json"


def written(tmp_path: Path, content: Any) -> Path:
    file = tmp_path / "some_export.json"
    file.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return file


def changed(tmp_path: Path, shape: str, **changes: Any) -> Path:
    return written(tmp_path, json.loads(fixture(shape).read_text()) | changes)


def refusal_of(file: Path, **options: Any) -> OutreachError:
    with pytest.raises(OutreachError) as caught:
        InstantlyExport.open(file, **options)
    assert str(file) in str(caught.value)
    return caught.value


def everything_of(export: InstantlyExport) -> list[Any]:
    return [*export.campaigns(), *export.listed("accounts"), *export.daily_analytics(), export.days()]


@pytest.mark.parametrize("shape", SHAPES)
def test_each_shape_gives_its_campaigns_accounts_and_days(shape: str):
    export = InstantlyExport.open(fixture(shape))
    campaigns = list(transform_campaigns(export.campaigns()))
    assert [(row.instantly_campaign_id, row.leads_count) for row in campaigns] == [
        ("019a-nordlicht", 40),
        ("019a-fjord", 7),
    ]
    assert [account["email"] for account in export.listed("accounts")] == ["mara@haldenfreight.example"]
    days = [
        (row.instantly_campaign_id, str(row.analytics_date))
        for row in transform_daily_analytics(export.daily_analytics())
    ]
    assert days[0] == (WORKSPACE_TOTAL, "2026-11-19")
    assert export.days() == Days(date(2026, 11, 19), date(2026, 11, 20))
    assert export.name == f"instantly_{shape}.json"


def test_an_older_campaign_is_a_row_of_the_analytics_and_ours_is_both():
    for shape in SHAPES:
        first = next(InstantlyExport.open(fixture(shape)).campaigns())
        assert set(first) == {"campaign", "analytics"}
        assert (first["campaign"] is None) == (shape != "export")


def test_the_days_of_single_campaigns_follow_those_of_the_workspace():
    ids = [payload["campaign_id"] for payload in InstantlyExport.open(fixture("raw_data")).daily_analytics()]
    assert ids == [WORKSPACE_TOTAL, WORKSPACE_TOTAL, "019a-nordlicht"]


@pytest.mark.parametrize("shape", SHAPES)
def test_every_reading_starts_anew(shape: str):
    export = InstantlyExport.open(fixture(shape))
    assert everything_of(export) == everything_of(export)


@pytest.mark.parametrize("shape", SHAPES)
def test_only_the_days_and_campaigns_that_are_asked_for_are_given(shape: str):
    export = InstantlyExport.open(fixture(shape))
    one_day = Days(date(2026, 11, 20), date(2026, 11, 20))
    given = list(export.daily_analytics([], one_day))
    assert [(payload["campaign_id"], payload["day"]["date"]) for payload in given] == [(WORKSPACE_TOTAL, "2026-11-20")]


def test_only_our_own_export_tells_what_is_gone_because_the_older_lists_hold_a_first_page(tmp_path: Path):
    whole = {shape: InstantlyExport.open(fixture(shape)).lists_are_whole for shape in SHAPES}
    assert whole == {"export": True, "raw_data": False, "dashboard_data": False}
    first_page = {"items": [{"email": "mara@haldenfreight.example"}], "next_starting_after": "2026-11-02T10:00:00.000Z"}
    assert not InstantlyExport.open(changed(tmp_path, "raw_data", accounts=first_page)).lists_are_whole


@pytest.mark.parametrize(
    ("shape", "as_of"),
    [
        ("export", datetime(2026, 11, 20, 6, 30, tzinfo=UTC)),
        ("raw_data", datetime(2026, 11, 20, 5, 0, tzinfo=UTC)),
        ("dashboard_data", datetime(2026, 11, 20, 4, 15, tzinfo=UTC)),
    ],
)
def test_an_export_speaks_of_the_moment_it_was_collected_or_of_its_newest_date(shape: str, as_of: datetime):
    assert InstantlyExport.open(fixture(shape)).as_of == as_of


def test_the_newest_date_counts_wherever_it_stands(tmp_path: Path):
    days = [{"date": "2026-11-18"}, {"date": "2026-11-19"}, {"date": "2026-11-17"}]
    file = changed(tmp_path, "raw_data", daily_analytics_all=days, accounts={"items": []})
    assert InstantlyExport.open(file).as_of == datetime(2026, 11, 19, tzinfo=UTC)


def test_an_older_export_without_any_date_speaks_of_the_moment_its_file_was_written(tmp_path: Path):
    file = written(tmp_path, {"campaigns_overview": [], "daily_analytics_all": []})
    os.utime(file, (1_700_000_000, 1_700_000_000))
    export = InstantlyExport.open(file)
    assert export.as_of == datetime.fromtimestamp(1_700_000_000, UTC)
    assert everything_of(export) == [None]


def test_our_own_export_must_say_when_it_was_collected(tmp_path: Path):
    file = written(tmp_path, {"format": "x", "campaigns": [], "accounts": []})
    assert "another kind of file" in str(refusal_of(file))


def test_an_export_of_another_version_is_not_read_as_this_one(tmp_path: Path):
    message = str(refusal_of(changed(tmp_path, "export", format="outreach-pipeline/instantly-export/2")))
    assert "outreach-pipeline/instantly-export/1" in message


def test_an_export_from_the_future_is_refused_because_it_would_outrank_every_later_read(tmp_path: Path):
    in_a_week = (datetime.now(UTC) + timedelta(days=7)).isoformat()
    assert "yet to come" in str(refusal_of(changed(tmp_path, "export", collected_at=in_a_week)))


@pytest.mark.parametrize("collected_at", ["last Tuesday", "", "mara@haldenfreight.example"])
def test_a_collection_date_that_is_none_is_refused_without_naming_people(tmp_path: Path, collected_at: str):
    message = str(refusal_of(changed(tmp_path, "export", collected_at=collected_at)))
    assert "no date stands at collected_at" in message
    assert "mara@" not in message


@pytest.mark.parametrize("shape", SHAPES)
def test_a_file_cut_short_anywhere_is_refused_by_name_and_shows_nothing_it_holds(tmp_path: Path, shape: str):
    whole = fixture(shape).read_bytes().rstrip()
    whole = json.dumps(json.loads(whole), separators=(",", ":")).encode()
    for length in range(len(whole)):
        file = written(tmp_path, whole[:length])
        error = refusal_of(file)
        assert isinstance(error, ContractError), length
        shown = "".join(traceback.format_exception(error))
        assert KEY[:12] not in shown
        assert "mara@" not in shown
    InstantlyExport.open(written(tmp_path, whole))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"not json",
        b"\x00\xff\xfe",
        b"\xef\xbb\xbf{}",
        b'{"format": "x"} {}',
        b'{"a": "\xff"}',
        b'{"format": "x", "collected_at": "2026-11-20", "campaigns": [NaN], "accounts": []}',
        b'{"format": "x", "collected_at": "2026-11-20", "campaigns": [1e999], "accounts": []}',
        b'{"format": "x", "collected_at": "2026-11-20", "campaigns": [99999999999999999999], "accounts": []}',
    ],
)
def test_what_is_no_json_that_can_be_stored_is_refused_at_once(tmp_path: Path, content: bytes):
    error = refusal_of(written(tmp_path, content))
    assert isinstance(error, ContractError)
    assert "not a complete JSON file" in str(error)


@pytest.mark.parametrize(
    "content",
    [
        [],
        5,
        None,
        "text",
        {},
        {"campaigns": []},
        {"campaigns_overview": []},
        {"format": "x", "collected_at": "2026-11-20", "campaigns": {}, "accounts": []},
        {"metadata": [], "campaigns": [], "daily_trends": []},
        {"nested": {"campaigns_overview": [], "daily_analytics_all": []}},
    ],
)
def test_another_kind_of_file_is_refused_and_the_known_kinds_are_named(tmp_path: Path, content: object):
    error = refusal_of(written(tmp_path, content))
    assert isinstance(error, ContractError)
    assert all(shape in str(error) for shape in ("another kind of file", *SHAPES))


def test_a_foreign_file_with_many_names_is_refused_in_a_short_message_without_people(tmp_path: Path):
    message = str(refusal_of(written(tmp_path, {f"person{n}@localhost": n for n in range(1000)})))
    assert len(message) < 1000
    assert "@" not in message


def test_a_file_that_is_too_large_is_refused_before_it_is_read(tmp_path: Path):
    size = (file := written(tmp_path, b"x" * 1200)).stat().st_size
    error = refusal_of(file, largest_file_bytes=size - 1)
    assert isinstance(error, PermanentError)
    assert "1,200 bytes, and at most 1,199 are read" in str(error)
    InstantlyExport.open(fixture("export"), largest_file_bytes=fixture("export").stat().st_size)


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path: Path):
    assert isinstance(refusal_of(tmp_path / "gone.json"), PermanentError)


def test_a_folder_is_refused_by_name(tmp_path: Path):
    assert isinstance(refusal_of(tmp_path), PermanentError)


@pytest.mark.parametrize("shape", ["raw_data", "dashboard_data"])
def test_the_key_that_an_older_export_holds_is_never_given(shape: str):
    assert KEY in fixture(shape).read_text()
    export = InstantlyExport.open(fixture(shape))
    assert KEY not in repr([export, *everything_of(export), *transform_campaigns(export.campaigns())])


@pytest.mark.parametrize("odd", [None, 5, "odd", [], {}, {"campaign": {"id": "a"}}])
def test_a_malformed_campaign_is_given_and_costs_one_row(tmp_path: Path, odd: object):
    good = {"campaign": {"id": "019a-fjord"}, "analytics": None}
    rows = list(
        transform_campaigns(InstantlyExport.open(changed(tmp_path, "export", campaigns=[odd, good])).campaigns())
    )
    assert isinstance(rows[0], RejectedRow)
    assert isinstance(rows[1], CampaignRow)


@pytest.mark.parametrize(
    "odd", [None, 5, "odd", [], {}, {"day": {"date": "2026-11-20"}}, {"campaign_id": "a", "day": 5}]
)
def test_a_malformed_day_is_given_and_costs_one_row(tmp_path: Path, odd: object):
    export = InstantlyExport.open(changed(tmp_path, "export", daily_analytics=[odd]))
    (row,) = transform_daily_analytics(export.daily_analytics(days=Days(date(2026, 11, 1), date(2026, 11, 30))))
    assert isinstance(row, RejectedRow)
    assert export.days() is None


@pytest.mark.parametrize("of_campaign", [None, 5, "odd", [], {"data": [5]}])
def test_malformed_days_of_one_campaign_of_an_older_export_are_given(tmp_path: Path, of_campaign: object):
    file = changed(tmp_path, "raw_data", daily_analytics_all=[], daily_analytics_by_campaign={"a": of_campaign})
    (row,) = transform_daily_analytics(InstantlyExport.open(file).daily_analytics())
    assert isinstance(row, RejectedRow)
