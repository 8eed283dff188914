"""What holds whatever happens: no raise over a sale, no foreign value on the move, and noise that changes nothing."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from connectors.base import Page
from connectors.memory.simulator.world import WORLDS, MemoryItem, MemoryWorld
from connectors.simulation import Ticker
from sync import conflicts, drops, shadow
from sync.apply import apply
from sync.config import HubConfig
from sync.hub import Hub
from sync.observe import ReadMode, ReadReport, store_page
from sync.run import make_plan, run_sync
from sync.store import tables
from sync.store.database import Database
from sync.topology import mappings_by_resource, read_paths
from tests.support.hubs import Shops, open_shops

ITEMS, SHOPS, PLACES = ("SKU-1", "SKU-2"), ("shop", "web"), ("WH1", "WH2")
_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
_examples = settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])

Event: TypeAlias = tuple[Any, ...]
skus, shops, places = st.sampled_from(ITEMS), st.sampled_from(SHOPS), st.sampled_from(PLACES)
few = st.integers(1, 4)
receive = st.tuples(st.just("receive"), skus, places, few)
sell = st.tuples(st.just("sell"), shops, skus, places, few)
book = st.tuples(st.just("book"), skus)
cancel = st.tuples(st.just("cancel"), skus)
fulfill = st.tuples(st.just("fulfill"), shops, skus, places)
transfer = st.tuples(st.just("transfer"), skus, few)
edit_stock = st.tuples(st.just("edit_stock"), shops, skus, places, st.integers(0, 40))
own_price = st.tuples(st.just("own_price"), skus, st.integers(1, 5))
edit_price = st.tuples(st.just("edit_price"), shops, skus, st.integers(1, 5))
edit_tags = st.tuples(st.just("edit_tags"), shops, skus, st.integers(1, 5))
sync_full = st.just(("sync", ReadMode.FULL))
sync_delta = st.just(("sync", ReadMode.DELTA))
_RECEIVED: list[Event] = [("sync", ReadMode.FULL), ("receive", "SKU-1", "WH1", 5)]


@dataclass
class Play:
    """Merchants, shoppers and a hub; ``unbooked`` are sales that the ERP has not entered yet."""

    shops: Shops
    unbooked: list[tuple[str, str, str, int]] = field(default_factory=list)
    foreign: set[str] = field(default_factory=set)

    def do(self, event: Event) -> None:
        """Let one thing happen, a second after the last."""
        getattr(self, event[0])(*event[1:])
        self.shops.tick()

    def receive(self, sku: str, place: str, units: int) -> None:
        erp = self.shops.erp
        erp.set_stock(sku, place, erp.stock(sku, place) + units)

    def transfer(self, sku: str, units: int) -> None:
        erp = self.shops.erp
        moved = min(units, erp.stock(sku, "WH1"))
        erp.set_stock(sku, "WH1", erp.stock(sku, "WH1") - moved)
        erp.set_stock(sku, "WH2", erp.stock(sku, "WH2") + moved)

    def sell(self, shop: str, sku: str, place: str, units: int) -> None:
        world = self.shops.worlds[shop]
        sold = min(units, world.stock(sku, place))
        if sold > 0:
            world.sell(sku, sold, place)
            self.unbooked.append((shop, sku, place, sold))

    def book(self, sku: str) -> None:
        """The ERP enters the oldest sale of an item, where it was sold."""
        for sale in self.unbooked:
            if sale[1] == sku:
                self.unbooked.remove(sale)
                erp = self.shops.erp
                erp.set_stock(sku, sale[2], erp.stock(sku, sale[2]) - sale[3])
                return

    def cancel(self, sku: str) -> None:
        """The latest sale of an item is called off before the ERP entered it."""
        for sale in reversed(self.unbooked):
            if sale[1] == sku:
                self.unbooked.remove(sale)
                self.shops.worlds[sale[0]].sell(sku, -sale[3], sale[2])
                return

    def fulfill(self, shop: str, sku: str, place: str) -> None:
        world = self.shops.worlds[shop]
        level = world.find(sku).levels[place]
        level["on_hand"] -= level["committed"]
        level["committed"] = 0
        world.touch(world.find(sku))

    def edit_stock(self, shop: str, sku: str, place: str, units: int) -> None:
        world = self.shops.worlds[shop]
        level = world.find(sku).levels[place]
        level["on_hand"] += units - level["available"]
        level["available"] = units
        world.touch(world.find(sku))

    def own_price(self, sku: str, price: int) -> None:
        self.shops.erp.set_price(sku, f"{price}.50")

    def edit_price(self, shop: str, sku: str, price: int) -> None:
        self.foreign.add(f"{price}.{SHOPS.index(shop) + 7}3")
        self.shops.worlds[shop].set_price(sku, f"{price}.{SHOPS.index(shop) + 7}3")

    def edit_tags(self, shop: str, sku: str, tag: int) -> None:
        world = self.shops.worlds[shop]
        self.foreign.add(f"{shop}-{tag}")
        world.find(sku).tags = [f"{shop}-{tag}"]
        world.touch(world.find(sku))

    def sync(self, mode: ReadMode) -> None:
        report = run_sync(self.shops.hub, mode, force=True)
        assert not report.look.incomplete

    def sellable(self, sku: str) -> int:
        """What may truly still be sold: the ERP's units less what it has not entered yet."""
        held = sum(self.shops.erp.stock(sku, place) for place in PLACES)
        return held - sum(units for _, sold, _, units in self.unbooked if sold == sku)

    def listed(self, shop: str, sku: str) -> int:
        return sum(self.shops.worlds[shop].stock(sku, place) for place in PLACES)

    def state(self) -> dict[str, Any]:
        """Everything that anybody can see of the platforms and the conflict log."""
        platforms = {"erp": self.shops.erp, **self.shops.worlds}
        records = {
            name: [{k: v for k, v in item.record().items() if k != "version"} for item in world.items.values()]
            for name, world in platforms.items()
        }
        with self.shops.hub.database.begin() as connection:
            held = sorted((c.connection, c.item_id, c.slot) for c in conflicts.listing(connection))
            missing = sorted((d.connection, d.item_id, d.slot, d.open_units) for d in drops.listing(connection))
        return {"records": records, "conflicts": held, "drops": missing}

    def known(self) -> list[tuple[Any, ...]]:
        """What the hub has stored of records and owners."""
        fact = tables.table(tables.Fact)
        with self.shops.hub.database.begin() as connection:
            table = shadow.SHADOW.c
            query = select(table.id, table.observed, table.sent, table.got)
            seen = connection.execute(query.order_by(table.id)).all()
            said = connection.execute(select(fact).order_by(fact.c.item_id, fact.c.entity)).all()
        return [tuple(row) for row in (*seen, *said)]

    def pages(self, name: str) -> list[Page]:
        """What reading a connection would return now."""
        hub = self.shops.hub
        return [
            page
            for resource, mappings in mappings_by_resource(hub.config, name).items()
            for page in hub.connector(name).pull(resource, read_paths(mappings))
        ]

    def deliver(self, name: str, pages: Sequence[Page]) -> None:
        """Hand pages to the hub, however old."""
        hub = self.shops.hub
        for page in pages:
            with hub.database.begin() as connection:
                mappings = mappings_by_resource(hub.config, name)[page.resource]
                store_page(hub, connection, name, mappings, page, ReadReport(name))


@dataclass(frozen=True)
class Template:
    """An adopted hub to start from: its database, its platforms, its configuration and its time."""

    database: bytes
    worlds: dict[str, MemoryWorld]
    config: HubConfig
    now: datetime


@cache
def template(prefix: str) -> Template:
    """Adopt a hub over fresh platforms once: an ERP, and two shops that share its stock."""
    with TemporaryDirectory(prefix="crossdock-", dir=_MEMORY) as folder:
        found = open_shops(f"sqlite:///{folder}/hub.sqlite", shops=SHOPS, prefix=prefix, items=len(ITEMS))
        worlds = {"erp": found.erp, **found.worlds}
        for number, world in enumerate(worlds.values()):
            for item in world.items.values():
                item.title, item.compare_at_price = f"Title {number}", f"{number}.99"
        found.adopt()
        found.hub.close()
        found.hub.database.close()
        return Template(Path(folder, "hub.sqlite").read_bytes(), worlds, found.hub.config, found.clock.now())


@contextmanager
def play(prefix: str = "one-") -> Iterator[Play]:
    """A hub at work, and everybody around it."""
    start = template(prefix)
    with TemporaryDirectory(prefix="crossdock-", dir=_MEMORY) as folder:
        file = Path(folder, "hub.sqlite")
        file.write_bytes(start.database)
        worlds = deepcopy(start.worlds)
        WORLDS.update({prefix + name: world for name, world in worlds.items()})
        clock = Ticker(start.now)
        hub = Hub(start.config, Database(f"sqlite:///{file}"), clock)
        erp = worlds.pop("erp")
        try:
            yield Play(Shops(hub, erp, worlds, clock))
        finally:
            hub.close()
            hub.database.close()


def watch_raises(found: Play, *names: str) -> None:
    """Fail at the moment the hub raises what a shop lists above what may truly be sold."""
    for shop in names or SHOPS:
        world = found.shops.worlds[shop]
        world.write_level = _watched(found, shop, world.write_level)  # type: ignore[method-assign,assignment]


def _watched(
    found: Play, shop: str, write: Callable[[MemoryItem, str, int], None]
) -> Callable[[MemoryItem, str, int], None]:
    def write_level(item: MemoryItem, location: str, units: int) -> None:
        before = item.levels[location]["available"]
        write(item, location, units)
        if units > before:
            listed, sellable = found.listed(shop, item.sku), found.sellable(item.sku)
            assert listed <= max(0, sellable), f"{shop} {item.sku} {before}->{units}: lists {listed} of {sellable}"

    return write_level


@_examples
@given(st.lists(st.one_of(receive, sell, sell, book, cancel, fulfill, sync_full, sync_full, sync_delta), max_size=25))
def test_the_hub_never_raises_over_a_sale_the_owner_has_not_booked(events: list[Event]) -> None:
    with play() as found:
        watch_raises(found)
        for event in events:
            found.do(event)
        found.do(("sync", ReadMode.FULL))
        while found.unbooked:
            found.do(("book", found.unbooked[0][1]))
        found.do(("sync", ReadMode.FULL))
        for shop in SHOPS:
            assert all(found.listed(shop, sku) <= found.sellable(sku) for sku in ITEMS)


@_examples
@given(st.lists(st.one_of(receive, sell, sell, book, transfer, edit_stock, sync_full, sync_full), max_size=25))
@example([("sell", "shop", "SKU-1", "WH1", 3), ("edit_stock", "shop", "SKU-1", "WH1", 10), *_RECEIVED])
@example([("sell", "shop", "SKU-1", "WH1", 3), ("edit_stock", "shop", "SKU-1", "WH1", 20), *_RECEIVED])
@example([("edit_stock", "shop", "SKU-1", "WH1", 20), ("sell", "shop", "SKU-1", "WH1", 3), *_RECEIVED])
@example([("sell", "shop", "SKU-1", "WH1", 3), ("transfer", "SKU-1", 3), *_RECEIVED])
def test_hand_edits_and_moves_between_warehouses_open_no_way_round_it(events: list[Event]) -> None:
    with play() as found:
        watch_raises(found)
        for event in events:
            found.do(event)
        found.do(("sync", ReadMode.FULL))
        for shop, sku in itertools.product(SHOPS, ITEMS):
            # Whatever was typed by hand, nothing above the owner's figure stays.
            assert found.listed(shop, sku) <= sum(found.shops.erp.stock(sku, place) for place in PLACES)


@_examples
@given(
    st.lists(st.one_of(receive, own_price, sync_full), max_size=8),
    st.lists(st.tuples(skus, places, few), min_size=1, max_size=4),
)
def test_sales_between_plan_and_apply_are_neither_erased_nor_raised_over(
    events: list[Event], sales: list[tuple[str, str, int]]
) -> None:
    with play() as found:
        # What the other shop sells after it was read nobody can know; what this one sells its comparison tells.
        watch_raises(found, "web")
        for event in events:
            found.do(event)
        for sku in ITEMS:
            found.do(("receive", sku, "WH1", 3))
        _, summary = make_plan(found.shops.hub, force=True)
        found.shops.tick()
        for sku, place, units in sales:
            found.do(("sell", "web", sku, place, units))
        apply(found.shops.hub, summary.plan_id)
        found.do(("sync", ReadMode.FULL))
        found.do(("sync", ReadMode.FULL))
        assert all(found.listed(shop, sku) <= found.sellable(sku) for shop, sku in itertools.product(SHOPS, ITEMS))


noise = st.lists(
    st.one_of(receive, sell, book, edit_stock, own_price, edit_price, edit_tags, sync_full, sync_full), max_size=20
)


@_examples
@given(noise, st.randoms(use_true_random=False))
def test_doubled_and_reordered_observations_end_where_the_ordered_ones_do(events: list[Event], dice: Any) -> None:
    with play() as plain, play("two-") as noisy:
        kept: list[tuple[str, list[Page]]] = []
        for event in events:
            plain.do(event)
            names = ["erp", *SHOPS]
            kept += [(name, noisy.pages(name)) for name in names if dice.random() < 0.3]
            plain.shops.tick()
            noisy.shops.tick()
            noisy.do(event)
            if event[0] == "sync":
                stored = noisy.known()
                for name, pages in dice.sample(kept, len(kept)):
                    noisy.deliver(name, pages)
                    noisy.deliver(name, pages)
                assert noisy.known() == stored, "an old observation changed something"
        for found in (plain, noisy):
            found.do(("sync", ReadMode.FULL))
        assert noisy.state() == plain.state()


@_examples
@given(st.lists(st.one_of(receive, book, own_price, sell, sync_delta, sync_delta), max_size=20), st.data())
def test_what_a_delta_missed_a_sweep_heals(events: list[Event], data: st.DataObject) -> None:
    with play() as plain, play("two-") as lossy:
        for event in events:
            plain.do(event if event[0] != "sync" else ("sync", ReadMode.FULL))
            lossy.do(event)
            if event[0] in ("receive", "book", "own_price") and data.draw(st.booleans()):
                for item in lossy.shops.erp.items.values():
                    item.changed = 0
        for found in (plain, lossy):
            while found.unbooked:
                found.do(("book", found.unbooked[0][1]))
            found.do(("sync", ReadMode.FULL))
            found.do(("sync", ReadMode.FULL))
        assert [i.price for i in lossy.shops.shop.items.values()] == [i.price for i in plain.shops.shop.items.values()]
        for shop, sku in itertools.product(SHOPS, ITEMS):
            assert lossy.listed(shop, sku) <= lossy.sellable(sku)


@_examples
@given(noise)
def test_apply_then_plan_is_empty_and_foreign_values_stay_where_they_are(events: list[Event]) -> None:
    with play() as found:
        for event in events:
            found.do(event)
        found.do(("sync", ReadMode.FULL))
        effects = [list(world.effects) for world in found.shops.worlds.values()]
        _, summary = make_plan(found.shops.hub, force=True)
        assert summary.changes == 0
        found.do(("sync", ReadMode.FULL))
        assert [world.effects for world in found.shops.worlds.values()] == effects, "applied twice is applied once"
        written = " ".join(itertools.chain.from_iterable(effects))
        assert not [value for value in found.foreign if value in written]
        assert found.shops.erp.effects == []
        for number, world in enumerate((found.shops.erp, *found.shops.worlds.values())):
            _unmapped_untouched(world, number)


def _unmapped_untouched(world: MemoryWorld, number: int) -> None:
    for item in world.items.values():
        assert (item.title, item.compare_at_price, item.gtin) == (f"Title {number}", f"{number}.99", "")
