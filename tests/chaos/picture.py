"""What every platform holds in the end, in its own words, by the script's orders: two pictures can be compared."""

from __future__ import annotations

from collections import Counter
from typing import Any, TypeAlias

from crossdock.demo.day.eushop import EuShop
from crossdock.demo.day.shops import Sale, WebShop
from crossdock.demo.day.warehouses import ShipBobFloor
from tests.chaos.people import People
from tests.chaos.scene import Scene
from tests.chaos.script import PLACES, Script

Picture: TypeAlias = dict[str, dict[str, Any]]
"""By system and kind of thing, then by order or SKU."""


def picture(scene: Scene, people: People, script: Script) -> Picture:
    """The end state.

    Left out, since it legally depends on who was faster: ids that platforms give, generations of requests, and requests
    and sales that were called off again.
    """
    numbers = {people.key(order): order for order in people.ids}
    return {
        **_shops(scene, people),
        "erp sales": _sales(scene, numbers),
        "tpl orders": _jobs(scene, numbers),
        "erp units": {f"{sku} {code}": scene.ledger.has(sku, code) for sku in script.skus for code in PLACES},
        "tpl units": ShipBobFloor(scene.tpl).shelves(),
        "shop_eu stock": {f"{sku} {code}": scene.shop_eu.quantity(sku, code) for sku in script.skus for code in PLACES},
        "shop_web stock": {sku: scene.shop_web.quantity(sku) for sku in script.skus},
        "erp prices": {sku: str(scene.erp.price(sku)) for sku in script.skus},
        "shop_eu prices": {sku: str(scene.shop_eu.price(sku)) for sku in script.skus},
        "shop_web prices": {sku: str(scene.shop_web.price(sku)) for sku in script.skus},
    }


def _shops(scene: Scene, people: People) -> Picture:
    eu, web = EuShop("shop_eu", scene.shop_eu).sales(), WebShop("shop_web", scene.shop_web).sales()
    by_id = {("shop_eu", gid): sale for gid, sale in eu.items()} | {("shop_web", one): web[one] for one in web}
    found: Picture = {}
    for order, external in people.ids.items():
        shop = people.key(order).partition("-")[0]
        sale = by_id.pop((shop, external))
        found.setdefault(f"{shop} orders", {})[str(order)] = _sale(sale)
        found.setdefault(f"{shop} shipments told", {})[str(order)] = sorted(
            f"{units} in {' '.join(numbers)}" for _, units, numbers in sale.shipments
        )
    found["orders nobody placed"] = {f"{shop} {external}": "there" for shop, external in by_id}
    return found


def _sale(sale: Sale) -> dict[str, Any]:
    money = {"total": str(sale.total), "paid": str(sale.taken), "refunded": str(sale.refunded)}
    return {**money, "canceled": sale.canceled, "units": dict(sorted(sale.units.items()))}


def _sales(scene: Scene, numbers: dict[str, int]) -> dict[str, Any]:
    """Sales that count in the ERP, by order; one more of the same order is a second line."""
    found: dict[str, Any] = {}
    for reference, counts, units in scene.ledger.sales():
        if counts:
            order = str(numbers.get(reference.rpartition("-")[0], reference))
            found.setdefault(order, []).append(dict(sorted(units.items())))
    return found


def _jobs(scene: Scene, numbers: dict[str, int]) -> dict[str, Any]:
    """Orders that the 3PL ships or shipped, by order, with what left."""
    found: dict[str, Any] = {}
    for job in ShipBobFloor(scene.tpl).jobs():
        if not job.canceled:
            order = str(numbers.get(job.order, job.reference))
            left = [f"{units} in {' '.join(tracking)}" for _, units, tracking in job.shipments]
            found.setdefault(order, []).append({"units": dict(sorted(job.units.items())), "left": left})
    return found


def doubled(scene: Scene) -> dict[str, int]:
    """By what is to happen once: how often it happened once more, as the platform holds it itself."""
    told = scene.ledger.told()
    sales = scene.ledger.sales()
    jobs = ShipBobFloor(scene.tpl).jobs()
    web = [one[0] for sale in WebShop("shop_web", scene.shop_web).sales().values() for one in sale.shipments]
    eu = [
        f"{gid} {' '.join(one[2])}"
        for gid, sale in EuShop("shop_eu", scene.shop_eu).sales().items()
        for one in sale.shipments
    ]
    return {
        "erp sale.create": _again([reference for reference, _, _ in sales]) + _again(_of_orders(sales)),
        "erp sale.ship": _again(told),
        "tpl order.create": _again([job.reference for job in jobs])
        + _again([job.order for job in jobs if not job.canceled]),
        "shop_eu fulfillmentCreate": _again(eu),
        "shop_web orders/shipments": _again(web),
    }


def _of_orders(sales: list[tuple[str, bool, Any]]) -> list[str]:
    return [reference.rpartition("-")[0] for reference, counts, _ in sales if counts]


def _again(names: list[str]) -> int:
    return sum(count - 1 for count in Counter(names).values())
