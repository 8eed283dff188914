"""The engine that processes share: what goes wrong while wakes are heard does not end the clock of the schedules."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any, cast

import pytest

from crossdock.clock import SystemClock
from crossdock.engines import shared
from crossdock.engines.shared import SharedEngine
from crossdock.engines.wakes import Wakes
from sync.store.database import Database, open_database


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    found = open_database(sqlite_url)
    yield found
    found.close()


def test_a_fault_that_no_one_foresaw_is_not_the_end_of_it(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    served = threading.Event()
    faults = [LookupError("a fault of the package")]

    async def serve(*_given: Any) -> None:
        if faults:
            raise faults.pop()
        served.set()

    monkeypatch.setattr(shared, "REST_SECONDS", 0.01)
    engine = SharedEngine(cast(Wakes, None), database, SystemClock())
    monkeypatch.setattr(engine, "_serve", serve)
    thread = threading.Thread(target=engine.run, args=(lambda _key: None,), daemon=True)
    thread.start()
    assert served.wait(20)
    assert engine.stop(20)
    thread.join(20)
