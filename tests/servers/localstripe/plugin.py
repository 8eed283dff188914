"""The stand-in as a fixture, where its environment is installed."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.servers.localstripe import server as servers

_REQUIRED = any(os.environ.get(name) for name in ("CI", "REQUIRE_LOCALSTRIPE"))  # noqa: TID251 - how the tests are run


@pytest.fixture(scope="session")
def localstripe_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.LocalStripe]:
    """A running server of this test session."""
    if not servers.is_installed():
        reason = "the stand-in's own environment .venv-localstripe is not there: run `make test`"
        if _REQUIRED:
            pytest.fail(reason)
        pytest.skip(reason)
    with servers.running(tmp_path_factory.mktemp("localstripe")) as server:
        yield server


@pytest.fixture
def localstripe(localstripe_server: servers.LocalStripe) -> servers.LocalStripe:
    """The server without anything on it."""
    localstripe_server.forget()
    return localstripe_server
