from __future__ import annotations

import pytest

from tests.servers.tryton.world import World, simulated


@pytest.fixture
def world() -> World:
    """The simulated company of the contract tests."""
    return simulated()
