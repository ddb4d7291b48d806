from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modules.outreach.lead_score import ScoreFacts, score_lead
from modules.outreach.regions import Region
from modules.outreach.score_rules import AnyOf, Band, Place, ScoreRules, load_score_rules
from modules.shared.errors import PermanentError
from modules.shared.settings import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLE = REPOSITORY / "campaigns" / "scoring.yaml"

points = st.integers(0, 1_000)
numbers = st.integers(-50, 50)
bands = st.lists(
    st.tuples(numbers, st.integers(1, 50), points).map(
        lambda made: Band(at_least=made[0], below=made[0] + made[1], points=made[2])
    ),
    max_size=4,
).map(tuple)
words = st.sampled_from(["alpha", "beta", "gamma"])
any_of = st.lists(
    st.builds(AnyOf, any_of=st.lists(words, min_size=1, max_size=2).map(tuple), points=points), max_size=3
).map(tuple)
places = st.lists(
    st.builds(Place, any_of=st.sampled_from([("DE",), ("eu", "us"), ("Schweiz",)]), points=points), max_size=3
).map(tuple)
all_rules = st.builds(
    ScoreRules,
    growth_unit=st.sampled_from(["percent", "fraction"]),
    **dict.fromkeys(["revenue_usd", "employees", "headcount_growth_pct"], bands),
    **dict.fromkeys(["technologies", "seniorities", "title_words"], any_of),
    places=places,
)
all_facts = st.builds(
    ScoreFacts,
    revenue_usd=st.none() | st.floats() | numbers,
    employees=st.none() | numbers,
    headcount_growth=st.none() | st.floats() | numbers,
    technologies=st.none() | st.frozensets(words),
    country=st.none() | st.sampled_from(["Germany", "CH", "USA", "Atlantis", ""]),
    seniority=st.none() | words | st.just(""),
    job_title=st.none() | st.text(max_size=5) | words.map("Head of {}".format),
)
KINDS = [name for name in ScoreRules.model_fields if name != "growth_unit"]


@given(all_facts, all_rules)
def test_a_score_lies_between_0_and_100_and_is_the_same_each_time(facts: ScoreFacts, rules: ScoreRules):
    first = score_lead(facts, rules)
    assert 0 <= first.score <= 100
    assert score_lead(facts, rules) == first


@given(all_facts, all_rules, st.randoms())
def test_the_order_of_rules_makes_no_difference(facts: ScoreFacts, rules: ScoreRules, random):
    shuffled = {kind: tuple(random.sample(getattr(rules, kind), len(getattr(rules, kind)))) for kind in KINDS}
    assert score_lead(facts, rules.model_copy(update=shuffled)) == score_lead(facts, rules)


@given(all_facts, all_rules, st.sampled_from(KINDS), st.integers(0, 3), st.integers(0, 500))
def test_more_points_for_a_rule_that_fits_never_lower_a_score_and_for_one_that_does_not_never_raise_it(
    facts: ScoreFacts, rules: ScoreRules, kind: str, position: int, more: int
):
    of_kind = getattr(rules, kind)
    if position >= len(of_kind):
        return
    raised = of_kind[position].model_copy(update={"points": of_kind[position].points + more})
    changed = (*of_kind[:position], raised, *of_kind[position + 1 :])
    alone = ScoreRules(growth_unit=rules.growth_unit, **{kind: (raised.model_copy(update={"points": 1}),)})
    before, after = score_lead(facts, rules).score, score_lead(facts, rules.model_copy(update={kind: changed})).score
    assert after >= before if score_lead(facts, alone).score == 100 else after <= before


@given(all_facts)
def test_without_rules_every_lead_scores_nothing_for_no_reason(facts: ScoreFacts):
    assert score_lead(facts, ScoreRules()) == score_lead(ScoreFacts(), ScoreRules())
    assert score_lead(facts, ScoreRules()).score == 0


def test_a_score_and_its_reasons_are_what_a_salesperson_reads():
    facts = ScoreFacts(
        revenue_usd=14_000_000,
        employees=30,
        headcount_growth=-4.5,
        technologies=frozenset({"hubspot", "Google Analytics"}),
        country="Deutschland",
        seniority="Head",
        job_title="Leitung LOGISTIK",
    )
    made = score_lead(facts, load_score_rules(EXAMPLE))
    assert made.reasons == [
        "revenue of 14 million US dollars: 20 of 20 points",
        "30 employees: 10 of 20 points",
        "headcount -4.5 % in twelve months: 0 of 10 points",
        "uses HubSpot: 10 of 10 points",
        "in Deutschland: 20 of 20 points",
        "seniority Head: 15 of 20 points",
        "job title Leitung LOGISTIK: 10 of 10 points",
    ]
    assert made.score == round(100 * 85 / 110)


def test_what_is_not_known_gives_no_points_and_is_said():
    made = score_lead(ScoreFacts(revenue_usd=float("nan"), country="Atlantis"), load_score_rules(EXAMPLE))
    assert made.score == 0
    assert made.reasons == [
        f"not known: {name}"
        for name in ("revenue", "employees", "headcount growth", "technologies", "country", "seniority", "job title")
    ]


def test_a_kind_without_rules_is_not_asked_about():
    made = score_lead(ScoreFacts(employees=5), ScoreRules(employees=(Band(at_least=5, points=3),)))
    assert (made.score, made.reasons) == (100, ["5 employees: 3 of 3 points"])


@pytest.mark.parametrize(("number", "score"), [(49, 0), (50, 100), (499.9, 100), (500, 0)])
def test_a_band_holds_its_lower_end_and_not_its_upper_one(number: float, score: int):
    rules = ScoreRules(revenue_usd=(Band(at_least=50, below=500, points=1),))
    assert score_lead(ScoreFacts(revenue_usd=number), rules).score == score


def test_growth_is_read_in_the_unit_of_the_source():
    bands_of_growth = (Band(at_least=10, points=1),)
    as_percent = ScoreRules(headcount_growth_pct=bands_of_growth)
    as_fraction = ScoreRules(growth_unit="fraction", headcount_growth_pct=bands_of_growth)
    fraction, percent = ScoreFacts(headcount_growth=0.125), ScoreFacts(headcount_growth=12.5)
    assert [score_lead(fraction, rules).score for rules in (as_percent, as_fraction)] == [0, 100]
    assert score_lead(percent, as_percent).score == 100


@pytest.mark.parametrize(
    ("title", "score"), [("Head of Sales", 100), ("ahead of sales", 0), ("HEAD", 100), ("C++ dev", 100)]
)
def test_words_of_a_title_are_whole_words(title: str, score: int):
    rules = ScoreRules(title_words=(AnyOf(any_of=("head", "c++"), points=1),))
    assert score_lead(ScoreFacts(job_title=title), rules).score == score


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("employes: [{at_least: 5, points: 1}]", ":1: employes: employes is unknown, did you mean employees?"),
        (
            "employees:\n- {at_leest: 5, points: 1}",
            ":2: employees[0].at_leest: at_leest is unknown, did you mean at_least",
        ),
        ("employees: [{points: 1}]", ":1: employees[0]: it needs at_least, below or both"),
        ("employees: [{at_least: 5, below: 5, points: 1}]", ":1: employees[0]: at_least has to be smaller than below"),
        ("employees: [{at_least: 5, points: -1}]", "employees[0].points: Input should be greater than or equal to 0"),
        ("employees: [{at_least: .nan, points: 1}]", "employees[0].at_least: Input should be a finite number"),
        ("employees: 5", ":1: employees: a list is wanted here, even for one value"),
        ("places: [{any_of: [Atlantis], points: 1}]", "places[0].any_of[0]: neither a country nor one of eu, uk"),
        ("places: [{any_of: [NO], points: 1}]", "places[0].any_of[0]: a text is wanted here; write it in quotes"),
        ("title_words: [{any_of: [], points: 1}]", "title_words[0].any_of: Tuple should have at least 1 item"),
        ("title_words: [{any_of: [' '], points: 1}]", "title_words[0].any_of[0]: String should have at least 1"),
        ("growth_unit: percents", ":1: growth_unit: Input should be 'percent' or 'fraction'"),
        ("employees: []\nemployees: [{at_least: 5, points: 1}]", ":2: employees is there twice; keep one"),
        ("employees: [{at_least: 5", ":1: is not YAML"),
        ("employees: \x07", ": is not YAML"),
        ("- 5", ": rules are wanted at the top"),
        ("", ": rules are wanted at the top"),
        ("growth_unit: fraction", ": no rule gives points"),
    ],
)
def test_a_file_that_holds_no_rules_is_refused_with_its_name_the_line_and_the_key(
    tmp_path: Path, text: str, problem: str
):
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PermanentError) as refused:
        load_score_rules(path)
    assert str(refused.value).startswith(f"{path}:")
    assert problem in str(refused.value)


def test_everything_wrong_in_a_file_of_rules_is_said_at_once(tmp_path: Path):
    path = tmp_path / "mine.yaml"
    path.write_text("employees:\n- {points: 1}\nplaces:\n- {any_of: [NO], points: x}\n", encoding="utf-8")
    with pytest.raises(PermanentError) as refused:
        load_score_rules(path)
    keys = {line.removeprefix(f"{path}:").split(": ")[1] for line in str(refused.value).splitlines()}
    assert {"employees[0]", "places[0].any_of[0]", "places[0].points"} <= keys


def test_a_missing_file_of_rules_is_named(tmp_path: Path):
    with pytest.raises(PermanentError, match=r"none\.yaml: cannot be read"):
        load_score_rules(tmp_path / "none.yaml")


def test_a_file_of_rules_in_another_encoding_is_refused(tmp_path: Path):
    (tmp_path / "mine.yaml").write_bytes("title_words: [{any_of: [Büro], points: 1}]".encode("cp1252"))
    with pytest.raises(PermanentError, match="UTF-8"):
        load_score_rules(tmp_path / "mine.yaml")


@pytest.mark.parametrize(
    ("country", "region", "score", "reason"),
    [
        (None, Region.EU, 100, "in eu: 7 of 7 points"),
        ("Atlantis", Region.UK, 100, "in uk: 7 of 7 points"),
        (None, Region.CH, 100, "in ch: 7 of 7 points"),
        (None, Region.OTHER, 0, "in other: 0 of 7 points"),
        (None, Region.UNKNOWN, 0, "not known: country"),
        ("US", Region.EU, 0, "in US: 0 of 7 points"),
    ],
)
def test_where_the_country_is_not_known_the_region_counts(country: str | None, region: Region, score: int, reason: str):
    rules = ScoreRules(places=(Place(any_of=("eu", "GB", "Schweiz"), points=7),))
    made = score_lead(ScoreFacts(country=country, region=region), rules)
    assert (made.score, made.reasons) == (score, [reason])
