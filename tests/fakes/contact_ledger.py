"""The contact ledger, and launches that reserve people in it."""

from __future__ import annotations

import threading
import uuid

from psycopg.types.json import Jsonb

from modules.outreach.launch_ledger import begin_launch, reserve_people, settle_people, take_people
from tests.fakes.campaigns import campaign
from tests.fakes.direct_store import DirectStore, direct_store
from tests.fakes.people import People

PLANS = campaign(caps__people_per_company=50, caps__people_per_domain=50)
OTHER_COPY = campaign(offer="We take over plans that live in heads.")


class Ledger(People):
    """People, and launches that reserve them."""

    def begin(self, wanted=PLANS, key="first", *, limit=None, activates=True):
        return begin_launch(self.store, wanted, launch_key=key, limit=limit, activates=activates)

    def reserve(self, launch, wanted=PLANS, most_age_s=None):
        return reserve_people(self.store, launch, wanted, most_age_s or {})

    def prepare(self, launch):
        """Write down for everybody what is to be sent."""
        wanted = {"wanted_launch": launch.launch_id, "after_rank": 0, "most": 1_000}
        people = self.store.call("people_to_prepare", wanted)
        rows = [{"campaign_lead_id": each["campaign_lead_id"], "payload": {"email": each["email"]}} for each in people]
        return self.store.call("prepare_people", {"rows": rows})

    def take(self, launch, most=100, upload=None):
        return [each["email"] for each in take_people(self.store, launch, upload or str(uuid.uuid4()), most)]

    def ready(self, count, wanted=PLANS, key="first", **asked):
        """A launch whose people are reserved, and only have to be sent."""
        for number in range(count):
            self.add(f"person{number:02}@firm{number}.example", score=90 - number)
        self.apply(wanted)
        launch = self.begin(wanted, key, **asked)
        assert self.reserve(launch, wanted) == count
        assert self.prepare(launch) == count
        return launch

    def states(self):
        """State and reason by address, of all rows in the order they were reserved in."""
        rows = self.rows("select email, state, reason from campaign_leads order by reserved_at, rank")
        return {row["email"]: (row["state"], row["reason"]) for row in rows}

    def settle(self, email, state, reason="", instantly_lead_id=None):
        (entry,) = self.rows("select campaign_lead_id from campaign_leads where email = %s", [email])
        row = {"campaign_lead_id": str(entry["campaign_lead_id"]), "state": state, "reason": reason}
        return settle_people(self.store, [{**row, "instantly_lead_id": instantly_lead_id}])

    def set(self, entry, **columns):
        """Write columns of one row, as any program might."""
        assigned = ", ".join(f"{name} = %s" for name in columns)
        values = [Jsonb(value) if isinstance(value, dict) else value for value in columns.values()]
        statement = f"update campaign_leads set {assigned} where campaign_lead_id = %s"
        self.connection.execute(statement, [*values, entry])


def at_once(supabase, callers, act):
    """What each of several callers, each over its own connection, answers to doing it at the same time."""
    barrier = threading.Barrier(callers)
    answers = [None] * callers

    def run(place):
        with direct_store(supabase.database_url, DirectStore) as own:
            barrier.wait(timeout=20)
            answers[place] = act(place, own)

    threads = [threading.Thread(target=run, args=[place]) for place in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers
