"""Fixtures that several files of this folder use."""

from __future__ import annotations

import pytest

from tests.fakes.contact_ledger import Ledger
from tests.fakes.empty_tables import empty_tables
from tests.fakes.normalised_tables import OURS, Tables
from tests.fakes.people import People


@pytest.fixture
def tables(database):
    """The raw tables and what is made of them, all empty."""
    empty_tables(database, OURS)
    return Tables(database)


@pytest.fixture
def people(database):
    """Nobody yet, and whatever decides who is written to."""
    return People(database)


@pytest.fixture
def ledger(database):
    """The contact ledger, with nobody in it."""
    return Ledger(database)
