"""What the admin may see and change of the world: `/apollo/_admin/world`."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from sandbox.apollo.world import ApiKey

if TYPE_CHECKING:
    from sandbox.apollo.world import World

Json = dict[str, Any]
_IDS_SHOWN = 100
_SWITCHES = ("has_structured_errors", "saves_enriched_people")


def world_facts(world: World) -> Json:
    """Give back counts, the first ids, the credits, and every charge as [subject, kind, credits]."""
    pool, database = world.credits, world.database
    return {
        "people_total": database.people.count,
        "companies_total": database.companies.count,
        "contacts_total": len(database.contacts.rows),
        "person_ids": [database.people.id(number) for number in range(min(database.people.count, _IDS_SHOWN))],
        "contact_ids": list(islice(database.contacts.rows, _IDS_SHOWN)),
        "credits_limit": pool.limit,
        "credits_consumed": pool.consumed,
        "charges": [[charge.subject_id, charge.kind, charge.credits] for charge in pool.charges],
        "charged_requests": [charge.request_number for charge in pool.charges],
    }


def change_world(world: World, change: Json) -> None:
    """Change the world; several keys at once are fine, and an unknown one is refused.

    `{"advance_days": 1}`; `{"advance_s": 61}` moves only the clock of the rate limits; `{"repeat_is_free": true}`;
    `{"saves_enriched_people": true}`; `{"has_structured_errors": true}`: errors as since September 2026;
    `{"credits_limit": 100}`; `{"spent_by_others": 7}`; `{"key": "…", "scopes": ["api/v1/people/match"]}`;
    `{"change": "person", "id": "…", "fields": {…}, "fate": "MISS_NULL"}`, where fates are those of `fates.py`;
    `{"change": "contact", "id": "…", "fields": {…}}`.
    """
    left = dict(change)
    if "change" in left:
        kind, subject_id, fields = left.pop("change"), left.pop("id"), left.pop("fields", {})
        if kind == "person":
            world.change_person(subject_id, fields, left.pop("fate", None))
        elif kind == "contact":
            world.database.contacts.change(subject_id, fields)
        else:
            raise ValueError(f"Nothing is called {kind!r}; there are 'person' and 'contact'.")
    if "key" in left:
        key = ApiKey(left.pop("key"), frozenset(left.pop("scopes", ["*"])))
        world.keys[key.key] = key
    world.clock.advance(left.pop("advance_days", 0))
    world.ahead_s += left.pop("advance_s", 0)
    for name in _SWITCHES:
        setattr(world, name, left.pop(name, getattr(world, name)))
    world.credits.repeat_is_free = left.pop("repeat_is_free", world.credits.repeat_is_free)
    world.credits.limit = left.pop("credits_limit", world.credits.limit)
    world.credits.spent_by_others = left.pop("spent_by_others", world.credits.spent_by_others)
    if left:
        raise ValueError(f"Unknown changes {sorted(left)}.")
