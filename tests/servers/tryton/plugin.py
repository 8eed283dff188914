"""Fixtures with a Tryton world: the simulator always, the real server where its environment is installed."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.servers.tryton import server as servers
from tests.servers.tryton.world import World, real, simulated

_REQUIRED = any(os.environ.get(name) for name in ("CI", "REQUIRE_TRYTON"))  # noqa: TID251 - how the tests are run


@pytest.fixture(scope="session")
def tryton_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.TrytonServer]:
    """A real server on a seeded database of this test session."""
    if not servers.is_installed():
        reason = "the ERP's own environment .venv-tryton is not there: run `make test`"
        if _REQUIRED:
            pytest.fail(reason)
        pytest.skip(reason)
    with servers.running(tmp_path_factory.mktemp("tryton")) as server:
        yield server


@pytest.fixture(params=["simulator", "server"])
def world(request: pytest.FixtureRequest) -> World:
    """A company with the catalog: every test that asks runs against the simulator and against the real server."""
    if request.param == "simulator":
        return simulated()
    return real(request.getfixturevalue("tryton_server"))
