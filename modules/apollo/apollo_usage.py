"""How many credits the team has left, by Apollo's own count."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from modules.shared.errors import ContractError

if TYPE_CHECKING:
    from modules.apollo.apollo_client import ApolloClient

_ASKED = "Apollo: POST /usage_stats/credit_usage_stats"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """The team's common pool of credits. Others spend from it as well: colleagues in the app, other programs.

    Attributes:
        credits_limit: Of the cycle; `None`: not said.
        credits_consumed: In this cycle so far.
        credits_left: What is left of it; `None`: not said.
        cycle_started_at: When the cycle began; `None`: not said.
        cycle_ends_at: When what is left expires; `None`: not said.
    """

    credits_limit: float | None
    credits_consumed: float
    credits_left: float | None
    cycle_started_at: datetime | None
    cycle_ends_at: datetime | None


def read_usage(client: ApolloClient) -> Usage:
    """The credits of now. Costs nothing.

    The type `lead_credit` is the pool that everything here is paid from; on unified plans its rest includes the others.

    Raises:
        ContractError: The answer does not say what was consumed.
    """
    answer = client.read("POST", "/usage_stats/credit_usage_stats")
    pool = _part(_part(answer, "credit_usage_stats"), "lead_credit")
    consumed = _number(pool.get("consumed"))
    if consumed is None:
        raise ContractError(f"{_ASKED} does not say how many lead credits were consumed.")
    cycle = _part(answer, "current_credit_cycle")
    return Usage(
        credits_limit=_number(pool.get("limit")),
        credits_consumed=consumed,
        credits_left=_number(pool.get("left_over")),
        cycle_started_at=_moment(cycle.get("start_date")),
        cycle_ends_at=_moment(cycle.get("end_date")),
    )


def _part(whole: dict[str, Any], name: str) -> dict[str, Any]:
    part = whole.get(name)
    return part if isinstance(part, dict) else {}


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None
