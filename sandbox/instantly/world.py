"""The sample world: workspaces of any size, the same for the same settings, and the keys that open them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.instantly.data.workspace import Workspace
from sandbox.vendor.clock import Clock, utc_today

if TYPE_CHECKING:
    from datetime import date

DEMO_API_KEY = "demo-instantly-key"
QUIRKS = frozenset({"unseen_campaign_status", "lead_status_zero", "end_day_excluded", "filters_ignored"})


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldSettings:
    """The size and the oddities of the world.

    Attributes:
        seed: Same seed and same `today`: the same answers, byte for byte.
        campaigns: In each workspace, like `accounts` and `leads`.
        days: How far the history goes back.
        quirks: `unseen_campaign_status`: one campaign has a status the vendor does not list. `lead_status_zero`: leads
            of lists have status 0, as was observed. `end_day_excluded`: a date-only end of an analytics range means the
            start of that day, as one reading of the vendor's document says. `filters_ignored`: lists take no notice of
            `search` (campaigns) and `contacts` (leads), as is reported of filters at times.
    """

    seed: int = 1
    campaigns: int = 12
    accounts: int = 24
    leads: int = 1500
    days: int = 90
    today: date = field(default_factory=utc_today)
    workspaces: int = 1
    quirks: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Refuse what makes no world."""
        if self.days < 1 or self.workspaces < 1 or min(self.campaigns, self.accounts, self.leads) < 0:
            raise ValueError("A world needs at least one day and one workspace, and no count below zero.")
        if self.quirks - QUIRKS:
            raise ValueError(f"Unknown quirks {sorted(self.quirks - QUIRKS)}; there are {sorted(QUIRKS)}.")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key, the workspace it belongs to, and its scopes, for example `campaigns:read`."""

    key: str
    workspace: int = 0
    scopes: frozenset[str] = frozenset({"all:all"})


class World:
    """Everything the stand-in knows."""

    def __init__(
        self, settings: WorldSettings, api_keys: tuple[ApiKey, ...] = (), settles_after_s: float = 1.0
    ) -> None:
        """Build the workspaces; without keys, each gets one: the demo key, and the demo key with a number behind.

        `settles_after_s` is how long an activated campaign waits before it sends, or is found unable to.
        """
        self.settings = settings
        self.settles_after_s = settles_after_s
        self.first_keys = api_keys or tuple(
            ApiKey(DEMO_API_KEY if number == 0 else f"{DEMO_API_KEY}-{number + 1}", number)
            for number in range(settings.workspaces)
        )
        self.reset()

    @property
    def ignores_filters(self) -> bool:
        """Whether lists take no notice of some filters."""
        return "filters_ignored" in self.settings.quirks

    def reset(self) -> None:
        """Forget every change."""
        self.clock = Clock(self.settings.today)
        self.workspaces = [
            Workspace(settings=self.settings, number=number, clock=self.clock)
            for number in range(self.settings.workspaces)
        ]
        self.keys = {each.key: each for each in self.first_keys}

    def workspace_with_id(self, workspace_id: str) -> Workspace | None:
        """Give back a workspace, or `None`."""
        return next((each for each in self.workspaces if each.id == workspace_id), None)
