from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import httpx
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modules.apollo.apollo_client import ApolloClient
from modules.apollo.apollo_enrichment import (
    CREDITS_EACH,
    NOBODY_LISTENS,
    DataKind,
    Outcome,
    email_of,
    enrich_organization,
    fetch_delivery,
    is_match,
    match_people,
    phone_of,
    read_delivery,
    read_matches,
    read_organization,
)
from modules.apollo.apollo_organization_search import MOST_PAGES, read_page
from modules.shared.errors import ContractError, PermanentError

if TYPE_CHECKING:
    import random

    from modules.apollo.apollo_enrichment import Json, Result

MARA, TEO, INES = "5d0a77e1f651250001b90c44", "66f1c0de5a2b7e0001a4d3f1", "60f1aa20c3b4d5e6f7081920"
MARAS_ADDRESS = "mara.okonedo@haldenfreight.example"
PLACEHOLDER = "email_not_unlocked@domain.com"


def person(person_id: Any = MARA, **fields: Any) -> Json:
    return {"id": person_id, "name": "Mara Okonedo", "email": MARAS_ADDRESS, **fields}


def answer(*matches: Any, **fields: Any) -> Json:
    return {"matches": list(matches), "credits_consumed": 1, "request_id": -4411872093365120077, **fields}


def outcomes(result: Result) -> dict[str, Outcome]:
    return {row.subject_id: row.outcome for row in result.rows}


MISSES: dict[str, list[Any]] = {
    "left out": [],
    "null": [None],
    "an empty object": [{}],
    "a stub with its company": [
        {
            "id": MARA,
            "name": "",
            "first_name": "",
            "match_confidence": "none",
            "organization": {"name": "Halden Freight"},
        }
    ],
    "a name that is no match": [person(match_confidence="none")],
    "no name": [{"id": MARA, "email": MARAS_ADDRESS}],
    "a blank name": [{"id": MARA, "name": "  ", "first_name": None}],
    "no id": [{"name": "Mara Okonedo"}],
    "an id that is none": [person(""), person(7), person(None), person([MARA])],
    "a text": ["Mara Okonedo"],
    "a list": [[person()]],
}


@pytest.mark.parametrize("shape", MISSES)
def test_a_miss_of_any_shape_is_a_miss_and_bears_no_cost(shape):
    result = read_matches(answer(*MISSES[shape], person(TEO)), [MARA, TEO], DataKind.email)
    assert outcomes(result) == {MARA: Outcome.no_match, TEO: Outcome.matched_with_email}
    [mara, teo] = result.rows
    assert (mara.credits, mara.raw_json) == (0.0, None)
    assert (teo.credits, result.credits_consumed) == (1.0, 1.0)


def test_one_name_of_several_is_enough_for_a_match():
    for name in ("name", "first_name", "last_name"):
        assert is_match({"id": MARA, name: "Mara"})


@pytest.mark.parametrize(
    "email",
    [
        None,
        "",
        "none",
        5,
        True,
        [MARAS_ADDRESS],
        PLACEHOLDER,
        PLACEHOLDER.upper(),
        f" {PLACEHOLDER}",
        f"<{PLACEHOLDER}>",
    ],
)
def test_a_match_without_an_address_is_a_match(email):
    result = read_matches(answer(person(email=email)), [MARA], DataKind.email)
    assert outcomes(result) == {MARA: Outcome.matched_without_email}
    assert result.rows[0].credits == 1.0


@pytest.mark.parametrize("answered", [{}, {"matches": None}, {"matches": {}}, {"matches": "none"}, {"people": []}])
def test_an_answer_without_a_list_of_matches_breaks_the_contract(answered):
    with pytest.raises(ContractError, match="bulk_match"):
        read_matches(answered, [MARA], DataKind.email)


def test_nobody_asked_about_and_nobody_found_cost_what_the_answer_says():
    assert read_matches(answer(credits_consumed=0), [], DataKind.email).rows == []
    result = read_matches(answer(credits_consumed=2), [MARA, TEO], DataKind.email)
    assert [row.credits for row in result.rows] == [1.0, 1.0], "somebody must bear it"


def test_a_person_under_another_id_is_kept_beside_the_one_asked_about():
    result = read_matches(answer(person(INES)), [MARA], DataKind.email)
    assert outcomes(result) == {MARA: Outcome.no_match, INES: Outcome.matched_with_email}
    assert [row.credits for row in result.rows] == [0.0, 1.0]


@pytest.mark.parametrize("cost", [None, -1, "2", True, {}])
def test_a_cost_that_is_not_said_is_the_most_that_the_found_can_cost(cost):
    result = read_matches(answer(person(), None, credits_consumed=cost), [MARA, TEO], DataKind.email)
    assert result.credits_consumed == CREDITS_EACH[DataKind.email]


def test_a_fraction_of_a_credit_is_kept():
    result = read_matches(answer(person(), person(TEO), credits_consumed=1.01), [MARA, TEO], DataKind.email)
    assert (result.credits_consumed, sum(row.credits for row in result.rows)) == (1.01, 1.01)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6)
    | st.sampled_from([MARA, TEO, INES, "none", MARAS_ADDRESS, PLACEHOLDER, f" {PLACEHOLDER.title()} "]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["id", "name", "email", "emails", "delivered", "phone_numbers"]), inner, max_size=4
        )
    ),
    max_leaves=6,
)
FIELDS = ("id", "name", "first_name", "email", "match_confidence", "delivered", "organization")
entries = st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, json_values)) | json_values
matched = st.builds(
    lambda person_id, email, rest: rest | {"id": person_id, "name": "Mara", "email": email},
    st.sampled_from([MARA, TEO, INES]),
    json_values,
    st.dictionaries(st.sampled_from(["delivered", "title"]), json_values, max_size=2),
)
asked = st.lists(st.sampled_from([MARA, TEO, INES]), max_size=3, unique=True)
kinds = st.sampled_from(list(DataKind))


def check(result: Result, ids: list[str]) -> None:
    """What holds of everything that is read: one row a subject, all of the cost on the rows, no placeholder."""
    subjects = [row.subject_id for row in result.rows]
    assert len(subjects) == len(set(subjects))
    assert set(ids) <= set(subjects)
    assert all(row.credits >= 0 for row in result.rows)
    if result.rows:
        assert math.isclose(sum(row.credits for row in result.rows), result.credits_consumed, abs_tol=1e-9)
    for row in result.rows:
        assert (row.raw_json is None) == (row.outcome is Outcome.no_match)
        email = email_of(row.raw_json or {})
        assert email is None or ("email_not_unlocked" not in email.lower() and "@" in email)
        if row.outcome is Outcome.matched_with_email:
            assert email
        if row.outcome is Outcome.matched_with_phone:
            assert phone_of(row.raw_json or {})


@settings(max_examples=300)
@given(st.lists(entries | matched, max_size=4), asked, kinds, json_values)
def test_no_entry_of_an_answer_breaks_the_reading_of_the_others(matches, ids, kind, cost):
    result = read_matches({"matches": matches, "credits_consumed": cost}, ids, kind)
    check(result, ids)
    orjson.dumps([row.raw_json for row in result.rows])


@given(json_values | st.dictionaries(st.sampled_from(["matches", "waterfall", "phone_enrichment"]), json_values), kinds)
def test_an_answer_of_any_shape_is_read_or_breaks_the_contract(answered, kind):
    if not isinstance(answered, dict):
        return
    try:
        result = read_matches(answered, [MARA], kind)
    except ContractError:
        assert not isinstance(answered.get("matches"), list)
    else:
        check(result, [] if result.request_id else [MARA])


@given(st.lists(matched, max_size=3, unique_by=lambda each: each["id"]), asked, st.randoms())
def test_the_order_of_an_answer_says_nothing(matches, ids, order: random.Random):
    shuffled = order.sample([*matches, None, {}], len(matches) + 2)
    straight = read_matches(answer(*matches), ids, DataKind.email)
    mixed = read_matches(answer(*shuffled), ids, DataKind.email)
    assert {row.subject_id: row for row in straight.rows} == {row.subject_id: row for row in mixed.rows}


@given(st.lists(matched, max_size=3), asked, kinds, json_values, json_values)
def test_a_delivery_of_any_shape_is_read(matches, ids, kind, delivery, cost):
    payload = {"people": delivery, "credits_consumed": cost}
    for delivered in ({"webhook_result": payload}, {"webhook_result": delivery}, {}):
        check(read_delivery({"answer": answer(*matches), "delivery": delivered}, ids, kind), ids)


@pytest.mark.parametrize(
    ("kind", "part"),
    [
        (DataKind.phone, {"phone_enrichment": {"status": "pending", "request_id": "8120044719920330001"}}),
        (DataKind.waterfall_email, {"waterfall": {"status": "accepted"}, "request_id": 8120044719920330001}),
        (DataKind.waterfall_phone, {"waterfall": {"status": "accepted"}, "request_id": 8120044719920330001}),
    ],
)
def test_what_comes_later_is_asked_for_under_an_id_that_is_kept_to_its_last_digit(kind, part):
    result = read_matches(answer(person(), **part), [MARA], kind)
    assert (result.rows, result.request_id) == ([], "8120044719920330001")
    assert read_matches(answer(person(), **part), [MARA], DataKind.email).request_id is None


@pytest.mark.parametrize("part", [{"status": "skipped"}, {"status": "failed"}, {"status": None}, {}, "pending", None])
def test_what_will_not_come_later_is_settled_at_once(part):
    for kind, name in ((DataKind.phone, "phone_enrichment"), (DataKind.waterfall_phone, "waterfall")):
        result = read_matches(answer(person(), **{name: part}), [MARA], kind)
        assert outcomes(result) == {MARA: Outcome.matched_without_phone}
        assert result.request_id is None


def delivery(*people: Json, **fields: Any) -> Json:
    return {"webhook_status": "success", "webhook_result": {"people": list(people), "credits_consumed": 8, **fields}}


def number(text: Any) -> Json:
    return {"sanitized_number": text, "type_cd": "mobile"}


def test_a_delivery_is_joined_to_the_first_answer_and_both_parts_cost():
    late = delivery({"id": TEO, "phone_numbers": [number(""), number(None), "odd", number("+447700900123")]})
    saved = {"answer": answer(person(), person(TEO), credits_consumed=2), "delivery": late}
    result = read_delivery(saved, [MARA, TEO], DataKind.phone)
    assert outcomes(result) == {MARA: Outcome.matched_without_phone, TEO: Outcome.matched_with_phone}
    assert result.credits_consumed == 10
    teo = result.rows[1].raw_json
    assert teo is not None
    assert (phone_of(teo), email_of(teo)) == ("+447700900123", MARAS_ADDRESS)


def test_an_address_that_a_waterfall_delivers_is_the_persons():
    first = {key: value for key, value in person().items() if key != "email"}
    late = delivery({"id": MARA, "emails": [{"email": PLACEHOLDER}, {"email": MARAS_ADDRESS}]}, credits_consumed=20)
    saved = {"answer": {"matches": [first]}, "delivery": late}
    result = read_delivery(saved, [MARA, TEO], DataKind.waterfall_email)
    assert outcomes(result) == {MARA: Outcome.matched_with_email, TEO: Outcome.no_match}
    assert [row.credits for row in result.rows] == [20.0, 0.0]
    assert email_of(result.rows[0].raw_json or {}) == MARAS_ADDRESS


@pytest.mark.parametrize(
    "late", [{"webhook_status": "request_id_expired"}, {"webhook_result": None}, delivery(credits_consumed=None)]
)
def test_a_delivery_that_says_no_cost_may_have_cost_all_that_was_set_aside(late):
    result = read_delivery({"answer": answer(person()), "delivery": late}, [MARA], DataKind.phone)
    assert (outcomes(result), result.credits_consumed) == ({MARA: Outcome.matched_without_phone}, 9.0)


class Apollo(httpx.BaseTransport):
    """Gives one answer, and keeps what it was asked."""

    def __init__(self, status: int, body: Any) -> None:
        self.status, self.body = status, body
        self.asked: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return httpx.Response(self.status, json=self.body)


def client(apollo: Apollo) -> ApolloClient:
    return ApolloClient("a-key-of-ours", base_url="https://apollo.example/api/v1", transport=apollo)


def test_people_are_asked_about_by_id_and_flags_stand_in_the_query():
    with client(apollo := Apollo(200, answer())) as http:
        match_people(http, [MARA, TEO], DataKind.email)
        match_people(http, [MARA], DataKind.phone)
        match_people(http, [MARA], DataKind.waterfall_email, "https://hooks.fernwood.example/a b")
    plain, phone, waterfall = apollo.asked
    assert orjson.loads(plain.content) == {"details": [{"id": MARA}, {"id": TEO}]}
    assert not plain.url.query
    assert dict(phone.url.params) == {"reveal_phone_number": "true", "webhook_url": NOBODY_LISTENS}
    assert dict(waterfall.url.params) == {
        "run_waterfall_email": "true",
        "webhook_url": "https://hooks.fernwood.example/a b",
    }


def test_the_address_for_late_results_can_be_reached_by_nobody():
    assert httpx.URL(NOBODY_LISTENS).host.endswith(".invalid")
    assert NOBODY_LISTENS.startswith("https://")


@pytest.mark.parametrize(
    ("status", "body", "fetched"),
    [
        (200, {"webhook_status": "success", "webhook_result": {"people": []}}, "itself"),
        (200, {"webhook_status": "failed", "webhook_result": {"people": []}}, "itself"),
        (200, {"webhook_status": "failed", "webhook_result": None}, "itself"),
        (200, {"webhook_status": "in_progress", "webhook_result": None}, None),
        (404, {"error_code": "result_pending", "retry_after_seconds": 10}, None),
        (404, {"error_code": "request_id_unknown"}, {"webhook_status": "request_id_unknown"}),
        (410, {"error_code": "request_id_expired"}, {"webhook_status": "request_id_expired"}),
        (400, {"error_code": "invalid_request_id"}, {"webhook_status": "invalid_request_id"}),
    ],
)
def test_a_late_result_is_there_is_still_to_come_or_never_comes(status, body, fetched):
    with client(apollo := Apollo(status, body)) as http:
        assert fetch_delivery(http, "-4411872093365120077") == (body if fetched == "itself" else fetched)
    assert [request.url.path for request in apollo.asked] == ["/api/v1/webhook_result/-4411872093365120077"]


@pytest.mark.parametrize(("status", "body"), [(404, {"error": "No route"}), (400, {}), (401, {}), (403, {})])
def test_any_other_refusal_says_nothing_of_the_result(status, body):
    with client(Apollo(status, body)) as http, pytest.raises(PermanentError):
        fetch_delivery(http, "1")


@pytest.mark.parametrize(
    "answered", [{}, {"organization": None}, {"organization": {}}, {"organization": []}, {"organization": {"id": ""}}]
)
def test_a_company_that_is_not_known_is_a_miss_and_costs_nothing(answered):
    result = read_organization(answered, "haldenfreight.example")
    [row] = result.rows
    assert (row.outcome, row.raw_json, row.credits, result.credits_consumed) == (Outcome.no_match, None, 0.0, 0.0)


def test_a_company_is_asked_about_by_domain_and_costs_one_credit():
    company = {"id": TEO, "name": "Halden Freight"}
    with client(apollo := Apollo(200, {"organization": company})) as http:
        result = read_organization(enrich_organization(http, "haldenfreight.example"), "haldenfreight.example")
    [row] = result.rows
    assert (row.outcome, row.raw_json, row.credits, result.credits_consumed) == (Outcome.found, company, 1.0, 1.0)
    assert dict(apollo.asked[0].url.params) == {"domain": "haldenfreight.example"}


def test_a_page_of_companies_costs_one_credit_however_few_it_holds_and_nothing_when_it_is_empty():
    pagination = {"pagination": {"total_pages": 900}}
    full = read_page({"organizations": [{"id": TEO}], "accounts": [{"id": MARA}], **pagination}, "firms/1")
    [row] = full.rows
    assert (row.outcome, full.credits_consumed) == (Outcome.found, 1.0)
    assert row.raw_json == {"organizations": [{"id": TEO}, {"id": MARA}], "pages": MOST_PAGES}
    nothing: list[Json] = [{"organizations": [], **pagination}, {"organizations": None, "accounts": {}}, {}]
    for empty in nothing:
        result = read_page(empty, "firms/9")
        [row] = result.rows
        assert (row.outcome, row.raw_json, result.credits_consumed) == (Outcome.no_match, None, 0.0)


@pytest.mark.parametrize("pagination", [None, {}, {"total_pages": None}, {"total_pages": "3"}, {"total_pages": True}])
def test_a_page_that_does_not_say_how_many_there_are_breaks_the_contract(pagination):
    with pytest.raises(ContractError, match="how many pages"):
        read_page({"organizations": [{"id": TEO}], "pagination": pagination}, "firms/1")
