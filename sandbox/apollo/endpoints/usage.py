"""Credits left, requests left, and whose key it is (reference §1.2, §4.5, §4.6)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import orjson

from sandbox.apollo.data.identifiers import OTHER, hex_id
from sandbox.apollo.endpoint import Call, Endpoint
from sandbox.apollo.parameters import boolean
from sandbox.vendor.repeatable import day_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Payload = dict[str, Any]
_OTHER_POOLS = (
    "direct_dial_credit",
    "export_credit",
    "conversation_credit",
    "ai_credit",
    "power_up_credit",
    "inbound_website_visitor_credit",
    "contact_website_visitor_credit",
    "web_search_record_credit",
    "dialer",
)


def _credits(call: Call) -> Payload:
    """Answer with the balance: one pool, and nothing in the others."""
    pool = call.world.credits
    today = date.fromisoformat(day_text(call.world.clock.today))
    begins = today.replace(day=1)
    ends = begins.replace(year=begins.year + begins.month // 12, month=begins.month % 12 + 1)
    stats = {name: {"limit": 0, "consumed": 0, "left_over": 0} for name in _OTHER_POOLS}
    stats["lead_credit"] = {"limit": pool.limit, "consumed": pool.consumed, "left_over": pool.left_over}
    cycle = {"start_date": f"{begins}T00:00:00.000Z", "end_date": f"{ends}T00:00:00.000Z"}
    return {"credit_usage_stats": stats, "current_credit_cycle": cycle}


def _profile(call: Call) -> Payload:
    """Answer with the user a key acts for."""
    seed, pool = call.world.settings.seed, call.world.credits
    profile: Payload = {"id": hex_id(seed, OTHER, 0), "team_id": hex_id(seed, OTHER, 4)}
    profile |= {"first_name": "Noor", "last_name": "Haddad", "title": "RevOps", "email": "noor@fernwood.example"}
    if not call.values.get("include_credit_usage"):
        return profile
    return profile | {
        "num_credits_remaining": pool.left_over,
        "effective_num_lead_credits": pool.limit,
        "num_lead_credits_used": pool.consumed,
        "total_unified_credits_used": pool.consumed,
    }


def _health(_: Call) -> Payload:
    return {"is_logged_in": True}


def _requests(routes: Iterable[tuple[str, str]]) -> Callable[[Call], Payload]:
    """Give back the operation that counts the requests of these (route, group)."""
    known = list(routes)

    def answer(call: Call) -> Payload:
        stats: Payload = {}
        for route, group in known:
            controller, _, action = route.rpartition("/")
            windows = call.limiter.limits.of(group)._asdict()
            used = {name: call.limiter.used(route, name, call.now_s) for name in windows}
            stats[orjson.dumps([controller, action]).decode().replace(",", ", ")] = {
                name: {"limit": most or None, "consumed": used[name], "left_over": most - used[name] if most else None}
                for name, most in reversed(windows.items())
            }
        return stats

    return answer


def endpoints(others: list[Endpoint]) -> list[Endpoint]:
    """Give back the operations of this file; one of them counts the requests of the others."""
    credits_route = "api/v1/usage_stats/credit_usage_stats"
    counted = [(each.route, each.group) for each in others]
    return [
        Endpoint("POST", "/usage_stats/credit_usage_stats", credits_route, "other", _credits),
        Endpoint(
            "POST",
            "/usage_stats/api_usage_stats",
            "api/v1/usage_stats/api_usage_stats",
            "other",
            _requests([*counted, (credits_route, "other")]),
        ),
        Endpoint(
            "GET",
            "/users/api_profile",
            "api/v1/users/api_profile",
            "other",
            _profile,
            {"include_credit_usage": boolean},
            needs_scope=False,
        ),
        Endpoint("GET", "/auth/health", "api/v1/auth/health", "other", _health, needs_scope=False),
    ]
