from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modules.shared.raw_table import RawRow, RawTable, RejectedRow
from modules.supabase.row_batches import (
    BYTES_A_BATCH,
    ROWS_A_BATCH,
    Batch,
    batches,
    digest,
    encode,
    quarantine_record,
    without_nul,
)


class CarrierRow(RawRow):
    carrier_id: str
    name: str | None = None


CARRIERS = RawTable(name="carriers_raw", key=("carrier_id",), row=CarrierRow, preview=("name",))
AS_OF = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
RUN = "5f0c1f8e-0000-4000-8000-000000000001"

json_texts = st.text(st.characters(codec="utf-8"), max_size=8)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | json_texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(json_texts, inner, max_size=3),
    max_leaves=8,
)
json_objects = st.dictionaries(json_texts, json_values, max_size=4)


def row(carrier_id: object, name: str | None = None, **raw_json: Any) -> CarrierRow:
    return CarrierRow(carrier_id=str(carrier_id), name=name, raw_json=raw_json)


def batches_of(*rows: RawRow | RejectedRow) -> list[Batch]:
    return list(batches(CARRIERS, rows, as_of=AS_OF))


def record_of(single: CarrierRow) -> dict[str, Any]:
    (batch,) = batches_of(single)
    ((_, record),) = batch.records.items()
    return orjson.loads(record.encoded)


def reordered(value: Any) -> Any:
    """The same JSON with the fields of every object in the opposite order."""
    if isinstance(value, dict):
        return {name: reordered(value[name]) for name in reversed(value)}
    return [reordered(item) for item in value] if isinstance(value, list) else value


def test_no_rows_make_no_batch():
    assert batches_of() == []


@pytest.mark.parametrize(("rows", "sizes"), [(1, [1]), (1000, [1000]), (1001, [1000, 1]), (2500, [1000, 1000, 500])])
def test_a_batch_holds_no_more_rows_than_it_may_and_the_order_stays(rows: int, sizes: list[int]):
    made = batches_of(*(row(number) for number in range(rows)))
    assert ROWS_A_BATCH == 1000
    assert [batch.read for batch in made] == sizes
    assert [key for batch in made for key in batch.records] == [(str(number),) for number in range(rows)]


def test_rejected_rows_count_towards_a_full_batch():
    rejected = RejectedRow(key=None, reason="odd", payload=None)
    assert [len(batch.rejected) for batch in batches_of(*[rejected] * 1001)] == [1000, 1]


def test_a_batch_is_closed_by_the_row_that_fills_its_bytes():
    made = batches_of(*(row(number, "x" * (BYTES_A_BATCH // 4)) for number in range(10)))
    assert [batch.read for batch in made] == [4, 4, 2]
    assert all(batch.size_bytes < BYTES_A_BATCH * 1.3 for batch in made)


def test_a_row_larger_than_a_batch_still_gets_one():
    made = batches_of(row(1), row(2, "x" * BYTES_A_BATCH), row(3))
    assert [list(batch.records) for batch in made] == [[("1",), ("2",)], [("3",)]]


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers())))
def test_the_last_of_rows_with_the_same_key_wins_and_all_are_counted(pairs: list[tuple[int, int]]):
    made = batches_of(*(row(key, str(name)) for key, name in pairs))
    assert sum(batch.read for batch in made) == len(pairs)
    names = {key: orjson.loads(record.encoded)["name"] for batch in made for (key,), record in batch.records.items()}
    assert names == {str(key): str(name) for key, name in pairs}


def test_a_record_is_the_row_with_its_digest_and_the_moment_it_speaks_of():
    record = record_of(row("a", "Nordlicht", extra=[1]))
    assert record.pop("row_digest") == digest(
        encode({"carrier_id": "a", "name": "Nordlicht", "raw_json": {"extra": [1]}})
    )
    assert record == {
        "carrier_id": "a",
        "name": "Nordlicht",
        "raw_json": {"extra": [1]},
        "synced_at": "2026-11-20T06:30:00+00:00",
        "workspace_id": None,
    }


@settings(max_examples=60)
@given(json_objects)
def test_the_order_in_which_fields_come_is_no_change(raw_json: dict[str, Any]):
    assert record_of(row("a", x=raw_json))["row_digest"] == record_of(row("a", x=reordered(raw_json)))["row_digest"]


def test_when_the_data_was_read_is_no_change():
    first, second = (
        next(batches(CARRIERS, [row("a")], as_of=moment)).records["a",].row_digest
        for moment in (AS_OF, AS_OF.replace(year=2027))
    )
    assert first == second


@settings(max_examples=60)
@given(json_objects, json_objects)
def test_any_difference_in_the_payload_changes_the_digest(one: dict[str, Any], other: dict[str, Any]):
    is_same = orjson.dumps(one, option=orjson.OPT_SORT_KEYS) == orjson.dumps(other, option=orjson.OPT_SORT_KEYS)
    digests = {record_of(CarrierRow(carrier_id="a", raw_json=payload))["row_digest"] for payload in (one, other)}
    assert len(digests) == (1 if is_same else 2)


def test_a_change_in_any_column_changes_the_digest():
    digests = {
        record_of(changed)["row_digest"]
        for changed in (row("a"), row("b"), row("a", "x"), row("a", x=1), row("a", x=None))
    }
    assert len(digests) == 5


def test_nul_characters_are_removed_wherever_they_stand():
    record = record_of(row("a", "Nord\x00licht", **{"ke\x00y": ["\x00", {"deep": "a\x00b"}]}))
    assert record["name"] == "Nordlicht"
    assert record["raw_json"] == {"key": ["", {"deep": "ab"}]}


@settings(max_examples=60)
@given(
    st.recursive(
        st.text("a\x00\\u0") | st.integers() | st.none(), lambda inner: st.lists(inner, max_size=3), max_leaves=5
    )
)
def test_only_nul_characters_are_removed(value: Any):
    def texts(of: Any) -> list[Any]:
        return [text for item in of for text in texts(item)] if isinstance(of, list) else [of]

    expected = [text.replace("\x00", "") if isinstance(text, str) else text for text in texts(value)]
    assert texts(without_nul(value)) == expected
    assert without_nul({"k\x00": value}) == {"k": without_nul(value)}


def test_text_that_only_looks_like_a_nul_character_stays():
    assert record_of(row("a", r"\u0000"))["name"] == r"\u0000"


@pytest.mark.parametrize("broken", [row("a", "\ud800"), row("a", deep=[{"x": "a\udfff"}]), row("a", **{"\ud800": 1})])
def test_a_text_that_is_no_unicode_is_rejected_and_the_rest_is_kept(broken: CarrierRow):
    (batch,) = batches_of(row("b"), broken, row("c"))
    assert list(batch.records) == [("b",), ("c",)]
    (rejected,) = batch.rejected
    assert rejected.key == ("a",)
    assert "cannot be written as JSON" in rejected.reason
    assert batch.read == 3
    assert orjson.dumps(quarantine_record(CARRIERS.name, rejected, RUN))


def test_a_quarantine_record_holds_the_payload_the_reason_and_where_it_belongs():
    rejected = RejectedRow(key=("2026-11-20", "a\x00"), reason="sent: odd", payload={"sent": "x\x00"})
    assert quarantine_record(CARRIERS.name, rejected, RUN) == {
        "table_name": "carriers_raw",
        "row_key": "2026-11-20 / a",
        "reason": "sent: odd",
        "payload": {"sent": "x"},
        "payload_digest": digest(encode({"sent": "x\x00"})),
        "sync_run_id": RUN,
    }


@pytest.mark.parametrize("payload", [None, "odd", 5, [], float("nan"), {"x": "\ud800"}, "\ud800", 2**70])
def test_any_payload_can_go_to_quarantine_even_without_a_key(payload: object):
    record = quarantine_record(CARRIERS.name, RejectedRow(key=None, reason="odd", payload=payload), RUN)
    assert record["row_key"] == ""
    assert orjson.dumps(record)


def test_two_payloads_that_cannot_be_encoded_are_told_apart():
    first, second = (
        quarantine_record(CARRIERS.name, RejectedRow(key=None, reason="odd", payload=payload), RUN)["payload_digest"]
        for payload in ("a\ud800", "b\ud800")
    )
    assert first != second
