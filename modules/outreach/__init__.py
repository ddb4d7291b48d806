"""Decisions that need more than one service."""
