"""A process with an engine, told on stdin what to submit: ``python -m tests.support.enginework KIND DATABASE JUDGE``.

Its handler does what the hub does with marks: it takes a few, tells the judge of each, and takes out those that were
not set again meanwhile. A line ``submit KEY TIMES`` submits; SIGTERM ends it. What it logs goes to stdout.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from itertools import count

import httpx

from canonical.clock import instant_text
from crossdock.clock import SystemClock
from crossdock.engines.embedded import EmbeddedEngine
from crossdock.engines.engine import Engine
from crossdock.engines.lane import in_lane
from crossdock.engines.shared import SharedEngine
from crossdock.engines.sweeper import Sweeper, marked_in
from crossdock.engines.wakes import Wakes
from sync import observeset
from sync.schedule import Schedule
from sync.store.database import Database, open_database

RESOURCE = "thing"
STALL = 1.5
SWEEP = 0.3
TICKING = "often"
_BATCH = 100


def main(kind: str, url: str, judge: str) -> int:
    """Work until asked to stop; 0 when everything that was begun had ended by then."""
    logging.basicConfig(stream=sys.stdout, level=logging.DEBUG)
    database, clock = open_database(url), SystemClock()
    numbers, ticks = count(1), count(1)

    def told(key: str, ref: str, session: str) -> None:
        httpx.post(f"{judge}/{key}/{ref}/{session}", timeout=60).raise_for_status()

    def handler(key: str) -> None:
        session = f"{os.getpid()}.{next(numbers)}"
        with database.read() as connection:
            due = observeset.due(connection, key, [RESOURCE], instant_text(clock.now()))
            due = due.only(list(due.refs)[:_BATCH])
        for ref in due.refs:
            told(key, ref, session)
        with database.begin() as connection:
            observeset.clear(connection, key, due)

    engine, drop = _engine(kind, database)
    tick = Schedule(TICKING, every=timedelta(seconds=1))
    engine.schedule(tick, TICKING, lambda: told(TICKING, str(next(ticks)), str(os.getpid())))
    sweeper = Sweeper(engine.submit, marked_in(database), drop, every=SWEEP)
    running = threading.Thread(target=engine.run, args=(in_lane(database, clock, handler),))
    stopped: list[bool] = []
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
    running.start()
    sweeper.start()
    print("ready", flush=True)
    threading.Thread(target=_obey, args=(engine,), daemon=True).start()
    while not stopped:
        signal.sigtimedwait([], 0.05)
    sweeper.stop()
    ended = engine.stop(60)
    running.join(60)
    return 0 if ended else 1


def _engine(kind: str, database: Database) -> tuple[Engine, Callable[[], int]]:
    if kind == "embedded":
        return EmbeddedEngine(database, SystemClock()), lambda: 0
    wakes = Wakes(database.url, stall=STALL)
    wakes.prepare()
    return SharedEngine(wakes, database, SystemClock(), stall=STALL), wakes.drop_stalled


def _obey(engine: Engine) -> None:
    for line in sys.stdin:
        _, key, times = line.split()
        for _ in range(int(times)):
            engine.submit(key)
        print(f"submitted {key}", flush=True)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
