from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from modules.openai.icebreaker_check_variety import NearDuplicates, Openings, opening_of

WORDS = st.lists(st.sampled_from([f"word{number}" for number in range(60)]), min_size=6, max_size=20, unique=True)
LINE = "With 120 people at Haldenfreight, I imagine that logistics planning in Leeds rarely gets a quiet day."


def test_an_opening_is_three_words_without_case_accents_and_punctuation():
    assert opening_of("Bei Köln, da ...") == opening_of("bei koln da!") == "bei koln da"
    assert opening_of("") == ""


def test_an_opening_may_be_used_three_times_and_then_by_its_share():
    openings = Openings(limit_share=0.1)
    for _ in range(3):
        assert openings.problem_of(LINE) is None
        openings.add(LINE)
    assert openings.problem_of(LINE) is not None
    assert openings.problem_of("Another beginning of a line.") is None
    for number in range(37):
        openings.add(f"Line number{number} begins anew.")
    assert openings.problem_of(LINE) is None


def test_the_share_of_repeated_openings_counts_every_line_that_begins_as_another():
    openings = Openings()
    assert openings.repeated_share() == 0
    for line in ("One two three four.", "One two three five.", "Something else entirely.", "And a last one."):
        openings.add(line)
    assert openings.repeated_share() == 0.5


def test_a_line_with_one_other_word_is_a_near_duplicate_and_another_one_is_not():
    earlier = NearDuplicates()
    assert earlier.problem_of(LINE) is None
    earlier.add(LINE)
    assert earlier.problem_of(LINE) is not None
    assert earlier.problem_of(LINE.replace("quiet", "calm")) is not None
    assert earlier.problem_of("Haldenfreight has been around since 1987, with a history of its own.") is None


@given(WORDS)
def test_the_same_line_is_always_found_and_one_without_its_words_never(words: list[str]):
    earlier = NearDuplicates()
    earlier.add(" ".join(words))
    assert earlier.problem_of(" ".join(words)) is not None
    assert earlier.problem_of(" ".join(f"other{word}" for word in words)) is None


def test_lines_of_one_word_and_of_none_are_compared_too():
    earlier = NearDuplicates()
    for line in ("", "Word."):
        earlier.add(line)
        assert earlier.problem_of(line) is not None


def test_ten_thousand_lines_are_compared():
    earlier = NearDuplicates()
    for number in range(10_000):
        earlier.add(
            f"Firm{number} of town{number % 97} plans trade{number % 89} with tool{number % 83} and staff{number % 79}."
        )
    assert earlier.problem_of("Firm17 of town17 plans trade17 with tool17 and staff17.") is not None
