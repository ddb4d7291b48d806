"""A JSON export of Instantly as a source: three shapes are known and told apart, and read as a stream.

`export`          what our own collector writes: `format`, `collected_at` and `is_pseudonymised` first, then one list an
                  entity, in the very payloads that the API source gives
`raw_data`        an older collector's full dump
`dashboard_data`  the same collector's file for a dashboard

In the two older shapes a campaign is a row of `GET /campaigns/analytics`. They may hold the key they were made with
(`metadata.config_used.API_KEY`): nothing but the collection date is ever read from there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ijson

from modules.instantly.instantly_rows import (
    WORKSPACE_TOTAL,
    CampaignPayload,
    DailyAnalyticsPayload,
    Days,
)
from modules.instantly.instantly_statistics_rows import DailyAnalyticsRow
from modules.instantly.instantly_transform import transform_daily_analytics
from modules.shared.errors import ContractError, PermanentError
from modules.shared.logger import redact

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from modules.instantly.instantly_rows import LeadsOf, StepPayload, WarmupPayload, WorkspacePayload

EXPORT_FORMAT = "outreach-pipeline/instantly-export/1"
LARGEST_FILE_BYTES = 4 << 30
"""Above this an export is more likely a mistake than a workspace: 4 GiB hold some three million leads."""


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
        required={"format": "string", "collected_at": "string", "campaigns": "start_array", "accounts": "start_array"},
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
        held: Entities whose lists it has.
        is_pseudonymised: Whether people's names and addresses were replaced when it was collected.
        workspace_id: The workspace it was collected from; `None`: the file does not say.
    """

    path: Path
    _shape: _Shape
    as_of: datetime
    held: frozenset[str] = frozenset()
    is_pseudonymised: bool = False
    workspace_id: str | None = None
    requests_made: int = 0
    pages_read: int = 0

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
            raise _unreadable(path, error) from error
        if size_bytes > largest_file_bytes:
            raise PermanentError(
                f"{path}: {size_bytes:,} bytes, and at most {largest_file_bytes:,} are read. "
                "Export fewer campaigns or a shorter time at once."
            )
        top_level, moments, file_format = _scan(path)
        shape = next((shape for shape in _SHAPES if shape.required.items() <= top_level.items()), None)
        if shape is None or (shape.name == "export" and file_format != EXPORT_FORMAT):
            found = redact(", ".join(sorted(top_level)))[:200] or "no object"
            raise ContractError(f"{path}: another kind of file, it holds {found}. {_expected()}")
        newest = max((moments[place] for place in shape.as_of if place in moments), default=None)
        if newest is None and shape.name != "raw_data":
            raise ContractError(f"{path}: no date stands at {shape.as_of[0]}. {_expected()}")
        as_of = newest or datetime.fromtimestamp(path.stat().st_mtime, UTC)
        if as_of > datetime.now(UTC) + timedelta(days=1):
            # It would count as newer than every later read of the API.
            raise ContractError(f"{path}: collected on {as_of.date()}, which is yet to come. Nothing was read from it.")
        held = frozenset(name for name, kind in top_level.items() if kind == "start_array")
        if shape.name != "export":
            held = frozenset({"campaigns", "accounts", "daily_analytics"})
        export = cls(path, shape, as_of, held, is_pseudonymised="is_pseudonymised" in top_level)
        return replace(export, workspace_id=export._read_workspace_id())

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    @property
    def lists_are_whole(self) -> bool:
        """Whether what is missing here is missing at Instantly too: the older collector read first pages only."""
        return self._shape.lists_are_whole

    def part(self) -> InstantlyExport:
        """The same; a file can be read by several at once."""
        return self

    def holds(self, entity: str) -> bool:
        """Whether the file has that entity's list."""
        return entity in self.held

    def listed(self, entity: str) -> Iterator[Any]:
        """Every item of one entity's list."""
        return self._items(self._shape.accounts if entity == "accounts" else f"{entity}.item")

    def workspace(self) -> Iterator[WorkspacePayload]:
        """The workspace it was collected from."""
        return self._items("workspace.item")

    def account_warmup(self, emails: Sequence[str] | None = None) -> Iterator[WarmupPayload]:
        """The warm-up of those accounts."""
        return _chosen(self._items("account_warmup.item"), "email", emails)

    def account_daily(self, emails: Sequence[str] | None = None, days: Days | None = None) -> Iterator[Any]:
        """Every day of the file that is asked for."""
        chosen = _chosen(self._items("account_daily.item"), "email_account", emails)
        return (day for day in chosen if not (days and _is_outside(days, day)))

    def steps(self, campaign_ids: Sequence[str] | None = None) -> Iterator[StepPayload]:
        """The steps of those campaigns."""
        return _chosen(self._items("steps.item"), "campaign_id", campaign_ids)

    def leads(self, of: LeadsOf | None = None) -> Iterator[Any]:
        """Every lead of that campaign or list."""
        items = self._items("leads.item")
        if of is None:
            return items
        name, asked = ("campaign", of.campaign_id) if of.campaign_id else ("list_id", of.list_id)
        return (lead for lead in items if not isinstance(lead, dict) or lead.get(name) == asked)

    def emails(self, since: datetime | None = None) -> Iterator[Any]:
        """Every mail of the file: it holds one window, which is read whole."""
        del since
        return self._items("emails.item")

    def background_jobs(self, since: datetime | None = None) -> Iterator[Any]:
        """Every job of the file."""
        del since
        return self._items("background_jobs.item")

    def campaigns(self) -> Iterator[CampaignPayload]:
        """Every campaign of the file."""
        for item in self._items(self._shape.campaigns):
            yield item if _is_payload(item, CampaignPayload) else CampaignPayload(campaign=None, analytics=item)

    def daily_analytics(
        self, campaign_ids: Sequence[str] | None = None, days: Days | None = None
    ) -> Iterator[DailyAnalyticsPayload]:
        """Every day of the file that is asked for; `None` asks for all."""
        wanted_ids = None if campaign_ids is None else {WORKSPACE_TOTAL, *campaign_ids}
        for payload in self._all_days():
            is_wanted = wanted_ids is None or payload["campaign_id"] in wanted_ids
            if is_wanted and not (days and _is_outside(days, payload["day"])):
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
            for item in self._items(self._shape.workspace_days):
                # Without a campaign it is no row; the transform rejects it with what it holds.
                yield (
                    item
                    if _is_payload(item, DailyAnalyticsPayload)
                    else DailyAnalyticsPayload(campaign_id="", day=item)
                )
            return
        for day in self._items(self._shape.workspace_days):
            yield DailyAnalyticsPayload(campaign_id=WORKSPACE_TOTAL, day=day)
        with self.path.open("rb") as file:
            for campaign_id, of_campaign in ijson.kvitems(file, "daily_analytics_by_campaign", use_float=True):
                for day in of_campaign.get("data", []) if isinstance(of_campaign, dict) else [of_campaign]:
                    yield DailyAnalyticsPayload(campaign_id=campaign_id, day=day)

    def _read_workspace_id(self) -> str | None:
        for payload in self.workspace():
            found = payload.get("workspace") if isinstance(payload, dict) else None
            workspace_id = found.get("id") if isinstance(found, dict) else None
            return workspace_id if isinstance(workspace_id, str) else None
        return None

    def _items(self, place: str) -> Iterator[Any]:
        with self.path.open("rb") as file:
            yield from ijson.items(file, place, use_float=True)


def _scan(path: Path) -> tuple[dict[str, str], dict[str, datetime], str | None]:
    """Read the whole file once: its top-level keys with their types, the newest date at each place, its `format`."""
    top_level: dict[str, str] = {}
    moments: dict[str, datetime] = {}
    file_format = None
    wanted = {place for shape in _SHAPES for place in shape.as_of}
    try:
        with path.open("rb") as file:
            for prefix, event, value in ijson.parse(file, use_float=True):
                if prefix and "." not in prefix:
                    top_level.setdefault(prefix, event)
                if prefix == "format":
                    file_format = value
                if event == "string" and prefix in wanted and (moment := _moment(value)):
                    moments[prefix] = max(moment, moments.get(prefix, moment))
    except OSError as error:  # a folder, or no right to read
        raise _unreadable(path, error) from error
    except (ijson.JSONError, UnicodeDecodeError):
        known = f" after {redact(', '.join(top_level))[:200]}" if top_level else ""
        raise ContractError(
            f"{path}: not a complete JSON file, it breaks off or is damaged{known}. {_expected()}"
        ) from None  # the parser quotes the file, which may hold keys and people
    return top_level, moments, file_format


def _chosen(items: Iterator[Any], name: str, wanted: Sequence[str] | None) -> Iterator[Any]:
    """The items whose field is wanted, and those that are no objects: they are rejected where all can see it."""
    if wanted is None:
        return items
    names = set(wanted)
    return (item for item in items if not isinstance(item, dict) or item.get(name) in names)


def _is_payload(item: Any, kind: type[CampaignPayload | DailyAnalyticsPayload]) -> bool:
    return isinstance(item, dict) and kind.__annotations__.keys() <= item.keys()


def _is_outside(days: Days, of_day: Any) -> bool:
    """Whether that is another day; what has no readable date is not, so that it is rejected where all can see it."""
    try:
        return not days.first <= date.fromisoformat(of_day["date"][:10]) <= days.last
    except (KeyError, TypeError, ValueError):
        return False


def _unreadable(path: Path, error: OSError) -> PermanentError:
    return PermanentError(f"{path}: cannot be read ({error.strerror}). Check the name.")


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _expected() -> str:
    kinds = "; ".join(f"{shape.name} ({', '.join(shape.required)})" for shape in _SHAPES)
    return f"Expected one of: {kinds}; an export with the format {EXPORT_FORMAT}. Nothing was read from it."
