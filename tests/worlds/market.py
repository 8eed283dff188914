"""The platforms of a group of worlds, and the people who use them; every unit is told to the judge of its world."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from canonical.errors import AmbiguousError, RetriableError
from connectors.memory.simulator.markets import trade
from connectors.memory.simulator.trade import MemoryTrade
from connectors.memory.simulator.world import WORLDS, MemoryItem, MemoryWorld
from connectors.simulation import Ticker
from tests.worlds.ledger import OWNER, REQUEST, RESTOCK, SHARING, Known, Ledger, State
from tests.worlds.script import CHANNELS, PLACES, Event

_CAUSES = {"order": SHARING, "edit": SHARING, "correct": OWNER, "cancel": RESTOCK, "refund": RESTOCK}
LAG, LAGS = 5.0, "shop"
"""For how many seconds, and which platform, may show what it held before a write."""


@dataclass
class Order:
    """An order of a world as its judge counts it."""

    channel: str
    number: str
    requests: list[dict[str, Any]]


class World:
    """One thing on all platforms."""

    def __init__(self, market: Market, sku: str) -> None:
        self.market, self.sku = market, sku
        self.items = {name: one.find(sku) for name, one in market.worlds.items()}
        self.received = sum(level["available"] for level in self.items["erp"].levels.values())
        self.orders: list[Order] = []
        self.taken = {(channel, place): 0 for channel in CHANNELS for place in PLACES}
        self.ledger = Ledger(sku)
        self.figure_touched = 0
        self.ledger.begin(0, self.state(), self.listed())

    def listed(self) -> dict[str, int]:
        """What each channel lists."""
        return {name: sum(level["available"] for level in self.items[name].levels.values()) for name in CHANNELS}

    def state(self) -> State:
        """Units in and owed, counted anew."""
        owed = dict.fromkeys(CHANNELS, 0)
        for order in self.orders:
            lines = self.market.trades[order.channel].orders[order.number]["lines"]
            wanted = sum(line["quantity"] for line in lines)
            asked = sum(
                line["quantity"] for one in order.requests if one["status"] != "canceled" for line in one["lines"]
            )
            owed[order.channel] += max(wanted, asked)
        return State(self.received, owed, dict(self.taken))

    def moved(self, cause: str) -> None:
        """Tell the judge."""
        self.market.seq += 1
        self.ledger.moved(self.market.seq, self.state(), self.listed(), cause)


class Market:
    """Three platforms in memory: an ERP that owns the stock, a shop that compares before it sets, one that does not.

    ``hides`` is how many of the orders a channel does not show before the round is over, though they are off its stock.
    """

    def __init__(
        self,
        platforms: dict[str, MemoryWorld],
        prefix: str,
        clock: Ticker,
        compares: dict[str, bool],
        hides: float = 0.0,
    ) -> None:
        self.clock, self.hides = clock, hides
        self.worlds = {name: deepcopy(one) for name, one in platforms.items()}
        for name, one in self.worlds.items():
            WORLDS[f"{prefix}{name}"] = one
            one.compares = compares.get(name, True)
        self.trades = {name: trade(f"{prefix}{name}") for name in self.worlds}
        self.seq = 0
        self.orders_read = dict.fromkeys(CHANNELS, 0)
        self.figures_read = 0
        self.figures_of: dict[str, int] = {}
        self.sending: Known | None = None
        self.things = {item.sku: World(self, item.sku) for item in self.worlds["erp"].items.values()}
        self.owners = {id(item): one for one in self.things.values() for item in one.items.values()}
        self.by_order: dict[str, Order] = {}
        self.copies: dict[tuple[str, str], tuple[dict[str, Any], float]] = {}
        self.shown_late: set[tuple[str, str]] = set()
        self.hidden: dict[tuple[str, str], int] = {}
        self.not_shown: dict[tuple[str, str], int] = {}
        self.lagging, self.silent, self.down = False, "", ""
        self.written: dict[tuple[str, str], dict[str, int]] = {}
        for name in CHANNELS:
            self._watch_levels(name, self.worlds[name])
        self._watch_requests(self.trades["erp"])

    def close(self, prefix: str) -> None:
        """Forget the platforms."""
        for name in self.worlds:
            WORLDS.pop(f"{prefix}{name}", None)

    # -- what the hubs do ---------------------------------------------------------------------------------------------

    def _watch_levels(self, channel: str, world: MemoryWorld) -> None:
        write = world.write_level

        def judged(item: MemoryItem, location: str, units: int) -> None:
            self.copies[channel, item.id] = (item.record(), self.clock.now().timestamp() + LAG)
            write(item, location, units)
            thing = self.owners[id(item)]
            thing.ledger.lines.append(f"    hub: {channel} {location} = {units}")
            self.written.setdefault((channel, thing.sku), {})[location] = units
            if self.sending is None:
                self._judge(self.known())

        world.write_level = judged  # type: ignore[method-assign]

    def _judge(self, known: Known) -> None:
        """Tell the judge of what a call set, once it is whole: no buyer comes between two levels of a call."""
        for (channel, sku), levels in self.written.items():
            thing = self.things[sku]
            thing.ledger.wrote(channel, levels, thing.listed()[channel], known)
        self.written.clear()

    def _watch_requests(self, erp: MemoryTrade) -> None:
        ask, call_off = erp.ask, erp.call_off

        def asked(document: Any) -> dict[str, Any]:
            reference = str(document["reference"])
            new = reference not in erp.requests
            request = ask(document)
            order = self.by_order.get(reference.rsplit("-", 1)[0])
            if new and order is not None:
                order.requests.append(request)
                self._told(request, f"request {reference}")
            return request

        def called_off(reference: str) -> bool:
            done = call_off(reference)
            self._told(erp.requests[reference], f"call off {reference}: {done}")
            return done

        erp.ask, erp.call_off = asked, called_off  # type: ignore[method-assign]

    def _told(self, request: dict[str, Any], what: str) -> None:
        for line in request["lines"]:
            thing = self.things[line["sku"]]
            thing.ledger.lines.append(f"    hub: {what}")
            self.seq += 1
            thing.figure_touched = self.seq
            thing.moved(REQUEST)

    def refuse(self, name: str, resource: str) -> None:
        """Raise what a platform answers that is down, or asked for its orders and silent about them."""
        if name == self.down or (name == self.silent and resource == "orders"):
            raise RetriableError("busy")

    def count_writes(self) -> int:
        """How often anybody wrote to a platform."""
        return sum(len(world.writes) for world in self.worlds.values())

    def known(self) -> Known:
        """What the hub has been told by now."""
        return Known(self.seq, dict(self.orders_read), self.figures_read, self.not_shown, dict(self.figures_of))

    def _hidden_on(self, channel: str) -> dict[tuple[str, str], int]:
        """By channel and thing: since when there are orders that cannot be read."""
        found: dict[tuple[str, str], int] = {}
        for (name, number), at in self.hidden.items():
            if name == channel:
                sku = str(self.trades[name].orders[number]["lines"][0]["sku"])
                found[name, sku] = min(at, found.get((name, sku), at))
        return found

    def was_told(self, name: str, resource: str, seq: int, skus: Collection[str] = ()) -> None:
        """A hub has what a platform answered as of an instant: all of it, or what concerns these things."""
        if resource == "orders":
            self.orders_read[name] = max(self.orders_read[name], seq)
            kept = {key: at for key, at in self.not_shown.items() if key[0] != name}
            self.not_shown = {**kept, **self._hidden_on(name)}
        elif name == "erp" and resource == "items":
            if skus:
                self.figures_of |= dict.fromkeys(skus, seq)
            else:
                self.figures_read = max(self.figures_read, seq)
            for thing in (self.things[sku] for sku in skus or self.things):
                if thing.ledger.figure_moved < thing.figure_touched <= seq:
                    thing.ledger.figure_moved = seq

    def send(self, name: str, known: Known | None, push: Callable[[], Any]) -> Any:
        """A hub sends a write that it decided on when it knew so much; a late one takes effect as decided."""
        late = self.worlds[name].late
        waiting = len(late)
        self.sending = known or self.known()
        try:
            return push()
        finally:
            self._judge(self.sending)
            self.sending = None
            if len(late) > waiting:
                effect = late.pop()
                late.append(lambda: self.send(name, known, effect))

    def shown(self, name: str, resource: str, records: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Records as a platform shows them: one that lags shows what it held before the last write."""
        now = self.clock.now().timestamp()
        for record in records:
            if resource == "orders" and (name, record["id"]) in self.hidden:
                self.shown_late.add((name, record["id"]))
                continue
            copy, until = self.copies.get((name, record["id"]), (record, 0.0))
            late = self.lagging and name == LAGS and resource == "items" and now < until
            if late:
                self.shown_late.add((name, record["id"]))
            yield {**copy, "changed": record["changed"]} if late else record

    def take_effect(self) -> None:
        """What was held up happens, and every order can be read."""
        self.hidden.clear()
        for world in self.worlds.values():
            while world.late:
                world.late.pop(0)()

    def fault(self, name: str, what: str) -> None:
        """The next write of a platform goes wrong, or its orders or anything of it cannot be read for this round."""
        world = self.worlds[name]
        if what in ("silent", "down"):
            setattr(self, what, name)
            return
        if what == "busy":
            world.before_write.append(RetriableError("busy"))
            return
        world.hold_next_write = what == "late"
        world.after_write.append(AmbiguousError("no answer"))

    def heal(self) -> None:
        """No more faults."""
        self.lagging, self.silent, self.down = False, "", ""
        self.hidden.clear()
        for world in self.worlds.values():
            world.before_write.clear()
            world.after_write.clear()
            world.hold_next_write = False

    # -- what people do -----------------------------------------------------------------------------------------------

    def happen(self, sku: str, event: Event) -> bool:
        """One event of a world; tells whether there was anything to do."""
        thing = self.things[sku]
        deed: Callable[[World, Event], bool] = getattr(self, f"_{event.kind}")
        thing.ledger.lines.append(str(event))
        before = {key: level["available"] for key, level in _levels(thing)}
        done = deed(thing, event)
        if not done:
            thing.ledger.lines.pop()
            return False
        for key, level in _levels(thing):
            thing.taken[key] += before[key] - level["available"]
        if event.kind in ("receive", "correct"):
            self.seq += 1
            thing.figure_touched = self.seq
        thing.moved(_CAUSES.get(event.kind, SHARING))
        thing.ledger.lines.append(f"      listed {thing.listed()}, free {thing.ledger.free}")
        return True

    def _order(self, thing: World, event: Event) -> bool:
        units = min(event.units, thing.items[event.channel].levels[event.place]["available"])
        if units <= 0:
            return False
        thing.ledger.sell(event.channel, units)
        trade_ = self.trades[event.channel]
        number = trade_.place({thing.sku: units}, self.clock.now(), location=event.place, paid=event.luck < 0.8)
        if event.pick < self.hides and not self.lagging:
            self.hidden[event.channel, number] = self.seq
        order = Order(event.channel, number, [])
        thing.orders.append(order)
        self.by_order[f"{event.channel}-{number}"] = order
        return True

    def _some(self, thing: World, event: Event, *, least: int = 1, untouched: bool = True) -> Order | None:
        fitting = [
            one
            for one in thing.orders
            if (found := self.trades[one.channel].orders[one.number])["status"] == "open"
            and found["lines"][0]["quantity"] >= least
            and not found.get("fulfillments")
            and not (untouched and any(request["shipments"] for request in one.requests))
        ]
        return fitting[int(event.pick * len(fitting))] if fitting else None

    def _cancel(self, thing: World, event: Event) -> bool:
        order = self._some(thing, event)
        if order is not None:
            self.trades[order.channel].cancel(order.number, restock=event.luck < 0.8)
        return order is not None

    def _edit(self, thing: World, event: Event) -> bool:
        order = self._some(thing, event)
        if order is None:
            return False
        found = self.trades[order.channel].orders[order.number]
        has = found["lines"][0]["quantity"]
        level = thing.items[order.channel].levels[found["assignments"][0]["location"]]
        wants = min(event.units, has + max(0, level["available"]))
        if wants > has:
            thing.ledger.sell(order.channel, wants - has)
        self.trades[order.channel].edit(order.number, 1, wants)
        return wants != has

    def _refund(self, thing: World, event: Event) -> bool:
        order = self._some(thing, event, least=2, untouched=False)
        if order is None:
            return False
        back = event.luck < 0.5 and not any(one["shipments"] for one in order.requests)
        self.trades[order.channel].refund(order.number, 1, 1, self.clock.now(), restock=back)
        return True

    def _receive(self, thing: World, event: Event) -> bool:
        return self._count(thing, event.place, event.units + int(event.luck * 4))

    def _correct(self, thing: World, event: Event) -> bool:
        most = thing.items["erp"].levels[event.place]["available"]
        return self._count(thing, event.place, -min(event.units, most)) if most > 0 else False

    def _count(self, thing: World, place: str, units: int) -> bool:
        level = thing.items["erp"].levels[place]
        level["available"] += units
        level["on_hand"] += units
        self.worlds["erp"].touch(thing.items["erp"])
        thing.received += units
        return True

    def _pay(self, thing: World, event: Event) -> bool:
        for one in thing.orders:
            found = self.trades[one.channel].orders[one.number]
            if found["payment_status"] == "pending" and found["status"] == "open":
                self.trades[one.channel].pay(one.number)
                return True
        return False

    def _ship(self, thing: World, event: Event) -> bool:
        ready = [request for one in thing.orders for request in one.requests if request["status"] == "accepted"]
        if ready:
            self.trades["erp"].ship(ready[int(event.pick * len(ready))]["reference"], number=f"T{self.seq}")
        return bool(ready)


def _levels(thing: World) -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
    for channel in CHANNELS:
        for place in PLACES:
            yield (channel, place), thing.items[channel].levels[place]
