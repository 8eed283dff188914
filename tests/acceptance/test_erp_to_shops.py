"""Stock and prices from the ERP to both shops; the ERP is the simulator, and a real Tryton server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from crossdock.clock import SystemClock
from sync import adopt
from sync.config import Baseline
from sync.hub import Hub
from sync.observe import ReadMode
from sync.run import look, make_plan, run_sync
from sync.status import status
from tests.servers.tryton.catalog import ARCHIVED, FRACTION, ITEMS, SERVICE
from tests.servers.tryton.world import World
from tests.support.trade import TwoShops, open_hub, open_shops

pytest_plugins = ["tests.servers.tryton.plugin"]
_SOLD = [item for item in ITEMS if item.sku not in (FRACTION, SERVICE, ARCHIVED)]


@dataclass
class Company:
    """An ERP, two shops, and the hub between them."""

    world: World
    shops: TwoShops
    hub: Hub

    def sync(self) -> int:
        """Plan and apply once; tells how many lines took effect."""
        report = run_sync(self.hub, ReadMode.FULL, force=True)
        assert not report.look.incomplete, report.look
        return sum(applied.applied for applied in report.applied)

    def listed(self, sku: str) -> tuple[int, int | None]:
        """What both shops list of a SKU."""
        shopify = sum(self.shops.shopify.quantity(sku, code) for code in ("WH1", "WH2"))
        return shopify, self.shops.woo.quantity(sku)


@pytest.fixture
def company(world: World, tmp_path: Path) -> Iterator[Company]:
    clock = world.clock if world.behind is not None else SystemClock()
    shops = open_shops(clock, _SOLD)
    transports = {"erp": world.inner, **shops.transports}
    hub = open_hub(tmp_path, world.url, world.warehouse_ids, shops, transports, clock)
    found = Company(world, shops, hub)
    look(hub, ReadMode.FULL)
    for flow in hub.config.flows.values():
        for target in flow.targets:
            adopt.approve(hub, flow, target, Baseline.OWNER)
    found.sync()
    yield found
    hub.close()
    hub.database.close()


def test_shops_follow_the_erp_and_then_there_is_nothing_left_to_do(company: Company) -> None:
    merchant = company.world.merchant
    before = company.listed("MUG-03")[0]
    shipment = merchant.book_sale("MUG-03", "WH1", 4)
    merchant.set_price("SHIRT-S", Decimal("21.25"))
    company.sync()
    assert company.listed("MUG-03") == (before - 4, before - 4)
    assert company.shops.shopify.price("SHIRT-M") == company.shops.woo.price("SHIRT-M") == Decimal("21.25")
    _, plan = make_plan(company.hub)
    assert plan.changes == 0
    merchant.cancel_sale(shipment)
    company.sync()
    assert company.listed("MUG-03") == (before, before)
    merchant.set_price("SHIRT-S", Decimal("20.50"))
    company.sync()


def test_what_the_erp_has_promised_is_not_offered_twice(company: Company) -> None:
    merchant = company.world.merchant
    company.shops.shopify.shop.sell("MUG-04", 2, "WH1")
    company.sync()
    before = company.listed("MUG-04")
    shipment = merchant.book_sale("MUG-04", "WH1", 2)
    company.sync()
    assert company.listed("MUG-04") == before, "the sale was counted once, in the shop and in the ERP"
    assert status(company.hub).drops == 0
    merchant.cancel_sale(shipment)
    company.sync()


def test_fractions_services_and_archived_things_get_a_reason_and_stop_nobody(company: Company) -> None:
    company.world.merchant.set_stock(FRACTION, "WH1", Decimal("12.5"))
    company.sync()
    reasons = {reason for (name, reason), _ in status(company.hub).quarantined.items() if name == "erp"}
    assert "fraction" in reasons
    company.world.merchant.set_stock(FRACTION, "WH1", Decimal(12))
    company.sync()
    assert ("erp", "fraction") not in status(company.hub).quarantined
