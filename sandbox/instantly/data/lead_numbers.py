"""Arithmetic that places every sample lead: its container, its id, its person, its position in the vendor's order.

Leads are numbered from the oldest. The first fiftieth are "old": their ids are random (version 4), as the vendor made
them before 2025-10-15, and they belong to the first tenth of the campaigns in turn. All others were uploaded container
by container, with time-ordered ids (version 7). Containers are the campaigns in order of creation, then the lead lists.
Sorted by id, some old leads come first, then all new ones, then the remaining old ones; a lead made through the API
gets an id behind the new ones.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right

from sandbox.instantly.data.identifiers import ordered_uuid, random_uuid
from sandbox.vendor.people import person, person_numbers
from sandbox.vendor.repeatable import mix

# The leading 32 bits of version 7 ids made between June 2024 and 2041 lie between these two.
_LOWEST_ORDERED, _HIGHEST_ORDERED = 0x0190_0000, 0x0210_0000
_TWIN_EVERY = 40


class LeadNumbers:
    """The places of a workspace's sample leads.

    Attributes:
        total: How many leads there are.
        old: How many of them carry random ids.
    """

    def __init__(self, *, seed: int, leads: int, campaigns: int, lists: int, first_ms: int, span_ms: int) -> None:
        """Lay the leads out over the containers, which are made evenly from `first_ms` on."""
        self.seed = seed
        self.total = leads
        self.containers = campaigns + lists
        self.old = leads // 50 if campaigns else 0
        self._old_first = max(1, self.old * _LOWEST_ORDERED >> 32) if self.old else 0
        self._old_campaigns = max(1, campaigns // 10)
        self._first_ms = first_ms
        self._gap_ms = span_ms / max(1, self.containers)
        self._new = leads - self.old
        # A list holds about a third of what a campaign holds.
        weights = [(3 if c < campaigns else 1) * (60 + mix(seed, 201, c) % 81) for c in range(self.containers)]
        self._starts = array("q", [self.old])
        reached, whole = 0, sum(weights)
        for weight in weights:
            reached += weight
            self._starts.append(self.old + self._new * reached // whole)

    def container_made_ms(self, container: int) -> int:
        """Give back when the campaign or list was made."""
        return self._first_ms + int(self._gap_ms * container)

    def container_of(self, lead: int) -> int:
        """Give back the number of the campaign, or behind all campaigns of the list, that holds the lead."""
        if lead < self.old:
            return lead % self._old_campaigns
        return bisect_right(self._starts, lead) - 1

    def _old_in(self, container: int, below: int) -> int:
        if container >= self._old_campaigns or below <= container:
            return 0
        return (below - container - 1) // self._old_campaigns + 1

    def size(self, container: int) -> int:
        """Give back how many leads the sample world put into the container."""
        return self._old_in(container, self.old) + self._starts[container + 1] - self._starts[container]

    def ordinal(self, lead: int) -> int:
        """Give back the lead's place inside its container, oldest first; the order in which it is contacted."""
        if lead < self.old:
            return lead // self._old_campaigns
        container = self.container_of(lead)
        return self._old_in(container, self.old) + lead - self._starts[container]

    def lead_at(self, container: int, ordinal: int) -> int:
        """Give back the number of the lead at a place inside its container."""
        old = self._old_in(container, self.old)
        if ordinal < old:
            return container + ordinal * self._old_campaigns
        return self._starts[container] + ordinal - old

    def made_ms(self, lead: int) -> int:
        """Give back when the lead was uploaded."""
        if lead < self.old:
            return self._first_ms - (self.old - lead) * 60_000
        container = self.container_of(lead)
        size = self._starts[container + 1] - self._starts[container]
        step = min(20.0, (self._gap_ms - 2000) / size)
        return self.container_made_ms(container) + 1000 + int((lead - self._starts[container]) * step)

    def id_of(self, lead: int) -> str:
        """Give back the lead's id."""
        noise = mix(self.seed, 202, lead)
        if lead >= self.old:
            return ordered_uuid(self.made_ms(lead), noise)
        if lead < self._old_first:
            low, width, place, places = 0, _LOWEST_ORDERED, lead, self._old_first
        else:
            low, width = _HIGHEST_ORDERED, 2**32 - _HIGHEST_ORDERED
            place, places = lead - self._old_first, self.old - self._old_first
        floor, ceiling = low + width * place // places, low + width * (place + 1) // places
        return random_uuid(floor + noise % (ceiling - floor), mix(noise, 1))

    def at_position(self, position: int) -> int:
        """Give back the lead at a position of the whole workspace sorted by id."""
        if position < self._old_first:
            return position
        if position < self._old_first + self._new:
            return position - self._old_first + self.old
        return position - self._new

    def at_position_in(self, container: int, position: int) -> int:
        """Give back the lead at a position of one container sorted by id."""
        first = self._old_in(container, self._old_first)
        new = self._starts[container + 1] - self._starts[container]
        if first <= position < first + new:
            return self._starts[container] + position - first
        return self.lead_at(container, position if position < first else position - new)

    def person_of(self, lead: int) -> int:
        """Give back the person's number: every fortieth lead of the second half is known from another container."""
        twin = lead - self.total // 2
        if lead % _TWIN_EVERY or twin < 0 or self.container_of(twin) == self.container_of(lead):
            return lead
        return twin

    def leads_with(self, email: str) -> list[int]:
        """Give back the numbers of all sample leads with this address."""
        for number in person_numbers(email):
            if number < self.total and person(self.seed, number).email == email:
                candidates = {number, number + self.total // 2}
                return sorted(lead for lead in candidates if lead < self.total and self.person_of(lead) == number)
        return []
