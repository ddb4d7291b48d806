"""Subcommands of `outreach`, one module each."""
