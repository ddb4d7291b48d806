"""Instantly: reading campaigns, sending accounts and analytics."""
