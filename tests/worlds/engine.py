"""The hub itself in a group of worlds: one or two workers, killed and started again, with people in between."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
from sqlalchemy import Connection

from canonical.errors import BusyError
from connectors.base import Call, CallOutcome, Connector, Environment, Page
from connectors.manifest import Manifest
from connectors.memory.connector import MemoryConnector
from connectors.memory.simulator.world import MemoryWorld
from connectors.simulation import Ticker
from sync import observeset
from sync.config import ConnectionConfig, HubConfig
from sync.hub import Hub
from sync.interlude import OVERTAKES, overtake
from sync.observe import ReadMode
from sync.run import run_sync
from sync.store.database import Database
from tests.support.trading import open_trading
from tests.worlds.ledger import Known
from tests.worlds.market import LAG, LAGS, Market
from tests.worlds.script import CHANNELS, Round
from tests.worlds.shown import shown
from tests.worlds.turns import Turns

PREFIX = "worlds-"
COMPARES = {"shop": True, "web": False}
_SETTLED = 60.0
_MOST_SYNCS, _QUIET = 10, 2
"""So many syncs at the end, until so many in a row wrote nothing."""
_SHORT = 7
_FEWEST = 60
"""About how many steps a short sync has; a longer one before is the better guess."""


class KilledError(BaseException):
    """A worker was killed."""


class Passing(Ticker):
    """Every look at the clock takes a moment; whoever sleeps lets others go on."""

    on_sleep: Callable[[float], None] = staticmethod(lambda _seconds: None)

    def now(self) -> datetime:
        self.advance(0.0005)
        return super().now()

    def sleep(self, seconds: float) -> None:
        self.on_sleep(seconds)
        super().advance(seconds)


class Counted(Database):
    """A database that knows whether a transaction is open: nobody else can write then."""

    open = 0

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        with super().begin() as connection:
            self.open += 1
            try:
                yield connection
            finally:
                self.open -= 1


@dataclass
class Template:
    """A hub that has adopted its platforms: copied for each group instead of adopting anew."""

    config: HubConfig
    database: Counted
    saved: sqlite3.Connection
    platforms: dict[str, MemoryWorld]
    now: datetime
    compares: dict[str, bool]

    def restore(self) -> None:
        """Put the database back to where it was."""
        raw = self.database.engine.raw_connection()
        try:
            self.saved.backup(raw.driver_connection)  # type: ignore[arg-type]
        finally:
            raw.close()


def stock_of(number: int) -> dict[str, int]:
    """What thing of a number starts with."""
    return {"WH1": 2 + number % 7, "WH2": number % 4}


def prepare(
    folder: Path, things: int, compares: dict[str, bool] | None = None, start: datetime | None = None
) -> Template:
    """Adopt platforms with so many things, once; it begins at ``start`` where that matters."""
    name = f"{PREFIX}template-"
    blind = tuple(one for one, yes in (compares or COMPARES).items() if not yes)
    url = f"sqlite:///{folder}/worlds.sqlite"
    trading = open_trading(url, shops=CHANNELS, items=things, prefix=name, blind=blind, start=start)
    for number in range(1, things + 1):
        for place, units in stock_of(number).items():
            trading.shops.erp.set_stock(f"SKU-{number}", place, units)
    hub = trading.hub
    flows = {"inventory": hub.config.flows["inventory"]}
    hub.config = replace(hub.config, flows=flows)
    trading.shops.adopt()
    run_sync(hub, ReadMode.FULL, force=True)
    trading.clock.advance(60)
    hub.database.close()
    asks = compares or COMPARES
    platforms = {"erp": trading.shops.erp, **trading.shops.worlds}
    for one in platforms.values():
        one.effects.clear()
        one.writes.clear()
        one.reads.clear()
    database = Counted(hub.database.url)
    saved = sqlite3.connect(":memory:")
    raw = database.engine.raw_connection()
    raw.driver_connection.backup(saved)  # type: ignore[union-attr]
    raw.close()
    config = replace(hub.config, connections={name: _own(one) for name, one in hub.config.connections.items()})
    return Template(config, database, saved, deepcopy(platforms), trading.clock.now(), asks)


_WATCHERS: dict[str, Callable[[str, ConnectionConfig, Environment], Connector]] = {}


def _own(connection: ConnectionConfig) -> ConnectionConfig:
    """A connection to the platform of the present group, watched; the one that compares may lag, and says so."""
    manifest = msgspec.structs.replace(
        connection.manifest, read_after_write_seconds=LAG if connection.name == LAGS else 0.0
    )
    watched = replace(connection, manifest=manifest)
    return replace(watched, build=lambda environment: _WATCHERS["now"](watched.name, watched, environment))


@contextmanager
def watching(build: Callable[[str, ConnectionConfig, Environment], Connector]) -> Iterator[None]:
    """Connectors are built like this for now."""
    before = _WATCHERS.get("now")
    _WATCHERS["now"] = build
    yield
    if before is not None:
        _WATCHERS["now"] = before


class Lagging(MemoryConnector):
    """Reads what the platform shows, which is not always what it holds."""

    def __init__(self, name: str, market: Market, manifest: Manifest, environment: Environment) -> None:
        super().__init__(f"{PREFIX}{name}", environment)
        self.manifest, self._market, self._called = manifest, market, name

    def _records(self, resource: str) -> Iterator[dict[str, Any]]:
        return self._market.shown(self._called, resource, list(super()._records(resource)))

    def changed_since(self, resource: str, fields: Sequence[str], cursor: str) -> Iterator[Page]:
        """What changed, and, as a cursor overlaps, what was shown late by a read before (R22)."""
        late = self._market.shown_late
        found = [
            one
            for one in self._records(resource)
            if one["changed"] > int(cursor) or (self._called, str(one["id"])) in late
        ]
        return self._pages(resource, found, complete=False)


@dataclass
class Worker:
    """One process of the hub: what it read and has not stored yet."""

    name: str
    reads: list[tuple[str, str, int, tuple[str, ...]]] = field(default_factory=list)
    decided: Known | None = None
    crash_at: int = 0
    passed: int = 0
    overtakes: bool = False
    overtaking: bool = False


class Watched:
    """A connector as the worker has it: people act before and after each of its calls."""

    def __init__(self, name: str, inner: Connector, crew: Crew, worker: Worker) -> None:
        self._name, self._inner, self._crew, self._worker = name, inner, crew, worker
        self.manifest = inner.manifest

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def pull(self, resource: str, fields: Sequence[str]) -> Iterator[Page]:
        return self._read(resource, lambda: self._inner.pull(resource, fields))

    def changed_since(self, resource: str, fields: Sequence[str], cursor: str) -> Iterator[Page]:
        return self._read(resource, lambda: self._inner.changed_since(resource, fields, cursor))

    def lookup(self, resource: str, fields: Sequence[str], ids: Sequence[str]) -> Iterator[Page]:
        return self._read(resource if resource == "items" else "", lambda: self._inner.lookup(resource, fields, ids))

    def _read(self, resource: str, read: Callable[[], Iterator[Page]]) -> Iterator[Page]:
        self._crew.step(self._worker, f"ask {self._name} {resource}")
        self._crew.market.refuse(self._name, resource)
        pages = list(read())
        seq = self._crew.market.seq
        self._crew.step(self._worker, f"answer {self._name} {resource}")
        parts = [part for page in pages for part in _parts(page)] if self._worker.overtakes else pages
        # Known is what is stored: at the next step, this part.
        for part in parts[:-1]:
            if resource == "items":
                self._worker.reads.append((self._name, resource, seq, _skus(part)))
            yield part
        self._worker.reads.append((self._name, resource, seq, ()))
        yield from parts[-1:]

    def push(self, call: Call) -> CallOutcome:
        self._crew.step(self._worker, f"send {self._name}")
        market = self._crew.market
        market.refuse(self._name, call.resource)
        return market.send(self._name, self._worker.decided, lambda: self._inner.push(call))


def _parts(page: Page) -> Iterator[Page]:
    """A page in short ones: all were asked for before the first is stored."""
    starts = range(0, max(1, len(page.records)), _SHORT)
    for start in starts:
        last = start == starts[-1]
        records = page.records[start : start + _SHORT]
        yield Page(page.resource, records, page.as_of, page.cursor if last else None, page.complete and last)


def _skus(page: Page) -> tuple[str, ...]:
    return tuple(str(msgspec.json.decode(raw)["sku"]) for raw in page.records)


class Crew:
    """The workers of a hub in one group of worlds."""

    def __init__(self, template: Template, market: Market, clock: Passing, on_step: Callable[[float], None]) -> None:
        self.template, self.market, self.clock = template, market, clock
        self.on_step = on_step
        self.hooks: list[tuple[str, str]] = []
        self.expected = _FEWEST
        self.turns = Turns(0)
        self.passed = 0
        self.steps = 0
        self.second_at = 0
        self.killed = 0
        self.overtaken = 0
        self._asleep = 0.0
        self.trace = False
        clock.on_sleep = self._slept
        template.restore()

    def round(self, found: Round) -> None:
        """One round: a sync, perhaps a second one beside it, perhaps one of them is killed."""
        expected = max(_FEWEST, self.passed)
        self.expected = expected
        self.passed = 0
        self.second_at = int(found.second * expected) + 1 if found.second is not None else 0
        self.turns = Turns(found.turns)
        crash_at = int(found.crash * expected) + 1 if found.crash is not None else 0
        first = Worker("first", crash_at=crash_at, overtakes=found.overtakes)
        mode = ReadMode.FULL if found.sweep else ReadMode.AUTO
        if self.second_at:
            self.turns.run(lambda: self._work(first, mode))
        else:
            self._work(first, mode)
        self.on_step(1.0)
        self.market.take_effect()
        self._deliver()

    def rest(self) -> None:
        """Sync until nothing moves any more."""
        self.market.heal()
        self.second_at = 0
        quiet = 0
        for _ in range(_MOST_SYNCS):
            before = self.market.count_writes()
            self.clock.advance(_SETTLED)
            self._work(Worker("last"), ReadMode.FULL)
            quiet = quiet + 1 if self.market.count_writes() == before else 0
            if quiet == _QUIET:
                return

    def shown(self) -> dict[str, str]:
        """By SKU: what waits for a person's word."""
        with self.template.database.begin() as connection:
            return shown(connection)

    def _work(self, worker: Worker, mode: ReadMode) -> None:
        hub = self._hub(worker)
        try:
            run_sync(hub, mode, force=True)
        except KilledError:
            self.killed += 1
        except BusyError:
            pass
        hub.close()

    def _hub(self, worker: Worker) -> Hub:
        """A process that begins: it knows nothing but the database."""
        nowhere = httpx.MockTransport(lambda _request: httpx.Response(500))
        transports = dict.fromkeys(self.template.config.connections, nowhere)
        hub = Hub(self.template.config, self.template.database, self.clock, transports=transports)
        hub.checkpoint = lambda name: self._checkpoint(hub, worker, name)

        def watch(name: str, connection: ConnectionConfig, environment: Environment) -> Connector:
            inner = Lagging(name, self.market, connection.manifest, environment)
            return Watched(name, inner, self, worker)

        _WATCHERS["now"] = watch
        for name in self.template.config.connections:
            hub.connector(name)
        return hub

    def _checkpoint(self, hub: Hub, worker: Worker, name: str) -> None:
        self.step(worker, name)
        if not worker.overtakes or worker.overtaking or name not in OVERTAKES or not self._told():
            return
        worker.overtaking = True
        try:
            overtake(hub, list(hub.config.flows.values()), effects=name != "effect closed")
            self.overtaken += 1
        finally:
            worker.overtaking = False

    def _told(self) -> bool:
        with self.template.database.begin() as connection:
            return observeset.count(connection) > 0

    def step(self, worker: Worker, name: str) -> None:
        """A point at which a crash must do no harm, and at which others go on."""
        for channel, resource, seq, skus in worker.reads:
            self.market.was_told(channel, resource, seq, skus)
        worker.reads.clear()
        if name == "before the journal":
            worker.decided = self.market.known()
        worker.passed += 1
        self.passed += 1
        self.steps += 1
        if self.trace:
            for thing in self.market.things.values():
                thing.ledger.lines.append(f"  {self.passed} {worker.name}: {name}")
        self.on_step(self.passed / self.expected)
        if worker.passed == worker.crash_at:
            raise KilledError(name)
        if self.template.database.open:
            return
        self._deliver()
        if self.passed == self.second_at:
            self.turns.join(lambda: self._work(Worker("second"), ReadMode.AUTO))
        self.turns.pass_on()

    def _slept(self, seconds: float) -> None:
        # Also in many short sleeps, as while somebody waits for a lock: a platform does not take longer for that.
        self._asleep += seconds
        if self._asleep > 1:
            self._asleep = 0.0
            self.market.take_effect()
        if not self.template.database.open:
            self.turns.pass_on()

    def hook(self, channel: str, item: str) -> None:
        """A webhook arrives."""
        self.hooks.append((channel, item))

    def _deliver(self) -> None:
        if self.hooks:
            with self.template.database.begin() as connection:
                for channel, item in self.hooks:
                    observeset.mark(connection, channel, "items", [item], self.clock.now().isoformat())
            self.hooks.clear()
