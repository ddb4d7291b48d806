"""Instantly's API as a source of payloads: which requests an entity takes, at the lowest number that reads it whole.

Source: developer.instantly.ai, API v2.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Self

from modules.instantly.instantly_rows import (
    WORKSPACE_TOTAL,
    CampaignPayload,
    DailyAnalyticsPayload,
    Days,
    LeadsOf,
    StepPayload,
    WarmupPayload,
    WorkspacePayload,
)
from modules.shared.errors import ContractError
from modules.shared.parallel import in_parallel

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from modules.instantly.instantly_client import InstantlyClient

READERS = 8
"""Requests in flight at once; the limiter, not this, keeps the pace."""
LISTS = {
    "accounts": "/accounts",
    "block_list": "/block-lists-entries",
    "lead_labels": "/lead-labels",
    "lead_lists": "/lead-lists",
    "tag_mappings": "/custom-tag-mappings",
    "tags": "/custom-tags",
}
"""Entities that are one plain list; Instantly has no filter by time for any of them."""

_ACCOUNTS_A_WARMUP_REQUEST = 100
_ACCOUNTS_A_DAILY_REQUEST = 200
_DAYS_A_DAILY_REQUEST = 31
_FIRST_DAYS = timedelta(days=30)
"""How far back statistics and mails are read when nothing else is said."""
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class InstantlyApi:
    """Instantly itself, as of now. Use it as a context manager.

    Attributes:
        client: The connection.
        as_of: When this was opened; everything read later is at least as new.
        workspace_id: The workspace behind the key; `None` until somebody has found out.
    """

    name = "api"
    lists_are_whole = True
    is_pseudonymised = False

    def __init__(self, client: InstantlyClient, *, since: date | None = None, workspace_id: str | None = None) -> None:
        self.client = client
        self._since = since
        self.workspace_id = workspace_id
        self.as_of = datetime.now(UTC)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.client.__exit__(*exc_info)

    @property
    def requests_made(self) -> int:
        """Requests sent so far, repeats included."""
        return self.client.requests_made

    @property
    def pages_read(self) -> int:
        """Answers that this part has taken in."""
        return self.client.pages_read

    def part(self) -> InstantlyApi:
        """The same source for one of several readers at once, as of the moment it begins, counting for itself."""
        return InstantlyApi(self.client.part(), since=self._since, workspace_id=self.workspace_id)

    def holds(self, entity: str) -> bool:
        """Whether the entity can be read here: all can."""
        del entity
        return True

    def listed(self, entity: str) -> Iterator[Any]:
        """Every item of one of `LISTS`, one request a page."""
        return self.client.get_items(LISTS[entity])

    def workspace(self) -> Iterator[WorkspacePayload]:
        """The workspace and its plan: two requests."""
        yield WorkspacePayload(
            workspace=self.client.get("/workspaces/current"), plan=self.client.get("/workspace-billing/plan-details")
        )

    def campaigns(self) -> Iterator[CampaignPayload]:
        """Every campaign: one request for all totals, then one a page of the list.

        A campaign that never sent has no totals. Totals of a campaign that is not listed are given too, on their own.
        """
        totals, nameless = {}, []
        for row in self.client.get_list("/campaigns/analytics"):
            campaign_id = row.get("campaign_id") if isinstance(row, dict) else None
            if isinstance(campaign_id, str) and campaign_id:
                totals[campaign_id] = row
            else:
                nameless.append(row)
        listed = set()
        for campaign in self.client.get_items("/campaigns"):
            campaign_id = str(campaign.get("id")) if isinstance(campaign, dict) else ""
            listed.add(campaign_id)
            yield CampaignPayload(campaign=campaign, analytics=totals.get(campaign_id))
        unlisted = [row for campaign_id, row in totals.items() if campaign_id not in listed]
        for row in (*unlisted, *nameless):
            yield CampaignPayload(campaign=None, analytics=row)

    def account_warmup(self, emails: Sequence[str] | None = None) -> Iterator[WarmupPayload]:
        """The warm-up of those accounts that have one, a hundred accounts a request."""
        for chunk in _chunks(self._emails(emails), _ACCOUNTS_A_WARMUP_REQUEST):
            answer = self.client.post("/accounts/warmup-analytics", {"emails": list(chunk)})
            totals, days = (
                _object(answer, part, "POST /accounts/warmup-analytics")
                for part in ("aggregate_data", "email_date_data")
            )
            for email, total in totals.items():
                yield WarmupPayload(email=email, total=total, days=days.get(email))

    def account_daily(self, emails: Sequence[str] | None = None, days: Days | None = None) -> Iterator[Any]:
        """Every day with activity of those accounts, 200 accounts and 31 days a request. `None` as elsewhere.

        Rows that name no account are left out: Instantly adds one to each answer, and it belongs to nobody.
        """
        first, last = days or self._last_days()
        for chunk in _chunks(self._emails(emails), _ACCOUNTS_A_DAILY_REQUEST):
            for start in range(0, (last - first).days + 1, _DAYS_A_DAILY_REQUEST - 1):
                window_first = first + timedelta(days=start)
                # Whether the end is included is not documented, so one day more is asked for and left out again.
                window_end = min(window_first + timedelta(days=_DAYS_A_DAILY_REQUEST - 1), last + timedelta(days=1))
                window = {"emails": list(chunk), "start_date": str(window_first), "end_date": str(window_end)}
                for day in self.client.get_list("/accounts/analytics/daily", window):
                    is_named = not isinstance(day, dict) or day.get("email_account") != ""
                    if is_named and not _is_on(day, str(window_end)):
                        yield day

    def daily_analytics(
        self, campaign_ids: Sequence[str] | None = None, days: Days | None = None
    ) -> Iterator[DailyAnalyticsPayload]:
        """Every day with activity: one request for the workspace, and one for each campaign, several at once.

        Without `campaign_ids` the campaigns are listed first. Without `days`: from `since`, or else the last thirty
        days, to today. Instantly does not say whether `end_date` is included, so one day more is asked for and left
        out again.
        """
        first, last = days or self._last_days()
        day_after = str(last + timedelta(days=1))
        window = {"start_date": str(first), "end_date": day_after}

        def read(campaign_id: str) -> list[DailyAnalyticsPayload]:
            of_campaign = {} if campaign_id == WORKSPACE_TOTAL else {"campaign_id": campaign_id}
            answer = self.client.get_list("/campaigns/analytics/daily", {**window, **of_campaign})
            return [
                DailyAnalyticsPayload(campaign_id=campaign_id, day=day) for day in answer if not _is_on(day, day_after)
            ]

        for payloads in in_parallel(read, (WORKSPACE_TOTAL, *self._campaign_ids(campaign_ids)), readers=READERS):
            yield from payloads

    def steps(self, campaign_ids: Sequence[str] | None = None) -> Iterator[StepPayload]:
        """Every variant of every step, over all time: one request a campaign, several at once."""

        def read(campaign_id: str) -> list[StepPayload]:
            query = {"campaign_id": campaign_id, "include_opportunities_count": "true"}
            answer = self.client.get_list("/campaigns/analytics/steps", query)
            return [StepPayload(campaign_id=campaign_id, step=step) for step in answer]

        for payloads in in_parallel(read, self._campaign_ids(campaign_ids), readers=READERS):
            yield from payloads

    def leads(self, of: LeadsOf | None = None) -> Iterator[Any]:
        """Every lead of a campaign or a list, one request a page. `None`: of every campaign, then of every list.

        Raises:
            ContractError: A lead of another campaign or list came. An unknown filter is ignored by Instantly, and the
                whole workspace comes back.
        """
        if of is None:
            lists = [LeadsOf(list_id=_id_of(each, "/lead-lists")) for each in self.client.get_items("/lead-lists")]
            for each in (*(LeadsOf(campaign_id=campaign_id) for campaign_id in self._campaign_ids(None)), *lists):
                yield from self.leads(each)
            return
        name, asked = ("campaign", of.campaign_id) if of.campaign_id else ("list_id", of.list_id)
        for lead in self.client.post_items("/leads/list", {name: asked}):
            given = lead.get(name) if isinstance(lead, dict) else None
            if given not in (asked, None, ""):
                raise ContractError(
                    f"Instantly: POST /leads/list was asked for one {name} and answered a lead of another; "
                    "the filter was not heeded, so nothing is concluded from this list."
                )
            yield lead

    def emails(self, since: datetime | None = None) -> Iterator[Any]:
        """Every mail that Instantly stored after that moment, oldest first; `None`: of the last thirty days."""
        moment = since or self._moment_of_since() or self.as_of - _FIRST_DAYS
        query = {"min_timestamp_created": _written(moment), "sort_order": "asc"}
        return self.client.get_items("/emails", query)

    def background_jobs(self, since: datetime | None = None) -> Iterator[Any]:
        """Every job that changed after that moment, the latest change first; `None`: every job.

        The list has no filter by time; it is ordered instead, and read until it gets older.
        """
        jobs = self.client.get_items("/background-jobs", {"sort_column": "updated_at", "sort_order": "desc"})
        oldest = _written(since or EARLIEST)
        return takewhile(lambda job: not _is_before(job, oldest), jobs)

    def _last_days(self) -> Days:
        today = self.as_of.date()
        return Days(self._since or today - _FIRST_DAYS, today)

    def _moment_of_since(self) -> datetime | None:
        return datetime(self._since.year, self._since.month, self._since.day, tzinfo=UTC) if self._since else None

    def _campaign_ids(self, campaign_ids: Sequence[str] | None) -> Sequence[str]:
        if campaign_ids is not None:
            return campaign_ids
        return [_id_of(campaign, "/campaigns") for campaign in self.client.get_items("/campaigns")]

    def _emails(self, emails: Sequence[str] | None) -> Sequence[str]:
        if emails is not None:
            return emails
        return [_id_of(account, "/accounts", "email") for account in self.listed("accounts")]


def _chunks(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _is_before(job: Any, moment: str) -> bool:
    """Whether the job last changed earlier; what cannot be read is left to the transform, and ends no list."""
    changed = job.get("updated_at") if isinstance(job, dict) else None
    return isinstance(changed, str) and _DATE.match(changed) is not None and changed < moment


def _is_on(day: Any, date_text: str) -> bool:
    return isinstance(day, dict) and str(day.get("date"))[:10] == date_text


def _object(answer: Any, part: str, asked: str) -> dict[str, Any]:
    found = answer.get(part) if isinstance(answer, dict) else None
    if not isinstance(found, dict):
        raise ContractError(f"Instantly: {asked} answered without an object {part}.")
    return found


def _id_of(item: Any, path: str, name: str = "id") -> str:
    found = item.get(name) if isinstance(item, dict) else None
    if not isinstance(found, str):
        raise ContractError(
            f"Instantly: GET {path} answered an item without {name}; what belongs to it cannot be asked for."
        )
    return found
