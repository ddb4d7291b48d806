"""Who may do what on the way to Instantly; `one_door.py` holds the code to it.

A new exception belongs here with its reason, so that whoever reviews it sees that the door was touched.
"""

from __future__ import annotations

UPLOADER = "modules.instantly.instantly_uploader"
LAUNCHERS = "modules.outreach.launch_"
"""Modules with this beginning may import what has an effect from the uploader."""

EFFECTS = frozenset({"create_campaign", "add_leads", "activate"})
"""The functions of the uploader that change something there; no other function of it may write."""

WRITES = {
    UPLOADER: frozenset({"POST /campaigns", "POST /leads/add", "POST /campaigns/{}/activate"}),
    # Both only ever reduce contact.
    "modules.outreach.suppression_sweep": frozenset({"DELETE /leads/{}", "POST /block-lists-entries/bulk-create"}),
}
"""What each module may send by `InstantlyClient.write`; modules that are not here send nothing."""

READING_POSTS = frozenset({"/leads/list", "/accounts/warmup-analytics"})
"""The only paths for `InstantlyClient.post` and `post_items`: by the vendor's documents, these change nothing."""

CLIENTS = frozenset(
    {"modules.shared.http_client", "modules.instantly.instantly_client", "modules.apollo.apollo_client"}
)
"""Modules that hold a connection of their own (`HttpClient`)."""

NETWORK = {
    "httpx": frozenset(
        {"modules.shared.http_client", "modules.supabase.supabase_client", "modules.supabase.row_store"}
    ),
    "httpx2": frozenset({"modules.outreach.icebreaker_batches"}),
    "openai": frozenset(
        {
            "modules.openai.icebreaker_evaluation",
            "modules.openai.icebreaker_generator",
            "modules.openai.icebreaker_judge",
            "modules.openai.openai_client",
            "modules.outreach.icebreaker_batches",
            "modules.outreach.icebreaker_run",
            "outreach_pipeline.commands.icebreakers",
            "outreach_pipeline.sensors",
        }
    ),
    "supabase": frozenset({"modules.supabase.supabase_client"}),
    "postgrest": frozenset({"modules.supabase.supabase_client", "modules.supabase.row_store"}),
    "psycopg": frozenset({"modules.supabase.migrations"}),
    "subprocess": frozenset({"outreach_pipeline.commands.dev"}),
    **dict.fromkeys(("aiohttp", "http", "http.client", "httpcore", "requests", "smtplib"), frozenset()),
    **dict.fromkeys(("socket", "ssl", "urllib.request", "urllib3", "websockets"), frozenset()),
}
"""What can reach a network, or start what can, and who may import it."""

ALLOWED = {
    # The two clients hand on what their callers ask for; the callers are held to the rules above.
    "modules.instantly.instantly_client": {
        "self._http.write(method, path, body=body, meter=self.meter)",
        "self.post(path, query)",
    },
    "modules.apollo.apollo_client": {"self._http.write(method, path, params=params, body=body)"},
    # A price per written token.
    "modules.openai.openai_prices": {"price.write"},
    # Attributes by name, of objects that are no clients.
    "modules.apollo.apollo_slices": {"getattr(filters, name, None)", "getattr(filters, name)"},
    "modules.instantly.instantly_sources": {"getattr(source, entity)"},
    "modules.outreach.campaign_variables": {"getattr(sender, key)"},
    "modules.outreach.regions": {"getattr(country, kind, '')"},
    "modules.outreach.score_rules": {"getattr(rules, kind)"},
    "modules.shared.settings": {"getattr(self, name.lower())"},
    "modules.supabase.part_sync": {
        "getattr(self.counts, each.name)",
        "getattr(report.counts, each.name)",
        "getattr(progress.counts, each.name)",
    },
    "modules.supabase.row_batches": {"row.__dict__"},
    "modules.openai.icebreaker_evaluation": {"from inspect import signature"},
}
"""Expressions that look like a way around the door and are none, word for word."""
