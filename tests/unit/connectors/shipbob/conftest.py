"""A stage for every test."""

from __future__ import annotations

import pytest

from connectors.shipbob.simulator import ShipBobSimulator
from connectors.simulation import Ticker
from tests.unit.connectors.shipbob.stage import Stage


@pytest.fixture
def stage(clock: Ticker) -> Stage:
    """An account with two products in two centers, and a connector on it."""
    stage = Stage(clock, ShipBobSimulator(clock=clock))
    stage.stock("TEA", {8: 10, 20: 5})
    stage.stock("CUP", {8: 4})
    clock.advance(3600)
    return stage
