"""Fixtures that several files of this folder use."""

from __future__ import annotations

import pytest

from tests.fakes.normalised_tables import OURS, Tables


@pytest.fixture
def tables(database):
    """The raw tables and what is made of them, all empty."""
    database.execute(f"truncate {', '.join(OURS)} cascade")
    return Tables(database)
