"""The stage of the trading day: the platforms that join, served while it lasts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from connectors.shipbob.simulator import ShipBobSimulator
from connectors.shipbob.simulator.loading import load as stock_tpl_a
from connectors.shipbob.simulator.simulator import TOKEN
from connectors.shiphero.simulator import ShipHeroSimulator
from connectors.shiphero.simulator.access import REFRESH_TOKEN
from connectors.shiphero.simulator.loading import load as stock_tpl_b
from connectors.simulation import CatalogItem, Simulator, serve
from connectors.stripe.simulator import StripeSimulator
from connectors.stripe.simulator.simulator import SECRET_KEY
from crossdock.demo.day.books import Ledger, MemoryLedger
from crossdock.demo.day.goods import choose
from crossdock.demo.day.scene import Day, OpenHub
from crossdock.demo.day.shops import WebShop
from crossdock.demo.day.warehouses import ShipBobFloor, ShipHeroFloor, Warehouse
from crossdock.demo.fastclock import FastClock
from crossdock.demo.story import Story
from crossdock.demo.world import SECRETS, WAREHOUSES, World

_SECRETS = {"DEMO_TPL_A_TOKEN": TOKEN, "DEMO_TPL_B_TOKEN": REFRESH_TOKEN, "DEMO_PAY_KEY": SECRET_KEY}


@contextmanager
def open_day(story: Story, folder: Path, clock: FastClock, open_hub: OpenHub) -> Iterator[Day | None]:
    """Serve the platforms that join while the context lasts; None where there are too few goods to play with."""
    world = story.world
    goods = choose(world)
    if not goods.enough:
        yield None
        return
    items = [_as_erp(world, item) for item in world.items if item.sku in set(story.skus)]
    erp = MemoryLedger(items)
    floors, others = _floors(clock, items)
    pay = StripeSimulator(clock=clock)
    others["pay"] = pay
    world.others.update(others)
    with ExitStack() as stack:
        urls = {name: stack.enter_context(serve(platform)).base_url for name, platform in others.items()}
        places = {**world.urls, **urls, **_places(world, erp, floors), "erp": erp.settings(), "owned": ""}
        config = folder / "day" / "crossdock.yaml"
        config.parent.mkdir(parents=True, exist_ok=True)
        secrets = "".join(f"{name}={value}\n" for name, value in {**SECRETS, **_SECRETS}.items())
        (config.parent / ".env").write_text(secrets, encoding="utf-8")
        shops = [WebShop("shop_web", world.shop_web)]
        yield Day(story, clock, shops, erp, floors, pay, places, config, open_hub, stack, goods)


def _floors(clock: FastClock, items: Sequence[CatalogItem]) -> tuple[list[Warehouse], dict[str, Simulator]]:
    """The 3PLs, each with what the ERP says lies in its warehouse."""
    tpl_a, tpl_b = ShipBobSimulator(clock=clock), ShipHeroSimulator(clock=clock)
    stock_tpl_a(tpl_a, [replace(item, stock={"WH1": item.stock["WH1"]}) for item in items])
    stock_tpl_b(tpl_b, [replace(item, stock={"WH2": item.stock["WH2"]}) for item in items])
    return [ShipBobFloor(tpl_a), ShipHeroFloor(tpl_b)], {"tpl_a": tpl_a, "tpl_b": tpl_b}


def _places(world: World, erp: Ledger, floors: Sequence[Warehouse]) -> dict[str, str]:
    found = {"erp_1": erp.place_id("WH1"), "erp_2": erp.place_id("WH2")}
    found |= {"eu_1": world.shop_eu.location_id("WH1"), "eu_2": world.shop_eu.location_id("WH2")}
    return found | {f"{floor.name}_{floor.code[-1]}": floor.place_id() for floor in floors}


def _as_erp(world: World, item: CatalogItem) -> CatalogItem:
    """An item as the ERP has it now."""
    stock = {code: world.owned(item.sku, code) for code in WAREHOUSES}
    return replace(item, price=world.erp.price(item.sku), stock=stock)
