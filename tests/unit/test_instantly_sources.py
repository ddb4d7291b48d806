from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from modules.instantly.instantly_client import InstantlyClient
from modules.instantly.instantly_export import EXPORT_FORMAT
from modules.instantly.instantly_rows import WORKSPACE_TOTAL, Days
from modules.instantly.instantly_sources import InstantlyApi, load_from_api, load_from_json, main
from modules.shared.errors import ContractError, PermanentError

if TYPE_CHECKING:
    from pathlib import Path

NORDLICHT = {"id": "019a-nordlicht", "name": "Nordlicht pilots", "status": 1}
FJORD = {"id": "019a-fjord", "name": "Fjord carriers", "status": 0}
NORDLICHT_TOTALS = {"campaign_id": "019a-nordlicht", "leads_count": 40}
GONE_TOTALS = {"campaign_id": "019a-gone", "leads_count": 7}


class Instantly(httpx.BaseTransport):
    """A workspace: one page of campaigns, its totals, its days; keeps what it was asked."""

    def __init__(self, campaigns: list[Any], totals: list[Any] = (), days: list[Any] = ()) -> None:
        self.answers = {
            "/api/v2/campaigns": {"items": campaigns},
            "/api/v2/campaigns/analytics": list(totals),
            "/api/v2/campaigns/analytics/daily": list(days),
            "/api/v2/accounts": {"items": [{"email": "mara@haldenfreight.example"}]},
        }
        self.asked: list[tuple[str, dict[str, str]]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append((request.url.path.removeprefix("/api/v2"), dict(request.url.params)))
        return httpx.Response(200, json=self.answers[request.url.path])


def api(instantly: Instantly, *, since: date | None = None) -> InstantlyApi:
    base_url = "https://instantly.example/api/v2"
    client = InstantlyClient("a-key", base_url=base_url, requests_per_second=None, transport=instantly)
    return InstantlyApi(client, since=since)


def campaigns_of(*campaigns: Any, totals: list[Any]) -> list[tuple[Any, Any]]:
    with api(Instantly(list(campaigns), totals)) as source:
        return [(payload["campaign"], payload["analytics"]) for payload in source.campaigns()]


def test_each_campaign_comes_with_its_totals_in_two_requests():
    instantly = Instantly([NORDLICHT], [NORDLICHT_TOTALS])
    with api(instantly) as source:
        assert list(source.campaigns()) == [{"campaign": NORDLICHT, "analytics": NORDLICHT_TOTALS}]
        assert source.requests_made == 2
    assert sorted(path for path, _ in instantly.asked) == ["/campaigns", "/campaigns/analytics"]


def test_a_campaign_that_never_sent_has_no_totals():
    assert campaigns_of(FJORD, NORDLICHT, totals=[NORDLICHT_TOTALS]) == [(FJORD, None), (NORDLICHT, NORDLICHT_TOTALS)]


def test_totals_of_a_campaign_that_is_not_listed_are_given_on_their_own():
    assert campaigns_of(NORDLICHT, totals=[GONE_TOTALS, NORDLICHT_TOTALS]) == [
        (NORDLICHT, NORDLICHT_TOTALS),
        (None, GONE_TOTALS),
    ]


def test_a_campaign_that_is_listed_twice_keeps_its_totals_both_times():
    assert campaigns_of(NORDLICHT, NORDLICHT, totals=[NORDLICHT_TOTALS]) == [(NORDLICHT, NORDLICHT_TOTALS)] * 2


@pytest.mark.parametrize("odd", [None, "odd", 5, [], {}, {"id": None}, {"id": 7}])
def test_a_malformed_campaign_is_given_and_not_lost(odd: object):
    assert campaigns_of(odd, NORDLICHT, totals=[NORDLICHT_TOTALS]) == [(odd, None), (NORDLICHT, NORDLICHT_TOTALS)]


@pytest.mark.parametrize("odd", [None, "odd", 5, [], {}, {"campaign_id": None}, {"campaign_id": ["a"]}])
def test_malformed_totals_are_given_and_not_lost(odd: object):
    assert campaigns_of(NORDLICHT, totals=[odd]) == [(NORDLICHT, None), (None, odd)]


def test_accounts_are_given_as_they_come():
    with api(Instantly([])) as source:
        assert list(source.listed("accounts")) == [{"email": "mara@haldenfreight.example"}]


WEEK = Days(date(2026, 11, 14), date(2026, 11, 20))


def days_of(*days: Any, window: Days = WEEK) -> list[Any]:
    with api(Instantly([], days=list(days))) as source:
        return [payload["day"] for payload in source.daily_analytics([], window)]


def test_the_workspace_total_and_each_campaign_cost_one_request():
    instantly = Instantly([], days=[{"date": "2026-11-20", "sent": 5}])
    with api(instantly) as source:
        given = [
            (payload["campaign_id"], payload["day"]["sent"]) for payload in source.daily_analytics(["b", "a"], WEEK)
        ]
    assert sorted(given) == [("a", 5), ("b", 5), (WORKSPACE_TOTAL, 5)]
    window = {"start_date": "2026-11-14", "end_date": "2026-11-21"}
    assert sorted(instantly.asked, key=lambda asked: asked[1].get("campaign_id", "")) == [
        ("/campaigns/analytics/daily", window),
        ("/campaigns/analytics/daily", {**window, "campaign_id": "a"}),
        ("/campaigns/analytics/daily", {**window, "campaign_id": "b"}),
    ]


@pytest.mark.parametrize("after", ["2026-11-21", "2026-11-21T00:00:00.000Z"])
def test_the_one_day_more_that_was_asked_for_is_left_out_again(after: str):
    assert days_of({"date": "2026-11-20"}, {"date": after}) == [{"date": "2026-11-20"}]


def test_a_last_day_at_the_end_of_a_year_is_kept():
    window = Days(date(2026, 12, 31), date(2026, 12, 31))
    assert days_of({"date": "2026-12-31"}, {"date": "2027-01-01"}, window=window) == [{"date": "2026-12-31"}]


@pytest.mark.parametrize("odd", [None, "odd", 5, {}, {"date": None}, {"date": "soon"}, {"date": 20261120}])
def test_a_malformed_day_is_given_and_not_lost(odd: object):
    assert days_of(odd) == [odd]


def test_without_campaigns_named_the_listed_ones_are_asked_for():
    instantly = Instantly([NORDLICHT, FJORD], days=[{"date": "2026-11-20"}])
    with api(instantly) as source:
        ids = [payload["campaign_id"] for payload in source.daily_analytics(days=WEEK)]
    assert sorted(ids) == ["019a-fjord", "019a-nordlicht", WORKSPACE_TOTAL]


@pytest.mark.parametrize("odd", [None, {}, {"id": 7}])
def test_a_listed_campaign_whose_days_cannot_be_asked_for_is_an_error(odd: object):
    with api(Instantly([odd])) as source, pytest.raises(ContractError, match="without id"):
        list(source.daily_analytics(days=WEEK))


@pytest.mark.parametrize("since", [None, date(2026, 11, 1)])
def test_without_days_named_they_run_from_since_or_thirty_days_back_to_today(since: date | None):
    instantly = Instantly([])
    with api(instantly, since=since) as source:
        list(source.daily_analytics([]))
    today = source.as_of.date()
    ((_, window),) = instantly.asked
    assert window == {
        "start_date": str(since or today - timedelta(days=30)),
        "end_date": str(today + timedelta(days=1)),
    }


def test_the_api_speaks_of_now_and_lists_everything():
    with api(Instantly([])) as source:
        assert abs(datetime.now(UTC) - source.as_of) < timedelta(minutes=1)
        assert (source.name, source.lists_are_whole, source.requests_made) == ("api", True, 0)


def test_an_empty_key_is_refused_before_anything_is_asked():
    with pytest.raises(PermanentError, match="INSTANTLY_API_KEY"):
        load_from_api("")


def test_the_command_prints_one_json_line_for_each_payload(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]):
    file = tmp_path / "export.json"
    export = {"format": EXPORT_FORMAT, "collected_at": "2026-11-20", "campaigns": []}
    file.write_text(json.dumps(export | {"accounts": [{"email": "a"}, 5]}))
    main(["accounts", "--file", str(file)])
    assert [json.loads(line) for line in capsysbinary.readouterr().out.splitlines()] == [{"email": "a"}, 5]
    assert list(load_from_json(file).listed("accounts")) == [{"email": "a"}, 5]
