"""Where Instantly's payloads come from: the API, or a JSON export. Both give the same streams.

Run alone, it prints payloads as JSON lines:

    python -m modules.instantly.instantly_sources campaigns
    python -m modules.instantly.instantly_sources accounts --file export.json
"""

from __future__ import annotations

import argparse
import sys
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Protocol

import orjson

from modules.instantly.instantly_api import LISTS, InstantlyApi
from modules.instantly.instantly_client import InstantlyClient
from modules.instantly.instantly_export import InstantlyExport
from modules.instantly.instantly_tables import TABLE_OF
from modules.shared.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from modules.instantly.instantly_rows import (
        CampaignPayload,
        DailyAnalyticsPayload,
        Days,
        LeadsOf,
        StepPayload,
        WarmupPayload,
        WorkspacePayload,
    )


def payloads_of(source: InstantlySource, entity: str) -> Iterator[Any]:
    """Everything there is of one entity."""
    return source.listed(entity) if entity in LISTS else getattr(source, entity)()


class InstantlySource(Protocol):
    """What can be read, wherever it comes from. Every method starts a new pass; nothing is held in memory.

    Where a method takes what to read, `None` asks for everything.
    """

    @property
    def name(self) -> str:
        """`api`, or the file's name."""

    @property
    def as_of(self) -> datetime:
        """The moment the data speaks of."""

    @property
    def workspace_id(self) -> str | None:
        """The workspace it was read from; `None`: not known."""

    @property
    def is_pseudonymised(self) -> bool:
        """Whether people's names and addresses were replaced."""

    @property
    def requests_made(self) -> int:
        """Requests sent to Instantly so far."""

    @property
    def pages_read(self) -> int:
        """Answers taken in so far."""

    @property
    def lists_are_whole(self) -> bool:
        """Whether something that is not listed here is not at Instantly either."""

    def part(self) -> InstantlySource:
        """The same, for one of several readers at once."""

    def holds(self, entity: str) -> bool:
        """Whether an entity, named as its method or in `LISTS`, can be read here at all."""

    def listed(self, entity: str) -> Iterator[Any]:
        """Every item of an entity that is one plain list."""

    def workspace(self) -> Iterator[WorkspacePayload]:
        """The workspace: one payload."""

    def campaigns(self) -> Iterator[CampaignPayload]:
        """Every campaign."""

    def account_warmup(self, emails: Sequence[str] | None = None) -> Iterator[WarmupPayload]:
        """The warm-up of every account that has one."""

    def account_daily(self, emails: Sequence[str] | None = None, days: Days | None = None) -> Iterator[Any]:
        """Every day with activity of every account."""

    def daily_analytics(
        self, campaign_ids: Sequence[str] | None = None, days: Days | None = None
    ) -> Iterator[DailyAnalyticsPayload]:
        """Every day with activity, of those campaigns and of the whole workspace."""

    def steps(self, campaign_ids: Sequence[str] | None = None) -> Iterator[StepPayload]:
        """Every variant of every step of those campaigns."""

    def leads(self, of: LeadsOf | None = None) -> Iterator[Any]:
        """Every lead of one campaign or list."""

    def emails(self, since: datetime | None = None) -> Iterator[Any]:
        """Every mail stored after that moment."""

    def background_jobs(self, since: datetime | None = None) -> Iterator[Any]:
        """Every job that changed after that moment."""


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
        since: First day of statistics and mails when the reader names no days; nothing else has a filter by time.
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
    parser.add_argument("what", choices=TABLE_OF)
    parser.add_argument("--file", help="a JSON export instead of the API")
    parser.add_argument("--since", type=date.fromisoformat, help="first day of statistics and mails")
    options = parser.parse_args(arguments)
    source: InstantlySource = (
        load_from_json(options.file)
        if options.file
        else load_from_api(Settings().require("INSTANTLY_API_KEY"), options.since)
    )
    for payload in payloads_of(source, options.what):
        sys.stdout.buffer.write(orjson.dumps(payload, option=orjson.OPT_APPEND_NEWLINE))


if __name__ == "__main__":
    main()
