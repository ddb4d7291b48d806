"""Bricks: plain Python, one job each, without Dagster."""
