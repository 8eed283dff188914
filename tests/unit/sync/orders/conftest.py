"""Desks for the tests of orders: a live hub over in-memory platforms, closed at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.desk import Desk, open_desk

OpenDesk = Callable[..., Desk]


@pytest.fixture
def opened() -> Iterator[list[Desk]]:
    """Every desk a test opened."""
    found: list[Desk] = []
    yield found
    for desk in found:
        desk.trading.hub.database.close()


@pytest.fixture
def desk_of(sqlite_url: str, opened: list[Desk]) -> OpenDesk:
    """Opens a desk as a test wants it."""

    def make(**more: Any) -> Desk:
        opened.append(open_desk(sqlite_url, **more))
        return opened[-1]

    return make


@pytest.fixture
def desk(desk_of: OpenDesk) -> Desk:
    """One shop, one ERP that ships itself."""
    return desk_of()


@pytest.fixture
def both_of(database_url: str, opened: list[Desk]) -> OpenDesk:
    """Opens a desk on each kind of database."""

    def make(**more: Any) -> Desk:
        opened.append(open_desk(database_url, **more))
        return opened[-1]

    return make
