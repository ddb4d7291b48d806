"""A JSON export of Instantly as a source: three shapes are known and told apart, and read as a stream.

`export`          what our own collector writes: `format` and `collected_at` first, then one list an entity, in the very
                  payloads that the API source gives
`raw_data`        an older collector's full dump
`dashboard_data`  the same collector's file for a dashboard

In the two older shapes a campaign is a row of `GET /campaigns/analytics`. They may hold the key they were made with
(`metadata.config_used.API_KEY`): nothing but the collection date is ever read from there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ijson

from modules.instantly.instantly_rows import (
    WORKSPACE_TOTAL,
    CampaignPayload,
    DailyAnalyticsPayload,
    DailyAnalyticsRow,
    Days,
)
from modules.instantly.instantly_transform import transform_daily_analytics
from modules.shared.errors import ContractError, PermanentError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

EXPORT_FORMAT = "outreach-pipeline/instantly-export/1"
LARGEST_FILE_BYTES = 1 << 30
"""Above this an export is more likely a mistake than a workspace: 1 GiB holds some two million rows."""


@dataclass(frozen=True, slots=True)
class _Shape:
    """Where one kind of export keeps what we read; a path is written as ijson writes it."""

    name: str
    required: dict[str, str]
    """Top-level keys it must have, with the JSON type of their value (`start_array`, `start_map`, `string`)."""
    campaigns: str
    accounts: str
    workspace_days: str
    as_of: tuple[str, ...]
    """Where the collection date stands; otherwise the newest date of these paths."""
    lists_are_whole: bool = False


_SHAPES = (
    _Shape(
        name="export",
        required={"format": "string", "campaigns": "start_array", "accounts": "start_array"},
        campaigns="campaigns.item",
        accounts="accounts.item",
        workspace_days="daily_analytics.item",
        as_of=("collected_at",),
        lists_are_whole=True,
    ),
    _Shape(
        name="raw_data",
        required={"campaigns_overview": "start_array", "daily_analytics_all": "start_array"},
        campaigns="campaigns_overview.item",
        accounts="accounts.items.item",
        workspace_days="daily_analytics_all.item",
        as_of=("daily_analytics_all.item.date", "accounts.items.item.timestamp_updated"),
    ),
    _Shape(
        name="dashboard_data",
        required={"metadata": "start_map", "campaigns": "start_array", "daily_trends": "start_array"},
        campaigns="campaigns.item",
        accounts="accounts.items.item",
        workspace_days="daily_trends.item",
        as_of=("metadata.collection_date",),
    ),
)


@dataclass(frozen=True, slots=True)
class InstantlyExport:
    """One export file, checked from its first byte to its last.

    Attributes:
        path: The file.
        shape: Which of the three it is.
        as_of: When it was collected; where the file does not say, the newest date in it.
    """

    path: Path
    _shape: _Shape
    as_of: datetime
    requests_made: int = 0

    @classmethod
    def open(cls, file_path: str | Path, *, largest_file_bytes: int = LARGEST_FILE_BYTES) -> InstantlyExport:
        """Check the whole file.

        Raises:
            PermanentError: There is no such file, or it is too large.
            ContractError: It is not JSON, ends early, or is not one of the known exports.
        """
        path = Path(file_path)
        try:
            size_bytes = path.stat().st_size
        except OSError as error:
            raise PermanentError(f"{path}: cannot be read ({error.strerror}). Check the name.") from error
        if size_bytes > largest_file_bytes:
            raise PermanentError(
                f"{path}: {size_bytes:,} bytes, and at most {largest_file_bytes:,} are read. "
                "Export fewer campaigns or a shorter time at once."
            )
        top_level: dict[str, str] = {}
        dates: dict[str, str] = {}
        wanted = {place for shape in _SHAPES for place in shape.as_of}
        try:
            with path.open("rb") as file:
                for prefix, event, value in ijson.parse(file):
                    if prefix and "." not in prefix:
                        top_level.setdefault(prefix, event)
                    if event == "string" and prefix in wanted:
                        dates[prefix] = max(value, dates.get(prefix, ""))
        except (ijson.JSONError, UnicodeDecodeError) as error:
            known = f" after {', '.join(top_level)}" if top_level else ""
            raise ContractError(
                f"{path}: not a complete JSON file, it breaks off or is damaged{known}. {_expected()}"
            ) from error
        shape = next((shape for shape in _SHAPES if shape.required.items() <= top_level.items()), None)
        if shape is None:
            found = ", ".join(sorted(top_level)) or "no object"
            raise ContractError(f"{path}: another kind of file, it holds {found}. {_expected()}")
        newest = max((_moment(dates[place], path) for place in shape.as_of if place in dates), default=None)
        return cls(path, shape, newest or datetime.fromtimestamp(path.stat().st_mtime, UTC))

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    @property
    def lists_are_whole(self) -> bool:
        """Whether what is missing here is missing at Instantly too: the older collector read first pages only."""
        return self._shape.lists_are_whole

    def campaigns(self) -> Iterator[CampaignPayload]:
        """Every campaign of the file."""
        for item in self._items(self._shape.campaigns):
            if self._shape.name == "export":
                yield item
            else:
                yield CampaignPayload(campaign=None, analytics=item)

    def accounts(self) -> Iterator[Any]:
        """Every sending account of the file."""
        return self._items(self._shape.accounts)

    def daily_analytics(
        self, campaign_ids: Sequence[str] | None = None, days: Days | None = None
    ) -> Iterator[DailyAnalyticsPayload]:
        """Every day of the file that is asked for; `None` asks for all."""
        wanted_ids = None if campaign_ids is None else {WORKSPACE_TOTAL, *campaign_ids}
        for payload in self._all_days():
            day = payload["day"].get("date") if isinstance(payload["day"], dict) else None
            is_outside = days is not None and isinstance(day, str) and not str(days.first) <= day[:10] <= str(days.last)
            if not is_outside and (wanted_ids is None or payload["campaign_id"] in wanted_ids):
                yield payload

    def days(self) -> Days | None:
        """From the first to the last day in the file; `None` when it holds none."""
        first, last = date.max, date.min
        for row in transform_daily_analytics(self._all_days()):
            if isinstance(row, DailyAnalyticsRow):
                first, last = min(first, row.analytics_date), max(last, row.analytics_date)
        return Days(first, last) if first <= last else None

    def _all_days(self) -> Iterator[DailyAnalyticsPayload]:
        if self._shape.name == "export":
            yield from self._items(self._shape.workspace_days)
            return
        for day in self._items(self._shape.workspace_days):
            yield DailyAnalyticsPayload(campaign_id=WORKSPACE_TOTAL, day=day)
        with self.path.open("rb") as file:
            for campaign_id, of_campaign in ijson.kvitems(file, "daily_analytics_by_campaign", use_float=True):
                for day in of_campaign.get("data", []) if isinstance(of_campaign, dict) else [of_campaign]:
                    yield DailyAnalyticsPayload(campaign_id=campaign_id, day=day)

    def _items(self, place: str) -> Iterator[Any]:
        with self.path.open("rb") as file:
            yield from ijson.items(file, place, use_float=True)


def _moment(text: str, path: Path) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ContractError(f"{path}: {text[:40]!r} stands where a date is expected. {_expected()}") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _expected() -> str:
    kinds = "; ".join(f"{shape.name} ({', '.join(shape.required)})" for shape in _SHAPES)
    return f"Expected one of: {kinds}. Nothing was read from it."
