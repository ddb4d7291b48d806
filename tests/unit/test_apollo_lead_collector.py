from __future__ import annotations

import json
import random
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from modules.apollo.apollo_filter_fields import SENIORITIES, employees
from modules.apollo.apollo_filters import PeopleFilters
from modules.apollo.apollo_lead_collector import collect_people, main, masked
from modules.apollo.apollo_rows import transform_people
from modules.shared.errors import ContractError, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from modules.apollo.apollo_people_collection import Collection

PLACES = ("Germany", "Austria", "Switzerland", "Sweden", "Norway", "Denmark", "Finland", "Belgium")
EVERYBODY = PeopleFilters(q_keywords="logistics")
BY_SIZE = "organization_num_employees_ranges[]"


class Person(NamedTuple):
    number: int
    size: int | None
    seniority: str | None
    place: str

    @property
    def person_id(self) -> str:
        return f"{self.number:024x}"


@cache
def market(number: int = 180_000) -> tuple[Person, ...]:
    """People of a market as it is: four in ten work in the smallest firms, and one in ten in a firm of unknown size."""
    draw = random.Random(7)  # noqa: S311 - the same people each time
    sizes = [(1, 10), (11, 50), (51, 200), (201, 1_000), (1_001, 40_000), (0, 0)]
    return tuple(
        Person(
            number=n,
            size=draw.randint(*bounds) or None,
            seniority=draw.choice([*SENIORITIES, None]),
            place=PLACES[n % len(PLACES)],
        )
        for n, bounds in enumerate(draw.choices(sizes, weights=[40, 20, 15, 10, 5, 10], k=number))
    )


class Apollo:
    """A database of invented people, with the filters that slices are made of; others are ignored, as at Apollo."""

    def __init__(
        self,
        people: Sequence[Person],
        *,
        ignored: frozenset[str] = frozenset(),
        change: Callable[[dict[str, Any], int], dict[str, Any]] = lambda answer, _: answer,
    ) -> None:
        self.people = people
        self.ignored = ignored
        self.change = change
        self.asked: list[tuple[str, int]] = []
        self.totals: dict[str, int] = {}
        self.given = 0
        self._found: dict[str, list[Person]] = {}

    def read(
        self, method: str, path: str, *, params: Mapping[str, Any] | None = None, body: object = None
    ) -> dict[str, Any]:
        assert (method, path, body) == ("POST", "/mixed_people/api_search", None)
        query = dict(params or {})
        page, size = query.pop("page"), query.pop("per_page")
        assert 1 <= page <= 500
        assert size == 100
        search = json.dumps(query)
        self.asked.append((search, page))
        if search not in self._found:
            self._found[search] = self._matching(query)
            self.totals[search] = len(self._found[search])
        shown = [
            {
                "id": person.person_id,
                "first_name": "Mara",
                "last_name_obfuscated": "Ok***o",
                "title": "COO",
                "has_email": True,
                "organization": {"name": "Haldenfreight"},
            }
            for person in self._found[search][(page - 1) * size : page * size]
        ]
        answer = self.change({"total_entries": self.totals[search], "people": shown}, page)
        self.given += len(answer["people"]) if isinstance(answer["people"], list) else 0
        return answer

    def _matching(self, query: Mapping[str, Any]) -> list[Person]:
        people: Iterable[Person] = self.people
        if BY_SIZE in query and BY_SIZE not in self.ignored:
            bounds = [employees(each) for each in query[BY_SIZE]]
            people = [each for each in people if each.size and any(low <= each.size <= high for low, high in bounds)]
        if "person_seniorities[]" in query:
            people = [each for each in people if each.seniority in query["person_seniorities[]"]]
        if "person_locations[]" in query:
            people = [each for each in people if each.place in query["person_locations[]"]]
        if query.get("revenue_range[min]"):
            # Nobody's revenue is known; only the first range, which begins at nought, is taken for everybody.
            people = []
        return list(people)

    @property
    def fewest_requests(self) -> int:
        """Every page of every slice once, and one request for each search that had to be cut."""
        pages = Counter(search for search, _ in self.asked)
        shown = {search: max(1, -(-min(self.totals[search], 50_000) // 100)) for search in pages}
        return sum(1 if pages[search] == 1 else shown[search] for search in pages)


def read(collection: Collection, apollo: Apollo) -> tuple[Counter[str], int]:
    """How often each person came, and the most people that were held on the way."""
    came: Counter[str] = Counter()
    most_held = 0
    for person in collection.people():
        most_held = max(most_held, apollo.given - sum(came.values()) if len(came) % 50 == 0 else 0)
        came[person["id"]] += 1
    return came, most_held


def test_a_market_beyond_what_one_search_shows_is_read_in_slices_by_size():
    apollo = Apollo(market())
    collection = collect_people(apollo, EVERYBODY)
    came, most_held = read(collection, apollo)
    known = {person.person_id for person in market() if person.size}
    assert known <= set(came)
    assert (collection.total_entries, collection.short_slices, collection.is_finished) == (180_000, 0, True)
    # Who works in a firm of unknown size is in no slice, and said to be; a few of them were on first pages.
    assert collection.unreachable == 180_000 - len(known) > 10_000
    assert not collection.is_complete
    assert len(apollo.asked) == len(set(apollo.asked)) == apollo.fewest_requests == collection.pages
    cut = sum(total > 50_000 for total in apollo.totals.values())
    assert len(apollo.asked) - cut <= -(-len(known) // 100) + collection.slices
    assert (cut, collection.slices) == (2, 11)
    assert collection.people_read == sum(came.values()) <= len(known) + 200
    assert most_held < 2_000


def test_a_list_of_places_reads_everybody():
    apollo = Apollo(market())
    collection = collect_people(apollo, PeopleFilters(person_locations=PLACES))
    came, _ = read(collection, apollo)
    assert set(came) == {person.person_id for person in market()}
    assert (collection.is_complete, collection.unreachable, collection.slices) == (True, 0, 8)
    assert len(apollo.asked) == apollo.fewest_requests == 8 * 225 + 1


@pytest.mark.parametrize(("number", "requests"), [(0, 1), (3, 1), (100, 1), (101, 2), (1_000, 10), (50_000, 500)])
def test_a_search_that_is_shown_whole_costs_its_pages(number, requests):
    apollo = Apollo(market()[:number])
    collection = collect_people(apollo, EVERYBODY)
    came, _ = read(collection, apollo)
    assert (len(came), set(came.values())) == (number, {1} if number else set())
    assert (collection.total_entries, collection.slices, collection.is_complete) == (number, 1, True)
    assert len(apollo.asked) == requests


def test_reading_it_again_counts_anew():
    apollo = Apollo(market()[:250])
    collection = collect_people(apollo, EVERYBODY)
    for _ in range(2):
        assert len(list(collection.people())) == 250
        assert (collection.total_entries, collection.people_read, collection.pages, collection.slices) == (
            250,
            250,
            3,
            1,
        )


def test_an_ignored_filter_ends_the_reading_before_its_pages_are_read():
    apollo = Apollo(market(), ignored=frozenset({BY_SIZE}))
    with pytest.raises(ContractError, match="organization_num_employees_ranges"):
        list(collect_people(apollo, EVERYBODY).people())
    assert len(apollo.asked) < 20


def test_a_market_whose_people_are_all_alike_is_read_as_far_as_it_is_shown():
    alike = [person._replace(size=1, seniority="owner") for person in market()[:60_000]]
    apollo = Apollo(alike)
    search = PeopleFilters.model_validate(
        {
            "organization_num_employees_ranges": ["1,1"],
            "person_seniorities": ["owner"],
            "revenue_range": {"min": 0, "max": 0},
        }
    )
    collection = collect_people(apollo, search)
    came, _ = read(collection, apollo)
    assert (len(came), collection.unreachable, collection.is_complete) == (50_000, 10_000, False)
    assert "up to 10,000 are in no slice" in collection.summary()


def total_of(total: object) -> Callable[[dict[str, Any], int], dict[str, Any]]:
    return lambda answer, _: {**answer, "total_entries": total}


def test_an_implausible_total_is_refused_before_anybody_is_given():
    apollo = Apollo(market()[:200], change=total_of(275_000_000))
    people = collect_people(apollo, EVERYBODY).people()
    with pytest.raises(Refused, match=r"275,000,000 .*10,000,000 are plausible.*one by one"):
        next(people)
    assert len(apollo.asked) == 1


@pytest.mark.parametrize(
    ("previous", "now", "is_refused"),
    [(1_000, 20_001, True), (1_000, 20_000, False), (0, 2_000, False), (3, 2_001, True)],
)
def test_a_total_far_above_the_last_one_is_refused(previous, now, is_refused):
    apollo = Apollo(market()[:now])
    people = collect_people(apollo, EVERYBODY, previous_total=previous).people()
    if is_refused:
        with pytest.raises(Refused, match=f"after {previous:,} the last time"):
            next(people)
    else:
        assert next(people)
    assert collect_people(apollo, EVERYBODY, implausible_total=now).total_entries == 0


@pytest.mark.parametrize("total", [None, "1287", True, 12.5, -1])
def test_an_answer_without_a_total_breaks_the_contract(total):
    with pytest.raises(ContractError, match="total_entries"):
        list(collect_people(Apollo(market()[:9], change=total_of(total)), EVERYBODY).people())


def test_an_answer_without_people_breaks_the_contract():
    apollo = Apollo(market()[:9], change=lambda answer, _: {**answer, "people": None})
    with pytest.raises(ContractError, match="list people"):
        list(collect_people(apollo, EVERYBODY).people())


def test_pages_that_end_early_end_the_slice_and_leave_it_incomplete():
    apollo = Apollo(market()[:9_000], change=lambda answer, page: answer if page <= 5 else {**answer, "people": []})
    collection = collect_people(apollo, EVERYBODY, readers=2)
    came, _ = read(collection, apollo)
    assert len(came) == 500
    assert len(apollo.asked) <= 10
    assert (collection.short_slices, collection.is_complete, collection.total_entries) == (1, False, 9_000)
    assert "fewer people than Apollo counts" in collection.summary()


def test_a_total_without_anybody_is_incomplete():
    apollo = Apollo(market()[:60], change=lambda answer, _: {**answer, "people": []})
    collection = collect_people(apollo, EVERYBODY)
    assert list(collection.people()) == []
    assert (collection.is_complete, collection.short_slices, len(apollo.asked)) == (False, 1, 1)


def test_a_few_people_less_than_counted_are_no_loss():
    apollo = Apollo(market()[:1_000], change=lambda answer, page: {**answer, "people": answer["people"][page == 4 :]})
    collection = collect_people(apollo, EVERYBODY)
    assert len(list(collection.people())) == 999
    assert collection.is_complete


def test_the_most_people_that_were_asked_for_end_it_and_leave_it_incomplete():
    apollo = Apollo(market()[:9_000])
    collection = collect_people(apollo, EVERYBODY, most_people=250, readers=2)
    assert len(list(collection.people())) == 250
    assert (collection.is_finished, collection.is_complete) == (False, False)
    assert len(apollo.asked) < 9
    assert "not read to the end" in collection.summary()


def test_a_thousand_domains_are_asked_for_in_requests_of_bearable_length():
    domains = [f"haldenfreight-{number:04}.example" for number in range(1_000)]
    apollo = Apollo(market()[:50])
    collection = collect_people(apollo, PeopleFilters.model_validate({"q_organization_domains_list": domains}))
    came, _ = read(collection, apollo)
    asked = [domain for search, _ in apollo.asked for domain in json.loads(search)["q_organization_domains_list[]"]]
    assert sorted(asked) == domains
    assert len(came) == 50
    assert collection.total_entries == 50 * len(apollo.asked)


def test_somebody_is_shown_without_a_name_while_a_search_is_tried():
    apollo = Apollo(market()[:1])
    (row,) = transform_people(collect_people(apollo, EVERYBODY).people())
    shown = masked(row)
    assert (shown["job_title"], shown["organization_name"], shown["has_email"]) == ("COO", "Ha***", True)
    assert not {"Mara", "Ok***o", market()[0].person_id} & set(map(str, shown.values()))
    (rejected,) = transform_people([5])
    assert "rejected" in masked(rejected)


@pytest.mark.parametrize(
    ("contents", "told"),
    [
        ('{"person_title": ["COO"]}', "person_title: person_title is unknown, did you mean person_titles?"),
        ('{"person_titles": [1], "revenue_range": {}}', "person_titles[0]: a text is wanted here"),
        ("{}", "the search: no filter narrows this search"),
        ("{", "is not JSON"),
        (None, "cannot be read"),
    ],
)
def test_a_file_that_describes_no_search_is_an_error_that_names_it(tmp_path, capsys, contents, told):
    file = tmp_path / "filters.json"
    if contents is not None:
        file.write_text(contents)
    assert main([str(file)]) == 1
    message = capsys.readouterr().err
    assert f"{file}: " in message
    assert told in message
