"""Reserved people into their campaign at Instantly, each accounted for.

Whoever is sent along is noted as `uploading` before the request. A clear answer settles those it created; everybody
else, and everybody after a lost answer, is looked up by address. The same request may be made again only for people who
are found nowhere, into the same campaign, where Instantly takes an address once.
"""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from modules.instantly.instantly_uploader import MOST_LEADS, add_leads, look_up
from modules.outreach.launch_ledger import settle_people, take_people
from modules.outreach.pages import in_batches, pages
from modules.shared.errors import ContractError, OutcomeUnknown, PermanentError, Refused, RetryableError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from modules.instantly.instantly_client import InstantlyClient
    from modules.instantly.instantly_upload_answers import LeadAtInstantly, UploadAnswer
    from modules.outreach.launch_ledger import Launch
    from modules.supabase.row_store import RowStore

Json = dict[str, Any]

_MOST_LOST_ANSWERS = 3
_REFUSALS = {"in_blocklist": "in_block_list", "invalid_email_count": "invalid_at_instantly"}
"""Counters of an upload that name a reason which holds for the next launch, too."""


@dataclass(slots=True)
class Uploader:
    """One launch's uploads.

    Attributes:
        check_pause: Called before each request that adds people.
        leads_per_upload: People in one of these requests, at most.
        counts: People by what became of them; `uploads`: requests that added people.
    """

    store: RowStore
    client: InstantlyClient
    launch: Launch
    instantly_campaign_id: str
    check_pause: Callable[[], None]
    leads_per_upload: int = MOST_LEADS
    counts: Counter[str] = field(default_factory=Counter)
    _lost_answers: int = 0

    def run(self) -> Counter[str]:
        """Settle whom an earlier try left in doubt, then upload everybody who is ready.

        Raises:
            OutcomeUnknown: Answers are lost again and again; everybody is settled as far as a look-up can tell.
            OutreachError: Instantly or Supabase is out of reach or refuses; who was not sent is reserved as before.
        """
        self.settle_doubtful()
        while people := take_people(self.store, self.launch, str(uuid.uuid4()), self.leads_per_upload):
            self._upload(people)
        return self.counts

    def settle_doubtful(self) -> None:
        """Look up everybody of the campaign of whom nobody knows whether Instantly holds them."""
        people = pages(self.store, "doubtful_people", key="campaign_lead_id", wanted_campaign=self.launch.campaign_name)
        for batch in in_batches(list(people)):
            self._settle_by_look_up(batch)

    def _upload(self, people: Sequence[Json]) -> None:
        payloads = [person["payload"] for person in people]
        try:
            answer = add_leads(self.client, self.instantly_campaign_id, payloads, check_pause=self.check_pause)
        except (OutcomeUnknown, ContractError) as lost:
            self.counts["uploads"] += 1
            self._settle_by_look_up(people)
            self._lost_answers += 1
            if self._lost_answers >= _MOST_LOST_ANSWERS:
                raise OutcomeUnknown(f"{lost} This was the third answer lost; launch again later.") from lost
            return
        except (PermanentError, RetryableError, Refused):
            # Nobody was sent.
            self._settle([_row(person, "reserved") for person in people])
            raise
        self.counts["uploads"] += 1
        self._take(people, answer)

    def _take(self, people: Sequence[Json], answer: UploadAnswer) -> None:
        created = [_row(people[place], "uploaded", found=lead_id) for place, lead_id in answer.created.items()]
        self._settle(created)
        others = [person for place, person in enumerate(people) if place not in answer.created]
        if others:
            self._settle_by_look_up(others, answer)

    def _settle_by_look_up(self, people: Sequence[Json], answer: UploadAnswer | None = None) -> None:
        """Without a clear answer, whoever is found nowhere may be sent again."""
        found = look_up(self.client, [person["email"] for person in people])
        rows = [self._found(person, found[person["email"]]) for person in people]
        nowhere = {"state": "reserved"} if answer is None else _why_nowhere(answer, rows.count(None))
        self._settle([row or _row(person, **nowhere) for person, row in zip(people, rows, strict=True)])

    def _found(self, person: Json, leads: Sequence[LeadAtInstantly]) -> Json | None:
        here = [lead.id for lead in leads if lead.campaign_id == self.instantly_campaign_id]
        if here:
            return _row(person, "uploaded", found=here[0])
        if any(lead.campaign_id for lead in leads):
            return _row(person, "released", reason="in_another_campaign")
        return None

    def _settle(self, rows: list[Json]) -> None:
        for state, people in settle_people(self.store, rows).items():
            if state != "reserved":
                self.counts[state] += people


def _why_nowhere(answer: UploadAnswer, people: int) -> Json:
    """What is noted of people whom a clear answer did not create, and who are found nowhere."""
    refused = {name: answer.counts[name] for name in ("in_blocklist", "invalid_email_count", "incomplete_count")}
    if sum(refused.values()) == people:
        reasons = [_REFUSALS.get(name, "refused_at_instantly") for name, count in refused.items() if count]
        return {"state": "released", "reason": reasons[0] if len(reasons) == 1 else "refused_at_instantly"}
    # Skipped, duplicate, or beyond the plan: Instantly should hold them somewhere, and does not.
    return {"state": "unknown", "reason": "not_created_and_not_found"}


def _row(person: Json, state: str, *, reason: str = "", found: str | None = None) -> Json:
    return {
        "campaign_lead_id": person["campaign_lead_id"],
        "state": state,
        "reason": reason,
        "instantly_lead_id": found,
    }
