"""The trading day while it is told: its platforms, the hub at work among them, and the orders by what happens."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

from sqlalchemy import Row

from connectors.stripe.simulator import StripeSimulator
from crossdock.demo.day.books import Ledger
from crossdock.demo.day.config import with_orders, without_orders
from crossdock.demo.day.goods import Goods
from crossdock.demo.day.shops import Sale, Shop
from crossdock.demo.day.warehouses import Job, Warehouse
from crossdock.demo.fastclock import FastClock
from crossdock.demo.story import Story
from crossdock.demo.world import WAREHOUSES
from sync.hub import Hub
from sync.observe import ReadMode
from sync.orders import store, views
from sync.run import SyncReport, end_run, lease, run_sync

OpenHub: TypeAlias = Callable[[Path], AbstractContextManager[Hub]]
"""Opens the hub of a configuration file."""


@dataclass
class Sold:
    """An order as the story tells of it: whose, called what, for what, and the charge that paid it."""

    shop: Shop
    order: str
    lines: Mapping[str, int]
    country: str
    charge: str = ""

    @property
    def number(self) -> str:
        """The last part of its id, by which requests for it are named."""
        return self.order.rpartition("/")[2]

    @property
    def called(self) -> str:
        """What its shop calls it where people read it."""
        return self.shop.called(self.order)

    @property
    def key(self) -> str:
        """How the references of requests for it begin."""
        return f"{self.shop.name}-{self.number}"

    @property
    def sale(self) -> Sale:
        """What its shop says of it."""
        return self.shop.sales()[self.order]


@dataclass
class Day:
    """The platforms of the day, the hub at work among them, and the orders by what happens to them."""

    story: Story
    clock: FastClock
    shops: Sequence[Shop]
    erp: Ledger
    floors: Sequence[Warehouse]
    pay: StripeSimulator
    places: Mapping[str, str]
    config: Path
    open_hub: OpenHub
    stack: ExitStack
    goods: Goods
    hubs: list[Hub] = field(default_factory=list)
    orders: dict[str, Sold] = field(default_factory=dict)
    settled: frozenset[str] = frozenset({"over", "known"})
    """Orders that are no business of the hub."""

    @property
    def hub(self) -> Hub:
        """The hub as it is configured now."""
        return self.hubs[-1]

    def configure(self, *, go_live: str = "") -> None:
        """Write the configuration and start the hub on it, as an operator does."""
        channels = {shop.name: shop.gateway for shop in self.shops}
        text = (
            with_orders(self.places, channels, go_live, self.goods.family) if go_live else without_orders(self.places)
        )
        self.config.write_text(text, encoding="utf-8")
        self.hubs.append(self.stack.enter_context(self.open_hub(self.config)))

    def sync_told(self) -> SyncReport:
        """Let time pass, then read only what was told by webhook, as ``crossdock serve`` does at once."""
        return self.sync(mode=ReadMode.MARKED)

    def sync(self, minutes: int = 1, mode: ReadMode = ReadMode.AUTO) -> SyncReport:
        """Let time pass, then do what ``crossdock sync`` does."""
        self.clock.sleep(60.0 * minutes)
        with lease(self.hub, "demo sync") as run_id:
            report = run_sync(self.hub, mode)
            end_run(self.hub, run_id, "done", {})
        return report

    def place(self, name: str, shop: int, lines: Mapping[str, int], country: str = "DE", *, paid: bool = True) -> Sold:
        """A shopper orders, and pays unless told otherwise."""
        chosen = self.shops[shop % len(self.shops)]
        sold = self.orders[name] = Sold(chosen, chosen.place(lines, country), dict(lines), country)
        if paid:
            self.paid(sold)
        return sold

    def paid(self, sold: Sold) -> None:
        """The processor takes the money, and tells the shop."""
        cents = int(sold.sale.total * 100)
        sold.charge = self.pay.admin.pay(cents, "eur", {"order_id": sold.order})
        sold.shop.pay(sold.order, sold.charge)

    def give_back(self, sold: Sold, amount: Decimal | None = None) -> None:
        """The shop's payment plugin gives money back through the processor, all by default."""
        self.pay.admin.refund(sold.charge, None if amount is None else int(amount * 100))

    def jobs(self, sold: Sold) -> list[tuple[Warehouse, Job]]:
        """What 3PLs were asked for an order."""
        return [(floor, job) for floor in self.floors for job in floor.jobs() if job.order == sold.key]

    def live_jobs(self, sold: Sold) -> list[tuple[Warehouse, Job]]:
        """What 3PLs are to ship, or shipped, for an order."""
        return [(floor, job) for floor, job in self.jobs(sold) if not job.canceled]

    def booked(self, sold: Sold) -> int:
        """How many sales of an order count in the ERP."""
        return sum(counts for reference, counts, _ in self.erp.sales() if reference.rpartition("-")[0] == sold.key)

    def key_in(self, sold: Sold) -> None:
        """Somebody enters an order into the ERP by hand, and hands the goods over."""
        for sku, units in sold.lines.items():
            code = self.erp.key_in(sku, units)
            next(floor for floor in self.floors if floor.code == code).hand_over(sku, units)

    def rows(self, state: str) -> Sequence[Row[Any]]:
        """The hub's rows of orders in a state, oldest first."""
        with self.hub.database.begin() as connection:
            return views.listing(connection, [state])[::-1]

    def effects(self, state: str) -> list[str]:
        """The references of what is to be done once and stands so."""
        with self.hub.database.begin() as connection:
            rows = connection.execute(store.EFFECT.select().where(store.EFFECT.c.state == state)).all()
        return [str(row.reference) for row in rows]

    def shippable(self) -> list[Sold]:
        """Orders that the hub has shipped."""
        return [sold for name, sold in self.orders.items() if name not in self.settled and not sold.sale.canceled]

    def listed(self, sku: str) -> dict[str, int]:
        """What every shop has for sale, by its name."""
        eu, web = self.story.world.shop_eu, self.story.world.shop_web
        return {
            "shop_eu": sum(eu.quantity(sku, code) for code in WAREHOUSES),
            "shop_web": web.quantity(sku) or 0,
        }

    def lines_of(self, name: str) -> str:
        """An order in a few words."""
        sold = self.orders[name]
        goods = ", ".join(f"{units} {sku}" for sku, units in sold.lines.items())
        return f"{sold.shop.name} {sold.called} ({sold.country}): {goods}"
