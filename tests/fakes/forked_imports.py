"""What forked processes find imported."""

from __future__ import annotations

import outreach_pipeline.cli
import outreach_pipeline.definitions
import tests.fakes.killable_icebreakers
import tests.fakes.killable_launches
import tests.fakes.killable_purchases
import tests.fakes.outreach_command
from modules.shared.http_client import certificates

__all__ = ["outreach_pipeline", "tests"]

# Read once, and not by every copy.
certificates()
