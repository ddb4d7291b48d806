from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from modules.supabase.seen_keys import SeenKeys

texts = st.text(max_size=3) | st.sampled_from(["", "a", "A", "2026-11-20", "workspace_total"])
keys = st.tuples(texts) | st.tuples(texts, texts)


def seen_of(added: list[tuple[str, ...]]) -> SeenKeys:
    seen = SeenKeys()
    for key in added:
        seen.add(key)
    return seen


@given(st.lists(keys))
def test_the_count_is_that_of_a_set(added: list[tuple[str, ...]]):
    assert seen_of(added).count() == len(set(added))


@given(st.lists(keys), st.lists(keys))
def test_absent_are_those_that_a_set_does_not_hold_in_their_order(
    added: list[tuple[str, ...]], asked: list[tuple[str, ...]]
):
    asked = [*asked, *added[::2]]
    assert seen_of(added).absent(asked) == [key for key in asked if key not in set(added)]


@given(st.lists(keys))
def test_whatever_was_added_is_not_absent(added: list[tuple[str, ...]]):
    assert seen_of(added).absent(added) == []


def test_the_parts_of_a_key_do_not_run_together():
    assert seen_of([("ab", "c")]).absent([("a", "bc"), ("abc",)]) == [("a", "bc"), ("abc",)]


def test_nothing_added_and_nothing_asked_is_no_special_case():
    assert SeenKeys().count() == 0
    assert SeenKeys().absent([]) == []
    assert SeenKeys().absent([("a",)]) == [("a",)]
    assert SeenKeys().is_whole


def test_many_keys_take_eight_bytes_each():
    seen = seen_of([(str(number),) for number in range(50_000)])
    assert seen.count() == 50_000
    assert seen._hashes.itemsize == 8
