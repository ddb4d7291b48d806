from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modules.instantly.instantly_client import InstantlyClient
from modules.shared.errors import ContractError, OutcomeUnknown, PermanentError

KEY = "aW52ZW50ZWQta2V5"
MORE = "2026-11-20T08:00:00.000Z&mara+tag@haldenfreight.example"


class Instantly(httpx.BaseTransport):
    """Serves the prepared answers in turn and keeps what it was asked."""

    def __init__(self, *answers: Any) -> None:
        self.answers = [
            answer if isinstance(answer, httpx.Response) else httpx.Response(200, content=json.dumps(answer))
            for answer in answers
        ]
        self.asked: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        assert len(self.asked) <= len(self.answers), "asked once too often"
        return self.answers[len(self.asked) - 1]


def client(instantly: Instantly, key: str = KEY) -> InstantlyClient:
    return InstantlyClient(
        key, base_url="https://instantly.example/api/v2", requests_per_second=None, transport=instantly
    )


def items_of(*pages: Any, params: dict[str, Any] | None = None) -> tuple[list[Any], list[httpx.Request]]:
    instantly = Instantly(*pages)
    with client(instantly) as connected:
        items = list(connected.get_items("/accounts", params))
        assert connected.requests_made == len(instantly.asked)
    return items, instantly.asked


def refusal_of(answer: httpx.Response, path: str = "/campaigns") -> str:
    with client(Instantly(answer)) as connected, pytest.raises(PermanentError) as caught:
        connected.get(path)
    assert caught.value.status == answer.status_code
    return str(caught.value)


@pytest.mark.parametrize("end", [{}, {"next_starting_after": None}, {"next_starting_after": ""}])
def test_the_list_ends_where_no_next_page_is_named(end: dict[str, Any]):
    assert items_of({"items": [1, 2], "next_starting_after": MORE}, {"items": [3], **end})[0] == [1, 2, 3]


def test_the_last_full_page_names_a_next_one_that_is_empty():
    items, asked = items_of({"items": [1], "next_starting_after": "b"}, {"items": []})
    assert (items, len(asked)) == ([1], 2)


def test_every_page_is_asked_for_with_the_largest_size_and_the_filters():
    _, asked = items_of({"items": [1], "next_starting_after": MORE}, {"items": []}, params={"tag": "a b"})
    assert [dict(request.url.params) for request in asked] == [
        {"tag": "a b", "limit": "100"},
        {"tag": "a b", "limit": "100", "starting_after": MORE},
    ]


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_a_cursor_goes_back_as_it_came(cursor: str):
    _, asked = items_of({"items": [1], "next_starting_after": cursor}, {"items": []})
    assert asked[1].url.params["starting_after"] == cursor


def test_one_page_is_asked_for_when_one_item_is_taken():
    instantly = Instantly({"items": [1, 2], "next_starting_after": MORE})
    with client(instantly) as connected:
        assert next(connected.get_items("/accounts")) == 1
    assert len(instantly.asked) == 1


@pytest.mark.parametrize("loop", [["a", "a"], ["a", "b", "a"], ["a", "b", "b"]])
def test_a_cursor_that_comes_again_is_an_error_and_no_endless_loop(loop: list[str]):
    with pytest.raises(ContractError, match="second time"):
        items_of(*({"items": [1], "next_starting_after": cursor} for cursor in loop))


def test_an_empty_page_that_names_a_next_one_is_an_error_and_no_end():
    with pytest.raises(ContractError, match="cut short"):
        items_of({"items": [], "next_starting_after": MORE})


@pytest.mark.parametrize("cursor", [7, ["a"], {"id": "a"}, True])
def test_a_cursor_that_is_no_text_breaks_the_contract(cursor: object):
    with pytest.raises(ContractError, match="no text"):
        items_of({"items": [1], "next_starting_after": cursor})


@pytest.mark.parametrize("page", [[], None, "items", 3])
def test_a_page_that_is_no_object_breaks_the_contract(page: object):
    with pytest.raises(ContractError, match=r"Instantly: GET /accounts answered a .* where a page"):
        items_of(page)


@pytest.mark.parametrize("page", [{}, {"items": None}, {"items": {"id": "a"}}, {"items": "ab"}])
def test_items_that_are_no_list_break_the_contract(page: dict[str, Any]):
    with pytest.raises(ContractError, match="where a list is documented"):
        items_of(page)


def test_items_that_are_no_objects_are_judged_later():
    assert items_of({"items": [None, "odd", {"id": "a"}]})[0] == [None, "odd", {"id": "a"}]


def test_a_bare_list_is_given_unchanged_and_anything_else_breaks_the_contract():
    with client(Instantly([{"date": "2026-11-20"}], {"items": []})) as connected:
        assert connected.get_list("/campaigns/analytics/daily") == [{"date": "2026-11-20"}]
        with pytest.raises(ContractError, match="GET /campaigns/analytics/daily answered a dict"):
            connected.get_list("/campaigns/analytics/daily")


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (400, "a change in the code"),
        (401, "Check INSTANTLY_API_KEY"),
        (402, "no active paid plan"),
        (404, "check INSTANTLY_BASE_URL, which ends in /api/v2"),
    ],
)
def test_a_refusal_says_what_a_person_should_do(status: int, advice: str):
    message = refusal_of(httpx.Response(status, json={"statusCode": status, "message": "No."}))
    assert f"answered {status} (No.)" in message
    assert advice in message


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("/campaigns", "campaigns:read"),
        ("/campaigns/analytics/daily", "campaigns:read"),
        ("/accounts", "accounts:read"),
        ("/workspaces/current", "workspaces:read"),
    ],
)
def test_a_forbidden_answer_names_the_scope_that_the_key_lacks(path: str, scope: str):
    assert f"give it {scope} " in refusal_of(httpx.Response(403, json={"error": "Forbidden"}), path)


def test_a_refusal_by_cloudflare_is_not_blamed_on_the_key():
    message = refusal_of(httpx.Response(403, text="error code: 1010"))
    assert "Cloudflare" in message
    assert "scope" not in message


@pytest.mark.parametrize("key", ["", " \n", "schlüssel", "two\nlines", "nul\x00"])
def test_a_key_that_cannot_be_one_is_refused_before_anything_is_asked(key: str):
    with pytest.raises(PermanentError, match="INSTANTLY_API_KEY") as caught:
        client(Instantly(), key)
    assert not key.strip() or key not in str(caught.value)


def test_white_space_around_the_key_is_not_sent():
    instantly = Instantly([])
    with client(instantly, f" {KEY}\n") as connected:
        connected.get_list("/campaigns/analytics")
    assert instantly.asked[0].headers["authorization"] == f"Bearer {KEY}"


LEAD = "/leads/0199b1d4-6c1e-7d20-a7c3-58f0b2d4e911"


def test_a_write_sends_its_body_and_answers_what_was_answered():
    instantly = Instantly({"status": "success"})
    with client(instantly) as connected:
        assert connected.write("POST", "/leads/add", {"leads": []}) == {"status": "success"}
        assert (connected.requests_made, connected.pages_read) == (1, 0)
    assert json.loads(instantly.asked[0].content) == {"leads": []}


def test_a_write_without_a_body_names_no_content_type():
    instantly = Instantly({"id": "a"})
    with client(instantly) as connected:
        connected.write("DELETE", LEAD)
    assert "content-type" not in instantly.asked[0].headers


@pytest.mark.parametrize("status", [500, 503, 504])
def test_a_write_that_may_have_happened_is_sent_once(status: int):
    instantly = Instantly(httpx.Response(status, json={"message": "down"}))
    with client(instantly) as connected, pytest.raises(OutcomeUnknown, match="may have happened all the same"):
        connected.write("DELETE", LEAD)
    assert len(instantly.asked) == 1


def test_a_part_counts_its_writes_too():
    with client(Instantly({}, {})) as connected:
        part = connected.part()
        part.write("DELETE", LEAD)
        assert (part.requests_made, connected.requests_made) == (1, 1)


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", "/leads/add", "leads:create"),
        ("POST", "/leads", "leads:create"),
        ("POST", "/leads/move", "leads:update"),
        ("PATCH", LEAD, "leads:update"),
        ("DELETE", LEAD, "leads:delete"),
        ("POST", "/campaigns", "campaigns:create"),
        ("POST", "/campaigns/a/activate", "campaigns:update"),
        ("POST", "/campaigns/a/pause", "campaigns:update"),
        ("POST", "/block-lists-entries/bulk-create", "block_list_entries:create"),
    ],
)
def test_a_forbidden_write_names_the_scope_that_it_needs(method: str, path: str, scope: str):
    instantly = Instantly(httpx.Response(403, json={"error": "Forbidden"}))
    with client(instantly) as connected, pytest.raises(PermanentError, match=f"give it {scope} "):
        connected.write(method, path)
