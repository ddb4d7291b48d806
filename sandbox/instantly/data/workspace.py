"""One workspace: its facts and all its tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.instantly.data.accounts import Accounts
from sandbox.instantly.data.campaign_plans import ACCOUNTS_UNHEALTHY, ACTIVE, CampaignPlans
from sandbox.instantly.data.campaigns import Campaigns
from sandbox.instantly.data.emails import Emails
from sandbox.instantly.data.identifiers import plain_uuid
from sandbox.instantly.data.lead_numbers import LeadNumbers
from sandbox.instantly.data.leads import Leads
from sandbox.instantly.data.sample_leads import IN_A_LIST, SampleLeads
from sandbox.instantly.data.sending import not_sending_status
from sandbox.instantly.data.small_tables import BlockList, SmallTables
from sandbox.instantly.data.statistics import Statistics
from sandbox.vendor.repeatable import DAY_MS, day_number, mix, timestamp

if TYPE_CHECKING:
    from sandbox.instantly.world import WorldSettings
    from sandbox.vendor.clock import Clock

Payload = dict[str, Any]
LIST_COUNT = 2


class Workspace:
    """What one API key sees.

    Attributes:
        number: 0 for the admin workspace, whose key may act for the others.
        has_paid_plan: When false, every request is answered with 402.
        lead_limit: Leads the plan has room for.
        verification_credits: What is left for address verifications.
        settles_at: When it shows whether an activated campaign can send, in seconds of the server's clock.
        launched: Activated campaigns of which it has shown.
    """

    def __init__(self, *, settings: WorldSettings, number: int, clock: Clock) -> None:
        """Lay out the sample; rows are made when somebody asks."""
        self._clock = clock
        self.number = number
        self.seed = mix(settings.seed, number)
        self.id = plain_uuid(self.seed, 1)
        self.owner_id = plain_uuid(self.seed, 2)
        self.has_paid_plan = True
        self.lead_limit = max(25_000, settings.leads * 2)
        self.verification_credits = 5000
        self.verifications: dict[str, Payload] = {}
        self.settles_at: dict[str, float] = {}
        self.launched: set[str] = set()
        first_day = day_number(settings.today) - settings.days
        first_ms = first_day * DAY_MS + 7 * 3_600_000
        self.made = timestamp(first_ms - 400 * DAY_MS)
        numbers = LeadNumbers(
            seed=self.seed,
            leads=settings.leads,
            campaigns=settings.campaigns,
            lists=LIST_COUNT,
            first_ms=first_ms,
            span_ms=max(1, int(settings.days * 0.8)) * DAY_MS,
        )
        self.plans = CampaignPlans(
            seed=self.seed,
            count=settings.campaigns,
            accounts=settings.accounts,
            numbers=numbers,
            first_today=day_number(settings.today),
        )
        self.statistics = Statistics(plans=self.plans, clock=clock)
        ids = {"seed": self.seed, "workspace_id": self.id}
        self.campaigns = Campaigns(plans=self.plans, clock=clock, owner_id=self.owner_id, **ids)  # type: ignore[arg-type]
        self.accounts = Accounts(
            plans=self.plans,
            count=settings.accounts,
            clock=clock,
            seed=self.seed,
            workspace_id=self.id,
            owner_id=self.owner_id,
            newest_ms=first_ms - 20 * DAY_MS,
        )
        sample = SampleLeads(
            numbers=numbers,
            plans=self.plans,
            statistics=self.statistics,
            seed=self.seed,
            workspace_id=self.id,
            owner_id=self.owner_id,
            list_status=IN_A_LIST if "lead_status_zero" in settings.quirks else 1,
        )
        self.leads = Leads(numbers=numbers, sample=sample, clock=clock, seed=self.seed, workspace_id=self.id)
        self.emails = Emails(
            plans=self.plans,
            statistics=self.statistics,
            leads=self.leads,
            clock=clock,
            seed=self.seed,
            workspace_id=self.id,
        )
        self.block_list = BlockList(clock=clock, seed=self.seed, workspace_id=self.id, first_ms=first_ms)
        self.small = SmallTables(
            plans=self.plans,
            lists=sample,
            seed=self.seed,
            workspace_id=self.id,
            owner_id=self.owner_id,
            first_ms=first_ms,
        )
        if "unseen_campaign_status" in settings.quirks and settings.campaigns:
            self.campaigns.unseen_status_on = self.plans.id_of(0)

    @property
    def name(self) -> str:
        """What people call the workspace."""
        return f"Halden Freight {self.number + 1}"

    def row(self) -> Payload:
        """Give back the workspace as the vendor shows it."""
        return {
            "id": self.id,
            "timestamp_created": self.made,
            "timestamp_updated": self.made,
            "owner": self.owner_id,
            "name": self.name,
            "plan_id": "pid_hg_v1",
            "add_unsub_to_block": False,
            "default_opportunity_value": 500,
        }

    def can_send(self, campaign: Payload) -> bool:
        """Say whether an activated campaign would find an account to send by."""
        accounts = self.accounts
        if any(accounts.can_send(accounts.find(email)) for email in campaign.get("email_list") or []):
            return True
        tags = campaign.get("email_tag_list") or []
        return any(accounts.can_send(accounts.row(number)) for tag in tags for number in accounts.with_tag(tag))

    def answer_as(self, lead_id: str, text: str, *, is_automatic: bool = False) -> Payload | None:
        """Let a lead of a campaign answer now; give back the mail, or `None` when there is no such lead."""
        lead = self.leads.find(lead_id)
        campaign = self.campaigns.find(lead.get("campaign", "")) if lead else None
        if lead is None or campaign is None:
            return None
        is_first = lead["email_reply_count"] == 0
        mail = self.emails.add_reply(
            lead, sent_by=next(iter(campaign["email_list"] or ()), ""), text=text, is_automatic=is_automatic
        )
        counts = {"replies": 1}
        if is_automatic:
            counts |= {"replies_automatic": 1, "unique_replies_automatic": 1}
        else:
            made = mail["timestamp_created"]
            fields = {"email_reply_count": lead["email_reply_count"] + 1, "status": 3}
            self.leads.change(lead_id, fields | {"timestamp_last_reply": made, "timestamp_last_touch": made})
            counts |= {"unique_replies": int(is_first)}
        self.statistics.add(campaign["id"], None, **counts)
        return mail

    def settle(self, now_s: float) -> None:
        """Let activated campaigns whose time has come send, or turn to "accounts unhealthy" when they cannot."""
        for campaign_id in [each for each, due in self.settles_at.items() if due <= now_s]:
            del self.settles_at[campaign_id]
            campaign = self.campaigns.find(campaign_id)
            if campaign is None or campaign["status"] != ACTIVE:
                continue
            if self.can_send(campaign):
                self.launched.add(campaign_id)
                self.campaigns.change(campaign_id, {"not_sending_status": self.not_sending_status(campaign)})
            else:
                self.campaigns.change(campaign_id, {"status": ACCOUNTS_UNHEALTHY, "not_sending_status": None})

    def not_sending_status(self, campaign: Payload) -> int | None:
        """Give back why an active campaign does not send now; `None` when it does."""
        if campaign["id"] not in self.launched:
            told: int | None = campaign.get("not_sending_status")
            return told
        has_leads = self.leads.count_in(campaign["id"]) > 0
        return not_sending_status(campaign, today=self._clock.today, has_leads=has_leads)
