"""A stateful stand-in for the Instantly API v2."""
