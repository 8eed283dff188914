"""A stage for every test."""

from __future__ import annotations

import pytest

from connectors.simulation import Ticker
from connectors.stripe.simulator import StripeSimulator
from tests.unit.connectors.stripe.stage import Stage


@pytest.fixture
def stage(clock: Ticker) -> Stage:
    """An empty account in euros, and a connector on it."""
    return Stage(clock, StripeSimulator(clock=clock))
