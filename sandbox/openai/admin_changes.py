"""What the admin may see and change of the world: `/openai/_admin/world`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sandbox.openai.world import SETTINGS

if TYPE_CHECKING:
    from sandbox.openai.world import World

Json = dict[str, Any]


def world_facts(world: World) -> Json:
    """Give back the settings, files and batches, the sum spent in USD, and every charge."""
    batches = world.batches.batches.values()
    return {
        "settings": asdict(world.settings),
        "file_ids": [file.id for file in world.files.all(world)],
        "batches": {batch.id: batch.status for batch in batches},
        "stored_responses": len(world.responses),
        "dollars": world.bills.dollars,
        "charges": [charge._asdict() | {"tokens": charge.tokens._asdict()} for charge in world.bills.charges],
    }


def change_world(world: World, change: Json) -> None:
    """Change the world; several keys at once are fine, and an unknown one is refused.

    Every setting of `WorldSettings` by its name, for example `{"is_obedient": true}`, `{"credit_usd": 0}`,
    `{"bad_rates_pct": {"link": 100}}` or `{"slow_downs": 3}`; `{"advance_s": 61}` moves the clock of limits, cache,
    files and batches; `{"key": "…"}` adds a key; `{"expire_batch": "…"}` ends a batch as if its window were over.
    """
    left = dict(change)
    world.change_settings(**{name: left.pop(name) for name in SETTINGS & set(left)})
    world.ahead_s += left.pop("advance_s", 0)
    if "key" in left:
        world.keys.add(left.pop("key"))
    if "expire_batch" in left:
        batch = world.batches.batches[left.pop("expire_batch")]
        if batch.is_final:
            raise ValueError(f"The batch is {batch.status} already.")
        batch.end(world, "expired")
    if left:
        raise ValueError(f"Unknown changes {sorted(left)}.")
