"""Whole reads into real tables: what is written, what is left alone, what is said of it afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest

from modules.instantly.instantly_rows import ACCOUNTS, WORKSPACE_TOTAL
from modules.instantly.instantly_statistics_rows import DAILY_ANALYTICS
from modules.instantly.instantly_transform import transform_accounts, transform_daily_analytics
from modules.shared.errors import Refused, RetryableError
from modules.supabase.table_sync import Scope, sync_table

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@dataclass
class Listing:
    """A source whose rows the test writes down."""

    name: str = "api"
    as_of: datetime = NOON
    requests_made: int = 0
    pages_read: int = 0
    workspace_id: str | None = None
    lists_are_whole: bool = True


def account(number, **changes):
    return {"email": f"sender{number}@lindqvist-freight.example", "status": 1, "stat_warmup_score": 97, **changes}


def sync(store, payloads, *, source=None, **options):
    return sync_table(store, ACCOUNTS, transform_accounts(payloads), source=source or Listing(), **options)


def stored(database):
    rows = database.execute("select email, xmin::text, raw_json, deleted_at is not null from instantly_accounts_raw")
    return {row[0]: row[1:] for row in rows}


def test_an_unchanged_second_read_writes_no_row_version(store, database):
    payloads = [account(number) for number in range(2_500)]
    first = sync(store, payloads)
    before = stored(database)
    second = sync(store, payloads, source=Listing(as_of=NOON + timedelta(hours=1)))
    assert (first.counts.inserted, first.counts.unchanged) == (2_500, 0)
    assert (second.counts.inserted, second.counts.updated, second.counts.unchanged) == (0, 0, 2_500)
    assert stored(database) == before


def test_only_changed_rows_are_rewritten(store, database):
    sync(store, [account(number) for number in range(10)])
    before = stored(database)
    report = sync(store, [account(number, status=-1 if number == 3 else 1) for number in range(10)])
    after = stored(database)
    assert (report.counts.updated, report.counts.unchanged) == (1, 9)
    assert {email for email in after if after[email][0] != before[email][0]} == {account(3)["email"]}


def test_an_empty_list_on_the_first_read_is_complete_and_empty(store):
    report = sync(store, [])
    assert (report.counts.read, report.marked_deleted) == (0, 0)
    assert store.select("sync_status")[0]["last_status"] == "complete"


def test_what_the_vendor_no_longer_lists_is_marked_and_comes_back_when_listed_again(store, database):
    sync(store, [account(number) for number in range(5)])
    assert sync(store, [account(number) for number in range(4)]).marked_deleted == 1
    assert [email for email, row in stored(database).items() if row[2]] == [account(4)["email"]]
    report = sync(store, [account(number) for number in range(5)])
    assert (report.counts.updated, report.counts.unchanged, report.marked_deleted) == (1, 4, 0)
    assert not any(row[2] for row in stored(database).values())


def test_deletions_are_found_across_many_pages_of_keys(store, database):
    sync(store, [account(number) for number in range(3_100)])
    report = sync(store, [account(number) for number in range(3_100) if number % 100])
    assert report.marked_deleted == 31
    assert sum(row[2] for row in stored(database).values()) == 31


def test_a_read_that_fails_in_the_middle_keeps_what_came_and_concludes_nothing_from_it(store, database):
    sync(store, [account(number) for number in range(3_000)])

    def broken():
        yield from (account(number, status=2) for number in range(1_500))
        raise RetryableError("Instantly: GET /accounts answered 503.")

    with pytest.raises(RetryableError):
        sync(store, broken(), source=Listing(as_of=NOON + timedelta(hours=1)))
    status = store.select("sync_status")[0]
    assert (status["last_status"], status["complete_rows_read"]) == ("incomplete", 3_000)
    assert datetime.fromisoformat(status["complete_as_of"]) == NOON
    assert "503" in status["last_reason"]
    assert not any(row[2] for row in stored(database).values())
    assert len(stored(database)) == 3_000


def test_a_suspiciously_short_read_is_held_for_a_person(store, database):
    sync(store, [account(number) for number in range(10)])
    with pytest.raises(Refused, match="4 rows came where the last complete read had 10"):
        sync(store, [account(number) for number in range(4)])
    assert not any(row[2] for row in stored(database).values())
    report = sync(store, [account(number) for number in range(4)], smallest_share=0)
    assert report.marked_deleted == 6


def test_a_row_that_does_not_fit_is_quarantined_once_and_the_rest_is_kept(store, database):
    payloads = [account(1), account(2, status={"is": "odd"}), "not an account", account(3)]
    for _ in range(2):
        report = sync(store, payloads)
        assert (report.counts.read, report.counts.rejected) == (4, 2)
    assert len(stored(database)) == 2
    rejected = store.select("rejected_rows", lambda query: query.order("id"))
    assert [row["row_key"] for row in rejected] == [account(2)["email"], ""]
    assert rejected[0]["payload"] == payloads[1]
    assert "status" in rejected[0]["reason"]


def test_a_rejected_row_is_not_taken_for_a_deleted_one(store, database):
    sync(store, [account(1), account(2)])
    assert sync(store, [account(1), account(2, status="?")]).marked_deleted == 0
    assert sync(store, [account(1), {"no": "address"}]).marked_deleted == 0
    assert not any(row[2] for row in stored(database).values())


def test_a_row_in_quarantine_does_not_hide_one_that_is_gone(store, database):
    sync(store, [account(1), account(2)])
    assert sync(store, [account(1), account(3, status="?")]).marked_deleted == 1
    assert [email for email, row in stored(database).items() if row[2]] == [account(2)["email"]]


def test_a_row_the_database_refuses_is_isolated_from_its_batch(store, database):
    payloads = [account(number, status=99_999 if number == 700 else 1) for number in range(1_000)]
    report = sync(store, payloads)
    assert (report.counts.inserted, report.counts.rejected) == (999, 1)
    assert store.select("rejected_rows")[0]["reason"] == "refused by the database (22003)"
    assert len(stored(database)) == 999


def test_rows_given_twice_are_stored_once_and_the_last_one_wins(store, database):
    report = sync(store, [account(1, status=1), account(2), account(1, status=2)])
    assert report.counts.read == 3
    assert {email: row[1]["status"] for email, row in stored(database).items()} == {
        account(1)["email"]: 2,
        account(2)["email"]: 1,
    }


def test_text_that_postgres_cannot_store_is_cleaned_and_stays_unchanged_the_next_time(store, database):
    payloads = [account(1, first_name="M\x00ara", signature="a\x00b \\u0000 ünïcode 🙂")]
    sync(store, payloads)
    assert stored(database)[account(1)["email"]][1]["signature"] == "ab \\u0000 ünïcode 🙂"
    assert sync(store, payloads).counts.unchanged == 1


def test_an_older_export_fills_gaps_and_overwrites_nothing(store, database):
    sync(store, [account(1, status=2)])
    export = Listing(name="old.json", as_of=NOON - timedelta(days=60), lists_are_whole=False)
    report = sync(store, [account(1, status=1), account(9)], source=export)
    assert report.kept_existing
    assert (report.counts.inserted, report.counts.unchanged, report.marked_deleted) == (1, 1, 0)
    assert stored(database)[account(1)["email"]][1]["status"] == 2


def day(number, campaign_id, sent=5):
    return {"campaign_id": campaign_id, "day": {"date": f"2026-11-{number:02}", "sent": sent}}


def days_scope(first, last, asked):
    first_day, last_day = date(2026, 11, first), date(2026, 11, last)
    return Scope(
        name=f"{first_day}...{last_day}",
        first_day=first_day,
        last_day=last_day,
        narrow=lambda query: query.gte("analytics_date", str(first_day)).lte("analytics_date", str(last_day)),
        covers=lambda key: key[1] in asked,
    )


def test_a_range_of_days_judges_only_its_own_days_and_campaigns(store, database):
    def sync_days(payloads, scope):
        rows = transform_daily_analytics(payloads)
        return sync_table(store, DAILY_ANALYTICS, rows, source=Listing(), scope=scope)

    everything = {WORKSPACE_TOTAL, "a", "gone"}
    sync_days([day(n, c) for n in (10, 11, 12) for c in sorted(everything)], days_scope(10, 12, everything))
    report = sync_days([day(11, "a"), day(12, WORKSPACE_TOTAL)], days_scope(11, 12, {WORKSPACE_TOTAL, "a"}))
    assert report.marked_deleted == 2
    marked = database.execute(
        "select analytics_date::text, instantly_campaign_id from instantly_daily_analytics_raw "
        "where deleted_at is not null order by 1, 2"
    ).fetchall()
    assert marked == [("2026-11-11", WORKSPACE_TOTAL), ("2026-11-12", "a")]


def test_a_backfill_of_past_days_does_not_count_as_fresh(store):
    scope = days_scope(1, 5, {"a"})
    sync_table(store, DAILY_ANALYTICS, transform_daily_analytics([day(2, "a")]), source=Listing(), scope=scope)
    assert store.select("sync_status")[0]["complete_as_of"] is None
    scope = days_scope(6, 20, {"a"})
    sync_table(store, DAILY_ANALYTICS, transform_daily_analytics([day(7, "a")]), source=Listing(), scope=scope)
    assert datetime.fromisoformat(store.select("sync_status")[0]["complete_as_of"]) == NOON
