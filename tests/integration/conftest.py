"""Fixtures that several files of this folder use."""

from __future__ import annotations

import pytest

from tests.fakes.empty_tables import empty_tables
from tests.fakes.normalised_tables import OURS, Tables


@pytest.fixture
def tables(database):
    """The raw tables and what is made of them, all empty."""
    empty_tables(database, OURS)
    return Tables(database)
