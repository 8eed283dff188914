"""Seeded trading days over in-memory platforms, judged by what really was on the shelves.

The truth is what the ERP received less every unit that is owed to a buyer or left. A raise is the hub's fault if it
lists more than there truly was when the hub began to read, or is by now: what was sold later it could not know.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from canonical.errors import AmbiguousError, RetriableError
from connectors.memory.simulator.world import MemoryItem, MemoryWorld
from sync.observe import ReadMode
from sync.run import run_sync
from tests.support.trading import Trading

SKU, PLACES = "SKU-1", ("WH1", "WH2")


class KilledError(BaseException):
    """The hub was killed at a step."""


@dataclass
class Day:
    """One world, one seed."""

    trading: Trading
    seed: int
    counts: Counter[str] = field(default_factory=Counter)
    oversold: int = 0
    received: int = 30
    sold: list[tuple[str, str, int]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.left = 0
        self.known = 0
        self.trading.clock.on_sleep = self.take_effect

    def play(self, steps: int) -> None:
        """Let things happen, then let the hub come to rest."""
        for _ in range(steps):
            self.step()
        self.rest()

    def step(self) -> None:
        """One thing happens, or the hub syncs, perhaps with something happening right in the middle."""
        if self.dice.random() < 0.35:
            self.sync()
        else:
            self.happen()
        self.trading.clock.advance(self.dice.choice([1, 2, 10]))

    def happen(self) -> None:
        what = self.dice.choices(
            [self.order, self.cancel, self.edit, self.refund, self.receive, self.pay, self.ship, self.fault, self.late],
            [10, 3, 2, 2, 3, 2, 4, 2, 1],
        )[0]
        self.note(what.__name__)
        what()

    def note(self, what: str) -> None:
        self.counts[what] += 1
        self.lines.append(what)

    # -- what people do -----------------------------------------------------------------------------------------------

    def order(self) -> None:
        shop, place = self.dice.choice(["shop", "web"]), self.dice.choice(PLACES)
        units = min(self.dice.randint(1, 4), self.trading.shops.worlds[shop].stock(SKU, place))
        if units <= 0:
            return
        paid = self.dice.random() < 0.8
        self.trading.place(shop, {SKU: units}, location=place, paid=paid)

    def some(self, test: Callable[[dict], bool]) -> tuple[str, str] | None:
        """A random order that fits."""
        fitting = [
            (shop, number)
            for shop in ("shop", "web")
            for number, order in self.trading.trades[shop].orders.items()
            if test(order)
        ]
        return self.dice.choice(fitting) if fitting else None

    def cancel(self) -> None:
        found = self.some(lambda order: order["status"] == "open" and not order.get("fulfillments"))
        if found and not self.shipped(*found):
            self.trading.trades[found[0]].cancel(found[1], restock=self.dice.random() < 0.8)

    def edit(self) -> None:
        found = self.some(lambda order: order["status"] == "open" and order["lines"][0]["quantity"] > 0)
        if not found or self.shipped(*found):
            return
        order = self.trading.trades[found[0]].orders[found[1]]
        line, place = order["lines"][0], order["assignments"][0]["location"]
        most = line["quantity"] + max(0, self.trading.shops.worlds[found[0]].stock(SKU, place))
        units = self.dice.randint(1, max(1, min(most, 6)))
        self.trading.trades[found[0]].edit(found[1], 1, units)

    def refund(self) -> None:
        found = self.some(lambda order: order["status"] == "open" and order["lines"][0]["quantity"] > 1)
        if found:
            restock = self.dice.random() < 0.5 and not self.shipped(*found)
            self.trading.trades[found[0]].refund(found[1], 1, 1, self.trading.clock.now(), restock=restock)

    def shipped(self, shop: str, number: str) -> bool:
        return self.gone(shop, number) > 0

    def receive(self) -> None:
        units, place = self.dice.randint(1, 6), self.dice.choice(PLACES)
        level = self.trading.shops.erp.find(SKU).levels[place]
        level["available"] += units
        level["on_hand"] += units
        self.trading.shops.erp.touch(self.trading.shops.erp.find(SKU))
        self.received += units

    def pay(self) -> None:
        found = self.some(lambda order: order["payment_status"] == "pending" and order["status"] == "open")
        if found:
            self.trading.trades[found[0]].pay(found[1])

    def ship(self) -> None:
        ready = [one for one in self.trading.trades["erp"].requests.values() if one["status"] == "accepted"]
        if ready:
            self.trading.trades["erp"].ship(self.dice.choice(ready)["reference"], number=f"T{self.dice.random()}")

    def fault(self) -> None:
        world = self.trading.shops.worlds[self.dice.choice(["shop", "web"])] if self.dice.random() < 0.6 else None
        world = world or self.trading.shops.erp
        error = self.dice.choice([RetriableError("busy"), AmbiguousError("no answer")])
        (world.after_write if isinstance(error, AmbiguousError) else world.before_write).append(error)

    def late(self) -> None:
        """The next write of a shop takes effect only after the hub has given up on its answer."""
        world = self.trading.shops.worlds[self.dice.choice(["shop", "web"])]
        if not world.after_write:
            world.hold_next_write = True
            world.after_write.append(AmbiguousError("no answer"))

    # -- the hub ------------------------------------------------------------------------------------------------------

    def sync(self) -> None:
        hub = self.trading.hub
        self.note("sync")
        self.known = self.truth()
        stop_at = self.dice.randint(1, 40) if self.dice.random() < 0.3 else 0
        event_at = self.dice.randint(1, 30) if self.dice.random() < 0.5 else 0
        passed = 0

        def checkpoint(name: str) -> None:
            nonlocal passed
            passed += 1
            if passed == event_at:
                self.note(f"in the middle ({name})")
                self.dice.choice([self.order, self.cancel, self.receive])()
            if passed == stop_at:
                self.note(f"killed ({name})")
                raise KilledError(name)

        hub.checkpoint = checkpoint
        try:
            run_sync(hub, self.dice.choice([ReadMode.AUTO, ReadMode.AUTO, ReadMode.FULL]), force=True)
        except KilledError:
            pass
        finally:
            hub.checkpoint = lambda _name: None
        self.take_effect()

    def take_effect(self) -> None:
        """What was held up takes effect, at the latest while the hub waits for it."""
        for world in (self.trading.shops.erp, *self.trading.shops.worlds.values()):
            while world.late:
                world.late.pop(0)()

    def rest(self) -> None:
        """No more faults: sync until nothing moves."""
        for world in (self.trading.shops.erp, *self.trading.shops.worlds.values()):
            world.before_write.clear()
            world.after_write.clear()
            world.hold_next_write = False
        for _ in range(6):
            self.trading.clock.advance(120)
            self.known = self.truth()
            run_sync(self.trading.hub, ReadMode.FULL, force=True)

    # -- the judge ----------------------------------------------------------------------------------------------------

    def truth(self) -> int:
        """Units that are really free: received, less sold."""
        return self.received - sum(self.owed(shop) for shop in ("shop", "web"))

    def owed(self, shop: str) -> int:
        """Units of a shop's orders that are still to go, or went."""
        return sum(
            max(self.gone(shop, number), sum(line["quantity"] for line in order["lines"]))
            for number, order in self.trading.trades[shop].orders.items()
        )

    def gone(self, shop: str, number: str) -> int:
        """Units that left for an order."""
        return sum(
            line["quantity"]
            for one in self.trading.trades["erp"].requests.values()
            if one["reference"].startswith(f"{shop}-{number}-")
            for shipment in one["shipments"]
            for line in shipment["lines"]
        )

    def watch(self) -> None:
        """Judge every raise a shop takes from the hub."""
        for shop, world in self.trading.shops.worlds.items():
            self._watch(shop, world)

    def _watch(self, shop: str, world: MemoryWorld) -> None:
        write = world.write_level

        def judged(item: MemoryItem, location: str, units: int) -> None:
            raised = units > item.levels[location]["available"]
            write(item, location, units)
            listed = sum(level["available"] for level in item.levels.values())
            there = max(0, self.known, self.truth())
            if raised and listed > there:
                self.oversold += listed - there
                self.lines.append(f"OVERSOLD {shop} {location}: {listed} listed, {there} there")

        world.write_level = judged  # type: ignore[method-assign]


class BlindDay(Day):
    """The same day under a hub that books every order it finds and sets every shop to the ERP's figure."""

    def sync(self) -> None:
        self.note("sync")
        self.known = self.truth()
        erp = self.trading.trades["erp"]
        for shop, trade in self.trading.trades.items():
            for number, order in trade.orders.items() if shop != "erp" else ():
                lines = [{"sku": one["sku"], "quantity": one["quantity"]} for one in order["lines"]]
                if order["status"] == "open" and order["payment_status"] == "paid" and lines[0]["quantity"]:
                    erp.ask({"reference": f"{shop}-{number}-1", "lines": lines})
        figures = {place: self.trading.shops.erp.stock(SKU, place) for place in PLACES}
        if self.dice.random() < 0.5:
            self.dice.choice([self.order, self.cancel, self.receive])()
        for world in self.trading.shops.worlds.values():
            for place, units in figures.items():
                if world.stock(SKU, place) != units:
                    world.write_level(world.find(SKU), place, max(0, units))

    def rest(self) -> None:
        """It never rests."""
