"""Searches from their files into the database, and what they find at Apollo's stand-in into its tables."""

from __future__ import annotations

import re
import resource
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from psycopg.rows import dict_row
from pydantic import TypeAdapter, ValidationError

from modules.apollo.apollo_client import ApolloClient
from modules.apollo.apollo_rows import PEOPLE
from modules.outreach.apollo_reads import ApolloSource, PeopleReads, searches_to_read
from modules.outreach.search_files import Slug
from modules.outreach.search_table import apply_searches
from modules.shared.errors import PermanentError, Refused, RetryableError
from modules.supabase.part_sync import sync_parts
from tests.fakes.apollo_purchases import bought, search_row
from tests.fakes.apollo_server import TODAY, apollo_server

if TYPE_CHECKING:
    from pathlib import Path

SEARCH = """\
  - name: {name}
    kind: people
    lawful_basis: legitimate_interest
    filters:
      {filters}
"""
DECIDERS = "person_seniorities: [c_suite, vp, head, director]"
GERMANS = "person_locations: [Germany]"
PEOPLE_SEARCH = "/mixed_people/api_search"


@pytest.fixture(scope="module")
def apollo():
    with apollo_server(people=600) as server:
        yield server


@pytest.fixture
def searches(apollo, database, store, tmp_path, instant_retries):
    apollo.reset()
    return Searches(apollo, database, store, tmp_path)


class Searches:
    """Files, stand-in and database of one test."""

    def __init__(self, apollo, connection, store, folder):
        self.apollo = apollo
        self.connection = connection
        self.store = store
        self.folder = folder

    def write(self, name="searches.yaml", **searches: str) -> Path:
        """One file; the filters of each search by its name."""
        file = self.folder / name
        texts = [SEARCH.format(name=search, filters=filters) for search, filters in searches.items()]
        file.write_text("searches:\n" + "".join(texts))
        return file

    def apply(self, *paths):
        return apply_searches(self.store, paths or [self.folder])

    def stored(self):
        return dict(self.rows("select search_name, is_active from apollo_searches"))

    def versions(self, table, key):
        return self.rows(f"select {key}, ctid::text, xmin::text from {table} order by 1")

    def rows(self, statement, parameters=()):
        return self.connection.execute(statement, parameters).fetchall()

    def due(self):
        return [search["search_name"] for search in searches_to_read(self.store, "people")]

    def collect(self, only_search=None, narrow=None):
        with ApolloClient(self.apollo.api_key, base_url=self.apollo.base_url, searches_per_minute=None) as client:
            reads = PeopleReads.due(self.store, only_search, narrow)
            source = ApolloSource(client=client)
            report = sync_parts(self.store, PEOPLE, reads.scopes(), source=source, read=reads.read, readers=1)
        return reads, report

    def ids(self, **filters):
        """Whom the stand-in finds."""
        people = self.apollo.world.database.people
        return {people.id(int(number)) for number in self.apollo.world.database.search.people_numbers(filters)}

    def notes(self):
        """How the reads of searches went, the last one of each."""
        with self.connection.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute("select * from sync_runs where scope like 'search:%' order by started_at").fetchall()
        return {row["scope"]: row for row in rows}

    def hours_pass(self, hours):
        """Since everything that was applied and read so far."""
        shift = f"- interval '{hours} hours'"
        self.connection.execute(f"update sync_runs set started_at = started_at {shift}")
        self.connection.execute(f"update apollo_searches set updated_at = updated_at {shift}")


def test_applying_files_twice_changes_nothing(searches):
    searches.write("a.yaml", deciders=DECIDERS, germans=GERMANS)
    searches.write("b.yml", brokers="q_keywords: freight")
    searches.write("scoring.yaml", never=GERMANS)
    assert searches.apply() == {"inserted": 3, "updated": 0, "unchanged": 0}
    before = searches.versions("apollo_searches", "search_name")
    assert searches.apply() == {"inserted": 0, "updated": 0, "unchanged": 3}
    assert searches.versions("apollo_searches", "search_name") == before
    assert searches.stored() == {"brokers": True, "deciders": True, "germans": True}


def test_a_search_that_its_file_no_longer_has_is_switched_off_and_on_again_when_it_comes_back(searches):
    file = searches.write("a.yaml", deciders=DECIDERS, germans=GERMANS)
    searches.write("b.yaml", brokers="q_keywords: freight")
    searches.apply()
    searches.write("a.yaml", germans=GERMANS)
    assert searches.apply(file) == {"inserted": 0, "updated": 1, "unchanged": 1}
    assert searches.stored() == {"brokers": True, "deciders": False, "germans": True}
    searches.write("a.yaml", deciders=DECIDERS, germans=GERMANS)
    assert searches.apply(file)["updated"] == 1
    assert searches.stored()["deciders"] is True


def test_a_search_whose_file_is_gone_is_switched_off_when_the_folder_is_applied(searches):
    searches.write("a.yaml", deciders=DECIDERS)
    gone = searches.write("b.yaml", brokers="q_keywords: freight")
    searches.apply()
    gone.unlink()
    assert searches.apply() == {"inserted": 0, "updated": 1, "unchanged": 1}
    assert searches.stored() == {"brokers": False, "deciders": True}


def test_a_search_may_move_to_another_file(searches):
    searches.write("a.yaml", deciders=DECIDERS, germans=GERMANS)
    searches.apply()
    searches.write("a.yaml", deciders=DECIDERS)
    searches.write("b.yaml", germans=GERMANS)
    assert searches.apply() == {"inserted": 0, "updated": 1, "unchanged": 1}
    assert searches.stored() == {"deciders": True, "germans": True}


def test_an_unknown_filter_is_refused_with_its_line_and_nothing_is_changed(searches):
    searches.write("a.yaml", deciders=DECIDERS)
    searches.apply()
    before = searches.versions("apollo_searches", "search_name")
    searches.write("a.yaml", others=DECIDERS)
    wrong = searches.write("b.yaml", brokers="person_titels: [COO]")
    with pytest.raises(PermanentError) as refused:
        searches.apply()
    assert str(refused.value) == (
        f"{wrong}:6: searches[0].filters.person_titels: person_titels is unknown, did you mean person_titles?"
    )
    assert searches.versions("apollo_searches", "search_name") == before


def test_a_folder_without_files_and_a_file_that_is_missing_are_told(searches):
    with pytest.raises(PermanentError, match="holds no file with searches"):
        searches.apply()
    with pytest.raises(PermanentError, match=r"none\.yaml: cannot be read"):
        searches.apply(searches.folder / "none.yaml")


def is_slug(name):
    try:
        TypeAdapter(Slug).validate_python(name)
    except ValidationError:
        return False
    return True


def names_of_the_database(connection):
    """Says what its constraint says."""
    definition = "select pg_get_constraintdef(oid) from pg_constraint where conname = 'apollo_searches_name_is_a_slug'"
    (text,) = connection.execute(definition).fetchone()
    (pattern,) = re.findall(r"~ '(.*)'::text", text)
    return lambda name: connection.execute("select %s ~ %s", [name, pattern]).fetchone()[0]


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text("ab0-_A é\n", max_size=6) | st.text("a-", min_size=58, max_size=62))
@example("a" * 60)
@example("a" * 61)
@example("a-")
@example("a\n")
def test_files_and_the_database_allow_the_same_names(database, name):
    assert names_of_the_database(database)(name) == is_slug(name)


def test_a_search_is_read_once_an_interval(searches):
    searches.write(deciders=DECIDERS, germans=GERMANS)
    searches.apply()
    assert searches.due() == ["deciders", "germans"]
    searches.collect()
    assert searches.due() == []
    reads, report = searches.collect()
    assert (reads.scopes(), report.requests_made) == ([], 0)
    searches.hours_pass(23)
    assert searches.due() == []
    searches.hours_pass(2)
    assert searches.due() == ["deciders", "germans"]


def test_a_search_that_changed_is_due_at_once_and_one_that_is_off_never(searches):
    searches.write(deciders=DECIDERS, germans=GERMANS)
    searches.apply()
    searches.collect()
    searches.write(deciders=DECIDERS, germans="person_locations: [Germany, Austria]")
    searches.apply()
    assert searches.due() == ["germans"]
    searches.write(deciders=DECIDERS)
    searches.apply()
    assert searches.due() == []


def test_who_found_whom_is_noted_exactly_and_nobody_is_stored_twice(searches):
    searches.write(deciders=DECIDERS, germans=GERMANS)
    searches.apply()
    reads, report = searches.collect()
    expected = {
        "deciders": searches.ids(person_seniorities=["c_suite", "vp", "head", "director"]),
        "germans": searches.ids(person_locations=["Germany"]),
    }
    found = searches.rows("select search_name, apollo_person_id from apollo_search_people")
    assert sorted(found) == sorted((name, each) for name, ids in expected.items() for each in ids)
    everybody = expected["deciders"] | expected["germans"]
    assert {each for (each,) in searches.rows("select apollo_person_id from apollo_people_raw")} == everybody
    assert reads.people_new == len(found) == report.counts.read
    # A page is a hundred, and nothing tells the reader that it was the last one but the total.
    assert report.requests_made == sum(-(-len(ids) // 100) for ids in expected.values())
    assert searches.apollo.charges() == []


def test_collecting_again_inserts_nobody_and_updates_only_who_moved(searches):
    searches.write(everybody=DECIDERS)
    searches.apply()
    searches.collect("everybody")
    before = dict(searches.rows("select apollo_person_id, last_refreshed_at from apollo_people_raw"))
    versions = searches.versions("apollo_people_raw", "apollo_person_id")
    _, again = searches.collect("everybody")
    assert (again.counts.inserted, again.counts.updated) == (0, 0)
    assert searches.versions("apollo_people_raw", "apollo_person_id") == versions
    searches.apollo.change_world(advance_days=5)
    _, later = searches.collect("everybody")
    after = dict(searches.rows("select apollo_person_id, last_refreshed_at from apollo_people_raw"))
    moved = {each for each in before if before[each] != after[each]}
    assert 0 < len(moved) < len(before)
    assert (later.counts.inserted, later.counts.updated) == (0, len(moved))


def test_who_moved_waits_again_once_the_last_purchase_is_old_enough(searches):
    searches.write(everybody=DECIDERS)
    searches.apply()
    searches.collect()
    everybody = {each for (each,) in searches.rows("select apollo_person_id from apollo_people_waiting")}
    assert everybody == {
        each for (each,) in searches.rows("select apollo_person_id from apollo_people_raw where has_email is not false")
    }
    bought(searches.store, dict.fromkeys(everybody), search_name="everybody")
    noon = datetime(TODAY.year, TODAY.month, TODAY.day, 12, tzinfo=UTC) + timedelta(days=1)
    searches.connection.execute("update apollo_credit_ledger set settled_at = %s", [noon])
    assert searches.rows("select * from apollo_people_waiting") == []
    searches.apollo.change_world(advance_days=5)
    searches.collect("everybody")
    moved = searches.rows("select apollo_person_id from apollo_people_raw where last_refreshed_at > %s", [noon])
    waiting = {each for (each,) in searches.rows("select apollo_person_id from apollo_people_waiting")}
    assert waiting == {each for (each,) in moved} & everybody
    assert waiting

    def asked_about(bought_before):
        parameters = {"wanted_kind": "email", "most": 1_000, "bought_before": bought_before.isoformat()}
        return {each["subject_id"] for each in searches.store.call("people_to_enrich", parameters)}

    # Within what a search may ask about on one day, which the purchase above has used up.
    searches.connection.execute("update apollo_calls set intended_at = %s", [noon - timedelta(days=30)])
    searches.connection.execute("update apollo_searches set people_per_day = 1000")
    assert asked_about(noon) == set()
    assert asked_about(noon + timedelta(seconds=1)) == waiting


def test_an_implausible_total_is_refused_and_noted(searches):
    searches.write(everybody=DECIDERS, germans=GERMANS)
    searches.apply()
    huge = {"kind": "rewrite", "change": {"answer": {"total_entries": 240_000_000}}}
    searches.apollo.order_fault(path=PEOPLE_SEARCH, action=huge)
    with pytest.raises(Refused, match="A filter was probably ignored"):
        searches.collect("everybody")
    note = searches.notes()["search:everybody"]
    assert (note["status"], note["rows_read"], note["reason"][:7]) == ("incomplete", 0, "Refused")
    assert searches.rows("select count(*) from apollo_people_raw") == [(0,)]
    assert "everybody" in searches.due()


def test_twenty_times_the_hits_of_the_last_time_are_refused(searches):
    searches.write(everybody=DECIDERS)
    searches.apply()
    searches.collect()
    searches.apollo.order_fault(
        path=PEOPLE_SEARCH, action={"kind": "rewrite", "change": {"answer": {"total_entries": 48_000}}}
    )
    with pytest.raises(Refused, match="plausible after 324 the last time"):
        searches.collect("everybody")


def test_a_search_that_a_fault_cuts_short_keeps_its_rows_is_incomplete_and_stays_due(searches):
    searches.write(everybody="person_locations: [Germany, Austria, Sweden, France, United Kingdom, Spain]")
    searches.apply()
    with apollo_server(people=8_000) as apollo:
        searches.apollo = apollo
        apollo.order_fault(path=PEOPLE_SEARCH, where={"page": 25}, times=None, action={"kind": "status", "status": 503})
        with pytest.raises(RetryableError):
            searches.collect()
        note = searches.notes()["search:everybody"]
        # In batches of a thousand; the one that was begun is lost.
        kept = note["rows_read"]
        assert (note["status"], kept % 1_000) == ("incomplete", 0)
        assert kept > 0
        assert searches.rows("select count(*) from apollo_people_raw") == [(kept,)]
        assert searches.due() == ["everybody"]
        apollo.stand_in.faults.clear()
        _, report = searches.collect()
        assert (report.counts.unchanged, report.counts.inserted) == (kept, report.counts.read - kept)
    found = searches.rows("select apollo_person_id from apollo_search_people order by 1")
    assert found == searches.rows("select apollo_person_id from apollo_people_raw order by 1")
    assert searches.notes()["search:everybody"]["status"] == "complete"


def test_one_search_that_fails_keeps_no_other_from_being_read(searches):
    searches.write(a_german_one=GERMANS, b_other="person_locations: [Austria]")
    searches.apply()
    searches.apollo.order_fault(path=PEOPLE_SEARCH, times=3, action={"kind": "status", "status": 503})
    with pytest.raises(RetryableError, match="1 of 2 parts were not read"):
        searches.collect()
    assert {scope: note["status"] for scope, note in searches.notes().items()} == {
        "search:a_german_one": "incomplete",
        "search:b_other": "complete",
    }


def test_a_search_that_ends_before_its_own_total_is_incomplete_and_stays_due(searches):
    searches.write(everybody=DECIDERS)
    searches.apply()
    searches.apollo.order_fault(
        path=PEOPLE_SEARCH, where={"page": 2}, action={"kind": "rewrite", "change": {"drop_rows": 60}}
    )
    with pytest.raises(RetryableError, match="held fewer people than Apollo counts"):
        searches.collect()
    assert searches.notes()["search:everybody"]["status"] == "incomplete"
    assert searches.due() == ["everybody"]


def test_a_narrowed_read_is_another_slice_and_no_read_of_the_search(searches):
    searches.write(everybody=DECIDERS)
    searches.apply()
    reads, report = searches.collect("everybody", {"person_locations": ["Germany"]})
    slice_of = searches.ids(person_seniorities=["c_suite", "vp", "head", "director"], person_locations=["Germany"])
    assert report.counts.inserted == len(slice_of) == reads.people_new
    ((scope, note),) = searches.notes().items()
    assert (re.sub("[0-9a-f]{6,}", "#", scope), note["status"]) == ("search:everybody:#", "complete")
    assert searches.due() == ["everybody"]
    searches.collect()
    # The slice is no measure of the whole.
    assert searches.notes()["search:everybody"]["status"] == "complete"


def test_filters_that_apollo_does_not_have_narrow_nothing(searches):
    searches.write(everybody=DECIDERS)
    searches.apply()
    with pytest.raises(PermanentError, match="did you mean person_locations") as refused:
        searches.collect("everybody", {"person_location": ["Germany"]})
    assert "everybody" in str(refused.value)
    assert searches.apollo.requests() == []


def test_a_search_that_nobody_has_heard_of_is_named(searches):
    with pytest.raises(PermanentError, match=r"No search of people is called nobody.*outreach campaigns apply"):
        searches.collect("nobody")


def test_without_searches_nothing_is_asked(searches):
    reads, report = searches.collect()
    assert (reads.collections, report.counts.read, searches.apollo.requests()) == ({}, 0, [])


def test_a_search_that_finds_nobody_is_read_completely(searches):
    searches.store.call("apply_searches", {"searches": [search_row("nobody", filters={"q_keywords": "zeppelins"})]})
    searches.collect()
    assert searches.notes()["search:nobody"].items() >= {"status": "complete", "rows_read": 0}.items()
    assert searches.due() == []


def test_a_search_of_180_000_people_is_read_in_slices_with_few_requests_and_little_memory(searches):
    everywhere = ["Germany", "Austria", "Switzerland", "Sweden", "Norway", "Denmark", "Finland", "Netherlands"]
    everywhere += ["Belgium", "United Kingdom", "France", "Spain", "Italy", "Poland", "United States"]
    searches.store.call("apply_searches", {"searches": [search_row("all", filters={"person_locations": everywhere})]})
    with apollo_server(people=180_000) as apollo:
        searches.apollo = apollo
        hits = searches.ids(person_locations=everywhere)
        memory_before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        reads, report = searches.collect()
        growth_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory_before_kb) / 1_024
        collection = reads.collections["all"]
        assert collection.total_entries == len(hits) > 3 * 50_000
        # A page is a hundred; a slice ends with one that is not full, and cutting costs one request.
        assert report.requests_made <= report.counts.read / 100 + 2 * collection.slices + 1
        stored = {each for (each,) in searches.rows("select apollo_person_id from apollo_people_raw")}
        assert stored <= hits
        assert len(stored) >= len(hits) - collection.unreachable
        assert searches.rows("select count(*) from apollo_search_people") == [(len(stored),)]
        assert growth_mb < 100
