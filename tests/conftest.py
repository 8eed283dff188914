"""What every test stands on: no network, a clean environment, a clock that waits for nobody, and both databases."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.support import postgres
from tests.support.network import close_network

if TYPE_CHECKING:
    from connectors.simulation import Ticker

ROOT = Path(__file__).resolve().parents[1]
IN_CI = bool(os.environ.get("CI"))
DATABASE_URL = os.environ.get("DATABASE_URL", "")
_BESIDE = ROOT.parent / "shared"
_GIVEN = {name: os.environ.get(name, "") for name in ("CROSSDOCK_SPECS", "CROSSDOCK_SAMPLES")}
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")

settings.register_profile("crossdock", deadline=None, derandomize=IN_CI, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("crossdock")


def pytest_configure(config: pytest.Config) -> None:
    """Close the network and clean the environment before any code of ours is imported."""
    close_network()
    for name in list(os.environ):
        if name.startswith(("CROSSDOCK_", "PG")) or name.lower() in _PROXIES or name == "DATABASE_URL":
            del os.environ[name]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of one file on one worker, unless they name a group of their own."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(str(item.path.relative_to(ROOT))))


def _outside_material(variable: str, folder: str, what: str) -> Path:
    given = _GIVEN[variable]
    if given:
        path = Path(given)
        assert path.is_dir(), f"{variable} names a folder that does not exist: {path}"
        return path
    if not _BESIDE.is_dir():
        pytest.skip(f"{what} are not here: set {variable} to their folder")
    return _BESIDE / folder


@pytest.fixture(scope="session")
def specs() -> Path:
    """The folder with the vendors' own schemas; where it exists, a missing file is a failure."""
    return _outside_material("CROSSDOCK_SPECS", "specs", "the vendors' schemas")


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder with real-life catalogs; where it exists, a missing file is a failure."""
    return _outside_material("CROSSDOCK_SAMPLES", "data", "the sample catalogs")


@pytest.fixture
def clock() -> Ticker:
    """A clock that stands still until a test moves it; sleeping moves it too."""
    from connectors.simulation import Ticker

    return Ticker()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.PostgresServer]:
    """One PostgreSQL server a worker, or the one ``DATABASE_URL`` names."""
    if DATABASE_URL:
        yield postgres.given(DATABASE_URL)
        return
    running = postgres.started()
    try:
        server = running.__enter__()
    except (postgres.PostgresUnavailableError, OSError) as error:
        if IN_CI:
            raise
        pytest.skip(f"PostgreSQL cannot be started: {error}")
    try:
        yield server
    finally:
        running.__exit__(None, None, None)


@pytest.fixture
def postgres_url(postgres_server: postgres.PostgresServer) -> Iterator[str]:
    """The URL of a new, empty PostgreSQL database."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of a SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'crossdock.sqlite'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a new, empty database: every test that asks runs once on each kind."""
    name = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    url: str = request.getfixturevalue(name)
    return url
