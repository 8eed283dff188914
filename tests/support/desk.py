"""A trading hub as the tests of orders look at it: sync, place, change, and see where everything stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection

from sync import conflicts
from sync.observe import ReadMode
from sync.orders import reservations, store
from sync.run import SyncReport, run_sync
from tests.support.trading import Trading, open_trading


class KilledError(BaseException):
    """The hub was killed at a step."""


@dataclass
class Desk:
    """A live hub over in-memory platforms; one SKU starts with 10 at WH1 and 5 at WH2 everywhere."""

    trading: Trading

    def sync(self, mode: ReadMode = ReadMode.AUTO, *, after: float = 60, **more: Any) -> SyncReport:
        """Let time pass, then sync."""
        self.trading.clock.advance(after)
        return run_sync(self.trading.hub, mode, **more)

    def place(self, units: int = 1, *, sku: str = "SKU-1", shop: str = "shop", **more: Any) -> str:
        """A shopper orders one line."""
        return self.trading.place(shop, {sku: units}, **more)

    def change(self, number: str, /, shop: str = "shop", **values: Any) -> None:
        """The platform shows an order differently from now on."""
        trade = self.trading.trades[shop]
        trade.orders[number].update(values)
        trade.world.tick += 1
        trade.orders[number]["changed"] = trade.world.tick

    def trade(self, name: str) -> Any:
        """The orders and requests of one platform."""
        return self.trading.trades[name]

    def world(self, name: str) -> Any:
        """The stock of one platform."""
        return self.trade(name).world

    def listed(self, shop: str = "shop", sku: str = "SKU-1") -> int:
        """What a shop lists in all."""
        return sum(int(level["available"]) for level in self.world(shop).find(sku).levels.values())

    @contextmanager
    def database(self) -> Iterator[Connection]:
        """A look into the hub's database."""
        with self.trading.hub.database.begin() as connection:
            yield connection

    def standing(self, number: str = "o1", shop: str = "shop") -> tuple[str, str]:
        """Where an order stands, and why."""
        with self.database() as connection:
            row = store.find_order(connection, shop, number)
        assert row is not None
        return row.state, row.reason

    def row(self, number: str = "o1", shop: str = "shop") -> Any:
        """The hub's row of an order."""
        with self.database() as connection:
            return store.find_order(connection, shop, number)

    def requests(self, name: str = "erp") -> dict[str, str]:
        """The requests a platform holds, and how."""
        return {reference: str(one["status"]) for reference, one in self.trade(name).requests.items()}

    def held(self) -> list[tuple[str, int]]:
        """What is reserved: place and units."""
        with self.database() as connection:
            return sorted((one.location, one.units) for one in reservations.listing(connection))

    def reserved(self) -> int:
        """Units that are reserved in all."""
        return sum(units for _, units in self.held())

    def effects(self) -> Counter[tuple[str, str, str]]:
        """What was wanted once: kind, connection and state."""
        with self.database() as connection:
            rows = connection.execute(store.EFFECT.select()).all()
        return Counter((row.kind, row.connection, row.state) for row in rows)

    def incidents(self) -> list[str]:
        """What a person should know of."""
        with self.database() as connection:
            return [str(row.kind) for row in store.incidents(connection)]

    def conflicts(self) -> list[str]:
        """Fields that someone changed who does not own them."""
        with self.database() as connection:
            return [str(row.slot) for row in conflicts.listing(connection)]

    def stock_means(self, name: str, **values: Any) -> None:
        """What a platform's stock figure means from now on: its basis, its settle time, when orders are deducted."""
        hub = self.trading.hub
        known = hub.config.connections[name]
        mapping = known.mappings["inventory"]
        rule = mapping.fields["stock"]
        fields = {**mapping.fields, "stock": replace(rule, stock=replace(rule.stock, **values))}
        mappings = {**known.mappings, "inventory": replace(mapping, fields=fields)}
        hub.config = replace(
            hub.config, connections={**hub.config.connections, name: replace(known, mappings=mappings)}
        )

    def watch(self, *names: str) -> list[str]:
        """The platforms among these that are read or written from now on, once for each time."""
        asked: list[str] = []

        def watched(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
            def call(*given: Any) -> Any:
                asked.append(name)
                return real(*given)

            return call

        for name in names:
            connector = self.trading.hub.connector(name)
            for word in ("pull", "changed_since", "lookup", "push"):
                setattr(connector, word, watched(name, getattr(connector, word)))
        return asked

    def takes_no(self, name: str, document: str) -> None:
        """A platform cannot be given a kind of document from now on."""
        hub = self.trading.hub
        known = hub.config.connections[name]
        left = {kind: one for kind, one in known.documents.items() if kind != document}
        hub.config = replace(hub.config, connections={**hub.config.connections, name: replace(known, documents=left)})

    def kill(self, name: str) -> bool:
        """Sync, and die the first time that a step is reached; tells whether it was."""

        def checkpoint(passed: str) -> None:
            if passed == name:
                raise KilledError(name)

        self.trading.hub.checkpoint = checkpoint
        try:
            self.sync()
        except KilledError:
            return True
        finally:
            self.trading.hub.checkpoint = lambda _name: None
        return False


def open_desk(url: str, *, before: Callable[[Trading], object] = lambda _found: None, **more: Any) -> Desk:
    """A hub whose flows are live and whose platforms agree; ``more`` goes to ``open_trading``.

    ``before`` is what happened before the hub first looked.
    """
    found = open_trading(url, prefix=uuid4().hex, **more)
    before(found)
    found.shops.adopt()
    run_sync(found.hub, ReadMode.FULL)
    found.clock.advance(60)
    return Desk(found)
