"""Where Instantly's payloads come from: the API, or a JSON export. Both give the same streams.

Run alone, it prints payloads as JSON lines:

    python -m modules.instantly.instantly_sources campaigns
    python -m modules.instantly.instantly_sources accounts --file export.json
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol, Self

import orjson

from modules.instantly.instantly_client import InstantlyClient
from modules.instantly.instantly_export import InstantlyExport
from modules.instantly.instantly_rows import WORKSPACE_TOTAL, CampaignPayload, DailyAnalyticsPayload, Days
from modules.shared.errors import ContractError
from modules.shared.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


class InstantlySource(Protocol):
    """What can be read, wherever it comes from. Every method starts a new pass; nothing is held in memory."""

    @property
    def name(self) -> str:
        """`api`, or the file's name."""

    @property
    def as_of(self) -> datetime:
        """The moment the data speaks of."""

    @property
    def requests_made(self) -> int:
        """Requests sent to Instantly so far."""

    @property
    def lists_are_whole(self) -> bool:
        """Whether something that is not listed here is not at Instantly either."""

    def campaigns(self) -> Iterator[CampaignPayload]:
        """Every campaign."""

    def accounts(self) -> Iterator[Any]:
        """Every sending account."""

    def daily_analytics(
        self, campaign_ids: Sequence[str] | None = None, days: Days | None = None
    ) -> Iterator[DailyAnalyticsPayload]:
        """Every day with activity, of those campaigns (`None`: all) and of the whole workspace."""


class InstantlyApi:
    """Instantly itself, as of now. Use it as a context manager."""

    name = "api"
    lists_are_whole = True

    def __init__(self, client: InstantlyClient, *, since: date | None = None) -> None:
        self._client = client
        self._since = since
        self.as_of = datetime.now(UTC)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._client.__exit__(*exc_info)

    @property
    def requests_made(self) -> int:
        """Requests sent so far, repeats included."""
        return self._client.requests_made

    def campaigns(self) -> Iterator[CampaignPayload]:
        """Every campaign: one request for all totals, then one a page of the list.

        A campaign that never sent has no totals. Totals of a campaign that is not listed are given too, on their own.
        """
        totals, nameless = {}, []
        for row in self._client.get_list("/campaigns/analytics"):
            campaign_id = row.get("campaign_id") if isinstance(row, dict) else None
            if isinstance(campaign_id, str):
                totals[campaign_id] = row
            else:
                nameless.append(row)
        listed = set()
        for campaign in self._client.get_items("/campaigns"):
            campaign_id = str(campaign.get("id")) if isinstance(campaign, dict) else ""
            listed.add(campaign_id)
            yield CampaignPayload(campaign=campaign, analytics=totals.get(campaign_id))
        unlisted = [row for campaign_id, row in totals.items() if campaign_id not in listed]
        for row in (*unlisted, *nameless):
            yield CampaignPayload(campaign=None, analytics=row)

    def accounts(self) -> Iterator[Any]:
        """Every sending account, one request a page."""
        return self._client.get_items("/accounts")

    def daily_analytics(
        self, campaign_ids: Sequence[str] | None = None, days: Days | None = None
    ) -> Iterator[DailyAnalyticsPayload]:
        """Every day with activity: one request for the workspace, and one for each campaign.

        Without `campaign_ids` the campaigns are listed first. Without `days`: from `since`, or else the last thirty
        days, to today. Instantly does not say whether `end_date` is included, so one day more is asked for and left
        out again.
        """
        today = self.as_of.date()
        first, last = days or Days(self._since or today - timedelta(days=30), today)
        if campaign_ids is None:
            campaign_ids = [_id_of(campaign) for campaign in self._client.get_items("/campaigns")]
        day_after = str(last + timedelta(days=1))
        window = {"start_date": str(first), "end_date": day_after}
        for campaign_id in (WORKSPACE_TOTAL, *campaign_ids):
            of_campaign = {} if campaign_id == WORKSPACE_TOTAL else {"campaign_id": campaign_id}
            for day in self._client.get_list("/campaigns/analytics/daily", {**window, **of_campaign}):
                if not (isinstance(day, dict) and str(day.get("date"))[:10] == day_after):
                    yield DailyAnalyticsPayload(campaign_id=campaign_id, day=day)


def _id_of(campaign: Any) -> str:
    campaign_id = campaign.get("id") if isinstance(campaign, dict) else None
    if not isinstance(campaign_id, str):
        raise ContractError(
            "Instantly: GET /campaigns answered a campaign without an id; its days cannot be asked for."
        )
    return campaign_id


def load_from_api(
    api_key: str,
    since: date | None = None,
    *,
    base_url: str | None = None,
    requests_per_second: float | None = None,
) -> InstantlyApi:
    """Instantly's API as a source; nothing is asked before something is read.

    Args:
        api_key: The workspace's key.
        since: First day of daily analytics when the reader names no days; campaigns and accounts have no time filter.
        base_url: `None`: what INSTANTLY_BASE_URL says.
        requests_per_second: `None`: what INSTANTLY_REQUESTS_PER_SECOND says.
    """
    settings = Settings()
    client = InstantlyClient(
        api_key,
        base_url=base_url or settings.instantly_base_url,
        requests_per_second=requests_per_second or settings.instantly_requests_per_second,
    )
    return InstantlyApi(client, since=since)


def load_from_json(file_path: str | Path) -> InstantlyExport:
    """A JSON export as a source. The whole file is checked before anything is given from it.

    Raises:
        PermanentError: There is no such file, or it is too large.
        ContractError: It is not JSON, ends early, or is not one of the exports that are known.
    """
    return InstantlyExport.open(file_path)


def main(arguments: list[str] | None = None) -> None:
    """Print one kind of payload as JSON lines."""
    parser = argparse.ArgumentParser(prog="python -m modules.instantly.instantly_sources", description=main.__doc__)
    parser.add_argument("what", choices=["campaigns", "accounts", "daily_analytics"])
    parser.add_argument("--file", help="a JSON export instead of the API")
    parser.add_argument("--since", type=date.fromisoformat, help="first day of daily analytics")
    options = parser.parse_args(arguments)
    source: InstantlySource = (
        load_from_json(options.file)
        if options.file
        else load_from_api(Settings().require("INSTANTLY_API_KEY"), options.since)
    )
    for payload in getattr(source, options.what)():
        sys.stdout.buffer.write(orjson.dumps(payload, option=orjson.OPT_APPEND_NEWLINE))


if __name__ == "__main__":
    main()
