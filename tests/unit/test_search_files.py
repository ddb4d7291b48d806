from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modules.apollo.apollo_filters import CompanyFilters, PeopleFilters
from modules.outreach.search_files import read_search_files
from modules.shared.errors import PermanentError

EXAMPLE = Path(__file__).parents[2] / "campaigns" / "searches.yaml"
HEAD = """\
searches:
  - name: carriers
    kind: people
    lawful_basis: legitimate_interest
    filters:
"""
CARRIERS = HEAD + "      person_titles: [COO]\n"


@pytest.fixture
def write(tmp_path):
    def write(text: str | bytes, name: str = "searches.yaml") -> Path:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def told(*paths: Path) -> list[str]:
    """What the error says, line by line, without the folder."""
    with pytest.raises(PermanentError) as caught:
        read_search_files(paths)
    return str(caught.value).replace(f"{paths[0].parent}/", "").splitlines()


def test_the_example_holds_two_searches_for_people_and_one_for_companies():
    searches = read_search_files([EXAMPLE])
    assert [(search.kind, search.is_active) for search in searches] == [
        ("people", True),
        ("people", True),
        ("companies", False),
    ]
    assert len({search.filters.filters_digest for search in searches}) == 3


def test_what_is_not_said_has_a_default(write):
    (search,) = read_search_files([write(CARRIERS)])
    assert search.model_dump(exclude={"filters"}) == {
        "name": "carriers",
        "kind": "people",
        "lawful_basis": "legitimate_interest",
        "is_active": True,
        "people_per_day": 50,
        "interval_hours": 24,
        "region": None,
    }
    assert search.filters == PeopleFilters(person_titles=("COO",))


def test_the_kind_says_which_filters_there_are(write):
    by_name = "      q_organization_name: freight\n"
    (search,) = read_search_files([write((HEAD + by_name).replace("kind: people", "kind: companies"))])
    assert search.filters == CompanyFilters(q_organization_name="freight")
    (message,) = told(write(HEAD + by_name))
    assert message.startswith("searches.yaml:6: searches[0].filters.q_organization_name: ")
    assert "documents do not know it" in message


def test_searches_of_several_files_come_in_their_order(write):
    more = CARRIERS.replace("carriers", "shippers") + CARRIERS.replace("carriers", "brokers").partition("\n")[2]
    searches = read_search_files([write(more, "b.yaml"), write(CARRIERS, "a.yaml")])
    assert [search.name for search in searches] == ["shippers", "brokers", "carriers"]
    assert read_search_files([]) == []


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n", "searches:\n", "searches: []\n", "null\n"])
def test_a_file_without_a_search_gives_none_and_says_so(write, caplog, text):
    assert read_search_files([write(text)]) == []
    assert "searches.yaml" in caplog.text
    assert "no searches" in caplog.text


def test_a_misspelled_key_is_told_with_its_line_and_the_one_that_was_meant(write):
    assert told(write(HEAD + "      person_titels: [COO]\n")) == [
        "searches.yaml:6: searches[0].filters.person_titels: person_titels is unknown, did you mean person_titles?"
    ]
    assert told(write(CARRIERS + "    people_a_day: 5\n")) == [
        "searches.yaml:7: searches[0].people_a_day: people_a_day is unknown, did you mean people_per_day?"
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("is_active: 'yes'", "7: searches[0].is_active: Input should be a valid boolean"),
        ("people_per_day: -1", "7: searches[0].people_per_day: Input should be greater than or equal to 0"),
        ("people_per_day: true", "7: searches[0].people_per_day: Input should be a valid integer"),
        ("interval_hours: 0", "7: searches[0].interval_hours: Input should be greater than or equal to 1"),
        ("region: de", "7: searches[0].region: Input should be 'eu', 'uk', 'ch', 'us', 'ca' or 'other'"),
        ("region: no", "7: searches[0].region: Input should be 'eu', 'uk', 'ch', 'us', 'ca' or 'other'"),
    ],
)
def test_a_value_that_does_not_fit_is_told_with_its_line(write, line, message):
    assert told(write(f"{CARRIERS}    {line}\n")) == [f"searches.yaml:{message}"]


@pytest.mark.parametrize("name", ["Carriers", "car riers", "-carriers", "''", "x" * 61])
def test_a_name_is_a_slug(write, name):
    (message,) = told(write(CARRIERS.replace("name: carriers", f"name: {name}")))
    assert message.startswith("searches.yaml:2: searches[0].name: String should ")


def test_a_bare_no_or_number_is_told_to_be_put_in_quotes(write):
    assert told(write(HEAD + "      person_locations:\n        - no\n        - 12\n")) == [
        "searches.yaml:7: searches[0].filters.person_locations[0]: a text is wanted here; write it in quotes",
        "searches.yaml:8: searches[0].filters.person_locations[1]: a text is wanted here; write it in quotes",
    ]


@pytest.mark.parametrize("key", ["name", "kind", "lawful_basis", "filters"])
def test_what_has_to_be_said_is_missed(write, key):
    fields = {"name": "a", "kind": "people", "lawful_basis": "consent", "filters": "{q_keywords: x}"}
    text = "searches:\n  - is_active: true\n" + "".join(f"    {k}: {v}\n" for k, v in fields.items() if k != key)
    (message,) = told(write(text))
    assert message.startswith("searches.yaml:2: searches[0]")
    assert f"{key}" in message
    assert message.endswith("is missing")


def test_an_unknown_kind_or_lawful_basis_tells_the_known_ones(write):
    assert "'people', 'companies'" in told(write(CARRIERS.replace("kind: people", "kind: persons")))[0]
    (message,) = told(write(CARRIERS.replace("legitimate_interest", "interest")))
    assert message.startswith("searches.yaml:4: searches[0].lawful_basis: ")
    assert "'consent'" in message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("search: []\n", "searches.yaml:1: search: search is unknown, did you mean searches?"),
        (f"{CARRIERS}filters:\n  name: a\n", "searches.yaml:7: filters: filters is unknown, known: searches, campaign"),
        ("- name: carriers\n", "searches.yaml: a list searches or a campaign is wanted at the top"),
        ("carriers\n", "searches.yaml: a list searches or a campaign is wanted at the top"),
        ("searches: {name: a}\n", "searches.yaml:1: searches: a list is wanted here"),
        ("searches:\n  - carriers\n", "searches.yaml:2: searches[0]: Input should be a valid dictionary"),
    ],
)
def test_a_file_of_another_shape_is_told_what_is_wanted(write, text, message):
    assert told(write(text))[0].startswith(message)


def test_a_campaign_beside_the_searches_is_left_to_others(write, caplog):
    assert [search.name for search in read_search_files([write(CARRIERS + "campaign: [1, 2]\n")])] == ["carriers"]
    assert read_search_files([write("campaign: {}\n")]) == []
    assert caplog.text == ""


def test_a_name_that_two_searches_have_is_told_with_both_places(write):
    first = write(CARRIERS, "a.yaml")
    assert told(first, write("\n" + CARRIERS, "b.yaml")) == [
        "b.yaml:3: carriers is the name of another search, at a.yaml:2"
    ]


def test_everything_wrong_in_all_files_is_told_at_once(write):
    wrong = HEAD + "      person_titles: COO\n    people_per_day: x\n"
    messages = told(write(wrong, "a.yaml"), write("a: [", "b.yaml"), write(CARRIERS, "c.yaml"))
    assert [message.split(" ")[0] for message in messages] == ["a.yaml:7:", "a.yaml:6:", "b.yaml:1:"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (CARRIERS + "    kind: people\n", "searches.yaml:7: kind is there twice"),
        (CARRIERS + "      person_titles: [CTO]\n", "searches.yaml:7: person_titles is there twice"),
        (CARRIERS + CARRIERS, "searches.yaml:7: searches is there twice"),
    ],
)
def test_a_key_that_is_there_twice_is_an_error(write, text, message):
    assert told(write(text))[0].startswith(message)


def test_shared_parts_may_be_written_once(write):
    text = CARRIERS.replace("filters:\n", "filters: &market\n") + (
        "  - name: shippers\n    kind: people\n    lawful_basis: consent\n"
        "    filters:\n      <<: *market\n      person_titles: [CTO]\n      q_keywords: freight\n"
    )
    carriers, shippers = read_search_files([write(text)])
    assert carriers.filters.as_json() == {"person_titles": ["COO"]}
    assert shippers.filters.as_json() == {"person_titles": ["CTO"], "q_keywords": "freight"}
    assert told(write(text.replace("[CTO]", "CTO")))[0].startswith("searches.yaml:12: ")


@pytest.mark.parametrize(
    "text",
    [
        "searches: [",
        "a: 2026-13-45\n",
        "[" * 5_000,
        "a: !!python/object/apply:os.getcwd []\n",
        "a: 1\n---\nb: 2\n",
        "? [a]\n: b\n",
        "\tsearches: []\n",
        "searches: \x00",
        b"\xff\xfe\x00",
        b"name: M\xfcller\n",
    ],
)
def test_what_is_not_plain_yaml_is_an_error_that_names_the_file(write, text):
    (message,) = told(write(text))
    assert message.startswith("searches.yaml")
    assert "YAML" in message


def test_a_file_that_is_not_there_is_an_error_that_names_it(tmp_path):
    assert told(tmp_path / "none.yaml")[0].startswith("none.yaml: cannot be read (No such file or directory)")
    assert "cannot be read (Is a directory)" in told(tmp_path)[0]


pieces = st.sampled_from(
    ["searches:", "  - ", "name: a", "kind: people", "filters:", "person_titles: [COO]", "&a", "*a", "<<: *a", "[", "]",
     "{", "}", "\n", "    ", "? ", ": ", "- ", "'", "|", "%", "\t", "no", "0o9", "12:30", "2026-11-24", "!!int",
     "!!bool x", "!!timestamp x", "!!float", "!!set", "!!omap", "!!binary x"]
)  # fmt: skip


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(pieces, max_size=25).map("".join))
def test_whatever_is_written_gives_searches_or_one_error(write, text):
    path = write(text)
    try:
        told_of = {search.name for search in read_search_files([path])}
    except PermanentError as error:
        told_of = {line.split(":")[0] for line in str(error).splitlines()[:1]}
    assert told_of <= {"a", str(path)}
