"""One sample lead as the vendor shows it, computed from its number and its campaign's history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.instantly.data.history import BOUNCED, REPLIED, UNSUBSCRIBED, Cohort, History
from sandbox.instantly.data.identifiers import plain_uuid
from sandbox.instantly.data.senders import sender
from sandbox.vendor.people import person
from sandbox.vendor.repeatable import DAY_MS, mix, timestamp

if TYPE_CHECKING:
    from sandbox.instantly.data.campaign_plans import CampaignPlans
    from sandbox.instantly.data.lead_numbers import LeadNumbers
    from sandbox.instantly.data.statistics import Statistics

Payload = dict[str, Any]
IN_A_LIST = 0
"""The status the vendor was seen to give leads of lists, though it is not in its own list of values."""

OUT_OF_OFFICE = 0
_PASSED_OVER, _DONE = 1, 3
_STATUS_OF_FATE = {BOUNCED: -1, UNSUBSCRIBED: -2, REPLIED: 3}


class SampleLeads:
    """Makes sample leads. Their state follows from the statistics, so both tell the same story."""

    def __init__(
        self,
        *,
        numbers: LeadNumbers,
        plans: CampaignPlans,
        statistics: Statistics,
        seed: int,
        workspace_id: str,
        owner_id: str,
        list_status: int,
    ) -> None:
        """Remember where facts come from."""
        self._numbers = numbers
        self._plans = plans
        self._statistics = statistics
        self._seed = seed
        self._workspace_id = workspace_id
        self._owner_id = owner_id
        self._list_status = list_status
        lists = range(plans.count, numbers.containers)
        self.list_ids = {self.list_id(container): container for container in lists}

    def list_id(self, container: int) -> str:
        """Give back the id of a lead list by its container number."""
        return plain_uuid(self._seed, 901, container)

    def container_number(self, container_id: str) -> int | None:
        """Give back the number of a sample campaign or sample list, or `None`."""
        number = self._plans.number_of(container_id)
        return self.list_ids.get(container_id) if number is None else number

    def row(self, lead: int) -> Payload:
        """Give back one lead. Keys that were never set are left out."""
        who = person(self._seed, self._numbers.person_of(lead))
        container = self._numbers.container_of(lead)
        made = timestamp(self._numbers.made_ms(lead))
        noise = mix(self._seed, 902, lead)
        opener = f"Saw the news about {who.company_name} this week."
        row: Payload = {
            "id": self._numbers.id_of(lead),
            "timestamp_created": made,
            "timestamp_updated": made,
            "organization": self._workspace_id,
            "status": _PASSED_OVER,
            "email_open_count": 0,
            "email_reply_count": 0,
            "email_click_count": 0,
            "company_domain": who.company_domain,
            "status_summary": {},
            "email": who.email,
            "personalization": opener,
            "last_name": who.last_name,
            "first_name": who.first_name,
            "company_name": who.company_name,
            "payload": {
                "firstName": who.first_name,
                "lastName": who.last_name,
                "companyName": who.company_name,
                "personalization": opener,
                "email": who.email,
                "jobTitle": who.job_title,
                "source_row_id": f"crm-{lead}",
            },
            "upload_method": "manual",
            "assigned_to": self._owner_id,
            "esp_code": (1, 2, 1, 999)[noise & 3],
        }
        if noise >> 2 & 1:
            row["job_title"] = who.job_title
        if noise >> 3 & 3 == 0:
            # Asked for and not filled in: empty text, where other rows have no key at all.
            row |= {"website": "", "phone": ""}
        if container >= self._plans.count:
            return row | {"list_id": self.list_id(container), "status": self._list_status}
        row |= {"campaign": self._plans.id_of(container), "verification_status": 1}
        history = self._statistics.history(container)
        ordinal = self._numbers.ordinal(lead)
        cohort = history.cohort_of(ordinal)
        if cohort is None:
            return row
        row |= self._journey(lead, ordinal, cohort, history)
        if row.get("lt_interest_status") == OUT_OF_OFFICE:
            # The vendor keeps its own notes among the variables.
            row["payload"]["pause_until"] = row["timestamp_last_contact"]
        return row

    def _journey(self, lead: int, ordinal: int, cohort: Cohort, history: History) -> Payload:
        """Give back what being contacted changed in the row."""
        plan = history.plan
        days = history.steps_sent(ordinal, cohort)
        fate = history.fates.get(ordinal)
        last_step = len(days) - 1
        is_done = last_step == len(plan.variants) - 1
        contacted = timestamp(moment_ms(days[-1], lead))
        by = self._plans.senders(plan.number)[ordinal % self._plans.senders_each] if self._plans.senders_each else 0
        step_id = f"0_{last_step}_{ordinal % plan.variants[last_step]}"
        last = {"from": sender(self._seed, by).email, "stepID": step_id, "timestamp_executed": contacted}
        # The vendor moves `timestamp_updated` for answers but, in most rows, not for sends.
        changed: Payload = {"timestamp_last_contact": contacted, "timestamp_last_touch": contacted}
        changed |= {"status": _DONE if is_done else _PASSED_OVER, "status_summary": {"lastStep": last}}
        opened_on = history.opened_on(ordinal, cohort)
        if opened_on is not None:
            changed |= {
                "email_open_count": 1 + ordinal % 2,
                "timestamp_last_open": timestamp(moment_ms(opened_on, lead)),
            }
            changed |= {"email_opened_step": 0, "email_click_count": int(history.has_clicked(ordinal))}
        if fate is None:
            return changed
        changed["status"] = _STATUS_OF_FATE.get(fate.kind, changed["status"])
        if fate.kind == REPLIED:
            answered = timestamp(moment_ms(fate.days[-1], lead) + 3_600_000)
            changed |= {"email_reply_count": len(fate.days), "timestamp_last_reply": answered}
            changed |= {
                "email_replied_step": fate.step,
                "timestamp_last_touch": answered,
                "timestamp_updated": answered,
            }
            changed["email_replied_variant"] = ordinal % plan.variants[fate.step]
        if fate.interest is not None:
            changed |= {
                "lt_interest_status": fate.interest,
                "timestamp_last_interest_change": changed["timestamp_last_touch"],
            }
        return changed


def moment_ms(day: int, lead: int) -> int:
    """Give back when on a day something happened to a lead; always before noon, when today's changes begin."""
    return day * DAY_MS + 25_200_000 + mix(lead, 903) % 10_800_000
